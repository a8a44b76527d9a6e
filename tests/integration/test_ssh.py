"""SSH with a real sshd, through the system's OpenSSH client and through asyncssh alike."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncssh
import pytest

from integration.asking import Asked
from integration.libvirtd import MIB, PrivateLibvirtd, _free_port, run
from integration.sshd import PASSPHRASE, PASSWORD, USER, PrivateSshd, _children
from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    LacunaError,
    UnreachableError,
)
from lacuna_engine.transfer import Download, Session, Upload
from lacuna_engine.transport import SecretKind, parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.prompts import SecretQuestion
from lacuna_engine.transport.ssh import ENGINE_VARIABLE
from lacuna_engine.transport.ssh.settings import CONNECT_TIMEOUT

ENGINES = ("openssh", "asyncssh")


class Login:
    """A way to the host: the engine, and a home of its own with settings and known hosts."""

    def __init__(self, engine: str, home: Path, host: PrivateSshd) -> None:
        self.engine = engine
        self.home = home
        self.host = host
        self.known_hosts = home / ".ssh/known_hosts"
        self._program = home / "ssh"
        (home / ".ssh").mkdir(parents=True)
        self.configure("")
        self.know()

    def configure(self, text: str) -> None:
        """Write ~/.ssh/config. OpenSSH looks only into the home of the account, so it is told."""
        config = self.home / ".ssh/config"
        config.write_text(f"{text}\nHost *\n  UserKnownHostsFile {self.known_hosts}\n")
        self._program.write_text(f'#!/bin/sh\nexec ssh -F {shlex.quote(str(config))} "$@"\n')
        self._program.chmod(0o700)

    def know(self) -> None:
        self.known_hosts.write_text(self.host.known_hosts_line)

    def uri(self, more: str = "", key: str = "key", path: str = "/system", place: str = "") -> str:
        place = place or f"{USER}@127.0.0.1:{self.host.port}"
        text = f"qemu+ssh://{place}{path}?{more}"
        if key:
            text += f"&keyfile={self.host.folder / key}"
        return text + f"&command={self._program}" * (self.engine == "openssh")


@pytest.fixture(scope="module")
def libvirtd() -> Iterator[PrivateLibvirtd]:
    with PrivateLibvirtd() as daemon:
        daemon.make_pool("pool", "dir")
        yield daemon


@pytest.fixture(scope="module")
def sshd(libvirtd: PrivateLibvirtd) -> Iterator[PrivateSshd]:
    with PrivateSshd(libvirtd) as host:
        yield host


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    chosen: str = request.param
    monkeypatch.setenv(ENGINE_VARIABLE, chosen)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("SSH_AUTH_SOCK", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    forget_answers()
    yield chosen
    forget_answers()


@pytest.fixture
def login(engine: str, sshd: PrivateSshd, tmp_path: Path) -> Login:
    return Login(engine, tmp_path / "home", sshd)


async def pools(uri: str, prompter: Asked | None = None) -> list[str]:
    async with Session(parse_uri(uri), prompter=prompter or Asked()) as session:
        return [pool.name for pool in await session.storage.pools()]


async def refused(
    uri: str, kind: type[LacunaError], text: str, prompter: Asked | None = None
) -> LacunaError:
    async with asyncio.timeout(10):
        with pytest.raises(kind, match=text) as caught:
            await pools(uri, prompter)
    assert caught.value.exit_code == 3
    for secret in (PASSWORD, PASSPHRASE):
        assert secret not in f"{caught.value} {caught.value.hint} {caught.getrepr()}"
    return caught.value


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


async def test_a_named_socket_and_a_named_netcat(login: Login, libvirtd: PrivateLibvirtd) -> None:
    assert await pools(login.uri(f"socket={libvirtd.socket_path}")) == ["pool"]
    assert await pools(login.uri("netcat=/usr/bin/nc")) == ["pool"]


async def test_the_daemon_of_the_user_there(login: Login) -> None:
    """It is started by the helper, for the account of the login."""
    with PrivateSshd(None) as host:
        _use(login, Login(login.engine, login.home / "other", host))
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
        _use(login, Login(login.engine, login.home / "other", host))
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
        _use(login, other)
        assert await pools(login.uri()) == ["pool"]


async def test_more_connections_than_sessions(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no", "MaxSessions": "2"}
    with PrivateSshd(libvirtd, settings=settings) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            for _ in range(4):
                await (await session.connect()).ping()


async def test_a_host_with_a_command_of_its_own(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {
        "ForceCommand": "virt-ssh-helper qemu:///system",
        "AllowStreamLocalForwarding": "no",
    }
    with PrivateSshd(libvirtd, settings=settings) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]


async def test_a_host_that_talks(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {
        "ForceCommand": 'echo "Welcome to the lab"; eval "$SSH_ORIGINAL_COMMAND"',
        "AllowStreamLocalForwarding": "no",
    }
    with PrivateSshd(libvirtd, settings=settings) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]


def _use(login: Login, other: Login) -> None:
    """Go to another host with the same settings."""
    login.host = other.host
    login.know()


# --- what can be missing -------------------------------------------------------------------------


async def test_without_the_helper(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no"}
    hidden = frozenset({"virt-ssh-helper"})
    with PrivateSshd(libvirtd, settings=settings, without=hidden) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        assert await pools(login.uri()) == ["pool"]
        error = await refused(login.uri("proxy=native"), ConnectError, "virt-ssh-helper: not found")
        assert "Install" in error.hint


async def test_without_anything(login: Login, libvirtd: PrivateLibvirtd) -> None:
    settings = {"AllowStreamLocalForwarding": "no"}
    hidden = frozenset({"virt-ssh-helper", "nc", "ncat", "socat"})
    with PrivateSshd(libvirtd, settings=settings, without=hidden) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        await refused(login.uri(), ConnectError, "neither virt-ssh-helper nor nc: not found")
        await refused(login.uri("netcat=nc7"), ConnectError, "nc7: not found")


async def test_libvirt_is_not_running(login: Login) -> None:
    with PrivateSshd(None) as host:
        _use(login, Login(login.engine, login.home / "other", host))
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


# --- ends ----------------------------------------------------------------------------------------


async def test_the_host_goes_away(login: Login, libvirtd: PrivateLibvirtd) -> None:
    with PrivateSshd(libvirtd) as host:
        _use(login, Login(login.engine, login.home / "other", host))
        async with Session(parse_uri(login.uri())) as session:
            host.stop()
            with pytest.raises(ConnectionLostError) as caught:
                await session.storage.pools()
            assert caught.value.retryable


async def test_no_child_is_left(login: Login) -> None:
    async with Session(parse_uri(login.uri())) as session:
        await session.connect()
        assert len(_ssh_children()) == (2 if login.engine == "openssh" else 0)
    assert not _ssh_children()


def _ssh_children(pid: int | None = None) -> list[int]:
    found = []
    for child in _children(pid or os.getpid()):
        try:
            if Path(f"/proc/{child}/comm").read_text().strip() == "ssh":
                found.append(child)
        except OSError:
            continue
    return found


PROGRAM = """
import asyncio, sys
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
async def main():
    async with Session(parse_uri(sys.argv[1])) as session:
        print("open", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("engine", ["openssh"], indirect=True)
def test_the_child_dies_with_us(login: Login, tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, login.uri()],
        stdout=subprocess.PIPE,
        text=True,
        # Killed, it cannot remove its folder.
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert program.stdout is not None
    with program, program.stdout:
        assert program.stdout.readline() == "open\n"
        children = _ssh_children(program.pid)
        assert children
        program.send_signal(signal.SIGKILL)
        program.wait()
    deadline = time.monotonic() + 10
    while any(_runs_ssh(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs_ssh(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0]
    except OSError:
        return False
    return state != "Z"
