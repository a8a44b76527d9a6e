"""Pool events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.scripted import POOL, Daemon, End, failure
from lacuna_engine.client import Connection
from lacuna_engine.errors import ConnectionLostError, NotSupportedError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage import PoolChange, PoolEvent, PoolHandle, PoolWatch
from lacuna_engine.storage.events import BACKLOG
from lacuna_engine.transport import OPENERS, parse_uri

OTHER = PoolHandle("other", bytes(16))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    monkeypatch.setitem(OPENERS, "unix", made.open)
    return made


@pytest.fixture
async def connection(daemon: Daemon) -> AsyncIterator[Connection]:
    made = await Connection.open(parse_uri("qemu:///system"))
    daemon.calls.clear()
    yield made
    await made.close()


@pytest.fixture
def end(daemon: Daemon, connection: Connection) -> End:
    return daemon.ends[0]


def lifecycle(end: End, event: int, pool: PoolHandle = POOL) -> None:
    end.peer.send_event(p.POOL_EVENT_LIFECYCLE, r.PoolLifecycle(7, pool, event, 0))
    end.flush()


def refresh(end: End, pool: PoolHandle = POOL) -> None:
    end.peer.send_event(p.POOL_EVENT_REFRESH, r.PoolRefreshed(8, pool))
    end.flush()


async def waiting(watch: PoolWatch, connection: Connection) -> list[PoolEvent]:
    """Return all that has arrived."""
    await connection.ping()
    return [await anext(watch) for _ in range(len(watch._waiting))]


async def test_what_happens_to_pools(daemon: Daemon, connection: Connection, end: End) -> None:
    async with PoolWatch(connection) as watch:
        lifecycle(end, 2)
        refresh(end, OTHER)
        lifecycle(end, 3, OTHER)
        lifecycle(end, 77)
        end.peer.send_event(p.CONNECTION_CLOSED, r.ConnectionClosed(1))
        end.flush()
        assert await waiting(watch, connection) == [
            PoolEvent(POOL, PoolChange.STARTED),
            PoolEvent(OTHER, PoolChange.REFRESHED),
            PoolEvent(OTHER, PoolChange.STOPPED),
            PoolEvent(POOL, PoolChange.UNKNOWN),
        ]
    registered = ["CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY"] * 2
    assert daemon.calls == [*registered, *["CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY"] * 2]
    refresh(end)
    await connection.ping()
    assert not watch._waiting


async def test_a_reader_that_waits_is_woken(connection: Connection, end: End) -> None:
    async with PoolWatch(connection) as watch:
        seen: list[PoolEvent] = []

        async def read() -> None:
            async for event in watch:
                seen.append(event)
                if len(seen) == 2:
                    return

        reader = asyncio.create_task(read())
        await asyncio.sleep(0)
        refresh(end)
        await connection.ping()
        await asyncio.sleep(0)
        assert len(seen) == 1
        lifecycle(end, 3)
        await asyncio.wait_for(reader, 5)
        assert seen[1].change is PoolChange.STOPPED


async def test_repeated_events_are_one_and_the_last_counts(
    connection: Connection, end: End
) -> None:
    async with PoolWatch(connection) as watch:
        for event in (3, 2, 3):
            lifecycle(end, event)
        refresh(end)
        refresh(end)
        changes = [event.change for event in await waiting(watch, connection)]
        assert changes == [PoolChange.STARTED, PoolChange.STOPPED, PoolChange.REFRESHED]


async def test_a_flood_is_bounded(connection: Connection, end: End) -> None:
    async with PoolWatch(connection) as watch:
        for number in range(BACKLOG + 500):
            refresh(end, PoolHandle(f"p{number}", bytes(16)))
        for _ in range(20_000):
            refresh(end)
        found = await waiting(watch, connection)
        assert len(found) == BACKLOG
        assert found[-1].pool == POOL
        assert found[0].pool.name == "p501"


async def test_ends_with_the_connections_error(connection: Connection, end: End) -> None:
    async with PoolWatch(connection) as watch:
        refresh(end)
        await connection.ping()
        end.pipe.close()
        await connection._pipe.wait_closed()
        await asyncio.sleep(0)
        assert (await anext(watch)).change is PoolChange.REFRESHED
        with pytest.raises(ConnectionLostError):
            await anext(watch)
        with pytest.raises(ConnectionLostError):
            await anext(watch)


async def test_ends_while_somebody_waits(connection: Connection, end: End) -> None:
    async with PoolWatch(connection) as watch:
        reader = asyncio.create_task(anext(watch))
        await asyncio.sleep(0)
        end.pipe.close()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(reader, 5)


async def test_a_daemon_without_events(daemon: Daemon, connection: Connection, end: End) -> None:
    daemon.answers[p.POOL_EVENT_REGISTER.number] = lambda _: failure(3, "not supported")
    watch = PoolWatch(connection)
    with pytest.raises(NotSupportedError):
        await watch.__aenter__()
    refresh(end)
    await connection.ping()
    assert not watch._waiting


async def test_a_daemon_with_half_of_the_events(daemon: Daemon, connection: Connection) -> None:
    """What was registered before the error is taken back."""
    daemon.answers[p.POOL_EVENT_REGISTER.number] = lambda a: (
        failure(1, "unsupported") if a.event else r.Number(7)
    )
    with pytest.raises(Exception, match="unsupported"):
        await PoolWatch(connection).__aenter__()
    assert daemon.calls.count("CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY") == 1
