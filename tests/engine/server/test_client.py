"""The connection of one client: its order, its end, and its bounds."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.server.serving import Served, Wire, until
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import HEADER_SIZE, Header, Program, Status, Type, encode
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.client import FROM_STRANGERS, MAX_STREAMS, ServedClient
from lacuna_engine.server.downloads import DownloadJob
from lacuna_engine.server.handlers import HANDLERS
from lacuna_engine.server.requests import REQUEST_WINDOW
from lacuna_engine.server.uploads import UploadJob
from lacuna_engine.transport import SocketPipe

KIB = 1 << 10
MIB = 1 << 20

LIMIT = 6 * MIB
"""What a client may make the server keep at most: what was read at once, in several forms."""


def client_of(served: Served) -> ServedClient:
    return next(iter(served.server._clients))


async def settled(client: ServedClient) -> None:
    """Wait until the server takes nothing more of a client that does not read."""
    before = -1
    async with asyncio.timeout(60):
        while not client._pipe.is_paused or client._pipe.bytes_read != before:
            before = client._pipe.bytes_read
            await asyncio.sleep(0.5)


@contextmanager
def growth() -> Generator[list[int]]:
    """Put the most bytes that were taken inside the block into the list, at its end."""
    peak: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()


# --- clients that do not read --------------------------------------------------------------------

CALL = Header(Program.REMOTE, p.CONNECT_GET_TYPE.number, Type.CALL, 0, Status.OK)
UNKNOWN = Header(Program.REMOTE, 9999, Type.CALL, 0, Status.OK)
STRANGE = Header(0x20008087, 1, Type.CALL, 0, Status.OK)
PING = Header(Program.KEEPALIVE, 1, Type.MESSAGE, 0, Status.OK)


def numbered(header: Header, count: int) -> bytes:
    messages = bytearray(encode(header) * count)
    for number in range(count):
        messages[number * 28 + 20 : number * 28 + 24] = (number + 1000).to_bytes(4, "big")
    return bytes(messages)


@pytest.mark.parametrize("header", [CALL, UNKNOWN, STRANGE, PING], ids=str)
async def test_a_flood_that_is_never_read(served: Served, wire: Wire, header: Header) -> None:
    """100,000 messages: little of it is kept, others are served, and all is answered at last."""
    count = 100_000
    data = encode(header) * count if header == PING else numbered(header, count)
    client = client_of(served)
    # The system would keep all of the answers, and they are to be the server's.
    assert isinstance(client._pipe, SocketPipe)
    client._pipe._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * KIB)
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    wire.writer.write(data)
    with growth() as peak:
        await settled(client)
        assert client._pipe.is_paused
        assert client._intake.waiting <= MIB
        assert len(client._requests) <= REQUEST_WINDOW + (1 << 16) // 28 + 1
    assert peak[0] < len(data) + LIMIT
    async with served.connect() as other:
        assert await other.answer(p.CONNECT_GET_TYPE, Void()) == r.String("storage")
    wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
    if header == PING:
        pongs = encode(Header(Program.KEEPALIVE, 2, Type.MESSAGE, 0, Status.OK)) * count
        assert await wire.reader.readexactly(len(pongs)) == pongs
    else:
        answered = {(await wire.next()).header.serial for _ in range(count)}
        assert answered == {number + 1000 for number in range(count)}
    assert await wire.quiet() == []
    await until(lambda: not client._pipe.is_paused)
    assert len(client._requests) == 0


async def test_uploads_go_on_behind_a_flood(served: Served, wire: Wire) -> None:
    """What waited is taken in its order, also in the middle of messages."""
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v")))
    expected = b""
    for number in range(1, 60):
        piece = bytes([number]) * (number * 997)
        expected += piece
        wire.writer.write(encode(PING) * 300)
        wire.data(serial, piece)
    wire.finish(serial)
    pongs = 0
    while (message := await wire.next()).header.program == Program.KEEPALIVE:
        pongs += 1
    while message.header.program == Program.KEEPALIVE or pongs < 59 * 300:
        message = await wire.next()
        pongs += message.header.program == Program.KEEPALIVE
    assert served.content() == expected


async def test_crumbs_and_holes_do_not_pile_up(served: Served, wire: Wire) -> None:
    """A byte, a hole, a byte ...: each is more work than it is long."""
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v"), flags=1))
    client = client_of(served)
    gate = threading.Event()
    write = os.pwrite

    def slow(fd: int, data: bytes, offset: int) -> int:
        gate.wait(30)
        return write(fd, data, offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", slow)
        for _ in range(30_000):
            wire.data(serial, b"x")
            wire.hole(serial, 1)
        with growth() as peak:
            await settled(client)
            job: Any = client._jobs[serial]
            assert len(job._waiting) < 3000
            assert client._pipe.is_paused
        assert peak[0] < LIMIT
        gate.set()
        wire.finish(serial)
        assert await wire.outcome(serial) is None
    assert served.content() == b"x\0" * 30_000


# --- the end of a connection ---------------------------------------------------------------------


async def test_what_comes_after_the_goodbye_is_ignored(served: Served, wire: Wire) -> None:
    served.volume("before")
    served.volume("after")
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v", b"old")))
    deleted = wire.call(p.VOL_DELETE, r.VolumeFlags(served.handle("before")))
    goodbye = wire.call(p.CONNECT_CLOSE, Void())
    wire.call(p.VOL_DELETE, r.VolumeFlags(served.handle("after")))
    wire.data(serial, b"new")
    wire.ping()
    wire.writer.write(b"garbage")
    seen = []
    while (message := await wire.message()) is not None:
        seen.append(message.header.serial)
    assert goodbye in seen
    assert set(seen) <= {deleted, goodbye}
    await until(lambda: not served.server.clients)
    await until(lambda: not (served.folder / "before").exists())
    assert (served.folder / "after").exists()
    assert served.content() == b"old"


async def test_the_goodbye_waits_for_its_turn(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was sent before has been begun."""
    seen: list[int] = []

    def count(*_: object) -> Void:
        seen.append(1)
        return Void()

    monkeypatch.setitem(HANDLERS, p.VOL_WIPE.number, count)
    for _ in range(3 * REQUEST_WINDOW):
        wire.call(p.VOL_WIPE, r.VolumeFlags(served.handle("v")))
    wire.call(p.CONNECT_CLOSE, Void())
    while await wire.message() is not None:
        pass
    await until(lambda: len(seen) == 3 * REQUEST_WINDOW)


