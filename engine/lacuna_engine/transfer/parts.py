"""The half-made file of a download: keeping what has arrived safe, and going on with it.

A range is in flight in the map when it has been written, and acknowledged when it has been flushed
to the disk as well. The first lasts until the machine's system ends, the second beyond that.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

from lacuna_engine.client import Connection
from lacuna_engine.errors import LocalFileError
from lacuna_engine.extents import ExtentMap, Progress
from lacuna_engine.extents.source import Source
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage, boot_id
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.resume import changed, first_difference
from lacuna_engine.transfer.target import LocalTarget, identity_of

__all__ = [
    "clear_unsure",
    "compare_seams",
    "discard_part",
    "gaps",
    "is_in_place",
    "keep_safe",
    "reopen",
]

LOOK_EVERY = 0.05
SAVE_EVERY = 0.5
SAVE_BYTES = 32 << 20
"""Seconds, and bytes written, after which it is noted what has been written."""

FLUSH_EVERY = 5.0
FLUSH_BYTES = 256 << 20
"""The same for flushing it to the disk; the system has begun to write it by then."""

CLEARED = 1 << 30
"""Bytes that are made zeros in one call."""

SEAM = 64 << 10
"""Bytes before each gap that are compared with the volume before going on."""

Ranges = list[tuple[int, int]]


async def keep_safe(target: LocalTarget, tracker: Tracker, notes: Notebook) -> None:
    """Flush and note what is written, until cancelled. The order is the point: data, then note.

    An error of the disk is found again, and reported, when the download ends.
    """
    clock = asyncio.get_running_loop().time
    noted = flushed = tracker.moved
    noted_at = flushed_at = clock()
    with suppress(LocalFileError):
        while True:
            await asyncio.sleep(LOOK_EVERY)
            moved, now = tracker.moved, clock()
            if moved - flushed >= FLUSH_BYTES or (
                moved > flushed and now - flushed_at >= FLUSH_EVERY
            ):
                written = _at(tracker.map, Progress.IN_FLIGHT)
                await target.aside(target.flush)
                for start, end in written:
                    tracker.map.advance(start, end, Progress.ACKNOWLEDGED)
                notes.save(durable=True)
                flushed = noted = moved
                flushed_at = noted_at = clock()
            elif moved - noted >= SAVE_BYTES or now - noted_at >= SAVE_EVERY:
                notes.save()
                noted, noted_at = moved, now


def gaps(extents: ExtentMap) -> Ranges:
    """Return the ranges that have not arrived, by start and end."""
    return _at(extents, Progress.PENDING)


def _at(extents: ExtentMap, wanted: Progress) -> Ranges:
    return [(start, end) for start, end, progress in extents.progress() if progress is wanted]


def is_in_place(saved: Checkpoint) -> bool:
    """Whether the file has its name already, and only the note of that is missing."""
    if saved.stage is not Stage.COMPLETE or os.path.lexists(saved.name):
        return False
    try:
        return identity_of(os.stat(saved.place)) == saved.identity  # noqa: PTH116
    except OSError:
        return False


def reopen(saved: Checkpoint) -> LocalTarget:
    """Open the half-made file.

    Raises :class:`DestinationChangedError` if it is not what it was.
    """
    place, extents = Path(saved.place), saved.map
    part = Path(saved.name)
    if not part.is_file():
        raise changed(str(part), "it is gone")
    target = LocalTarget(place, extents.size, part)
    if target.identity != saved.identity or target.size != extents.size:
        target.keep()
        raise changed(str(part), "it is another file")
    return target


async def clear_unsure(target: LocalTarget, saved: Checkpoint) -> None:
    """Make zeros of what may not have survived the end of the system, and have it pending.

    That is all that was not flushed before the last note: more may have been written after it. And
    zeros are left out of what arrives, so whatever is there would stay. Raises
    :class:`LocalFileError`, :class:`NoSpaceError`.
    """
    if saved.boot and saved.boot == boot_id():
        return
    unsure = _at(saved.map, Progress.PENDING) + _at(saved.map, Progress.IN_FLIGHT)
    for start, end in unsure:
        for begin in range(start, end, CLEARED):
            until = min(begin + CLEARED, end)
            await target.aside(partial(target.clear, begin, until))
        saved.map.advance(start, end, Progress.PENDING)
    saved.boot = boot_id()


async def compare_seams(
    connection: Connection, volume: VolumeHandle, target: LocalTarget, extents: ExtentMap
) -> None:
    """Compare the file with the volume before each gap.

    Raises :class:`DestinationChangedError` if it differs there.
    """
    source = Source(target.fd, str(target.part), extents.size, device=False)
    for position, _ in gaps(extents):
        start = max(position - SEAM, 0)
        same = await first_difference(connection, volume, source, extents, (start, position))
        if same < position:
            raise changed(str(target.part), f"it differs from the volume at byte {same}")


def discard_part(saved: Checkpoint) -> None:
    """Remove what an interrupted download has left, if it is that."""
    part = Path(saved.name)
    with suppress(OSError):
        if identity_of(part.lstat()) == saved.identity:
            part.unlink()
