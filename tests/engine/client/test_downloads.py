"""Downloads as a coroutine sees them, against the scripted server."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from engine.client.streaming import (
    KIB,
    MIB,
    collect,
    collect_many,
    end_of,
    image,
    only_memory,
    only_sockets,
    target,
)
from engine.scripted import LOST, Daemon, Volume
from lacuna_engine.client import Connection, Data, DownloadStream
from lacuna_engine.client import streams as module
from lacuna_engine.client.streams import BLOCK_SIZE, MAX_BYTES
from lacuna_engine.errors import ProtocolError, RemoteError
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.events import CallArrived
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.stream import State


@pytest.mark.parametrize("take", [collect, collect_many])
@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize("early", [0, 1, 3, 30])
async def test_a_download(
    take: Callable[[DownloadStream], Awaitable[bytes]],
    flags: int,
    early: int,
    daemon: Daemon,
    connection: Connection,
) -> None:
    """Also with its first packets, or all of it, in front of the reply (0.13)."""
    daemon.volumes["v"].data = image()
    daemon.faults.early = early
    stream = await connection.download(target(daemon, flags=flags))
    assert await take(stream) == image()
    await stream.finish()
    assert stream.machine.position == len(image())
    assert stream.machine.state is State.DONE
    if flags:
        assert stream.bytes_received < len(image()) - MIB
    else:
        assert stream.bytes_received == len(image())


async def test_part_of_a_volume(daemon: Daemon, connection: Connection) -> None:
    daemon.volumes["v"].data = image()
    stream = await connection.download(target(daemon, 4096, 700_000))
    assert await collect(stream) == image()[4096:704_096]
    await stream.finish()


@pytest.mark.parametrize("early", [0, 5])
async def test_nothing_at_all(early: int, daemon: Daemon, connection: Connection) -> None:
    daemon.faults.early = early
    stream = await connection.download(target(daemon))
    assert await collect(stream) == b""
    await stream.finish()


async def test_more_early_packets_than_are_kept_waiting(
    daemon: Daemon, connection: Connection
) -> None:
    """Reading must not pause before the reply: it would never be read."""
    volume = daemon.volumes["v"]
    for number in range(40):
        volume.data += bytes([number + 1]) * 4096 + bytes(4096)
    daemon.faults.early = 60
    stream = await asyncio.wait_for(connection.download(target(daemon)), 10)
    assert await asyncio.wait_for(collect(stream), 10) == volume.data
    await stream.finish()


@only_memory
async def test_a_flood_before_the_reply_is_no_volume(
    daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EARLY_BYTES", 4 * MIB)
    daemon.volumes["v"].data = bytearray(b"x") * (9 * MIB)
    daemon.faults.early = 1000
    with pytest.raises(ProtocolError, match="without an answer"):
        await connection.download(target(daemon))


async def test_a_short_download_is_no_error_of_the_stream(
    daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = image()
    daemon.faults.short = 1000
    stream = await connection.download(target(daemon))
    assert await collect(stream) == image()[:-1000]
    await stream.finish()
    assert stream.machine.position == len(image()) - 1000


@pytest.mark.parametrize("then_ok", [True, False])
async def test_an_error_in_the_middle(
    then_ok: bool, daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = image()
    daemon.faults.fail_after, daemon.faults.then_ok = 4, then_ok
    stream = await connection.download(target(daemon))
    with pytest.raises(RemoteError, match="read failed"):
        await collect(stream)
    with pytest.raises(RemoteError, match="read failed"):
        await stream.finish()
    await stream.abort()
    await connection.ping()
    assert connection.is_open


async def test_what_arrived_before_an_error_is_given_first(
    daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = image()
    daemon.faults.fail_after = 3
    stream = await connection.download(target(daemon, flags=0))
    pieces = await stream.take()
    # What is less than a block was not complete.
    assert sum(len(one.view) for one in pieces if isinstance(one, Data)) == BLOCK_SIZE
    with pytest.raises(RemoteError, match="read failed"):
        await stream.take()


async def test_an_error_before_the_reply(daemon: Daemon, connection: Connection) -> None:
    daemon.volumes["v"].data = image()
    daemon.faults.early, daemon.faults.fail_after = 100, 2

    stream = await connect_with_reply_behind(daemon, connection)
    with pytest.raises(RemoteError, match="read failed"):
        await collect(stream)
    assert connection.is_open


async def connect_with_reply_behind(daemon: Daemon, connection: Connection) -> DownloadStream:
    """Open a download whose error overtakes its reply."""
    end = end_of(daemon)
    original = end.fail

    def fail(serial: int, error: r.WireError, *, as_reply: bool) -> None:
        procedure = end.peer._streams[serial]
        original(serial, error, as_reply=as_reply)
        end.peer.reply(CallArrived(serial, procedure, Void()), Void())
        end.peer.close_stream(serial)

    end.fail = fail  # type: ignore[method-assign]
    return await asyncio.wait_for(connection.download(target(daemon)), 5)


async def test_a_refusal_behind_the_whole_volume(daemon: Daemon, connection: Connection) -> None:
    daemon.faults.early = 5
    end = end_of(daemon)
    reply = end.peer.reply

    def refuse(call: CallArrived, result: Record) -> None:
        if not isinstance(call.arguments, r.VolumeRange):
            reply(call, result)
            return
        # The stream is known to the server's peer, and its reply is an error.
        end.peer._streams[call.serial] = call.procedure
        end.peer.reply_error(call, LOST)

    end.peer.reply = refuse  # type: ignore[method-assign]
    with pytest.raises(RemoteError, match="virError"):
        await asyncio.wait_for(connection.download(target(daemon)), 5)
    await connection.ping()
    assert connection.is_open


@pytest.mark.parametrize("taken", [0, 1, 3])
async def test_an_abort_in_the_middle(taken: int, daemon: Daemon, connection: Connection) -> None:
    """However far behind the consumer is, the answer to the abort is read."""
    for _ in range(60):
        daemon.volumes["v"].data += b"x" * (300 * KIB) + bytes(724 * KIB)
    stream = await connection.download(target(daemon))
    for _ in range(taken):
        await anext(stream)
    for _ in range(50):
        await asyncio.sleep(0.0005)
    await asyncio.wait_for(stream.abort(), 2)
    assert stream.machine.state is State.ABORTED
    await connection.ping()
    assert connection.is_open
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@only_sockets
async def test_a_slow_consumer_holds_the_daemon_back(
    daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = bytearray(b"abcdefgh") * (8 * MIB)
    stream = await connection.download(target(daemon))
    first = await anext(stream)
    assert isinstance(first, Data)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert stream.bytes_received <= MAX_BYTES + 4 * BLOCK_SIZE
    assert connection._pipe.is_paused
    got = len(first.view)
    async for piece in stream:
        assert isinstance(piece, Data)
        assert piece.position == got
        got += len(piece.view)
        assert bytes(piece.view[:8]) == bytes(piece.view[-8:]) == b"abcdefgh"
        await asyncio.sleep(0)
    assert got == 64 * MIB
    await stream.finish()
    # The blocks went round: no more of them than there were at the most.
    assert len(stream._free) * BLOCK_SIZE <= MAX_BYTES + 4 * BLOCK_SIZE


@only_memory
async def test_fragments_share_blocks(daemon: Daemon, connection: Connection) -> None:
    """A thousand pieces in one read must not take a block each."""
    data = bytearray()
    for number in range(1000):
        data += bytes([number % 255 + 1]) * 4096 + bytes(4096)
    daemon.volumes["v"].data = data
    daemon.faults.early = 2000  # so that they all come at once
    tracemalloc.start()
    try:
        stream = await connection.download(target(daemon))
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken < 60 * MIB
    assert await collect(stream) == data
    await stream.finish()
    assert len(stream._free) * BLOCK_SIZE <= 8 * MIB


@only_memory
@pytest.mark.parametrize("size", [1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE])
async def test_borders_of_blocks(size: int, daemon: Daemon, connection: Connection) -> None:
    data = bytearray(b"z" * size + bytes(4096 - size % 4096) + bytes(4096) + b"y" * (2 * size))
    daemon.volumes["v"].data = data
    stream = await connection.download(target(daemon))
    assert await collect(stream) == data
    await stream.finish()


async def test_two_downloads_on_one_connection(daemon: Daemon, connection: Connection) -> None:
    daemon.volumes["v"].data = image()
    daemon.volumes["w"] = Volume(image(b"other"))
    one = await connection.download(target(daemon))
    two = await connection.download(r.VolumeRange(daemon.handle("w"), flags=1))
    first, second = await asyncio.gather(collect(one), collect(two))
    assert first == image()
    assert second == image(b"other")
    await asyncio.gather(one.finish(), two.finish())


async def test_streams_that_are_over_are_forgotten(daemon: Daemon, connection: Connection) -> None:
    """With their blocks: a volume in 64 segments would keep hundreds of megabytes."""
    daemon.volumes["v"].data = image()
    for _ in range(3):
        stream = await connection.download(target(daemon))
        await collect(stream)
        await stream.finish()
        up = await connection.upload(target(daemon))
        await up.abort()
    daemon.faults.fail_after = 0
    stream = await connection.download(target(daemon))
    with pytest.raises(RemoteError):
        await collect(stream)
    assert not connection._streams


@pytest.mark.parametrize("what", ["beyond", "hole", "after the end"])
async def test_what_does_not_belong_on_a_download(
    what: str, daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = bytearray(b"x" * 10)
    stream = await connection.download(target(daemon, length=10, flags=0))
    assert await collect(stream) == b"x" * 10
    end = end_of(daemon)
    if what == "hole":
        end.peer.send_hole(stream.serial, 1)
    else:
        end.pipe.write(end.peer.data_header(stream.serial, 1), b"x")
    end.flush()
    with pytest.raises(ProtocolError):
        await connection.ping()
    assert not connection.is_open
