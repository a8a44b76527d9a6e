"""Logging in: where credentials come from, how often they are tried, and what ends the matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.scripted import Daemon, failure
from lacuna_engine.client import Connection, authentication
from lacuna_engine.client import connection as connection_module
from lacuna_engine.client.sasl import auth_file
from lacuna_engine.client.sasl.auth_file import find_credentials, read_groups
from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.errors import AuthenticationError, ConnectError, UsageError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.server.logins import Login, Logins
from lacuna_engine.server.refusal import Refusal
from lacuna_engine.transport import OPENERS, parse_uri
from lacuna_engine.transport.answers import forget_answers
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion

URI = "qemu:///system"
FAILED = failure(45, "authentication failed: authentication failed", 7)
SECRET = "correct horse"  # noqa: S105


class Guard:
    """The daemon's side of SCRAM; like libvirt's it forgets everything after a failure."""

    def __init__(self, daemon: Daemon, mechanisms: str = "SCRAM-SHA-256") -> None:
        self.mechanisms = mechanisms
        self.logins = Logins({"ann": SECRET})
        self.login: Login | None = None
        self.started: list[str] = []
        self.inits = 0
        daemon.answers[p.AUTH_LIST.number] = lambda _: r.AuthTypes((1,))
        daemon.answers[p.AUTH_SASL_INIT.number] = self.init
        daemon.answers[p.AUTH_SASL_START.number] = self.start
        daemon.answers[p.AUTH_SASL_STEP.number] = self.step

    def init(self, _: object) -> Any:
        self.inits += 1
        self.ready = True
        return r.String(self.mechanisms)

    def start(self, arguments: r.SaslStart) -> Any:
        self.started.append(arguments.mechanism)
        if not self.ready:
            return FAILED
        self.login = Login(self.logins, arguments.mechanism)
        return self.step(arguments)

    def step(self, arguments: Any) -> Any:
        assert self.login is not None
        try:
            return self.login.step(arguments.data)
        except Refusal:
            self.ready = False
            return FAILED


class Answers:
    def __init__(self, user: str | None = "ann", *passwords: str | None) -> None:
        self.user, self.passwords = user, list(passwords)
        self.asked: list[SecretQuestion] = []
        self.wait = 0.0

    async def secret(self, question: SecretQuestion) -> str | None:
        self.asked.append(question)
        await asyncio.sleep(self.wait)
        if question.kind is SecretKind.SASL_USER:
            return self.user
        return self.passwords.pop(0)

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        raise AssertionError(question)


@pytest.fixture(autouse=True)
def no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LIBVIRT_AUTH_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(auth_file, "SYSTEM_FILE", tmp_path / "none")
    forget_answers()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    for transport in ("unix", "tcp", "tls", "ext"):
        monkeypatch.setitem(OPENERS, transport, made.open)
    return made


@pytest.fixture
def guard(daemon: Daemon) -> Guard:
    return Guard(daemon)


async def opened(answers: Answers, uri: str = URI) -> None:
    connection = await Connection.open(parse_uri(uri), prompter=answers)
    await connection.close()


async def refused(answers: Answers, uri: str = URI) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        await Connection.open(parse_uri(uri), prompter=answers)
    assert SECRET not in f"{caught.value} {caught.value.hint}"
    return caught.value


def kinds(answers: Answers) -> list[str]:
    return [question.kind.value for question in answers.asked]


async def test_asking_for_both(daemon: Daemon, guard: Guard) -> None:
    answers = Answers("ann", SECRET)
    await opened(answers)
    assert kinds(answers) == ["sasl-user", "sasl-password"]
    assert answers.asked[0].echo
    assert not answers.asked[1].echo
    assert answers.asked[1].user == "ann"


async def test_the_user_of_the_uri(daemon: Daemon, guard: Guard) -> None:
    answers = Answers(None, SECRET)
    await opened(answers, "qemu+tls://ann@host/system")
    assert kinds(answers) == ["sasl-password"]
    assert (answers.asked[0].host, answers.asked[0].user) == ("host", "ann")


async def test_a_wrong_password_is_asked_for_again(daemon: Daemon, guard: Guard) -> None:
    answers = Answers(None, "no", "no, too", SECRET)
    await opened(answers, "qemu+tls://ann@host/system")
    assert [question.attempt for question in answers.asked] == [1, 2, 3]
    assert guard.inits == 3


async def test_three_times_at_most(daemon: Daemon, guard: Guard) -> None:
    answers = Answers(None, *["no"] * 3, SECRET)
    error = await refused(answers, "qemu+tls://ann@host/system")
    assert answers.passwords == [SECRET]
    assert str(error).startswith("wrong user name or password for 'ann': authentication failed")


async def test_giving_up_after_a_wrong_one(daemon: Daemon, guard: Guard) -> None:
    error = await refused(Answers(None, "no", None), "qemu+tls://ann@host/system")
    assert "wrong user name or password" in str(error)


@pytest.mark.parametrize("answers", [Answers(None), Answers("ann", None)])
async def test_giving_nothing(daemon: Daemon, guard: Guard, answers: Answers) -> None:
    error = await refused(answers)
    assert "none was given" in str(error)
    assert not guard.started


async def test_with_nobody_to_ask(daemon: Daemon, guard: Guard) -> None:
    with pytest.raises(AuthenticationError, match="user name") as caught:
        await Connection.open(parse_uri(URI))
    assert "auth.conf" in caught.value.hint


async def test_people_take_their_time(
    daemon: Daemon, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of opening a connection is the daemon's, not the user's."""
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT", 0.3)
    answers = Answers("ann", SECRET)
    answers.wait = 0.5
    await opened(answers)
    daemon.answers[p.CONNECT_OPEN.number] = lambda _: None
    with pytest.raises(ConnectError, match="did not answer within"):
        await opened(answers)