async def test_work_in_progress_outlives_its_client(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer goes nowhere."""
    gate = threading.Event()
    done: list[int] = []

    def slow(*_: object) -> Void:
        gate.wait(30)
        done.append(1)
        return Void()

    monkeypatch.setitem(HANDLERS, p.VOL_WIPE.number, slow)
    async with served.connect() as wire:
        for _ in range(REQUEST_WINDOW - 1):
            wire.call(p.VOL_WIPE, r.VolumeFlags(served.handle("v")))
        client = client_of(served)
        await until(lambda: len(client._requests) == REQUEST_WINDOW - 1)
    await until(lambda: not served.server.clients)
    waiting = asyncio.ensure_future(client.wait_closed())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    gate.set()
    await waiting
    assert len(done) == REQUEST_WINDOW - 1


async def test_garbage_behind_what_waits_ends_the_connection(served: Served, wire: Wire) -> None:
    """It is met when its turn comes, not by whoever reads the socket."""
    wire.writer.write(encode(PING) * 50_000 + b"\0\0\0\x01")
    pongs = 0
    while await wire.message() is not None:
        pongs += 1
    assert pongs <= 50_000
    await until(lambda: not served.server.clients)


@pytest.mark.parametrize(("opened", "taken"), [(False, False), (True, True)])
async def test_strangers_send_nothing_long(served: Served, *, opened: bool, taken: bool) -> None:
    """Who is not let in yet has little to say, and must not have us hold much of it."""
    async with served.connect(opened=opened) as wire:
        header = Header(Program.REMOTE, p.CONNECT_OPEN.number, Type.CALL, 77, Status.OK)
        announced = header.encode(FROM_STRANGERS - HEADER_SIZE + 1)
        wire.writer.write(announced[:4])
        await asyncio.sleep(0.05)
        assert bool(served.server.clients) is taken


# --- answers -------------------------------------------------------------------------------------


async def test_an_answer_that_cannot_be_said_ends_the_connection(
    served: Served, wire: Wire
) -> None:
    """A name of 4 MiB does not fit into the error that would quote it (protocol.md 1.7)."""
    wire.call(p.POOL_LOOKUP_BY_NAME, r.String("n" * (4 * MIB)))
    assert await wire.ended()


async def test_a_result_that_cannot_be_said_ends_the_connection(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        HANDLERS, p.CONNECT_GET_TYPE.number, lambda *_: r.String("n" * (4 * MIB + 1))
    )
    wire.call(p.CONNECT_GET_TYPE, Void())
    assert await wire.ended()


async def test_a_mistake_of_ours_is_answered(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Void:
        raise ZeroDivisionError

    monkeypatch.setattr("lacuna_engine.server.client.log.disabled", True)
    monkeypatch.setitem(HANDLERS, p.CONNECT_GET_TYPE.number, broken)
    error = await wire.answer(p.CONNECT_GET_TYPE, Void())
    assert (error.code, error.domain, error.message) == (1, 7, "unexpected failure")
    assert await wire.answer(p.CONNECT_GET_URI, Void()) == r.String("storage:///system")


@pytest.mark.parametrize("down", [True, False])
async def test_a_mistake_of_ours_ends_its_stream(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, down: bool
) -> None:
    """And says so: the client would wait for ever."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    module = "downloads" if down else "uploads"
    monkeypatch.setattr(f"lacuna_engine.server.{module}.log.disabled", True)
    monkeypatch.setattr(DownloadJob, "_send_all", broken)
    monkeypatch.setattr(UploadJob, "_write_all", broken)
    procedure = p.VOL_DOWNLOAD if down else p.VOL_UPLOAD
    serial = await wire.open_stream(procedure, r.VolumeRange(served.volume("v", b"old"), flags=1))
    if not down:
        wire.data(serial, b"new")
        wire.finish(serial)
    error = await wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.message) == (1, 7, "unexpected failure")
    assert client_of(served)._jobs == {}
    assert await wire.answer(p.CONNECT_GET_URI, Void()) == r.String("storage:///system")


