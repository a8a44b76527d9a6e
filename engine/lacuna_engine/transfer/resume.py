"""Going on with an interrupted upload: what is there, whether it is ours, and from where.

A daemon writes a stream in order, so the size of a file that was empty tells how much of it is
there. That is believed only as far as it can be: the end of it is read back and compared, and all
of it if the daemon's host may have been restarted since, for the daemon never syncs.
"""

from __future__ import annotations

import asyncio
import time

from lacuna_engine.client import Connection, Data
from lacuna_engine.errors import DestinationChangedError, SourceChangedError
from lacuna_engine.extents import ExtentMap, Kind, Progress, is_zero
from lacuna_engine.extents.source import Source
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.storage import Storage, display_name
from lacuna_engine.transfer.checkpoint import Checkpoint, Mark
from lacuna_engine.transfer.destination import Destination
from lacuna_engine.transfer.options import START_OVER
from lacuna_engine.transfer.reader import read_exactly
from lacuna_engine.transfer.streams import open_download

__all__ = [
    "SEAM",
    "check_source",
    "first_difference",
    "is_trusted",
    "reached_by",
    "seam_before",
    "settled_size",
]

SEAM = 1 << 20
"""Bytes before the point to go on from that are read back and compared."""

TRUSTED_SECONDS = 10.0
"""A host is not restarted in less; if the daemon was heard of so lately, what it had it has."""

SETTLE = 0.1
"""Seconds between two looks at a volume that the stream of a dead client may still fill."""

PIECE = 1 << 20


def check_source(saved: Mark, now: Mark, name: str) -> None:
    """Raise :class:`SourceChangedError` if the source is not what it was."""
    if saved != now:
        raise SourceChangedError(
            f"{name} was changed since the transfer was interrupted", hint=START_OVER
        )


def is_trusted(saved: Checkpoint) -> bool:
    """Whether the daemon's host cannot have been restarted since the checkpoint."""
    return 0 <= time.time() - saved.seen < TRUSTED_SECONDS


def seam_before(position: int) -> int:
    """Return where the bytes begin that are compared before going on at ``position``."""
    return max(position - SEAM, 0)


async def settled_size(storage: Storage, volume: VolumeHandle) -> int:
    """Return the volume's size in bytes once it stands still."""
    size = -1
    while (now := await storage.physical(volume)) != size:
        size = now
        await asyncio.sleep(SETTLE)
    return size


async def reached_by(
    storage: Storage, destination: Destination, volume: VolumeHandle, saved: Checkpoint
) -> int:
    """Return how many bytes of the image the volume holds, or may hold if it is a device.

    Raises :class:`DestinationChangedError` if it is not the volume it was, or has lost something.
    """
    if volume.key != saved.identity:
        raise changed(destination, "it is another volume of that name")
    if destination.is_device:
        return saved.map.size - saved.map.bytes_at(Progress.PENDING)
    size = await settled_size(storage, volume)
    if size > saved.map.size:
        raise changed(destination, f"it has {size} bytes, more than the image")
    acknowledged = saved.map.bytes_at(Progress.ACKNOWLEDGED)
    if size < acknowledged:
        raise changed(destination, f"it has {size} bytes, and had {acknowledged}")
    return 0 if size <= saved.left else size


def changed(destination: Destination | str, how: str) -> DestinationChangedError:
    """Return the error that says that the half-made destination was changed."""
    where = destination if isinstance(destination, str) else str(destination)
    return DestinationChangedError(
        f"{display_name(where)} was changed since the transfer was interrupted: {how}",
        hint=START_OVER,
    )


async def first_difference(
    connection: Connection,
    volume: VolumeHandle,
    source: Source,
    extents: ExtentMap,
    within: tuple[int, int],
) -> int:
    """Compare a volume with a local file from the start to the end given by ``within``.

    Returns where the first piece begins that is different, the end if there is none. ``extents``
    tells which parts of the file need not be read, and is told which turn out to be zeros.
    """
    start, end = within
    if start == end:
        return end
    buffer = memoryview(bytearray(PIECE))
    stream = await open_download(connection, VolumeRange(volume, start, end - start))
    try:
        position = start
        async for piece in stream:
            if isinstance(piece, Data):
                after = position + len(piece.view)
                same = await asyncio.to_thread(_same, source, position, piece.view, buffer)
            else:
                after = position + piece.length
                same = await asyncio.to_thread(_all_zero, source, extents, position, after, buffer)
            if not same:
                return position
            if not isinstance(piece, Data):
                _found_zeros(extents, position, after)
            position = after
        await stream.finish()
        return position
    finally:
        await stream.abort()


def _found_zeros(extents: ExtentMap, start: int, end: int) -> None:
    """Say that data which is a hole in the volume is zeros, as was found when it was sent."""
    for first, last, kind in list(extents.kinds(start, end)):
        if kind is Kind.DATA:
            extents.classify(first, last, Kind.ZERO)


def _same(source: Source, position: int, view: memoryview, buffer: memoryview) -> bool:
    done = 0
    while done < len(view):
        mine = buffer[: min(len(buffer), len(view) - done)]
        read_exactly(source, mine, position + done)
        # Two views are compared byte by byte, two bytes objects all at once.
        if bytes(mine) != bytes(view[done : done + len(mine)]):
            return False
        done += len(mine)
    return True


def _all_zero(source: Source, extents: ExtentMap, start: int, end: int, buffer: memoryview) -> bool:
    for first, last, kind in extents.kinds(start, end):
        if kind is not Kind.DATA:
            continue
        for position in range(first, last, len(buffer)):
            mine = buffer[: min(len(buffer), last - position)]
            read_exactly(source, mine, position)
            if not is_zero(mine):
                return False
    return True
