"""The extents of one image as sorted arrays, made for drawing (pure).

The engine's `ExtentMap` is the bookkeeping; this is a copy of what it says, in a form in which a
million extents can be counted into columns within a frame. Kind and progress of a run are one code,
``kind * 5 + progress``; `UNKNOWN` are bytes nobody has told about. Runs are maximal and cover
``[0, size)``: run ``i`` goes from ``starts[i]`` to ``starts[i + 1]`` or the end.

Changes come in batches. A batch touches few neighbourhoods of the image, and only those are merged
anew; the rest of the arrays is moved as a block. What was replaced by what is handed back, so that
whoever has counted the runs need not count them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final, TypeAlias

from lacuna_engine.extents import ExtentMap, ExtentRecord, Kind, Progress
from lacuna_gui.paint.arrays import NDArray, np

__all__ = [
    "CODES",
    "UNKNOWN",
    "Change",
    "Codes",
    "Offsets",
    "Range",
    "RunTable",
    "code_of",
    "split",
]

Offsets: TypeAlias = "NDArray[np.int64]"
Codes: TypeAlias = "NDArray[np.uint8]"
Range: TypeAlias = tuple[int, int, Kind, Progress]

UNKNOWN: Final = 15
"""The code of bytes nobody has told about."""
CODES: Final = 16
"""How many codes there are."""

_NEAR: Final = 4096
"""Changes with fewer runs between them are merged together: a pass over that many runs costs what
starting another pass does."""

_CODES: Final = {
    kind: {progress: kind.value * 5 + progress.value for progress in Progress} for kind in Kind
}


def code_of(kind: Kind, progress: Progress) -> int:
    """Return the code of a run."""
    return _CODES[kind][progress]


def split(code: int) -> tuple[Kind, Progress] | None:
    """Return what a code stands for; None for `UNKNOWN`."""
    if code == UNKNOWN:
        return None
    return Kind(code // 5), Progress(code % 5)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """``[start, end)`` was one sequence of runs and is another now; each begins at ``start``."""

    start: int
    end: int
    old_starts: Offsets
    old_codes: Codes
    new_starts: Offsets
    new_codes: Codes


class RunTable:
    """The runs of an image of ``size`` bytes; at first all of it is unknown.

    Raises:
        ValueError: if ``size`` is negative.
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"the size of an image cannot be negative: {size}")
        self._size = size
        self._starts: Offsets = np.zeros(min(size, 1), np.int64)
        self._codes: Codes = np.full(min(size, 1), UNKNOWN, np.uint8)
        self._revision = 0
        self._totals: NDArray[np.int64] = np.zeros(CODES, np.int64)
        self._totals[UNKNOWN] = size

    @classmethod
    def from_map(cls, extents: ExtentMap) -> RunTable:
        """Return what a map says now.

        Takes 0.3 s for a million extents, so of large maps it is done on another thread, or
        from the record they came in.
        """
        codes = {kind: kind.value for kind in Kind}
        steps = {step: step.value for step in Progress}
        kinds = _pairs((start, codes[kind]) for start, _, kind in extents.kinds())
        progress = _pairs((start, steps[step]) for start, _, step in extents.progress())
        return cls._from_axes(extents.size, kinds, progress)

    @classmethod
    def from_record(cls, record: ExtentRecord) -> RunTable:
        """Return what the plain form of a map says: four times faster than by way of a map.

        Raises:
            ValueError: if the record contradicts itself.
        """
        size = record["size"]
        return cls._from_axes(size, _axis(size, record["kinds"]), _axis(size, record["progress"]))

    @classmethod
    def _from_axes(
        cls, size: int, kinds: tuple[Offsets, Offsets], progress: tuple[Offsets, Offsets]
    ) -> RunTable:
        table = cls(size)
        if not size:
            return table
        starts = _union(kinds[0], progress[0])
        codes = _values_at(starts, *kinds) * 5 + _values_at(starts, *progress)
        table._starts, table._codes = starts, codes.astype(np.uint8)
        table._totals = _bytes_by_code(starts, table._codes, size)
        return table

    @property
    def size(self) -> int:
        """The length of the image in bytes."""
        return self._size

    @property
    def starts(self) -> Offsets:
        """Where each run begins, ascending. Not to be changed."""
        return self._starts

    @property
    def codes(self) -> Codes:
        """What each run is. Not to be changed."""
        return self._codes

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._revision

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._starts)

    def bytes_of(self, kind: Kind) -> int:
        """Return how many bytes are of this kind, as far as is known."""
        return int(self._totals[kind.value * 5 : kind.value * 5 + 5].sum())

    def bytes_at(self, progress: Progress) -> int:
        """Return how many bytes are this far."""
        return int(self._totals[progress.value : UNKNOWN : 5].sum())

    @property
    def bytes_unknown(self) -> int:
        """The number of bytes nobody has told about."""
        return int(self._totals[UNKNOWN])

    def run_at(self, offset: int) -> tuple[int, int, int]:
        """Return start, end and code of the run with the byte at ``offset``.

        Raises:
            ValueError: if there is no such byte.
        """
        if not 0 <= offset < self._size:
            raise ValueError(f"offset {offset} is outside [0, {self._size})")
        index = int(np.searchsorted(self._starts, offset, "right")) - 1
        return int(self._starts[index]), self._end_of(index), int(self._codes[index])

    def window(self, start: int, end: int) -> tuple[Offsets, Codes]:
        """Return the runs that overlap ``[start, end)``, which is not empty; the first one clipped.

        The arrays are copies.
        """
        first = int(np.searchsorted(self._starts, start, "right")) - 1
        stop = int(np.searchsorted(self._starts, end, "left"))
        starts = self._starts[first:stop].copy()
        starts[0] = start
        return starts, self._codes[first:stop].copy()

    def apply(self, ranges: Iterable[Range]) -> list[Change]:
        """Say what ranges are, in this order: of two that overlap the later one holds.

        What lies outside the image is cut off, as a change may overtake a new size.
        """
        codes = _CODES
        flat = [
            n for start, end, kind, progress in ranges for n in (start, end, codes[kind][progress])
        ]
        if not flat:
            return []
        table = np.array(flat, np.int64).reshape(-1, 3)
        return self.overlay(table[:, 0], table[:, 1], table[:, 2].astype(np.uint8))

    def overlay(self, starts: Offsets, ends: Offsets, codes: Codes) -> list[Change]:
        """Do the same as `apply` with arrays, where ``codes`` are those of `code_of`."""
        starts, ends = np.clip(starts, 0, self._size), np.clip(ends, 0, self._size)
        some = starts < ends
        if not some.all():
            starts, ends, codes = starts[some], ends[some], codes[some]
        if not len(starts):
            return []
        if (starts[1:] < ends[:-1]).any():
            starts, ends, codes = _flattened(starts, ends, codes)
        first = np.searchsorted(self._starts, starts, "right") - 1
        stop = np.searchsorted(self._starts, ends, "left")
        borders = np.flatnonzero(first[1:] - stop[:-1] > _NEAR) + 1
        if len(borders) * _NEAR * 4 > len(self._starts):
            borders = borders[:0]  # so many neighbourhoods that one pass over all is quicker
        edges = [0, *borders.tolist(), len(starts)]
        parts: list[tuple[int, int, Change]] = []
        for low, high in pairwise(edges):
            # One run more at each side, so that equal neighbours can become one.
            begin = max(int(first[low]) - 1, 0)
            end = min(int(stop[high - 1]) + 1, len(self._starts))
            change = self._merged(begin, end, starts[low:high], ends[low:high], codes[low:high])
            parts.append((begin, end, change))
        self._splice(parts)
        return [change for _, _, change in parts]

    def _merged(self, begin: int, end: int, starts: Offsets, ends: Offsets, codes: Codes) -> Change:
        """Return what runs ``begin`` to ``end`` become under sorted ranges that do not overlap."""
        old_starts, old_codes = self._starts[begin:end].copy(), self._codes[begin:end].copy()
        upto = self._end_of(end - 1)
        cuts = _union(old_starts, starts, ends)
        cuts = cuts[cuts < upto]
        new = old_codes[np.searchsorted(old_starts, cuts, "right") - 1]
        over = np.searchsorted(starts, cuts, "right") - 1
        covered = (over >= 0) & (cuts < ends[over])
        new[covered] = codes[over[covered]]
        keep = np.ones(len(new), np.bool_)
        keep[1:] = new[1:] != new[:-1]
        return Change(int(old_starts[0]), upto, old_starts, old_codes, cuts[keep], new[keep])

    def _splice(self, parts: list[tuple[int, int, Change]]) -> None:
        """Put the new runs in the place of the old ones."""
        for _, _, change in parts:
            self._totals -= _bytes_by_code(change.old_starts, change.old_codes, change.end)
            self._totals += _bytes_by_code(change.new_starts, change.new_codes, change.end)
        self._revision += 1
        if all(end - begin == len(change.new_codes) for begin, end, change in parts):
            for begin, end, change in parts:
                self._starts[begin:end] = change.new_starts
                self._codes[begin:end] = change.new_codes
            return
        starts: list[Offsets] = []
        codes: list[Codes] = []
        done = 0
        for begin, end, change in parts:
            starts += [self._starts[done:begin], change.new_starts]
            codes += [self._codes[done:begin], change.new_codes]
            done = end
        self._starts = np.concatenate([*starts, self._starts[done:]])
        self._codes = np.concatenate([*codes, self._codes[done:]])

    def _end_of(self, index: int) -> int:
        return int(self._starts[index + 1]) if index + 1 < len(self._starts) else self._size


