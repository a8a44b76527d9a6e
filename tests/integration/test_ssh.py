"""SSH with a real sshd, through the system's OpenSSH client and through asyncssh alike."""

# Fixtures come from another file.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
import pytest

from integration.asking import Asked
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port, run
from integration.ssh_login import Login, engine, libvirtd, login, pools, refused, sshd, use
from integration.sshd import PASSPHRASE, PASSWORD, USER, PrivateSshd
from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    UnreachableError,
)
from lacuna_engine.transfer import Download, Session, Upload
from lacuna_engine.transport import SecretKind, parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.prompts import SecretQuestion
from lacuna_engine.transport.ssh.settings import CONNECT_TIMEOUT

# --- whole transfers -----------------------------------------------------------------------------


@pytest.mark.parametrize("proxy", ["auto", "netcat", "native"])
async def test_up_and_down(login: Login, tmp_path: Path, proxy: str) -> None:
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(os.urandom(9 * MIB + 5))
    os.truncate(source, 40 * MIB)
    name = f"{login.engine}-{proxy}.img"
    async with Session(parse_uri(login.uri(f"proxy={proxy}"))) as session:
        await Upload(session, source, "pool", name).run()
        await Download(session, "pool", name, back).run()
    run("cmp", source, back)


@asynccontextmanager
async def counted(port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Yield a port that leads to ``port``, and the numbers of bytes that went there."""
    sent: list[int] = []
    gone: list[asyncio.Event] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                if writer.get_extra_info("peername")[1] == port:
                    sent.append(len(data))
            writer.close()
            await writer.wait_closed()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over = asyncio.Event()
        gone.append(over)
        back, on = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, on), pass_on(back, writer))
        over.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], sent
        for one in gone:
            await asyncio.wait_for(one.wait(), 10)


@pytest.mark.parametrize(
    ("setting", "parameter", "is_small"),
    [("", "", False), ("", "yes", True), ("yes", "", True), ("yes", "no", False)],
)
async def test_compression_is_asked_for(
    login: Login, tmp_path: Path, setting: str, parameter: str, is_small: bool
) -> None:
    """The URI decides, then the settings for ssh; nothing is compressed unasked."""
    source = tmp_path / "source"
    source.write_bytes(b"all work and no play " * (4 * MIB // 21))
    if setting:
        login.configure(f"Compression {setting}")
    async with counted(login.host.port) as (port, sent):
        login.known_hosts.write_text(
            login.host.known_hosts_line.replace(f":{login.host.port}", f":{port}")
        )
        more = f"compression={parameter}" if parameter else ""
        uri = login.uri(more, place=f"{USER}@127.0.0.1:{port}")
        async with Session(parse_uri(uri)) as session:
            name = f"{login.engine}-{setting}-{parameter}.img"
            await Upload(session, source, "pool", name).run()
        assert (sum(sent) < MIB) is is_small
        assert (sum(sent) > 4 * MIB) is not is_small


async def test_a_named_socket_and_a_named_netcat(login: Login, libvirtd: PrivateLibvirtd) -> None:
    assert await pools(login.uri(f"socket={libvirtd.socket_path}")) == ["pool"]
    assert await pools(login.uri("netcat=/usr/bin/nc")) == ["pool"]


async def test_the_daemon_of_the_user_there(login: Login) -> None:
    """It is started by the helper, for the account of the login."""
    with PrivateSshd(None) as host:
        use(login, Login(login.engine, login.home / "other", host))
        try:
            assert await pools(login.uri(path="/session")) == []
        finally:
            for pid_file in host.folder.rglob("libvirtd.pid"):
                _end_daemon(int(pid_file.read_text()), host)


def _end_daemon(pid: int, host: PrivateSshd) -> None:
    """It has a parent no more, and would stay for two minutes."""
    assert str(host.folder).encode() in Path(f"/proc/{pid}/environ").read_bytes()
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)


@pytest.mark.parametrize("transport", ["libssh", "libssh2"])
async def test_other_names_for_it(login: Login, transport: str) -> None:
    uri = login.uri("known_hosts_verify=normal&sshauth=privkey,agent")
    assert await pools(uri.replace("+ssh:", f"+{transport}:")) == ["pool"]


# --- who is let in -------------------------------------------------------------------------------


async def test_one_password_for_many_connections(login: Login) -> None:
    asked = Asked({SecretKind.SSH_PASSWORD: ["wrong", PASSWORD]})
    async with Session(parse_uri(login.uri(key="")), prompter=asked) as session:
        made = await asyncio.gather(*(session.connect() for _ in range(4)))
        await asyncio.gather(*(connection.ping() for connection in made))
    assert [question.attempt for question in asked.questions] == [1, 2]
    assert asked.questions[0].host == "127.0.0.1"
    assert asked.questions[0].user == USER
    # And none later on in this process.
    await pools(login.uri(key=""), asked)
    assert len(asked.questions) == 2


async def test_passwords_that_do_not_help(login: Login) -> None:
    wrong = Asked({SecretKind.SSH_PASSWORD: ["wrong"]})
    await refused(login.uri(key=""), AuthenticationError, "does not let 'lacuna' in", wrong)
    nothing = Asked({SecretKind.SSH_PASSWORD: [None]})
    await refused(login.uri(key=""), AuthenticationError, "was cancelled", nothing)
    assert len(nothing.questions) == 1
    with pytest.raises(AuthenticationError, match=r"needs a password.* nobody to ask"):
        async with Session(parse_uri(login.uri(key=""))):
            pass
    await refused(login.uri("no_tty=1", key=""), AuthenticationError, "does not let 'lacuna' in")


async def test_a_key_with_a_passphrase(login: Login) -> None:
    asked = Asked({SecretKind.KEY_PASSPHRASE: ["wrong", PASSPHRASE]})
    uri = login.uri("sshauth=privkey", key="pem")
    async with Session(parse_uri(uri), prompter=asked) as session:
        await asyncio.gather(*(session.connect() for _ in range(3)))
    assert len(asked.questions) == 2
    assert "pem" in asked.questions[0].text
    forget_answers()
    with pytest.raises(AuthenticationError, match=r"needs the passphrase .* nobody to ask"):
        async with Session(parse_uri(uri)):
            pass


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL) as process:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        yield path
        process.kill()


async def test_an_agent(login: Login, agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    with pytest.raises(AuthenticationError):
        await pools(login.uri("sshauth=agent", key=""))
    run("env", f"SSH_AUTH_SOCK={agent}", "ssh-add", "-q", login.host.folder / "key")
    assert await pools(login.uri("sshauth=agent", key="")) == ["pool"]


async def test_a_key_that_is_not_let_in(login: Login) -> None:
    uri = login.uri("sshauth=privkey", key="foreign")
    error = await refused(
        uri, AuthenticationError, "through SSH.*: the key .*foreign' is not accepted"
    )
    assert "key" in error.hint


class Interactive(asyncssh.SSHServer):
    """A host that asks in words of its own, for a code good only once if there is a list."""

    def __init__(self, codes: list[str]) -> None:
        self._codes = codes

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(
        self,
        username: str,  # noqa: ARG002 - asyncssh's
        lang: str,  # noqa: ARG002
        submethods: str,  # noqa: ARG002
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [("Code: " if self._codes else "Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:  # noqa: ARG002
        if not self._codes:
            return responses == [PASSWORD]
        if responses != self._codes[:1]:
            return False
        self._codes.append(self._codes.pop(0))
        return True


@pytest.mark.parametrize("codes", [[], ["111111", "222222"]], ids=["password", "code"])
async def test_keyboard_interactive(
    login: Login, libvirtd: PrivateLibvirtd, codes: list[str]
) -> None:
    left = list(codes)

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        reader, writer = await asyncio.open_unix_connection(str(libvirtd.socket_path))
        process.stdout.write(b"welcome!\nlacuna: the daemon's bytes follow\n")

        async def up() -> None:
            while data := await process.stdin.read(1 << 16):
                writer.write(data)
            writer.close()

        task = asyncio.create_task(up())
        while data := await reader.read(1 << 16):
            process.stdout.write(data)
        await task
        process.exit(0)

    async with asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: Interactive(left),
        server_host_keys=[str(login.host.folder / "host_key")],
        process_factory=serve,
        encoding=None,
    ) as host:
        port = host.get_port()
        login.known_hosts.write_text(
            login.host.known_hosts_line.replace(str(login.host.port), str(port))
        )
        asked = Asked({SecretKind.KEYBOARD_INTERACTIVE: [codes[0] if codes else PASSWORD]})
        uri = login.uri(key="", place=f"{USER}@127.0.0.1:{port}")
        async with Session(parse_uri(uri), prompter=asked) as session:
            made = await asyncio.gather(*(session.connect() for _ in range(3)))
            await asyncio.gather(*(connection.ping() for connection in made))
            assert len(asked.questions) == 1
            await made[0].close()
        host.close()
        await host.wait_closed()


async def test_pam_asks(login: Login, libvirtd: PrivateLibvirtd) -> None:
    """A real sshd whose questions are those of PAM, where a password is no method of its own."""
    with PrivateSshd(libvirtd, pam=True) as host:
        use(login, Login(login.engine, login.home / "other", host))
        asked = Asked({SecretKind.KEYBOARD_INTERACTIVE: ["wrong", PASSWORD]})
        async with Session(parse_uri(login.uri(key="")), prompter=asked) as session:
            await asyncio.gather(*(session.connect() for _ in range(3)))
        assert [question.attempt for question in asked.questions] == [1, 2]
        assert {question.text.strip() for question in asked.questions} == {"Password:"}
        assert not any(question.echo for question in asked.questions)
        assert "Accepted keyboard-interactive/pam" in host.log()
        forget_answers()
        wrong = Asked({SecretKind.KEYBOARD_INTERACTIVE: ["wrong"]})
        await refused(login.uri(key=""), AuthenticationError, "the password was wrong", wrong)


class Slow(Asked):
    """A person who needs longer than a host may be silent."""

    async def secret(self, question: SecretQuestion) -> str | None:
        await asyncio.sleep(1.3)
        return await super().secret(question)


async def test_a_person_may_take_time(login: Login) -> None:
    login.configure("Host *\n  ConnectTimeout 1\n")
    asked = Slow({SecretKind.SSH_PASSWORD: [PASSWORD]})
    assert await pools(login.uri(key=""), asked) == ["pool"]


async def test_the_users_own_patience(login: Login) -> None:
    """A ConnectTimeout in the settings is kept: ours would be eight times as long."""
    login.configure("Host *\n  ConnectTimeout 1\n")
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())
        place = f"{USER}@127.0.0.1:{full.getsockname()[1]}"
        began = time.monotonic()
        await refused(login.uri(place=place), UnreachableError, "did not answer")
        assert time.monotonic() - began < CONNECT_TIMEOUT


# --- the host's key ------------------------------------------------------------------------------


async def test_an_unknown_host(login: Login) -> None:
    login.known_hosts.unlink()
    shown = run("ssh-keygen", "-lf", login.host.folder / "host_key.pub").stdout.split()
    no = Asked()
    await refused(login.uri(), AuthenticationError, "is not known and was not accepted", no)
    assert no.hosts[0].fingerprint == shown[1]
    assert (no.hosts[0].host, no.hosts[0].port) == ("127.0.0.1", login.host.port)
    with pytest.raises(AuthenticationError, match=r"is not known; its ED25519 key .*SHA256:"):
        async with Session(parse_uri(login.uri())):
            pass
    await refused(login.uri("no_tty=1"), AuthenticationError, "is not known")
    yes = Asked(trusts=True)
    async with Session(parse_uri(login.uri()), prompter=yes) as session:
        await session.connect()
    assert await pools(login.uri(), yes) == ["pool"]
    assert len(yes.hosts) == 1
    assert login.host.known_hosts_line.split()[-1] in login.known_hosts.read_text()


async def test_a_file_of_known_hosts(login: Login, tmp_path: Path) -> None:
    login.known_hosts.unlink()
    other = tmp_path / "other hosts"
    other.write_text(login.host.known_hosts_line)
    assert await pools(login.uri(f"known_hosts={other}".replace(" ", "%20"))) == ["pool"]


async def test_a_changed_key(login: Login) -> None:
    key = (login.host.folder / "foreign.pub").read_text().split()
    changed = f"[127.0.0.1]:{login.host.port} {key[0]} {key[1]}\n"
    login.known_hosts.write_text(changed)
    asked = Asked(trusts=True)
    error = await refused(login.uri(), AuthenticationError, "THE SSH KEY .* HAS CHANGED", asked)
    assert "ssh-keygen -R" in error.hint
    error = await refused(
        login.uri("known_hosts_verify=auto"), AuthenticationError, "HAS CHANGED", asked
    )
    assert not asked.hosts
    assert login.known_hosts.read_text() == changed
    for more in ("no_verify=1", "known_hosts_verify=ignore"):
        assert "not checked" in parse_uri(login.uri(more)).unsafe
        assert await pools(login.uri(more)) == ["pool"]


async def test_new_keys_taken_as_they_are(login: Login) -> None:
    login.known_hosts.unlink()
    assert await pools(login.uri("known_hosts_verify=auto")) == ["pool"]
    assert login.known_hosts.exists()


# --- ways to the host ----------------------------------------------------------------------------


async def test_a_name_from_the_settings(login: Login) -> None:
    login.configure(
        f"Host lab\n  HostName 127.0.0.1\n  Port {login.host.port}\n  User {USER}\n"
        f"  IdentityFile {login.host.folder / 'key'}\n"
    )
    assert await pools(login.uri(key="", place="lab")) == ["pool"]


async def test_a_jump_host(login: Login, libvirtd: PrivateLibvirtd) -> None:
    with PrivateSshd(None, settings={"AllowStreamLocalForwarding": "no"}) as jump:
        login.configure(
            f"Host jump\n  HostName 127.0.0.1\n  Port {jump.port}\n  User {USER}\n"
            f"  IdentityFile {jump.folder / 'key'}\n"
            f"Host lab\n  HostName 127.0.0.1\n  Port {login.host.port}\n  User {USER}\n"
            f"  IdentityFile {login.host.folder / 'key'}\n  ProxyJump jump\n"
        )
        with login.known_hosts.open("a") as file:
            file.write(jump.known_hosts_line)
        assert await pools(login.uri(key="", place="lab")) == ["pool"]
        assert "Accepted publickey" in jump.log()


async def test_without_forwarding(login: Login, libvirtd: PrivateLibvirtd) -> None:
    with PrivateSshd(libvirtd, settings={"AllowStreamLocalForwarding": "no"}) as host:
        other = Login(login.engine, login.home / "other", host)
        use(login, other)
        assert await pools(login.uri()) == ["pool"]


async def test_more_connections_than_sessions(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no", "MaxSessions": "2"}
    with PrivateSshd(libvirtd, settings=settings) as host:
        use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            for _ in range(4):
                await (await session.connect()).ping()


async def test_a_host_with_a_command_of_its_own(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {
        "ForceCommand": "virt-ssh-helper qemu:///system",
        "AllowStreamLocalForwarding": "no",
    }
    with PrivateSshd(libvirtd, settings=settings) as host:
        use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]


async def test_a_host_that_talks(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {
        "ForceCommand": 'echo "Welcome to the lab"; eval "$SSH_ORIGINAL_COMMAND"',
        "AllowStreamLocalForwarding": "no",
    }
    with PrivateSshd(libvirtd, settings=settings) as host:
        use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]


# --- what can be missing -------------------------------------------------------------------------


async def test_without_the_helper(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no"}
    hidden = frozenset({"virt-ssh-helper"})
    with PrivateSshd(libvirtd, settings=settings, without=hidden) as host:
        use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]
        error = await refused(login.uri("proxy=native"), ConnectError, "virt-ssh-helper: not found")
        assert "Install" in error.hint


async def test_without_anything(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no"}
    hidden = frozenset({"virt-ssh-helper", "nc", "ncat", "socat"})
    with PrivateSshd(libvirtd, settings=settings, without=hidden) as host:
        use(login, Login(login.engine, login.home / "other", host))
        await refused(login.uri(), ConnectError, "neither virt-ssh-helper nor nc: not found")
        await refused(login.uri("netcat=nc7"), ConnectError, "nc7: not found")


async def test_libvirt_is_not_running(login: Login) -> None:
    with PrivateSshd(None) as host:
        use(login, Login(login.engine, login.home / "other", host))
        for more in ("", "proxy=netcat"):
            error = await refused(login.uri(more), UnreachableError, "is not running on 127.0.0.1")
            assert "Start it" in error.hint
        (host.folder / "run/libvirt/libvirt-sock").symlink_to("/nowhere")
        await refused(login.uri(), UnreachableError, "is not running on 127.0.0.1")


async def test_no_right_to_the_socket(login: Login, libvirtd: PrivateLibvirtd) -> None:
    libvirtd.socket_path.chmod(0o700)
    try:
        for more in ("", "proxy=netcat"):
            text = "may not manage libvirt on 127.0.0.1"
            error = await refused(login.uri(more), AuthenticationError, text)
            assert "group 'libvirt'" in error.hint
    finally:
        libvirtd.socket_path.chmod(0o777)


async def test_no_ssh_there(login: Login) -> None:
    closed = f"x@127.0.0.1:{_free_port()}"
    await refused(login.uri(place=closed), UnreachableError, "refuses SSH")
    await refused(login.uri(place="no.such.host.invalid"), UnreachableError, "is not known")
    async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        place = f"x@127.0.0.1:{port}"
        await refused(login.uri(place=place), UnreachableError, "broke off before the login")