async def test_once_for_all_connections(daemon: Daemon, guard: Guard) -> None:
    answers = Answers("ann", SECRET)
    await opened(answers)
    await opened(answers)
    assert len(answers.asked) == 2


# --- what ends the matter ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (r.SaslResult(1, 1, b""), "could not prove"),
        (r.SaslResult(1, 0, b"v=AAAA"), "could not prove"),
        (r.SaslResult(0, 0, b"garbage"), "broke the rules"),
        (r.SaslResult(0, 1, b""), "broke the rules"),
    ],
)
async def test_a_mechanism_that_fails_is_not_tried_again(
    daemon: Daemon, guard: Guard, result: r.SaslResult, text: str
) -> None:
    daemon.answers[p.AUTH_SASL_START.number] = lambda _: result
    answers = Answers("ann", SECRET)
    error = await refused(answers)
    assert text in str(error)
    assert len(answers.asked) == 2
    assert "CONNECT_OPEN" not in daemon.calls


async def test_a_server_without_an_end(daemon: Daemon, guard: Guard) -> None:
    guard.mechanisms = "DIGEST-MD5"
    challenge = b'nonce="n",qop="auth",algorithm=md5-sess'
    daemon.answers[p.AUTH_SASL_START.number] = lambda _: r.SaslResult(0, 0, challenge)
    daemon.answers[p.AUTH_SASL_STEP.number] = lambda _: r.SaslResult(0, 0, b"rspauth=")
    error = await refused(Answers("ann", SECRET))
    assert "could not prove" in str(error)


@pytest.mark.parametrize(
    ("uri", "text"),
    [(URI, "asks for a SASL login but has none"), ("qemu+tcp://h/system", "plain TCP")],
)
@pytest.mark.parametrize("answer", [FAILED, failure(39, "what?", 7)])
async def test_a_server_without_mechanisms(
    daemon: Daemon, guard: Guard, uri: str, text: str, answer: r.WireError
) -> None:
    daemon.answers[p.AUTH_SASL_INIT.number] = lambda _: answer
    answers = Answers("ann", SECRET)
    assert text in str(await refused(answers, uri))
    assert not answers.asked


@pytest.mark.parametrize("uri", ["qemu+tcp://h/system", "qemu+tls://h/system?no_verify=1"])
async def test_no_password_in_the_clear(daemon: Daemon, guard: Guard, uri: str) -> None:
    guard.mechanisms = "PLAIN"
    answers = Answers("ann", SECRET)
    await refused(answers, uri)
    assert not answers.asked
    assert not guard.started


async def test_scram_on_the_loopback(daemon: Daemon, guard: Guard) -> None:
    """Nobody else hears it; a tunnel ends there."""
    await opened(Answers("ann", SECRET), "qemu+tcp://127.0.0.1/system")


@pytest.mark.parametrize("kind", ["sasl.DIGEST-MD5", "polkit", "sasl.nonsense", "magic"])
async def test_kinds_that_are_demanded(daemon: Daemon, guard: Guard, kind: str) -> None:
    expected = UsageError if kind in ("sasl.nonsense", "magic") else AuthenticationError
    with pytest.raises(expected):
        await opened(Answers("ann", SECRET), f"{URI}?auth={kind}")
    assert not guard.started


@pytest.mark.parametrize("types", [(0,), ()])
async def test_a_login_that_was_demanded(daemon: Daemon, types: tuple[int, ...]) -> None:
    daemon.answers[p.AUTH_LIST.number] = lambda _: r.AuthTypes(types)
    await opened(Answers())
    error = await refused(Answers(), f"{URI}?auth=sasl")
    assert "the daemon offers no authentication" in str(error)


# --- polkit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        failure(94, "authentication unavailable: no polkit agent available", 60),
        failure(45, "access denied by policy", 60),
        failure(1, "cannot connect to D-Bus", 47),
    ],
)
async def test_polkit_refuses(daemon: Daemon, answer: r.WireError) -> None:
    daemon.answers[p.AUTH_LIST.number] = lambda _: r.AuthTypes((2,))
    daemon.answers[p.AUTH_POLKIT.number] = lambda _: answer
    error = await refused(Answers())
    assert str(error) == answer.message
    for word in ("group 'libvirt'", "pkttyagent", "root", "qemu:///session"):
        assert word in error.hint
    error = await refused(Answers(), "qemu+tls://h/system")
    assert "on that host" in error.hint


