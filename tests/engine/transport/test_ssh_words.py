"""SSH without SSH: parameters, the command for the host, and what failures are made of."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    UnreachableError,
    UsageError,
)
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.ssh.failures import explain
from lacuna_engine.transport.ssh.forwarding import can_forward
from lacuna_engine.transport.ssh.remote_command import (
    MARK,
    NO_PROGRAM,
    NO_SOCKET,
    OFFER,
    PING,
    Preamble,
    remote_command,
)
from lacuna_engine.transport.ssh.target import Target, target_of


def target(more: str = "", path: str = "/system") -> Target:
    return target_of(parse_uri(f"qemu+ssh://ann@host:22{path}?{more}"))


# --- parameters ----------------------------------------------------------------------------------


def test_what_a_plain_uri_means() -> None:
    plain = target()
    assert (plain.host, plain.user, plain.port) == ("host", "ann", 22)
    assert plain.helper_uri == "storage:///system"
    assert plain.sockets[0] == "/run/libvirt/virtstoraged-sock"
    assert (plain.proxy, plain.host_check, plain.methods) == ("auto", "ask", ())
    assert plain.may_ask
    assert target(path="/session").sockets == ()


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ("no_verify=1", "host_check", "off"),
        ("no_verify=0", "host_check", "ask"),
        ("known_hosts_verify=auto", "host_check", "accept-new"),
        ("known_hosts_verify=ignore", "host_check", "ignore"),
        ("no_tty=1", "may_ask", False),
        ("netcat=/bin/nc", "proxy", "netcat"),
        ("netcat=/bin/nc&proxy=native", "proxy", "native"),
        ("socket=/x", "sockets", ("/x",)),
        ("socket=/x", "proxy", "netcat"),
        ("sshauth=agent,Password", "ssh_methods", ("publickey", "password")),
        ("sshauth=agent,privkey", "ssh_methods", ("publickey",)),
    ],
)
def test_parameters(more: str, name: str, value: object) -> None:
    assert getattr(target(more), name) == value


@pytest.mark.parametrize(
    "more",
    ["proxy=x", "mode=direct", "mode=x", "sshauth=gssapi", "known_hosts_verify=x", "no_verify=yes",
     "no_tty=x", "socket=/x&proxy=native"],
)  # fmt: skip
def test_parameters_that_are_wrong(more: str) -> None:
    with pytest.raises(UsageError):
        target(more)


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def only_sh(tmp_path: Path) -> Path:
    """A folder of programs with nothing but a shell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    return folder


@pytest.mark.parametrize(
    "more", ["", "proxy=netcat", "proxy=native", "socket=/a%20b%27c", "netcat=my%20nc"]
)
@pytest.mark.parametrize("path", ["/system", "/session"])
def test_the_command_is_one_line_for_any_shell(more: str, path: str, only_sh: Path) -> None:
    command = remote_command(target(more, path))
    assert command.startswith("sh -c ")
    assert "\n" not in command
    assert "!" not in command
    # Neither helper nor socket is found there.
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(only_sh), "HOME": "/nowhere"},
        timeout=10,
    )
    assert "yntax" not in done.stderr
    assert done.returncode in (NO_SOCKET, NO_PROGRAM)


def test_the_command_finds_the_socket_and_the_program() -> None:
    command = remote_command(target("socket=/dev/null"))
    done = subprocess.run(
        ["/bin/sh", "-c", command], check=False, capture_output=True, text=True, timeout=10
    )
    assert (done.returncode, done.stderr) == (93, "no libvirt socket\n")


@pytest.mark.parametrize("answer", ["", "\n"])
def test_the_command_offers_a_socket_and_goes_on_without(
    tmp_path: Path, only_sh: Path, answer: str
) -> None:
    place = tmp_path / "it's a place"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        chosen = target()._replace(sockets=(str(tmp_path / "none"), str(place)))
        done = subprocess.run(
            ["/bin/sh", "-c", remote_command(chosen, offers=True)],
            check=False,
            capture_output=True,
            text=True,
            input=answer,
            env={"PATH": str(only_sh)},
            timeout=10,
        )
    assert done.stdout == f"{OFFER.decode()}2\n"
    # Nothing is left to do when nobody answers; otherwise programs are looked for.
    assert done.returncode == (NO_PROGRAM if answer else 0)


def test_the_command_offers_nothing_where_there_is_nothing() -> None:
    chosen = target()._replace(sockets=("/nowhere/libvirt-sock",))
    command = ["/bin/sh", "-c", remote_command(chosen, offers=True)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout) != (0, "")
    assert OFFER.decode() not in done.stdout


@pytest.mark.parametrize(
    ("more", "able"),
    [
        ("", True),
        ("socket=/x/libvirt-sock", True),
        ("socket=/x:y", False),
        ("socket=x", False),
        (f"socket=/{99 * 'x'}", True),
        (f"socket=/{100 * 'x'}", False),
        ("socket=/x/%25h", False),
        ("proxy=native", False),
        ("proxy=netcat", False),
        ("netcat=/bin/nc", False),
    ],
)
def test_what_can_be_forwarded(more: str, able: bool) -> None:
    place = Path("/tmp/lacuna-x/1")  # noqa: S108 - only its name is looked at
    assert can_forward(target(more), place) is able
    assert not can_forward(target(more, "/session"), place) or "socket" in more
    assert not can_forward(target(more), place.with_name("a:b"))


