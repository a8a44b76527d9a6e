"""Which parts of an image go over several connections at once (pure).

One sparse stream comes first: it sets the volume's size, and takes all that is fragmented. What it
leaves out as holes are the long runs of data. Those follow in segments, on as many connections as
are wanted, without holes: a hole cuts the file where it ends, and what other streams have written
behind it is lost (protocol.md 5.2).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lacuna_engine.extents import Kind

__all__ = ["NOTHING", "Deferred", "choose_deferred", "segment_length"]

MIB = 1 << 20

LONG = 64 * MIB
"""Bytes of a run of data that is worth calls of its own."""

WORTHWHILE = 192 * MIB
"""Bytes in long runs, below which one stream is done before others have been opened."""

SHORTEST, LONGEST = 32 * MIB, 1024 * MIB
"""Bytes of a segment. What is lost when a segment fails is at most so much."""

ROUNDS = 3
"""Segments for each connection, so that all of them end at about the same time."""

SPEED = 512 * MIB
"""Bytes a second, assumed for weighing what a call costs against what it brings."""

WORTH = 16
"""A segment shall take that many times as long as its call."""

Range = tuple[int, int]


class Deferred(NamedTuple):
    """Ranges of an image, by start and end in bytes, in order and apart from each other."""

    ranges: tuple[Range, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ranges)

    @property
    def size(self) -> int:
        """Bytes in all of them."""
        return sum(end - start for start, end in self.ranges)

    def outside(self, start: int, end: int) -> Iterator[Range]:
        """Yield what of ``[start, end)`` is in none of them."""
        first = max(bisect_right(self.ranges, (start, start)) - 1, 0)
        for begin, until in self.ranges[first:]:
            if begin >= end:
                break
            if begin > start:
                yield start, begin
            start = max(start, until)
        if start < end:
            yield start, end

    def as_holes(self, kinds: Iterable[tuple[int, int, Kind]]) -> list[tuple[int, int, Kind]]:
        """Return these runs, with holes where one of the ranges is; the ranges are runs of them."""
        if not self.ranges:
            return list(kinds)
        ranges = set(self.ranges)
        return [
            (start, end, Kind.HOLE if (start, end) in ranges else kind)
            for start, end, kind in kinds
        ]

    def segments(self, length: int) -> Iterator[Range]:
        """Yield them all, cut into pieces of at most ``length`` bytes."""
        for begin, until in self.ranges:
            for start in range(begin, until, length):
                yield start, min(start + length, until)


NOTHING = Deferred()


def choose_deferred(kinds: Iterable[tuple[int, int, Kind]]) -> Deferred:
    """Return the runs of data that are long enough, or nothing if they are not worth it.

    ``kinds`` are ranges in bytes as (start, end, kind).
    """
    chosen = Deferred(
        tuple(
            (start, end) for start, end, kind in kinds if kind is Kind.DATA and end - start >= LONG
        )
    )
    return chosen if chosen.size >= WORTHWHILE else NOTHING


def segment_length(size: int, connections: int, call_cost: float) -> int:
    """Return how long segments of ``size`` bytes in all should be, in bytes.

    ``call_cost`` is what the end of a stream costs here, in seconds: in a pool of thousands of
    volumes each makes the daemon look at all of them again (protocol.md 4.10).
    """
    even = size // (connections * ROUNDS)
    worth = int(call_cost * WORTH * SPEED)
    length = min(max(even, worth, SHORTEST), max(LONGEST, worth))
    return length + -length % MIB
