"""Uploads into files: what the daemon would do worse, and every way to end."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from engine.server.serving import Served, Wire
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.server import uploads
from lacuna_engine.server.uploads import BLOCK, UploadJob

NEW, OLD = b"\xa5", b"\xee"
MIB = 1 << 20


async def begin(served: Served, wire: Wire, old: int = MIB, **options: Any) -> int:
    handle = served.volume("v", OLD * old)
    return await wire.open_stream(p.VOL_UPLOAD, r.VolumeRange(handle, **{"flags": 1, **options}))


def job_of(served: Served, serial: int) -> UploadJob:
    client = next(iter(served.server._clients))
    job = client._jobs[serial]
    assert isinstance(job, UploadJob)
    return job


@pytest.mark.parametrize(
    "sizes", [(1,), (BLOCK - 1, 1, 1), (BLOCK + 1,), (3 * BLOCK + 7, 5), (100,) * 3000]
)
async def test_data_of_all_sizes(served: Served, wire: Wire, sizes: tuple[int, ...]) -> None:
    serial = await begin(served, wire, 0)
    expected = b""
    for number, size in enumerate(sizes):
        piece = bytes([number % 255 + 1]) * size
        wire.data(serial, piece)
        expected += piece
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == expected


async def test_data_is_seen_when_the_client_pauses(served: Served, wire: Wire) -> None:
    """A look at the size is how a client proves that its data has been written (4.7)."""
    serial = await begin(served, wire, 0)
    wire.data(serial, NEW * 1000)
    async with asyncio.timeout(30):
        while True:
            info = await wire.answer(p.VOL_GET_INFO_FLAGS, r.VolumeFlags(served.handle("v"), 1))
            if info.size == 1000:
                break


@pytest.mark.parametrize("punched", [True, False])
async def test_holes_are_zeros(
    served: Served, wire: Wire, punched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file system cannot punch them."""
    if not punched:
        monkeypatch.setattr(uploads, "punch_hole", lambda *_: False)
    serial = await begin(served, wire, 4 * MIB)
    wire.data(serial, NEW * 100)
    wire.hole(serial, 3 * MIB)
    wire.data(serial, NEW * 100)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    expected = NEW * 100 + bytes(3 * MIB) + NEW * 100
    assert served.content() == expected + OLD * (4 * MIB - len(expected))


async def test_a_hole_in_the_middle_of_a_block_of_data(served: Served, wire: Wire) -> None:
    serial = await begin(served, wire)
    for _ in range(100):
        wire.data(serial, NEW * 13)
        wire.hole(serial, 29)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == (NEW * 13 + bytes(29)) * 100


async def test_the_length_of_a_segment_is_nobodys_business(served: Served, wire: Wire) -> None:
    """A hole at the end of a segment cuts nothing off, one at the end of an image does."""
    serial = await begin(served, wire, offset=1000, length=500)
    wire.hole(serial, 500)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == OLD * 1000 + bytes(500) + OLD * (MIB - 1500)
    serial = await begin(served, wire, offset=1000)
    wire.hole(serial, 500)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == OLD * 1000 + bytes(500)


@pytest.mark.parametrize("offset", [2**63 - 1, 2**63 - 4096, 2**62])
async def test_positions_that_no_file_has(served: Served, wire: Wire, offset: int) -> None:
    """Whatever goes wrong is said, and the stream ends."""
    for what in ("data", "hole", "both"):
        serial = await begin(served, wire, offset=offset)
        if what != "hole":
            wire.data(serial, NEW * 10_000)
        if what != "data":
            wire.hole(serial, 2**63 - 1)
        wire.finish(serial)
        error = await wire.outcome(serial)
        assert error is not None
        assert (error.code, error.domain) == (38, 38)
        assert error.int1 in {22, 27}
        assert await wire.quiet() == []


async def test_what_came_before_a_refusal_is_written(served: Served, wire: Wire) -> None:
    serial = await begin(served, wire, length=5 * MIB + 10)
    wire.data(serial, NEW * 5 * MIB)
    wire.data(serial, NEW * 100)
    wire.finish(serial)
    error = await wire.outcome(serial)
    assert error is not None
    assert error.int1 == 28
    assert served.content() == NEW * (5 * MIB + 10)


async def test_giving_up_after_a_failed_write(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An abort that crosses the error is agreed to (4.5)."""
    serial = await begin(served, wire)
    job = job_of(served, serial)
    begun, gate = asyncio.Event(), asyncio.Event()

    async def late(function: Any, *_: object) -> None:
        begun.set()
        await gate.wait()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(asyncio, "to_thread", late)
    wire.data(serial, NEW * 100)
    await begun.wait()
    wire.abort(serial)
    async with asyncio.timeout(30):
        while job.machine.state.name != "ABORTING":
            await asyncio.sleep(0.005)
    gate.set()
    assert await wire.outcome(serial) is None


async def test_the_end_cannot_be_cut(
    served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    serial = await begin(served, wire)
    monkeypatch.setattr(UploadJob, "_set_size", fail)
    wire.hole(serial, 10)
    wire.finish(serial)
    error = await wire.outcome(serial)
    assert error is not None
    assert (error.code, error.int1) == (38, 5)


async def test_early_data_is_dropped_as_the_daemon_does(served: Served, wire: Wire) -> None:
    """Sent before the reply (0.4), and so is what follows of the same message."""
    serial = wire.call(p.VOL_UPLOAD, r.VolumeRange(served.volume("v", OLD * 100)))
    wire.data(serial, NEW * 10)
    await wire.reply(serial)
    wire.finish(serial)
    assert await wire.outcome(serial) is None
    assert served.content() == OLD * 100


async def test_the_connection_ends(served: Served) -> None:
    """What was received is written or not; the file is closed."""
    for _ in range(10):
        async with served.connect() as wire:
            serial = await begin(served, wire, 0)
            wire.data(serial, NEW * 3 * MIB)
            await wire.writer.drain()
    async with asyncio.timeout(30):
        while served.server.clients:
            await asyncio.sleep(0.005)
    content = served.content()
    assert content == NEW * len(content)
    assert os.path.getsize(served.folder / "v") <= 3 * MIB  # noqa: PTH202
