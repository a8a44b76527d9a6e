"""Logging in: SCRAM, right and wrong, over the wire; and the file of users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from scramp import ScramClient

from engine.server.serving import Served, Wire, serving
from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Status
from lacuna_engine.rpc.procedures import PROCEDURES
from lacuna_engine.rpc.record import Void
from lacuna_engine.server import Logins, guesses
from lacuna_engine.server.calls import LOGIN
from lacuna_engine.server.logins import MECHANISMS, Login, denied
from lacuna_engine.server.refusal import Refusal

START_WRONG = r.SaslStart(MECHANISMS[0], 0, b"n,,n=ann,r=abcdef")
STEP_WRONG = r.SaslStep(0, b"c=biws,r=abcdef,p=AAAA")
USERS = {"ann": "correct horse", "bo": "påss, wörd=x"}
AUTH_FAILED = (45, 7, "authentication failed: authentication failed")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who try twenty times need not be slow."""
    monkeypatch.setattr(guesses, "LONGEST_DELAY", 0.01)


@pytest.fixture
async def guarded(short_path: Path) -> AsyncIterator[Served]:
    """A server that lets only users in."""
    async with serving(short_path, logins=Logins(USERS)) as running:
        yield running


async def log_in(wire: Wire, mechanism: str, user: str, password: str) -> Any:
    """Log in as a client does; return the error if it is refused."""
    client = ScramClient([mechanism], user, password)
    first = client.get_client_first().encode()
    answer = await wire.answer(p.AUTH_SASL_START, r.SaslStart(mechanism, 0, first))
    if isinstance(answer, r.WireError):
        return answer
    assert (answer.complete, answer.nil) == (0, 0)
    client.set_server_first(answer.data.decode())
    final = client.get_client_final().encode()
    answer = await wire.answer(p.AUTH_SASL_STEP, r.SaslStep(0, final))
    if isinstance(answer, r.WireError):
        return answer
    assert (answer.complete, answer.nil) == (1, 0)
    client.set_server_final(answer.data.decode())
    return None


async def is_in(wire: Wire) -> bool:
    """Whether calls other than those to log in are answered."""
    answer = await wire.answer(p.CONNECT_OPEN, r.Open("storage:///system"))
    if answer == Void():
        return True
    assert (answer.code, answer.domain) == (39, 7)
    return False


def summary(error: Any) -> tuple[int, int, str]:
    return error.code, error.domain, error.message


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("user", USERS)
async def test_the_right_password(guarded: Served, mechanism: str, user: str) -> None:
    async with guarded.connect(opened=False) as wire:
        assert (await wire.answer(p.AUTH_LIST, Void())).types == (1,)
        offered = (await wire.answer(p.AUTH_SASL_INIT, Void())).value.split(",")
        assert offered == list(MECHANISMS)
        assert not await is_in(wire)
        assert await log_in(wire, mechanism, user, USERS[user]) is None
        assert await is_in(wire)
        assert (await wire.answer(p.LIST_ALL_POOLS, r.ListPools())).count == 1


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(
    ("user", "password"), [("ann", "wrong"), ("nobody", "correct horse"), ("bo", "correct horse")]
)
async def test_the_wrong_password(
    guarded: Served, mechanism: str, user: str, password: str
) -> None:
    """Whatever is wrong, it is refused in the same step and the same words; one may try again."""
    async with guarded.connect(opened=False) as wire:
        assert summary(await log_in(wire, mechanism, user, password)) == AUTH_FAILED
        assert not await is_in(wire)
        assert await log_in(wire, mechanism, "ann", USERS["ann"]) is None
        assert await is_in(wire)


