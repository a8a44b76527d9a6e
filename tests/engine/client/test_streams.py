"""Streams as a coroutine sees them, against the scripted server."""

from __future__ import annotations

import asyncio
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.scripted import LOST, Daemon, End, Volume, socket_pipes
from lacuna_engine.client import Connection, Data, DownloadStream, UploadStream
from lacuna_engine.client import streams as module
from lacuna_engine.client.streams import BLOCK_SIZE, MAX_BLOCKS
from lacuna_engine.errors import (
    ConnectionLostError,
    NotSupportedError,
    ProtocolError,
    RemoteError,
    RemoteNoSpaceError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.events import CallArrived
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.stream import State
from lacuna_engine.transport import OPENERS, parse_uri

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture(params=["memory", "sockets"])
def daemon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    if request.param == "sockets":
        made.pair = socket_pipes
    monkeypatch.setitem(OPENERS, "unix", made.open)
    made.volumes["v"] = Volume()
    return made


@pytest.fixture
async def connection(daemon: Daemon) -> AsyncIterator[Connection]:
    made = await Connection.open(parse_uri("qemu:///system"))
    yield made
    await made.close()
    await asyncio.sleep(0.001)


only_memory = pytest.mark.parametrize("daemon", ["memory"], indirect=True)
only_sockets = pytest.mark.parametrize("daemon", ["sockets"], indirect=True)


def target(daemon: Daemon, offset: int = 0, length: int = 0, flags: int = 1) -> r.VolumeRange:
    return r.VolumeRange(daemon.handle("v"), offset, length, flags)


def image(seed: bytes = b"image") -> bytearray:
    """Holes and data, of many packets, with an odd end."""
    data = bytearray(5 * MIB + 123)
    for start, size in [(0, 100 * KIB), (512 * KIB, 2 * MIB), (4 * MIB, MIB + 123)]:
        data[start : start + size] = (seed * (size // len(seed) + 1))[:size]
    return data


async def collect(stream: DownloadStream) -> bytes:
    """Take everything; check that positions join up and that views live long enough."""
    content = bytearray()
    async for piece in stream:
        assert piece.position == len(content)
        if isinstance(piece, Data):
            before = bytes(piece.view)
            await asyncio.sleep(0)
            assert piece.view == before
            content += before
        else:
            content += bytes(piece.length)
    return bytes(content)


def end_of(daemon: Daemon) -> End:
    return daemon.ends[0]


# --- uploads -------------------------------------------------------------------------------------


async def test_an_upload(daemon: Daemon, connection: Connection) -> None:
    stream = await connection.upload(target(daemon))
    await stream.send(b"abc")
    await stream.send_hole(10_000)
    await stream.send(memoryview(b"x" * 300_000))
    await stream.finish()
    assert daemon.volumes["v"].data == b"abc" + bytes(10_000) + b"x" * 300_000
    assert stream.bytes_sent == 300_003
    assert stream.machine.state is State.DONE
    await stream.abort()
    assert ("abort", 0) not in daemon.messages
    with pytest.raises(ProtocolError):
        await stream.send(b"late")


@only_sockets
async def test_an_upload_of_a_file(daemon: Daemon, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "f"
    content = image()
    await asyncio.to_thread(path.write_bytes, content)
    fd = os.open(path, os.O_RDONLY)
    try:
        stream = await connection.upload(target(daemon))
        assert stream.sends_files
        await stream.send_file(fd, 0, MIB)
        await stream.send_file(fd, MIB, len(content) - MIB)
        await stream.finish()
    finally:
        os.close(fd)
    assert daemon.volumes["v"].data == content
    assert stream.bytes_sent == len(content)


async def test_a_stream_that_is_refused(daemon: Daemon, connection: Connection) -> None:
    with pytest.raises(VolumeNotFoundError):
        await connection.upload(r.VolumeRange(daemon.handle("nothing")))
    daemon.faults.no_sparse = True
    with pytest.raises(NotSupportedError):
        await connection.download(target(daemon))
    assert not connection._streams
    assert connection.is_open


async def test_a_failed_write_is_told_at_the_next_data(
    daemon: Daemon, connection: Connection
) -> None:
    daemon.faults.full_at = 10
    stream = await connection.upload(target(daemon))
    await stream.send(b"x" * 20)
    await stream.send(b"y")
    with pytest.raises(RemoteNoSpaceError):
        await stream.wait_error()
    with pytest.raises(RemoteNoSpaceError):
        await stream.send(b"z")
    with pytest.raises(RemoteNoSpaceError):
        await stream.finish()
    await stream.abort()
    assert connection.is_open


async def test_an_error_that_comes_as_a_reply(daemon: Daemon, connection: Connection) -> None:
    daemon.faults.full_at = 10
    stream = await connection.upload(target(daemon))
    await stream.send(b"x" * 20)
    await stream.send_hole(1)
    with pytest.raises(RemoteError, match="lost the reason") as caught:
        await stream.wait_error()
    assert "full" in caught.value.hint
    await connection.ping()
    assert connection.is_open


async def test_the_error_counts_and_not_the_finish_behind_it(
    daemon: Daemon, connection: Connection
) -> None:
    daemon.faults.full_at, daemon.faults.then_ok = 10, True
    stream = await connection.upload(target(daemon))
    await stream.send(b"x" * 20)
    await stream.send(b"y")
    with pytest.raises(RemoteNoSpaceError):
        await stream.finish()
    await connection.ping()
    assert connection.is_open
    assert stream.machine.state is State.FAILED


async def test_a_late_error_of_a_finished_stream_is_swallowed(
    daemon: Daemon, connection: Connection
) -> None:
    stream = await connection.upload(target(daemon))
    procedure = p.PROCEDURES[p.VOL_UPLOAD.number]
    await stream.finish()
    end = end_of(daemon)
    end.peer._streams[stream.serial] = procedure
    end.peer.reply_error(CallArrived(stream.serial, procedure, Void()), LOST)
    end.peer.send_stream_error(stream.serial, LOST)
    end.peer.send_finish(stream.serial)
    end.flush()
    await connection.ping()
    assert stream.machine.state is State.DONE
    assert connection.is_open


@pytest.mark.parametrize("what", ["data", "hole", "end"])
async def test_nothing_comes_down_an_upload(
    what: str, daemon: Daemon, connection: Connection
) -> None:
    stream = await connection.upload(target(daemon))
    end = end_of(daemon)
    if what == "data":
        end.pipe.write(end.peer.data_header(stream.serial, 1), b"x")
    elif what == "hole":
        end.peer.send_hole(stream.serial, 1)
    else:
        end.peer.send_end(stream.serial)
    end.flush()
    with pytest.raises(ProtocolError, match="on an upload"):
        await stream.wait_error()
    assert not connection.is_open


async def test_a_finish_nobody_asked_for_is_the_end(daemon: Daemon, connection: Connection) -> None:
    stream = await connection.upload(target(daemon))
    end_of(daemon).peer.send_finish(stream.serial)
    end_of(daemon).flush()
    with pytest.raises(ProtocolError):
        await stream.wait_error()


async def test_an_abort_is_answered(daemon: Daemon, connection: Connection) -> None:
    stream = await connection.upload(target(daemon))
    await stream.send(b"x")
    await stream.abort()
    await stream.abort()
    assert daemon.messages == [("data", 1), ("abort", 0)]
    assert stream.machine.state is State.ABORTED
    assert connection.is_open


@pytest.mark.parametrize("down", [True, False])
async def test_an_abort_without_an_answer_closes_the_connection(
    down: bool, daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ABORT_PATIENCE", 0.02)
    daemon.faults.mute_aborts = True
    stream = await (connection.download if down else connection.upload)(target(daemon))
    await stream.abort()
    await connection._pipe.wait_closed()
    await asyncio.sleep(0)
    assert not connection.is_open
    assert stream.machine.ended


async def test_a_finish_that_is_given_up(
    daemon: Daemon, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no abort behind a finish: only the end of the connection ends the stream."""
    monkeypatch.setattr(module, "ABORT_PATIENCE", 0.02)
    stream = await connection.upload(target(daemon))
    daemon.faults.silent = True
    finishing = asyncio.create_task(stream.finish())
    await asyncio.sleep(0.001)
    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    await stream.abort()
    await connection._pipe.wait_closed()


@pytest.mark.parametrize("down", [True, False])
async def test_cancelled_while_it_opens(down: bool, daemon: Daemon, connection: Connection) -> None:
    """Whether the daemon has opened it cannot be known, so the connection goes."""
    number = p.VOL_DOWNLOAD.number if down else p.VOL_UPLOAD.number
    daemon.answers[number] = lambda _: None
    opener = connection.download if down else connection.upload
    opening = asyncio.create_task(opener(target(daemon)))
    await asyncio.sleep(0.001)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await connection._pipe.wait_closed()
    await asyncio.sleep(0.001)
    assert not connection.is_open
    assert end_of(daemon).reason is not None


@pytest.mark.parametrize("down", [True, False])
async def test_the_connection_ends_in_the_middle(
    down: bool, daemon: Daemon, connection: Connection
) -> None:
    daemon.volumes["v"].data = image()
    daemon.faults.cut_at = MIB
    if down:
        with pytest.raises(ConnectionLostError):
            await collect(await connection.download(target(daemon)))
    else:
        stream = await connection.upload(target(daemon))
        with pytest.raises(ConnectionLostError):
            await send_much(stream)


async def send_much(stream: UploadStream) -> None:
    for _ in range(100):
        await stream.send(b"x" * MIB)


async def test_an_opening_fails_with_the_connection(daemon: Daemon, connection: Connection) -> None:
    daemon.answers[p.VOL_UPLOAD.number] = lambda _: end_of(daemon).pipe.close()
    with pytest.raises(ConnectionLostError):
        await connection.upload(target(daemon))


# --- downloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize("early", [0, 1, 3, 30])
async def test_a_download(flags: int, early: int, daemon: Daemon, connection: Connection) -> None:
    """Also with its first packets, or all of it, in front of the reply (0.13)."""
    daemon.volumes["v"].data = image()
    daemon.faults.early = early
    stream = await connection.download(target(daemon, flags=flags))
    assert await collect(stream) == image()
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
    with pytest.raises(RemoteError, match="read failed"):
        await collect(stream)
    # What is less than a block was not complete.
    assert stream.bytes_received < BLOCK_SIZE


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
    assert stream.bytes_received <= (MAX_BLOCKS + 4) * BLOCK_SIZE
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
    assert len(stream._free) <= MAX_BLOCKS + 4


@only_memory
async def test_fragments_share_blocks(daemon: Daemon, connection: Connection) -> None:
    """A thousand pieces in one read must not take a block of 1 MiB each."""
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
    assert len(stream._free) <= 8


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
