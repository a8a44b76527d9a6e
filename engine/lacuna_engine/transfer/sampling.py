"""Learning from a few bytes of a local image what its long runs of data are like; blocking."""

from __future__ import annotations

from lacuna_engine.extents import grain_runs
from lacuna_engine.extents.source import Source
from lacuna_engine.transfer.plan import Deferred
from lacuna_engine.transfer.reader import read_exactly

__all__ = ["has_many_zeros", "last_data"]

PAGE = 4096

SAMPLES = 256
"""Pages looked at. With one in 32 of them zero, one is found in 9,997 of 10,000 cases."""

MANY = 8
"""Of these at most so many may be zero. Runs of zeros are left out wherever they are found, but in
a segment each of them costs a call, and in the one sparse stream only a message."""

PIECE = 1 << 20
"""Bytes read at a time to find data from the end."""


def has_many_zeros(source: Source, ranges: Deferred) -> bool:
    """Tell, by some pages spread over them, whether the ranges have zeros in many places.

    Raises :class:`SourceChangedError`, :class:`LocalFileError`.
    """
    page = memoryview(bytearray(PAGE))
    found = 0
    step = max(ranges.size // SAMPLES, PAGE)
    ahead = step // 2
    for start, end in ranges.ranges:
        position = start + ahead
        while position + PAGE <= end:
            read_exactly(source, page, position - position % PAGE)
            found += not any(page[:16]) and bytes(page) == bytes(PAGE)
            position += step
        ahead = position - end
    return found > MANY


def last_data(source: Source, start: int, end: int) -> tuple[int, bytes] | None:
    """Return the last grain of the range that is not all zeros, and its offset; None if all are.

    Raises :class:`SourceChangedError`, :class:`LocalFileError`.
    """
    tail = memoryview(bytearray(min(PAGE, end - start)))
    read_exactly(source, tail, end - len(tail))
    if any(tail):
        return end - len(tail), bytes(tail)  # nearly always, and faster than what follows
    buffer = memoryview(bytearray(min(PIECE, end - start)))
    while end > start:
        begin = max(start, end - len(buffer))
        view = buffer[: end - begin]
        read_exactly(source, view, begin)
        for first, last, zero in reversed(grain_runs(view)):
            if not zero:
                grain = max(first, last - PAGE)
                return begin + grain, bytes(view[grain:last])
        end = begin
    return None