# --- where the connection begins -----------------------------------------------------------------

PACKET = bytes.fromhex("0000001c 20008086 00000001 00000001 00000001 00000000 00000000")


def test_noise_before_the_marker() -> None:
    preamble = Preamble()
    for byte in b"Welcome!\n" + MARK[:-1]:
        assert preamble.feed(bytes([byte])) is None
    assert preamble.feed(MARK[-1:] + PACKET[:5]) == PACKET[:5]


def test_an_offer_and_what_follows() -> None:
    preamble = Preamble()
    for byte in b"Welcome!\n" + OFFER + b"12":
        assert preamble.feed(bytes([byte])) is None
        assert not preamble.offer
    assert preamble.feed(b"\nmore") is None
    assert preamble.offer == 12
    assert preamble.feed(OFFER + b"3\n" + MARK + PACKET) == PACKET
    assert preamble.offer == 12


def test_a_connection_without_a_marker() -> None:
    assert Preamble().feed(PACKET) == PACKET
    assert Preamble().feed(PING) == PING
    assert Preamble().feed(PACKET[:4]) is None


def test_nothing_but_noise() -> None:
    preamble = Preamble()
    with pytest.raises(ConnectError, match="something else than libvirt: Welcome"):
        preamble.feed(b"Welcome!\n" * 10_000)


# --- failures ------------------------------------------------------------------------------------

CASES: list[tuple[int, str, type[ConnectError], str]] = [
    (
        255,
        "ssh: Could not resolve hostname host: Name or service not known",
        UnreachableError,
        "the host name host is not known",
    ),
    (
        255,
        "ssh: connect to host host port 22: Connection refused",
        UnreachableError,
        "refuses SSH",
    ),
    (
        255,
        "ssh: connect to host host port 22: Connection timed out",
        UnreachableError,
        "did not answer",
    ),
    (
        255,
        "ssh: connect to host host port 22: No route to host",
        UnreachableError,
        "no way to host port 22: No route to host",
    ),
    (
        255,
        "kex_exchange_identification: Connection closed by remote host",
        UnreachableError,
        "broke off before the login",
    ),
    (
        255,
        (
            "Unable to negotiate with 1.2.3.4 port 22: no matching host key type found. "
            "Their offer: ssh-rsa"
        ),
        UnreachableError,
        "no host key type in common",
    ),
    (
        255,
        "x: Received disconnect from host port 22:2: Too many authentication failures",
        AuthenticationError,
        "too many keys",
    ),
    (
        255,
        "ann@host: Permission denied (publickey,password).",
        AuthenticationError,
        r"let 'ann' in through SSH \(it takes: publickey, password\)",
    ),
    (255, "Host key verification failed.", AuthenticationError, "is not known and was not"),
    (
        255,
        (
            "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending ED25519 key in "
            "/k:3\nHost key verification failed."
        ),
        AuthenticationError,
        r"HAS CHANGED \(the known one is in /k:3\)",
    ),
    (
        255,
        "command-line: line 0: Bad configuration option: nonsense",
        UnreachableError,
        "settings are wrong: Bad configuration option: nonsense",
    ),
    (255, "something new {}", UnreachableError, "SSH to host port 22 failed: something new {}"),
    (255, "", UnreachableError, "ssh ended with status 255"),
    (93, "no libvirt socket", UnreachableError, "daemon is not running on host"),
    (94, "neither virt-ssh-helper nor nc: not found", ConnectError, "nor nc: not found"),
    (127, "sh: nc7: command not found", ConnectError, "nc7: command not found"),
    (
        1,
        (
            "virt-ssh-helper: cannot connect to '/var/run/libvirt/libvirt-sock': Failed to connect "
            "socket to '/var/run/libvirt/libvirt-sock': No such file or directory"
        ),
        UnreachableError,
        "daemon is not running on host",
    ),
    (
        1,
        "virt-ssh-helper: cannot connect to '/x': Failed to connect socket: Permission denied",
        AuthenticationError,
        "may not manage libvirt on host",
    ),
    (
        1,
        "nc: unix connect failed: Connection refused",
        UnreachableError,
        "daemon is not running on host",
    ),
    (1, "This account is locked", UnreachableError, "ended: This account is locked"),
]


@pytest.mark.parametrize(("status", "words", "kind", "text"), CASES, ids=[c[3][:30] for c in CASES])
def test_plain_words(status: int, words: str, kind: type[ConnectError], text: str) -> None:
    error = explain(target(), status, words, was_open=False)
    assert type(error) is kind
    with pytest.raises(kind, match=text):
        raise error


def test_a_link_that_breaks_can_be_tried_again() -> None:
    error = explain(target(), 255, "Timeout, server host not responding.", was_open=True)
    assert isinstance(error, ConnectionLostError)
    assert error.retryable


def test_a_declined_forwarding_is_no_reason() -> None:
    """A program was tried after it, and says what is the matter."""
    declined = "channel 2: open failed: connect failed: Connection refused\r\n"
    words = "virt-ssh-helper: internal error\n"
    alone = explain(target(), 1, words, was_open=False)
    for both in (declined + words, words + declined.replace("\r", "")):
        error = explain(target(), 1, both, was_open=False)
        assert (type(error), str(error)) == (type(alone), str(alone))
