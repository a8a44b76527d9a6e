"""Reading back and comparing.

Both sides are reduced to a :class:`BlockDigest`, which costs nothing for holes; blocks that differ
name the ranges of a mismatch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from lacuna_engine.client import Connection, Data
from lacuna_engine.errors import VerificationError
from lacuna_engine.extents import Kind
from lacuna_engine.extents.source import Source
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.reader import read_batches
from lacuna_engine.transfer.streams import open_download

__all__ = ["compare", "digest_of_file", "digest_of_volume"]

SHOWN_RANGES = 8


async def digest_of_file(
    source: Source, size: int, kinds: Iterable[tuple[int, int, Kind]]
) -> BlockDigest:
    """Read a local file, holes unread, and digest it."""
    digest = BlockDigest(size)
    async for batch in read_batches(source, kinds, zero_scan=False):
        for run in batch:
            if run.view is None:
                digest.hole(run.length)
            else:
                await asyncio.to_thread(digest.data, run.view)
    return digest


async def digest_of_volume(
    connection: Connection, volume: VolumeHandle, size: int
) -> tuple[BlockDigest, int]:
    """Read the first ``size`` bytes of a volume; return their digest and the payload received.

    Raises :class:`VerificationError` if there are fewer.
    """
    digest = BlockDigest(size)
    if size == 0:
        return digest, 0
    stream = await open_download(connection, VolumeRange(volume, 0, size))
    try:
        async for piece in stream:
            if isinstance(piece, Data):
                await asyncio.to_thread(digest.data, piece.view)
            else:
                digest.hole(piece.length)
        await stream.finish()
    finally:
        await stream.abort()
    if stream.machine.position != size:
        raise VerificationError(
            f"read back, the volume has {stream.machine.position} bytes and not {size}"
        )
    return digest, stream.bytes_received


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
