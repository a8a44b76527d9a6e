"""Reading back and comparing.

Both sides are reduced to a :class:`BlockDigest`, which costs nothing for holes; blocks that differ
name the ranges of a mismatch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing

from lacuna_engine.client import Connection, Data, Hole
from lacuna_engine.errors import VerificationError
from lacuna_engine.extents import ExtentMap, Kind
from lacuna_engine.extents.source import Source
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer.digest import BlockDigest, Section
from lacuna_engine.transfer.reader import read_batches, zero_runs
from lacuna_engine.transfer.receiver import LANES, Receiver, ShortError
from lacuna_engine.transfer.trail import Trail

__all__ = ["compare", "digest_of_file", "digest_of_volume"]

SHOWN_RANGES = 8


async def digest_of_file(
    source: Source, size: int, kinds: Iterable[tuple[int, int, Kind]]
) -> BlockDigest:
    """Read a local file, holes unread, and digest it.

    ``kinds`` are its ranges in bytes as (start, end, kind), in order and without gaps.

    Raises :class:`LocalFileError`, :class:`SourceChangedError` if it has become shorter.
    """
    digest = BlockDigest(size)
    section = digest.section()
    trail = Trail(source)
    async with aclosing(read_batches(source, kinds, zero_scan=False, trail=trail)) as batches:
        async for batch in batches:
            for run in batch:
                if run.view is None:
                    section.hole(run.length)
                else:
                    await asyncio.to_thread(section.data, run.view)
    trail.end()
    section.end()
    return digest


class _Digesting:
    """Digests what arrives, and says in ``extents`` what it is."""

    def __init__(self, digest: BlockDigest, extents: ExtentMap | None) -> None:
        self._digest = digest
        self._extents = extents
        self._sections: dict[int, Section] = {}

    async def begin(self, segment: int) -> None:
        self._sections[segment] = self._digest.section(segment)

    async def take(self, segment: int, pieces: list[Data | Hole]) -> None:
        await asyncio.to_thread(_digest, self._sections[segment], pieces)
        if self._extents is None:
            return
        for piece in pieces:
            start = segment + piece.position
            if isinstance(piece, Hole):
                self._extents.classify(start, start + piece.length, Kind.HOLE)
                continue
            for run in zero_runs(start, piece.view):
                self._extents.classify(run.start, run.end, run.kind)

    async def end(self, segment: int) -> None:
        self._sections.pop(segment).end()


def _digest(section: Section, pieces: list[Data | Hole]) -> None:
    for piece in pieces:
        if isinstance(piece, Hole):
            section.hole(piece.length)
        else:
            section.data(piece.view)


async def digest_of_volume(
    connection: Connection,
    volume: VolumeHandle,
    size: int,
    *,
    start: int = 0,
    extents: ExtentMap | None = None,
) -> tuple[BlockDigest, int]:
    """Read the first ``size`` bytes of a volume; return their digest and the payload received.

    What is before ``start``, a multiple of the digest's block, counts as zeros. ``extents`` is told
    what is data and what is not. Raises :class:`VerificationError` if there are fewer.
    """
    digest = BlockDigest(size)
    digest.taken = start
    receiver = Receiver(volume, [(start, size)], _Digesting(digest, extents))
    try:
        await receiver.receive(connection, LANES)
    except ShortError as error:
        raise VerificationError(f"read back, the volume is shorter: {error}") from error
    return digest, receiver.bytes_received


def compare(mine: BlockDigest, theirs: BlockDigest) -> str:
    """Return the digest both have. Raises :class:`VerificationError` naming what differs."""
    own, other = mine.hexdigest(), theirs.hexdigest()
    if own == other:
        return own
    ranges = mine.differences(theirs)
    shown = ", ".join(f"{start}-{end}" for start, end in ranges[:SHOWN_RANGES])
    more = f" and {len(ranges) - SHOWN_RANGES} more" if len(ranges) > SHOWN_RANGES else ""
    raise VerificationError(
        f"read back, the data differs at bytes {shown}{more}",
        hint="Both sides are kept. Start the transfer again with --if-exists replace.",
    )
