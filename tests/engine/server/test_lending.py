"""Memory that an upload keeps until it is written is nobody else's in the meantime."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import socket
import threading
import time
from collections.abc import Callable

import pytest

from engine.server.serving import Served, Wire, until
from lacuna_engine.errors import LacunaError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.lending import MAX_LENT, MAX_SPARE, LendingPipe
from lacuna_engine.server.uploads import KEPT

KIB = 1 << 10
MIB = 1 << 20


class Keeper:
    """Keeps every piece that comes, or none."""

    def __init__(self) -> None:
        self.kept: list[tuple[memoryview, Callable[[], None]]] = []
        self.sent = b""
        self.keeps = True

    def received(self, data: memoryview) -> None:
        self.sent += data
        if self.keeps:
            for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
                release = self.pipe.keep(piece)
                assert release is not None
                self.kept.append((piece, release))

    def closed(self, reason: LacunaError) -> None:
        pass

    async def run(self, rounds: int, between: Callable[[], None] = lambda: None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.pipe = LendingPipe(ours)
            self.pipe.start(self)
            for number in range(rounds):
                theirs.sendall(bytes([number % 251]) * 1000)
                async with asyncio.timeout(20):
                    while len(self.sent) < 1000 * (number + 1):
                        await asyncio.sleep(0)
                between()
            self.pipe.close()
            await self.pipe.wait_closed()


async def test_what_is_kept_stays_as_it_is() -> None:
    keeper = Keeper()
    await keeper.run(40)
    assert b"".join(bytes(piece) for piece, _ in keeper.kept) == keeper.sent
    assert len({id(piece.obj) for piece, _ in keeper.kept}) >= 40


async def test_what_is_given_back_is_used_again() -> None:
    keeper = Keeper()
    buffers = set()

    def give_back() -> None:
        for piece, release in keeper.kept:
            buffers.add(id(piece.obj))
            release()
        keeper.kept.clear()

    await keeper.run(40, give_back)
    assert len(buffers) <= 2


async def test_not_all_that_is_given_back_is_kept_for_later() -> None:
    keeper = Keeper()
    await keeper.run(3 * MAX_SPARE)
    for _, release in keeper.kept:
        release()
    assert len(keeper.pipe._spare) == MAX_SPARE


async def test_so_much_is_lent_and_no_more() -> None:
    """A few bytes in each buffer would pin a hundred times their memory."""
    ours, theirs = socket.socketpair()
    pipe = LendingPipe(ours)
    kept: list[Callable[[], None] | None] = []

    class Crumbs(Keeper):
        def received(self, data: memoryview) -> None:
            kept.append(pipe.keep(data))

    async def send(count: int) -> None:
        for _ in range(count):
            before = len(kept)
            theirs.sendall(b"x")
            async with asyncio.timeout(20):
                while len(kept) == before:
                    await asyncio.sleep(0)

    with theirs:
        pipe.start(Crumbs())
        for _ in range(3):
            await send(MAX_LENT + 5)
            assert [release is None for release in kept] == [False] * MAX_LENT + [True] * 5
            for release in kept:
                if release is not None:
                    release()
            kept.clear()
        for _ in range(MAX_LENT + 5):  # given back before anything else is read
            await send(1)
            release = kept.pop()
            assert release is not None
            release()
        pipe.close()
        await pipe.wait_closed()


@pytest.mark.parametrize("end", ["abort", "error", "finish"])
async def test_an_upload_gives_everything_back(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """However it ends; or the connection would have no memory left to lend."""
    write = os.pwrite
    go_on = threading.Event()

    def slow(fd: int, data: bytes, offset: int) -> int:
        assert go_on.wait(30)
        if end == "error":
            raise OSError(errno.EIO, "a bad disk")
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", slow)
    serial = await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(served.volume("v"), flags=1))
    pipe = next(iter(served.server._clients))._pipe
    assert isinstance(pipe, LendingPipe)
    for _ in range(20):
        wire.data(serial, bytes(64 * KIB))
        await until(lambda: not wire.writer.transport.get_write_buffer_size())
    await until(lambda: pipe._lent > 1)
    if end == "abort":
        wire.abort(serial)
    elif end == "finish":
        wire.finish(serial)
    await wire.quiet()
    go_on.set()
    assert (await wire.outcome(serial) is None) == (end != "error")
    assert await wire.answer(p.CONNECT_GET_URI, Void()) == r.String("storage:///system")
    assert pipe._lent == 0


async def test_without_keeping_there_is_one_buffer() -> None:
    keeper = Keeper()
    keeper.keeps = False
    buffers = set()
    await keeper.run(10, lambda: buffers.add(id(keeper.pipe._buffer.obj)))
    assert len(buffers) == 1
    assert keeper.pipe.keep(memoryview(b"somebody else's")) is None


@pytest.mark.parametrize("seed", range(4))
async def test_uploads_to_a_slow_disk_are_right(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Large and small packets and holes, while what came before waits to be written."""
    chance = random.Random(seed)
    write = os.pwrite

    def slow(fd: int, data: bytes, offset: int) -> int:
        time.sleep(chance.random() * 0.003)
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", slow)
    serials, expected = [], []
    for number in range(3):
        target = r.VolumeRange(served.volume(f"v{number}"), flags=1)
        serials.append(await wire.open_stream(p.VOL_UPLOAD, target))
        expected.append(bytearray())
    for _ in range(120):
        one = chance.randrange(3)
        if chance.random() < 0.2:
            length = chance.randrange(1, 200 * KIB)
            wire.hole(serials[one], length)
            expected[one] += bytes(length)
            continue
        size = chance.choice((1, 100, KEPT - 1, KEPT, 100 * KIB, MIB))
        piece = chance.randbytes(size)
        wire.data(serials[one], piece)
        expected[one] += piece
        if chance.random() < 0.3:
            await wire.writer.drain()
    for serial in serials:
        wire.finish(serial)
    ends = {(await wire.next()).header.serial for _ in serials}
    assert ends == set(serials)
    for number in range(3):
        assert served.content(f"v{number}") == expected[number]
