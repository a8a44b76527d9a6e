"""Having the daemon keep the memory of its messages.

The daemon takes memory for each message and gives it back. What is free at the end of its heap
goes back to the system, and has to be fetched again page by page, at some 2 us each: 512 of them
for 1 MiB of data, which is there twice. The C library keeps twice as much as the largest piece it
has ever given back as a whole (mallopt(3), M_MMAP_THRESHOLD). So one large message at the begin
makes all that follow cheap: 1,000 extents of 1 MiB then cost 5,000 to 70,000 page faults instead of
410,000, and half the processor time.

A packet of data does it, at no cost, where the image has a run that is long enough. Where it has
none the daemon gets ballast first: a message of that size which it takes in and drops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from lacuna_engine.client import Connection
from lacuna_engine.extents import Kind

__all__ = ["FAR_PACKET", "LARGE_PACKET", "ballast", "download_ballast", "is_near"]

LARGE_PACKET = 8 << 20
"""Bytes of a packet that is large enough: with 4 MiB, 2 GiB of dense data cost up to 66,000 page
faults, with 8 or 16 MiB 12,000 (tmpfs, medians of five)."""

FAR_PACKET = 4 << 20
"""The same through a network: until a packet is whole, nothing else gets through."""

WORTHWHILE = 32 << 20
"""Bytes of data that cost more page faults than ballast costs time."""

SHARE = 128
"""Bytes of data for each byte of ballast at least, so that it is less than 1 % of them."""

EARLY = 64 << 20
"""Bytes of data among which a large packet comes early enough."""

DOWNLOAD_WORTHWHILE = 256 << 20
DOWNLOAD_BALLAST = (2 << 20, 1 << 20)
"""Bytes for downloads, which take less: the first where that is no more than a thousandth of the
data. 2 GiB then cost the daemon 3,000 page faults instead of 370,000 (45,000 with half as much),
and 1.7 s of processor time instead of 2.7 s (tmpfs, medians)."""

NEAR = 0.005
"""Seconds in which a daemon on this host answers a ping, unless it is busy with something else."""

LOOKS = 3


async def is_near(connection: Connection) -> bool:
    """Tell whether millions of bytes reach the daemon at once; when in doubt they do not.

    A socket of this host may be the end of a tunnel: through a slow one a large message would keep
    the daemon from hearing us for longer than its patience (protocol.md 1.9). Raises what ended
    the connection.
    """
    for _ in range(LOOKS):
        with suppress(TimeoutError):
            async with asyncio.timeout(NEAR):
                await connection.ping()
                return True
    return False


def ballast(kinds: Iterable[tuple[int, int, Kind]]) -> int:
    """Return how many bytes of ballast should go before this is uploaded; 0 for none.

    None are needed where there is a large packet in what comes first, and none are worth it for
    little data. ``kinds`` are ranges in bytes as (start, end, kind), in order.
    """
    data = 0
    for start, end, kind in kinds:
        if kind is not Kind.DATA:
            continue
        if end - start >= LARGE_PACKET and data < EARLY:
            return 0
        data += end - start
    return min(data // SHARE, LARGE_PACKET) if data >= WORTHWHILE else 0


def download_ballast(data: int) -> int:
    """Return how many bytes of ballast should go before about ``data`` bytes are downloaded."""
    if data < DOWNLOAD_WORTHWHILE:
        return 0
    long, short = DOWNLOAD_BALLAST
    return long if data >= long * 1000 else short