def _pairs(pairs: Iterable[tuple[int, int]]) -> tuple[Offsets, Offsets]:
    flat = np.fromiter(chain.from_iterable(pairs), np.int64)
    return flat[::2].copy(), flat[1::2].copy()


def _axis(size: int, flat: list[int]) -> tuple[Offsets, Offsets]:
    """Return starts and values of one axis of a record: length, code, length, code, ..."""
    numbers = np.array(flat, np.int64)
    ends = np.cumsum(numbers[::2])
    if len(numbers) % 2 or (int(ends[-1]) if len(ends) else 0) != size:
        raise ValueError(f"an extent map of {size} bytes whose runs do not cover them")
    starts: Offsets = ends - numbers[::2]
    return starts, numbers[1::2]


def _union(*parts: Offsets) -> Offsets:
    """Return all numbers once, in order.

    The parts are sorted as a rule: a stable sort only merges those, in a tenth of the time that
    `numpy.unique` takes to hash a million numbers.
    """
    together = np.sort(np.concatenate(parts), kind="stable")
    fresh = np.ones(len(together), np.bool_)
    np.not_equal(together[1:], together[:-1], out=fresh[1:])
    return together[fresh]


def _values_at(at: Offsets, starts: Offsets, values: Offsets) -> Offsets:
    return values[np.searchsorted(starts, at, "right") - 1]


def _bytes_by_code(starts: Offsets, codes: Codes, end: int) -> NDArray[np.int64]:
    # As floats: whole numbers up to 8 PiB are exact, beyond it a total may be off by some bytes.
    lengths = np.diff(starts, append=end)
    return np.bincount(codes, weights=lengths, minlength=CODES).astype(np.int64)


def _flattened(starts: Offsets, ends: Offsets, codes: Codes) -> tuple[Offsets, Offsets, Codes]:
    """Return what ranges in order of time say in the end: sorted, none over another."""
    cuts = _union(starts, ends)
    last = np.full(len(cuts), 255, np.uint8)
    begin, stop = np.searchsorted(cuts, starts).tolist(), np.searchsorted(cuts, ends).tolist()
    for low, high, code in zip(begin, stop, codes.tolist(), strict=True):
        last[low:high] = code
    said = last[:-1] != 255
    return cuts[:-1][said], cuts[1:][said], last[:-1][said]