async def test_polkit_takes_its_time(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT", 0.2)
    daemon.answers[p.AUTH_LIST.number] = lambda _: r.AuthTypes((2,))
    daemon.answers[p.AUTH_POLKIT.number] = lambda _: None
    opening = asyncio.create_task(opened(Answers()))
    await asyncio.sleep(0.5)
    assert not opening.done()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening


async def test_polkit_asked_somebody_who_was_away(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "POLKIT_WAITS", 0.0)
    daemon.answers[p.AUTH_LIST.number] = lambda _: r.AuthTypes((2,))
    daemon.answers[p.AUTH_POLKIT.number] = lambda _: failure(89, "Timeout was reached", 0)
    assert "half a minute" in (await refused(Answers())).hint
    assert "on that host" in (await refused(Answers(), "qemu+tls://h/system")).hint


# --- auth.conf -----------------------------------------------------------------------------------

FILE = f"""\
# a comment
; another
ignored=1
[credentials-one]
authname = ann
password = {SECRET}
nonsense
[credentials-two]
username=x
password=p=q
realm=R
[auth-libvirt-host.example.com]
credentials=one
[auth-libvirt-default]
credentials=two
[auth-libvirt-broken]
credentials=missing
"""


def test_reading_groups() -> None:
    groups = read_groups(FILE)
    assert groups["credentials-one"] == {"authname": "ann", "password": SECRET}
    assert list(groups["credentials-two"].values()) == ["x", "p=q", "R"]
    assert "ignored" not in str(groups)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("qemu+tls://host.example.com/system", ("ann", SECRET, "")),
        ("qemu+tls://ann@host.example.com/system", ("ann", SECRET, "")),
        ("qemu+tls://bo@host.example.com/system", None),
        ("qemu+tls://other/system", None),
        ("qemu+tls://bo@other/system", ("bo", "p=q", "R")),
    ],
)
def test_credentials_for(uri: str, found: tuple[str, str, str] | None, tmp_path: Path) -> None:
    path = tmp_path / "auth"
    path.write_text(FILE)
    credentials = find_credentials(parse_uri(uri), {"LIBVIRT_AUTH_FILE": str(path)})
    expected = None if found is None else Credentials(*found, str(path))
    assert credentials == expected


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URI's, the environment's, the user's, the system's; the first that exists."""

    def file(name: str, user: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"[credentials-a]\nauthname={user}\npassword=x\n[auth-libvirt-default]\ncredentials=a\n"
        )
        return path

    def user(uri: str, environment: dict[str, str]) -> str | None:
        found = find_credentials(parse_uri(uri), environment)
        return found.user if found else None

    own = {"XDG_CONFIG_HOME": str(tmp_path / "settings")}
    assert user(URI, own) is None
    monkeypatch.setattr(auth_file, "SYSTEM_FILE", file("system", "of-system"))
    assert user(URI, own) == "of-system"
    file("settings/libvirt/auth.conf", "of-user")
    assert user(URI, own) == "of-user"
    named = own | {"LIBVIRT_AUTH_FILE": str(file("named", "of-environment"))}
    assert user(URI, named) == "of-environment"
    assert user(f"{URI}?authfile={file('inuri', 'of-uri')}", named) == "of-uri"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [None, b"password=\xff\xfe", b"#" * (1 << 21)])
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "auth"
    if content is not None:
        write(path, content)
    with pytest.raises(UsageError) as caught:
        find_credentials(parse_uri(URI), {"LIBVIRT_AUTH_FILE": str(path)})
    assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, OSError)
    path.write_text(FILE)
    with pytest.raises(UsageError, match="credentials-missing"):
        find_credentials(parse_uri("qemu+tls://broken/system"), {"LIBVIRT_AUTH_FILE": str(path)})


@pytest.fixture
def own_file(tmp_path: Path) -> Callable[[str], Path]:
    def make(password: str) -> Path:
        (tmp_path / "libvirt").mkdir()
        return write(
            tmp_path / "libvirt" / "auth.conf",
            f"[credentials-a]\nauthname=ann\npassword={password}\n"
            "[auth-libvirt-localhost]\ncredentials=a\n".encode(),
        )

    return make


async def test_a_file_answers(
    daemon: Daemon, guard: Guard, own_file: Callable[[str], Path]
) -> None:
    own_file(SECRET)
    answers = Answers()
    await opened(answers)
    assert not answers.asked


async def test_a_file_that_is_wrong(
    daemon: Daemon, guard: Guard, own_file: Callable[[str], Path]
) -> None:
    path = own_file("outdated")
    answers = Answers("ann", SECRET)
    await opened(answers)
    assert str(path) in answers.asked[0].text
    assert answers.asked[0].attempt == 1
    forget_answers()
    with pytest.raises(AuthenticationError, match="wrong user name or password") as caught:
        await Connection.open(parse_uri(URI))
    assert str(path) in caught.value.hint
