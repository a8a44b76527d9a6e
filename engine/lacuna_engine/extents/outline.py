"""A map made small enough to be kept for ever (pure).

Of an image in thousands of pieces the outline says for each of some hundred equal cells how much of
it was what, with all sums exact, and no longer in which order: within a cell equal bytes are put
together.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, cast

from lacuna_engine.extents.map import ExtentMap, Kind, Progress

__all__ = ["CELLS", "Outline"]

CELLS = 256
MOST_RUNS = 512
"""A map of no more runs is kept as it is."""

MAX_BYTES = 1 << 20
"""Of an outline unpacked; ours stay below 100 KiB."""

VERSION = 1

Run = tuple[int, int, Kind, Progress]


class Outline(NamedTuple):
    """A small map. ``grain`` is the bytes within which the order is not known; 0: all is known."""

    map: ExtentMap
    grain: int = 0

    @classmethod
    def of(cls, extents: ExtentMap) -> Outline:
        """Return the outline of a map, which is not changed."""
        few: list[Run] = []
        for run in extents.runs():
            if len(few) == MOST_RUNS:
                return cls._in_cells(extents)
            few.append(run)
        return cls(_built(extents.size, iter(few)))

    @classmethod
    def _in_cells(cls, extents: ExtentMap) -> Outline:
        grain = -(-extents.size // CELLS)
        return cls(_built(extents.size, _sorted_cells(extents, grain)), grain)

    def to_bytes(self) -> bytes:
        """Return a form that :meth:`from_bytes` reads: a few KiB at most."""
        fields = {"version": VERSION, "grain": self.grain, "map": self.map.to_record()}
        return zlib.compress(json.dumps(fields, separators=(",", ":")).encode("ascii"))

    @classmethod
    def from_bytes(cls, blob: bytes) -> Outline:
        """Read one. Raises ``ValueError`` if it is none, or of a newer Lacuna."""
        try:
            fields = json.loads(zlib.decompressobj().decompress(blob, MAX_BYTES))
        except zlib.error as error:
            raise ValueError(f"an outline that is damaged: {error}") from error
        if not isinstance(fields, dict):
            raise ValueError("an outline is an object")  # noqa: TRY004 - one error for a bad one
        known = cast("dict[str, object]", fields)
        grain = known.get("grain")
        if known.get("version") != VERSION or type(grain) is not int or grain < 0:
            raise ValueError("an outline of another version")
        return cls(ExtentMap.from_record(known.get("map")), grain)


def _sorted_cells(extents: ExtentMap, grain: int) -> Iterator[Run]:
    """Yield the runs of a map with those within each cell put in order and together."""
    # Members are slower to tell their values than a table.
    keys = {(kind, step): (kind.value, step.value) for kind in Kind for step in Progress}
    sums: dict[tuple[int, int], int] = {}
    end = 0
    for start, stop, kind, progress in extents.runs():
        key = keys[kind, progress]
        at = start
        while at < stop:
            cell = (at // grain + 1) * grain
            end = min(stop, cell)
            sums[key] = sums.get(key, 0) + end - at
            at = end
            if end == cell:
                yield from _laid_out(end, sums)
                sums = {}
    if sums:
        yield from _laid_out(end, sums)


def _laid_out(end: int, sums: dict[tuple[int, int], int]) -> Iterator[Run]:
    """Yield what a cell consists of, as runs that end where it does."""
    start = end - sum(sums.values())
    for (kind, progress), count in sorted(sums.items()):
        yield start, start + count, Kind(kind), Progress(progress)
        start += count


def _built(size: int, runs: Iterator[Run]) -> ExtentMap:
    built = ExtentMap(size)
    for progress, equal in groupby(runs, key=itemgetter(3)):
        built.describe([(start, end, kind) for start, end, kind, _ in equal], progress)
    return built
