"""A total map from the byte offsets of an image to values, kept as maximal runs.

Lives here: the ordered structure itself, which knows nothing of what its values mean. Pure: no
I/O, no clock. `map` gives it meaning.

The rules of this file:

1. The map covers ``[0, size)`` without a gap. A map of size 0 has no runs.
2. Two neighbouring runs never have equal values, so two maps that answer alike are equal.
3. Only the start of each run is stored; a run ends where the next one starts.
4. The structure is never asked for a position by index. sortedcontainers keeps its keys in lists
   of about a thousand and builds a positional index only when one is asked for; ranges of keys
   (``irange``) need none, and so a splice among a million runs costs the same few microseconds
   as one among a thousand.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Generic, TypeVar, cast

from sortedcontainers import SortedDict

__all__ = ["IntervalMap"]

V = TypeVar("V", bound=Hashable)


class IntervalMap(Generic[V]):
    """The values of all offsets in ``[0, size)`` bytes; at first ``fill`` everywhere.

    ``len`` is the number of runs. Two maps are equal if they have the same size and give the same
    value at every offset. A map is mutable, so it cannot be hashed.

    Raises:
        ValueError: if ``size`` is negative.
    """

    __hash__ = None  # type: ignore[assignment]  # mutable: equality, no hash

    def __init__(self, size: int, fill: V) -> None:
        if size < 0:
            raise ValueError(f"the size of a map cannot be negative: {size}")
        self._size = size
        self._starts: SortedDict[int, V] = SortedDict({0: fill} if size else {})
        self._totals: dict[V, int] = {fill: size} if size else {}

    @classmethod
    def from_runs(cls, size: int, runs: Iterable[tuple[int, int, V]]) -> IntervalMap[V]:
        """Build a map from ``(start, end, value)`` in ascending order, in linear time.

        The runs must cover ``[0, size)`` exactly. Neighbours of equal value are merged.

        Raises:
            ValueError: if a run is empty, overlaps, leaves a gap, or the last does not end at size.
        """
        starts: dict[int, V] = {}
        totals: dict[V, int] = {}
        position = 0
        last: V | None = None
        for start, end, value in runs:
            if start != position or end <= start:
                raise ValueError(
                    f"run [{start}, {end}) does not continue the runs up to {position}"
                )
            if start == 0 or value != last:
                starts[start] = last = value
            totals[value] = totals.get(value, 0) + end - start
            position = end
        if position != size:
            raise ValueError(f"the runs end at {position}, the map at {size}")
        return cls._made_of(size, starts, totals)

    @classmethod
    def _made_of(cls, size: int, starts: Mapping[int, V], totals: dict[V, int]) -> IntervalMap[V]:
        """Return a map with these fields; only ``totals`` is not copied."""
        made = cls.__new__(cls)
        made._size, made._totals = size, totals  # noqa: SLF001  # of this very class
        made._starts = SortedDict(starts)  # noqa: SLF001
        return made

    @property
    def size(self) -> int:
        """The length of the mapped range in bytes."""
        return self._size

    def __len__(self) -> int:
        """Return the number of maximal runs."""
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        """Tell whether both maps have the same size and the same value everywhere."""
        if not isinstance(other, IntervalMap):
            return NotImplemented
        twin = cast("IntervalMap[Hashable]", other)
        # Runs are maximal, so equal content means equal starts.
        return self._size == twin._size and self._starts == twin._starts

    def __repr__(self) -> str:
        """Return the size and the number of runs; the runs may be a million."""
        return f"<{type(self).__name__} of {self._size} bytes in {len(self)} runs>"

    def copy(self) -> IntervalMap[V]:
        """Return an independent map with the same runs, in linear time."""
        return self._made_of(self._size, self._starts, dict(self._totals))

    def total(self, value: V) -> int:
        """Return how many bytes have this value. Constant time."""
        return self._totals.get(value, 0)

    def at(self, offset: int) -> V:
        """Return the value of the byte at ``offset``.

        Raises:
            ValueError: if ``offset`` is outside ``[0, size)``.
        """
        if not 0 <= offset < self._size:
            raise ValueError(f"offset {offset} is outside [0, {self._size})")
        return self._starts[self._start_of(offset)]

    def holds(self, start: int, end: int, value: V) -> bool:
        """Tell whether every byte in ``[start, end)`` has this value already.

        Raises:
            ValueError: if the range is not inside the map.
        """
        self.check(start, end)
        if start == end:
            return True
        if self._starts[self._start_of(start)] != value:
            return False
        return next(self._starts.irange(start, end, (False, False)), None) is None

    def runs(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, V]]:
        """Iterate over ``(start, end, value)`` of all runs in ``[start, end)``, clipped to it.

        ``end`` None means the end of the map. The map must not be changed while it is iterated
        over; take a list of what is needed first.

        Raises:
            ValueError: at once, if the range is not inside the map.
        """
        stop = self._size if end is None else end
        self.check(start, stop)
        return self._iterate(start, stop)

    def check(self, start: int, end: int) -> None:
        """Do nothing if ``[start, end)`` is a possibly empty range of the map.

        Raises:
            ValueError: otherwise.
        """
        if not 0 <= start <= end <= self._size:
            raise ValueError(f"range [{start}, {end}) is not inside [0, {self._size})")

    def assign(self, start: int, end: int, value: V) -> list[tuple[int, int, V]]:
        """Give every byte in ``[start, end)`` this value; return the clipped runs it replaced.

        An empty range changes nothing. Takes logarithmic time, and one or two microseconds for
        each run that disappears.

        Raises:
            ValueError: if the range is not inside the map.
        """
        self.check(start, end)
        if start == end:
            return []
        starts = self._starts
        # One search finds both the neighbour before the range and what the range begins with.
        before = starts[self._start_of(start - 1 if start else 0)]
        inside = list(starts.irange(start, end))
        replaced: list[tuple[int, int, V]] = []
        position, old = start, before
        for key in inside:
            if key > position:
                replaced.append((position, key, old))
            position, old = key, starts[key]
            del starts[key]
        if position < end:
            replaced.append((position, end, old))
        if start == 0 or before != value:
            starts[start] = value
        if end < self._size and old != value:
            starts[end] = old
        self._count(replaced, value)
        return replaced

    def replace(self, runs: Sequence[tuple[int, int, V]]) -> None:
        """Give consecutive ranges, at least one, their values; ``(start, end, value)`` in order.

        Raises:
            ValueError: if a range is empty, they do not follow each other, or are not in the map.
        """
        start, end = runs[0][0], runs[-1][1]
        self.check(start, end)
        if any(last <= first for first, last, _ in runs) or any(
            one[1] != other[0] for one, other in pairwise(runs)
        ):
            raise ValueError(f"the runs from {start} to {end} are not consecutive")
        starts = self._starts
        last = starts[self._start_of(start - 1)] if start else None
        after = [starts[self._start_of(end)]] if end < self._size else []
        replaced = list(self._iterate(start, end))
        for key in list(starts.irange(start, end)):
            del starts[key]
        for first, _, value in runs:
            if first == 0 or value != last:
                starts[first] = last = value
        if after and after[0] != last:
            starts[end] = after[0]
        for first, until, value in replaced:
            self._totals[value] -= until - first
        for first, until, value in runs:
            self._totals[value] = self._totals.get(value, 0) + until - first
        for value in [value for value, total in self._totals.items() if not total]:
            del self._totals[value]

    def _count(self, replaced: list[tuple[int, int, V]], value: V) -> None:
        """Move the bytes of the replaced runs to the total of ``value``."""
        totals = self._totals
        for start, end, old in replaced:
            totals[old] -= end - start
            totals[value] = totals.get(value, 0) + end - start
            if not totals[old]:
                del totals[old]  # values are any hashables: keep only those in use

    def _start_of(self, offset: int) -> int:
        """Return the start of the run that contains ``offset``, which is inside the map."""
        starts = self._starts
        if offset in starts:
            return offset
        return next(starts.irange(maximum=offset, reverse=True))

    def _iterate(self, start: int, end: int) -> Iterator[tuple[int, int, V]]:
        """Yield the clipped runs of a range already checked."""
        if start == end:
            return
        starts = self._starts
        position = start
        value = starts[self._start_of(start)]
        for key in starts.irange(start, end, (False, False)):
            yield position, key, value
            position, value = key, starts[key]
        yield position, end, value
