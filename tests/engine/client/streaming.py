"""What the tests of streams share: a volume of the scripted server and its content."""

from __future__ import annotations

import asyncio

import pytest

from engine.scripted import Daemon, End
from lacuna_engine.client import Data, DownloadStream
from lacuna_engine.rpc import records as r

KIB, MIB = 1 << 10, 1 << 20
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


async def collect_many(stream: DownloadStream) -> bytes:
    """The same with all pieces that are there at a time."""
    content = bytearray()
    while pieces := await stream.take():
        before = [bytes(one.view) for one in pieces if isinstance(one, Data)]
        await asyncio.sleep(0)
        assert [one.view for one in pieces if isinstance(one, Data)] == before
        for piece in pieces:
            assert piece.position == len(content)
            content += piece.view if isinstance(piece, Data) else bytes(piece.length)
    return bytes(content)


def end_of(daemon: Daemon) -> End:
    return daemon.ends[0]
