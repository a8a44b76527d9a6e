"""Downloads of files: sections, reading errors, files that change, and giving up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.server.serving import Served, Wire
from integration.images import data, hole, make_image
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.packet import Type
from lacuna_engine.server.downloads import DownloadJob, _data_and_holes
from lacuna_engine.xdr import Cursor

MIB = 1 << 20
NEW = b"\xa5"


async def take(wire: Wire, serial: int) -> bytes:
    """Take a download to its end, holes as zeros, and finish it."""
    content = bytearray()
    while True:
        message = await wire.next()
        assert message.header.serial == serial
        if message.header.type == Type.STREAM_HOLE:
            content += bytes(r.Hole.unpack(Cursor(message.payload)).length)
        elif message.payload:
            content += message.payload
        else:
            break
    wire.finish(serial, p.VOL_DOWNLOAD)
    assert await wire.outcome(serial) is None
    return bytes(content)


@pytest.mark.parametrize("sparse", [0, 1])
@pytest.mark.parametrize(
    ("offset", "length"), [(0, 0), (1, 5), (MIB - 1, 2 * MIB), (2 * MIB, 0), (3 * MIB, 1)]
)
async def test_ranges(served: Served, wire: Wire, sparse: int, offset: int, length: int) -> None:
    make_image(served.folder / "v", hole(MIB), data(MIB), hole(MIB))
    target = r.VolumeRange(served.handle("v"), offset, length, sparse)
    serial = await wire.open_stream(p.VOL_DOWNLOAD, target)
    end = offset + length if length else None
    assert await take(wire, serial) == served.content()[offset:end]


async def test_many_at_once(served: Served, wire: Wire) -> None:
    """On one connection; each gets its own bytes."""
    for number in range(8):
        served.volume(f"v{number}", bytes([number + 1]) * 300_000)
    serials = [
        wire.call(p.VOL_DOWNLOAD, r.VolumeRange(served.handle(f"v{number}"))) for number in range(8)
    ]
    contents = dict.fromkeys(serials, b"")
    ends: set[int] = set()
    while len(ends) < 8:
        message = await wire.next()
        if message.header.type == Type.REPLY:
            continue
        if message.payload:
            contents[message.header.serial] += message.payload
        else:
            ends.add(message.header.serial)
    assert [contents[serial] for serial in serials] == [
        bytes([number + 1]) * 300_000 for number in range(8)
    ]


async def test_a_file_that_becomes_shorter(served: Served, wire: Wire) -> None:
    """Ends quietly (4.4)."""
    served.faults.packets = (65_536,)
    served.volume("v", NEW * 16 * MIB)
    serial = await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v"), flags=1))
    await wire.next()
    os.truncate(served.folder / "v", 70_000)
    assert len(await take(wire, serial)) < 16 * MIB


def test_sections_of_a_file_that_becomes_shorter(served_file: int) -> None:
    sections = _data_and_holes(served_file, 0, 3 * MIB)
    assert next(sections) == (0, MIB, True)
    os.ftruncate(served_file, 10)
    assert list(sections) == [(MIB, 3 * MIB, False)]


@pytest.fixture
def served_file(tmp_path: Path) -> Iterator[int]:
    path = make_image(tmp_path / "f", data(MIB), hole(MIB), data(MIB))
    fd = os.open(path, os.O_RDWR)
    yield fd
    os.close(fd)


async def test_a_read_error(served: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", fail)
    served.volume("v", NEW * 100)
    serial = await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
    error = await wire.outcome(serial)
    assert error is not None
    assert (error.code, error.domain, error.int1) == (38, 38, 5)
    wire.finish(serial, p.VOL_DOWNLOAD)
    assert await wire.quiet() == []


@pytest.mark.parametrize("end", ["abort", "finish"])
@pytest.mark.parametrize("when", ["at once", "in the middle", "at the end"])
async def test_giving_up(served: Served, wire: Wire, end: str, when: str) -> None:
    served.volume("v", NEW * (20 * MIB if when == "in the middle" else 100))
    serial = wire.call(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
    await wire.reply(serial)
    if when == "in the middle":
        await wire.next()
    elif when == "at the end":
        assert (await wire.next()).payload
        assert not (await wire.next()).payload
    getattr(wire, end)(serial, p.VOL_DOWNLOAD)
    while (message := await wire.next()).header.status == 2:
        pass
    assert message.header.status == 0
    assert await wire.quiet() == []
    assert not next(iter(served.server._clients))._jobs


async def test_data_on_a_download_is_ignored(served: Served, wire: Wire) -> None:
    served.volume("v", NEW * 100)
    serial = await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v"), flags=1))
    wire.data(serial, b"data", p.VOL_DOWNLOAD)
    wire.data(serial, b"", p.VOL_DOWNLOAD)
    assert await take(wire, serial) == NEW * 100
    assert served.content() == NEW * 100


async def test_an_unread_download_ends_with_its_connection(served: Served) -> None:
    served.volume("v", NEW * 30 * MIB)
    async with served.connect() as wire:
        await wire.open_stream(p.VOL_DOWNLOAD, r.VolumeRange(served.handle("v")))
        job = next(iter(next(iter(served.server._clients))._jobs.values()))
        assert isinstance(job, DownloadJob)
    async with asyncio.timeout(30):
        await job.task
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(job._fd)