@pytest.mark.parametrize(
    "mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "PLAIN", "ANONYMOUS", "", "x" * 1000]
)
async def test_mechanisms_that_are_not_offered(guarded: Served, mechanism: str) -> None:
    async with guarded.connect(opened=False) as wire:
        start = r.SaslStart(mechanism, 0, b"\0ann\0correct horse")
        assert summary(await wire.answer(p.AUTH_SASL_START, start)) == AUTH_FAILED
        assert not await is_in(wire)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\xff", b"n,,", b"n,,n=ann", b"n,,n=ann,r=", b"y,,n=ann,r=x",
     b"p=tls-unique,,n=a,r=x",
     b"n,a=admin,n=ann,r=x", b"n,,m=ext,n=ann,r=x", b"n,,n==,r=x", b"," * 1000, b"n,,r=x,n=ann"],
)  # fmt: skip
async def test_nonsense_in_place_of_a_login(guarded: Served, data: bytes) -> None:
    async with guarded.connect(opened=False) as wire:
        for mechanism in MECHANISMS:
            answer = await wire.answer(p.AUTH_SASL_START, r.SaslStart(mechanism, 0, data))
            if not isinstance(answer, r.WireError):
                for step in (b"", data, b"c=biws,r=x,p=", b"c=biws,r=x,p=!!!!"):
                    answer = await wire.answer(p.AUTH_SASL_STEP, r.SaslStep(0, step))
                    assert isinstance(answer, r.WireError)
            assert summary(answer) == AUTH_FAILED
        assert not await is_in(wire)


async def test_a_login_of_another_connection_is_of_no_use(guarded: Served) -> None:
    """The proof depends on what this connection's server said."""
    async with (
        guarded.connect(opened=False) as one,
        guarded.connect(opened=False) as other,
    ):
        client = ScramClient([MECHANISMS[0]], "ann", USERS["ann"])
        start = r.SaslStart(MECHANISMS[0], 0, client.get_client_first().encode())
        first = await one.answer(p.AUTH_SASL_START, start)
        await other.answer(p.AUTH_SASL_START, start)
        client.set_server_first(first.data.decode())
        final = r.SaslStep(0, client.get_client_final().encode())
        assert summary(await other.answer(p.AUTH_SASL_STEP, final)) == AUTH_FAILED
        assert (await one.answer(p.AUTH_SASL_STEP, final)).complete == 1
        assert summary(await one.answer(p.AUTH_SASL_STEP, final)) == AUTH_FAILED
        assert await is_in(one)
        assert not await is_in(other)


async def test_steps_at_the_same_time(guarded: Served) -> None:
    """Nobody gets in by sending everything at once."""
    async with guarded.connect(opened=False) as wire:
        for _ in range(20):
            wire.call(p.AUTH_SASL_START, r.SaslStart(MECHANISMS[0], 0, b"n,,n=ann,r=abcdef"))
            wire.call(p.AUTH_SASL_STEP, r.SaslStep(0, b"c=biws,r=abcdef,p=AAAA"))
        for _ in range(40):
            await wire.next()
        assert not await is_in(wire)


