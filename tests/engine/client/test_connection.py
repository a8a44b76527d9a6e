"""The connection's driver: calls, opening, keepalive, the end."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from engine.scripted import POOL, Daemon, failure
from lacuna_engine.client import Connection, Patience
from lacuna_engine.client import connection as module
from lacuna_engine.errors import (
    AuthenticationError,
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    LacunaError,
    PeerSilentError,
    PoolNotFoundError,
    ProtocolError,
    RemoteError,
    UnreachableError,
)
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Void
from lacuna_engine.transport import OPENERS, Pipe, memory_pair, parse_uri

URI = parse_uri("qemu:///system")
QUICK = Patience(ping_after=0.02, give_up_after=0.1)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    monkeypatch.setitem(OPENERS, "unix", made.open)
    return made


@pytest.fixture
async def connection(daemon: Daemon) -> AsyncIterator[Connection]:
    made = await Connection.open(URI)
    daemon.calls.clear()
    yield made
    await made.close()


def once(daemon: Daemon, procedure: p.Procedure[Any, Any], answer: Callable[[Any], Any]) -> None:
    daemon.answers[procedure.number] = answer


def pool_of(name: str) -> r.Pool:
    return r.Pool(r.PoolHandle(name, bytes(16)))


# --- calls ---------------------------------------------------------------------------------------


async def test_answers_in_any_order(
    daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[e.CallArrived] = []
    end = daemon.ends[0]
    monkeypatch.setattr(end, "on_call", held.append)
    names = [f"pool{number}" for number in range(50)]
    calls = [
        asyncio.create_task(connection.call(p.POOL_LOOKUP_BY_NAME, r.String(name)))
        for name in names
    ]
    await connection.ping()
    assert len(held) == 50
    for call in held[::2] + held[1::2][::-1]:
        assert isinstance(call.arguments, r.String)
        end.peer.reply(call, pool_of(call.arguments.value))
        end.flush()
        await asyncio.sleep(0)
    assert [result.pool.name for result in await asyncio.gather(*calls)] == names
    monkeypatch.undo()


async def test_an_error_reply_is_an_exception(daemon: Daemon, connection: Connection) -> None:
    with pytest.raises(PoolNotFoundError) as caught:
        await connection.call(p.POOL_LOOKUP_BY_NAME, r.String("elsewhere"))
    assert caught.value.code == 49
    assert connection.is_open


async def test_a_late_answer_is_dropped(
    daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[e.CallArrived] = []
    end = daemon.ends[0]
    monkeypatch.setattr(end, "on_call", held.append)
    with pytest.raises(CallTimeoutError, match="POOL_LOOKUP_BY_NAME within"):
        await connection.call(p.POOL_LOOKUP_BY_NAME, r.String("a"), timeout=0.01)
    cancelled = asyncio.create_task(connection.call(p.POOL_LOOKUP_BY_NAME, r.String("b")))
    await asyncio.sleep(0.001)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    monkeypatch.undo()
    assert len(held) == 2
    # Nothing is kept for an answer that nobody waits for, except that it is known.
    assert not connection._peer._calls
    end.peer.reply(held[0], pool_of("a"))
    end.peer.reply_error(held[1], failure(49))
    end.flush()
    found = await connection.call(p.POOL_LOOKUP_BY_NAME, r.String("pool"))
    assert found.pool == POOL
    assert not connection._calls


async def test_an_answer_nobody_asked_for_is_the_end(
    daemon: Daemon, connection: Connection
) -> None:
    asked = asyncio.create_task(connection.ping())
    await asyncio.sleep(0)
    end = daemon.ends[0]
    end.peer.reply(e.CallArrived(4711, p.PROCEDURES[p.POOL_GET_INFO.number], Void()), Void())
    end.flush()
    with pytest.raises(ProtocolError, match="unknown serial 4711"):
        await asyncio.gather(asked, connection.call(p.LIST_ALL_POOLS, r.ListPools()))
    assert not connection.is_open


async def test_an_answer_right_after_giving_up(daemon: Daemon, connection: Connection) -> None:
    """The answer and the cancellation come in the same turn of the loop."""
    call = asyncio.create_task(connection.call(p.LIST_ALL_POOLS, r.ListPools()))
    await asyncio.sleep(0)
    connection._calls[next(iter(connection._calls))].cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await connection.ping()


async def test_pings_are_answered_in_order(daemon: Daemon, connection: Connection) -> None:
    given_up = asyncio.create_task(connection.ping())
    first, second = asyncio.create_task(connection.ping()), asyncio.create_task(connection.ping())
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(first, second)
    assert given_up.cancelled() or given_up.done()
    assert not connection._pongs
    daemon.ends[0].peer._keepalive(p.KEEPALIVE_PONG)
    daemon.ends[0].flush()
    await connection.ping()


async def test_events_go_to_all_who_listen(daemon: Daemon, connection: Connection) -> None:
    one: list[object] = []
    two: list[object] = []
    stop = connection.on_event(lambda event: one.append(event.payload))
    connection.on_event(lambda event: two.append(event.payload))
    refreshed = r.PoolRefreshed(7, POOL)
    for _ in range(2):
        daemon.ends[0].peer.send_event(p.POOL_EVENT_REFRESH, refreshed)
        daemon.ends[0].flush()
        await connection.ping()
        stop()
        stop()
    assert one == [refreshed]
    assert two == [refreshed] * 2


async def test_a_flood_of_pings_is_answered(daemon: Daemon, connection: Connection) -> None:
    end = daemon.ends[0]
    pongs = 0
    original = end.on

    def count(event: e.Event) -> None:
        nonlocal pongs
        pongs += isinstance(event, e.PongArrived)
        original(event)

    end.on = count  # type: ignore[method-assign]
    for _ in range(10_000):
        end.peer.ping()
    end.flush()
    await connection.ping()
    assert pongs == 10_000
    assert connection.bytes_on_wire > 10_000 * 56


@pytest.mark.parametrize("size", [1, 100_001, 3 << 20])
async def test_ballast_is_taken_in_and_dropped(
    size: int, daemon: Daemon, connection: Connection
) -> None:
    seen: list[e.Event] = []
    end = daemon.ends[0]
    original = end.on

    def note(event: e.Event) -> None:
        seen.append(event)
        original(event)

    end.on = note  # type: ignore[method-assign]
    before = connection.bytes_on_wire
    connection.send_ballast(size)
    await connection.ping()
    assert connection.bytes_on_wire > before + 28 + size
    assert not seen  # a ping is answered without a word


# --- keepalive -----------------------------------------------------------------------------------


async def test_silence_is_asked_after_and_survived(daemon: Daemon) -> None:
    pings: list[int] = []
    connection = await Connection.open(URI, patience=QUICK)
    end = daemon.ends[0]
    original = end.peer._keepalive

    def answer(procedure: int) -> None:
        pings.append(procedure)
        original(procedure)

    end.peer._keepalive = answer  # type: ignore[method-assign]
    await asyncio.sleep(0.25)
    assert connection.is_open
    assert pings
    await connection.close()


async def test_a_silent_peer_is_given_up(daemon: Daemon) -> None:
    reasons: list[LacunaError] = []
    connection = await Connection.open(URI, patience=QUICK)
    connection.on_close(reasons.append)
    daemon.faults.silent = True
    call = asyncio.create_task(connection.call(p.LIST_ALL_POOLS, r.ListPools()))
    ping = asyncio.create_task(connection.ping())
    with pytest.raises(PeerSilentError) as caught:
        await asyncio.wait_for(call, 5)
    with pytest.raises(PeerSilentError):
        await ping
    assert caught.value.retryable
    assert reasons == [caught.value]
    with pytest.raises(PeerSilentError):
        await connection.call(p.LIST_ALL_POOLS, r.ListPools())
    with pytest.raises(PeerSilentError):
        await connection.ping()
    connection.on_close(reasons.append)
    assert len(reasons) == 2
    await connection.close()


async def test_silence_does_not_count_while_we_do_not_read(daemon: Daemon) -> None:
    connection = await Connection.open(URI, patience=QUICK)
    daemon.faults.silent = True
    pipe = connection._pipe
    pipe.hold_reading(pipe)
    await asyncio.sleep(0.25)
    assert connection.is_open
    pipe.release_reading(pipe)
    daemon.faults.silent = False
    await connection.ping()
    await connection.close()


async def test_keepalive_stops_at_the_end(daemon: Daemon) -> None:
    connection = await Connection.open(URI, patience=QUICK)
    await connection.close()
    keepalive = connection._keepalive
    assert keepalive._timer is None
    keepalive._look()
    keepalive.stop()
    assert keepalive._timer is None


# --- the end -------------------------------------------------------------------------------------


async def test_everything_ends_with_the_pipe(daemon: Daemon, connection: Connection) -> None:
    once(daemon, p.LIST_ALL_POOLS, lambda _: None)
    reasons: list[LacunaError] = []
    connection.on_close(reasons.append)
    connection.on_close(reasons.append)
    calls = [
        asyncio.create_task(connection.call(p.LIST_ALL_POOLS, r.ListPools())) for _ in range(3)
    ]
    await asyncio.sleep(0.001)
    daemon.ends[0].pipe.close()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, ConnectionLostError) for result in results)
    assert len(reasons) == 2
    assert not connection.is_open


async def test_close_says_goodbye_and_may_be_repeated(
    daemon: Daemon, connection: Connection
) -> None:
    await connection.close()
    assert daemon.calls == ["CONNECT_CLOSE"]
    await connection.close()
    assert daemon.calls == ["CONNECT_CLOSE"]


async def test_close_does_not_wait_for_ever(
    daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.01)
    daemon.faults.silent = True
    await asyncio.wait_for(connection.close(), 5)
    assert not connection.is_open


async def test_abort_hands_its_reason_on(connection: Connection) -> None:
    reason = LacunaError("because")
    reasons: list[LacunaError] = []
    connection.on_close(reasons.append)
    connection.abort(reason)
    await asyncio.sleep(0)
    assert reasons == [reason]


# --- opening -------------------------------------------------------------------------------------


async def test_the_opening_calls_in_order(daemon: Daemon) -> None:
    connection = await Connection.open(URI, read_only=True)
    assert daemon.calls == ["AUTH_LIST", "CONNECT_SUPPORTS_FEATURE", "CONNECT_OPEN"]
    assert daemon.arguments[-1] == r.Open("storage:///system", 1)
    await connection.close()


@pytest.mark.parametrize("refused", [True, False])
async def test_the_daemon_need_not_ping(daemon: Daemon, refused: bool) -> None:
    if refused:
        once(daemon, p.CONNECT_SUPPORTS_FEATURE, lambda _: failure(3))
    connection = await Connection.open(URI, daemon_pings=refused)
    assert ("CONNECT_SUPPORTS_FEATURE" in daemon.calls) is refused
    await connection.close()


@pytest.mark.parametrize("code", [1, 5])
async def test_an_old_daemon_knows_another_name(daemon: Daemon, code: int) -> None:
    names: list[str] = []

    def answer(a: r.Open) -> object:
        names.append(str(a.uri))
        return Void() if a.uri == "qemu:///system" else failure(code)

    once(daemon, p.CONNECT_OPEN, answer)
    connection = await Connection.open(URI)
    assert names == ["storage:///system", "qemu:///system"]
    await connection.close()


@pytest.mark.parametrize(("code", "tries"), [(5, 2), (9, 1)])
async def test_a_daemon_that_opens_nothing(daemon: Daemon, code: int, tries: int) -> None:
    once(daemon, p.CONNECT_OPEN, lambda _: failure(code, "no way"))
    with pytest.raises(ConnectError, match="no way") as caught:
        await Connection.open(URI)
    assert caught.value.exit_code == 3
    assert isinstance(caught.value.__cause__, RemoteError)
    assert daemon.calls.count("CONNECT_OPEN") == tries
    await asyncio.sleep(0)
    assert daemon.ends[0].reason is not None


async def test_a_daemon_that_answers_for_another(daemon: Daemon) -> None:
    """virtproxyd without virtstoraged behind it."""
    told = "Failed to connect socket to '/run/libvirt/virtstoraged-sock': Connection refused"
    daemon.answers[p.CONNECT_OPEN.number] = lambda _: failure(38, told, 7, errno.ECONNREFUSED)
    with pytest.raises(ConnectError, match="cannot be opened") as caught:
        await Connection.open(URI)
    assert "virtstoraged.socket" in caught.value.hint


@pytest.mark.parametrize("kinds", [(), (0,), (2, 0), (0, 1)])
async def test_no_authentication(daemon: Daemon, kinds: tuple[int, ...]) -> None:
    once(daemon, p.AUTH_LIST, lambda _: r.AuthTypes(kinds))
    connection = await Connection.open(URI)
    assert "AUTH_POLKIT" not in daemon.calls
    await connection.close()


@pytest.mark.parametrize("kinds", [(2,), (1, 2)])
async def test_polkit(daemon: Daemon, kinds: tuple[int, ...]) -> None:
    once(daemon, p.AUTH_LIST, lambda _: r.AuthTypes(kinds))
    once(daemon, p.AUTH_POLKIT, lambda _: r.Number(1))
    connection = await Connection.open(URI)
    assert daemon.calls[:2] == ["AUTH_LIST", "AUTH_POLKIT"]
    await connection.close()


async def test_polkit_says_no(daemon: Daemon) -> None:
    once(daemon, p.AUTH_LIST, lambda _: r.AuthTypes((2,)))
    once(daemon, p.AUTH_POLKIT, lambda _: failure(45, "authentication failed", 60))
    with pytest.raises(AuthenticationError) as caught:
        await Connection.open(URI)
    assert "group 'libvirt'" in caught.value.hint
    assert "CONNECT_OPEN" not in daemon.calls


@pytest.mark.parametrize(("kind", "text"), [(1, "SASL"), (77, r"unknown kind.*77")])
async def test_what_cannot_be_done(daemon: Daemon, kind: int, text: str) -> None:
    once(daemon, p.AUTH_LIST, lambda _: r.AuthTypes((kind,)))
    with pytest.raises(AuthenticationError, match=text):
        await Connection.open(URI)
    await asyncio.sleep(0)
    assert daemon.ends[0].reason is not None


class Stranger:
    """Not libvirt at all."""

    def __init__(self, pipe: Pipe, words: bytes) -> None:
        self.pipe, self.words = pipe, words
        self.gone = False
        pipe.start(self)

    def received(self, _data: memoryview) -> None:
        self.pipe.write(self.words)

    def closed(self, _reason: LacunaError) -> None:
        self.gone = True


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3,
        b"\0\0\0\x1c" + b"\xff" * 24,
        bytes(28),
        b"\0\0\0\x20\x20\x00\x80\x86\0\0\0\1\0\0\0\x42\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\x63",
    ],
    ids=["http", "strange program", "length 0", "reply cut short"],
)
async def test_garbage_is_no_connection(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = memory_pair()
    stranger = Stranger(theirs, words)

    async def opener(_: object) -> Pipe:
        return mine

    monkeypatch.setitem(OPENERS, "unix", opener)
    with pytest.raises(ConnectError, match="does not speak libvirt") as caught:
        await Connection.open(URI)
    assert isinstance(caught.value.__cause__, ProtocolError)
    await asyncio.sleep(0)
    assert stranger.gone


async def test_a_peer_that_hangs_up_at_once(daemon: Daemon) -> None:
    once(daemon, p.AUTH_LIST, lambda _: daemon.ends[0].pipe.close())
    with pytest.raises(ConnectError, match="closed the connection before it was open"):
        await Connection.open(URI)


async def test_a_peer_that_never_answers(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_TIMEOUT", 0.02)
    daemon.faults.silent = True
    with pytest.raises(ConnectError, match="did not answer"):
        await Connection.open(URI)
    await asyncio.sleep(0)
    assert daemon.ends[0].reason is not None


async def test_giving_up_while_it_opens(daemon: Daemon) -> None:
    daemon.faults.silent = True
    opening = asyncio.create_task(Connection.open(URI))
    await asyncio.sleep(0.001)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await asyncio.sleep(0)
    assert daemon.ends[0].reason is not None


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def opener(_: object) -> Pipe:
        raise UnreachableError("nobody")

    monkeypatch.setitem(OPENERS, "unix", opener)
    with pytest.raises(UnreachableError):
        await Connection.open(URI)