async def test_serials_may_be_any_and_the_same(served: Served, wire: Wire) -> None:
    for serial in (0, 0xFFFFFFFF, 7, 7):
        wire.send(Header(Program.REMOTE, p.CONNECT_GET_TYPE.number, Type.CALL, serial, 0))
    seen = sorted([(await wire.next()).header.serial for _ in range(4)])
    assert seen == [0, 7, 7, 0xFFFFFFFF]


# --- streams -------------------------------------------------------------------------------------


async def test_so_many_streams_and_no_more(served: Served, wire: Wire) -> None:
    target = r.VolumeRange(served.volume("v"))
    serials = [await wire.open_stream(p.VOL_UPLOAD, target) for _ in range(MAX_STREAMS)]
    before = len(os.listdir("/proc/self/fd"))
    error = await wire.answer(p.VOL_UPLOAD, target)
    assert error.code == 55
    assert len(os.listdir("/proc/self/fd")) == before
    wire.abort(serials[3])
    assert await wire.outcome(serials[3]) is None
    await wire.open_stream(p.VOL_UPLOAD, target)


async def test_a_stream_whose_serial_is_in_use(served: Served, wire: Wire) -> None:
    """The second is refused; the first goes on."""
    target = r.VolumeRange(served.volume("v"))
    serial = await wire.open_stream(p.VOL_UPLOAD, target)
    wire.serial -= 1
    assert (await wire.answer(p.VOL_UPLOAD, target)).code == 55
    wire.data(serial, b"data")
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == b"data"


async def test_a_hole_on_a_dense_stream_ends_the_connection(served: Served, wire: Wire) -> None:
    """Without a word (4.3); the volume's file is closed."""
    before = len(os.listdir("/proc/self/fd"))
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v", b"old")))
    wire.hole(serial, 10)
    assert await wire.ended()
    await until(lambda: not served.server.clients)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
    assert served.content() == b"old"