async def test_each_refusal_takes_longer(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the tries are all sent at once."""
    monkeypatch.setattr(guesses, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(guesses, "LONGEST_DELAY", 0.2)
    clock = asyncio.get_running_loop().time
    async with guarded.connect(opened=False) as wire:
        before = clock()
        for _ in range(5):
            wire.call(p.AUTH_SASL_START, START_WRONG)
            wire.call(p.AUTH_SASL_STEP, STEP_WRONG)
        for longest in (0.05, 0.1, 0.2, 0.2, 0.2):
            assert (await wire.next()).header.status == Status.OK
            assert (await wire.next()).header.status == Status.ERROR
            now = clock()
            # The clocks of two sides of a connection: the first answer was sent before it came.
            assert now - before >= 0.9 * longest
            before = now


def test_the_delay_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    delays = [guesses.delay_after(refusals) for refusals in range(1, 8)]
    assert delays == [0.5, 1, 2, 4, 8, 8, 8]
    assert guesses.delay_after(10**6) == 8


async def test_who_is_refused_waits_alone(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """And waits no longer than it is there."""
    monkeypatch.setattr(guesses, "FIRST_DELAY", 1000.0)
    monkeypatch.setattr(guesses, "LONGEST_DELAY", 1000.0)
    async with guarded.connect(opened=False) as guessing:
        # More than the server has threads.
        for _ in range(12):
            guessing.call(p.AUTH_SASL_START, START_WRONG)
            guessing.call(p.AUTH_SASL_STEP, STEP_WRONG)
        assert (await guessing.next()).header.serial == 1
        (client,) = guarded.server._clients
        async with guarded.connect(opened=False) as wire:
            assert await log_in(wire, MECHANISMS[0], "ann", USERS["ann"]) is None
            assert await is_in(wire)
        serial = guessing.call(p.AUTH_LIST, Void())
        assert (await guessing.next()).header.serial == serial
        assert not guessing._messages
    async with asyncio.timeout(30):
        await client.wait_closed()


async def test_nothing_is_tried_for_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "FIRST_DELAY", 1000.0)
    monkeypatch.setattr(guesses, "LONGEST_DELAY", 1000.0)
    tries, made = guesses.Guesses(), asyncio.Event()

    async def attempt() -> None:
        assert not made.is_set()
        made.set()
        raise denied()

    tasks = [asyncio.create_task(tries.take(attempt)) for _ in range(3)]
    await made.wait()
    tries.end()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [Refusal] * 3


async def test_nothing_is_answered_before(guarded: Served) -> None:
    """Every call but those to log in, features, opening and closing included."""
    async with guarded.connect(opened=False) as wire:
        await wire.answer(p.AUTH_LIST, Void())
        for procedure in PROCEDURES.values():
            if procedure.number in LOGIN or procedure is PROCEDURES[p.CONNECT_CLOSE.number]:
                continue
            header_only = wire.call(p.AUTH_LIST, Void())
            await wire.reply(header_only)
            error = await wire.answer(procedure, some(procedure.arguments))
            assert (error.code, error.message) == (39, "authentication required"), procedure


async def test_polkit_is_not_offered(guarded: Served) -> None:
    async with guarded.connect(opened=False) as wire:
        error = await wire.answer(p.AUTH_POLKIT, Void())
        assert isinstance(error, r.WireError)
        assert not await is_in(wire)


async def test_without_users_there_is_no_login(served: Served) -> None:
    async with served.connect(opened=False) as wire:
        assert (await wire.answer(p.AUTH_LIST, Void())).types == (0,)
        assert summary(await wire.answer(p.AUTH_SASL_INIT, Void())) == AUTH_FAILED
        start = r.SaslStart(MECHANISMS[0], 0, b"n,,n=ann,r=x")
        assert summary(await wire.answer(p.AUTH_SASL_START, start)) == AUTH_FAILED


def test_an_unknown_user_looks_like_a_known_one() -> None:
    """The same salt each time and the same count, so that guessing names is of no use."""
    logins = Logins(USERS)
    for mechanism in MECHANISMS:
        known, unknown = (logins.verifier(mechanism, name) for name in ("ann", "nobody"))
        again = logins.verifier(mechanism, "nobody")
        assert unknown[0] == again[0]
        assert [len(part) for part in known[:3]] == [len(part) for part in unknown[:3]]
        assert known[3] == unknown[3]
        assert logins.verifier(mechanism, "other")[0] != unknown[0]


def test_a_login_takes_only_what_is_offered() -> None:
    with pytest.raises(Refusal):
        Login(Logins(USERS), "PLAIN")


# --- the file ------------------------------------------------------------------------------------


def users_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "users"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_reading_users(tmp_path: Path) -> None:
    logins = Logins.read(users_file(tmp_path, "# users\n\nann:a:b c\nbö:x\n"))
    assert set(logins._verifiers[MECHANISMS[0]]) == {"ann", "bö"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o620])
def test_a_file_that_others_can_read(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError) as failure:
        Logins.read(users_file(tmp_path, "ann:x\n", mode))
    assert "chmod 600" in failure.value.hint


@pytest.mark.parametrize("text", ["", "# nobody\n", "ann\n", "ann:\n", ":x\n", "ann:x\nbo\n"])
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        Logins.read(users_file(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LocalFileError):
        Logins.read(tmp_path / "missing")
    path = users_file(tmp_path, "")
    path.write_bytes(b"ann:\xff\n")
    with pytest.raises(UsageError):
        Logins.read(path)


def test_no_users_at_all() -> None:
    with pytest.raises(UsageError):
        Logins({})


def test_no_password_is_kept() -> None:
    logins = Logins({"ann": "secret-password"})
    assert "secret-password" not in repr(vars(logins))


def some(record: type[Any]) -> Any:
    """Return arguments of zeros and empty strings."""
    from lacuna_engine.xdr import Cursor  # noqa: PLC0415

    return record.unpack(Cursor(bytes(1024)))
