"""Uploads as a coroutine sees them, against the scripted server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from engine.client.streaming import MIB, collect, end_of, image, only_sockets, target
from engine.scripted import LOST, Daemon
from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.client import streams as module
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
from lacuna_engine.rpc.record import Void
from lacuna_engine.stream import State


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
