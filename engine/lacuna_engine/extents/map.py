"""The extent map of one transfer: what each byte is, and how far it is.

Lives here: the one bookkeeping of a transfer (architecture.md, idea 1). The planner reads it, the
journal saves it, the window paints it; sums such as progress and bytes saved are questions put to
it. Pure: it does no I/O and takes no decisions. All offsets and lengths are bytes.

The two axes are kept apart, since they change at different times: kinds are found once, when the
source is scanned, progress moves all the time. Joint totals are kept as the map changes, because
the window asks for them many times a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple, TypedDict, TypeVar, cast

from lacuna_engine.extents.intervals import IntervalMap

__all__ = ["Extent", "ExtentMap", "ExtentRecord", "Kind", "Progress"]

RECORD_VERSION = 1

A = TypeVar("A", bound=Enum)


class Kind(Enum):
    """What a byte of the image is. The numbers are part of the saved form: never change one."""

    __hash__ = object.__hash__  # members are single objects; Enum's own hash is ten times slower

    DATA = 0
    """Anything that has to be sent."""
    HOLE = 1
    """A hole of the file system: nothing is allocated, it reads as zeros."""
    ZERO = 2
    """Allocated, but reads as zeros."""


class Progress(Enum):
    """How far a byte of the image is. The numbers are part of the saved form: never change one."""

    __hash__ = object.__hash__  # as above

    PENDING = 0
    """Nothing done yet."""
    IN_FLIGHT = 1
    """Handed to the transport; the peer has not agreed yet."""
    ACKNOWLEDGED = 2
    """The peer said that it is done: resuming starts after it."""
    VERIFIED = 3
    """Read back and found the same."""
    FAILED = 4
    """Lost, refused, or found different."""


class Extent(NamedTuple):
    """A range ``[start, end)`` in bytes that is of one kind and equally far."""

    start: int
    end: int
    kind: Kind
    progress: Progress

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.end - self.start


class ExtentRecord(TypedDict):
    """The plain form of a map, ready for JSON.

    ``kinds`` and ``progress`` are the runs from offset 0 on: length, code, length, code, ...
    """

    version: int
    size: int
    kinds: list[int]
    progress: list[int]


class ExtentMap:
    """Kind and progress of every byte of an image of ``size`` bytes; at first pending data.

    Two maps are equal if they say the same of every byte. A map is mutable: no hash.

    Raises:
        ValueError: if ``size`` is negative.
    """

    __hash__ = None  # type: ignore[assignment]  # mutable: equality, no hash

    def __init__(self, size: int) -> None:
        self._kinds = IntervalMap(size, Kind.DATA)
        self._progress = IntervalMap(size, Progress.PENDING)
        self._totals = {(kind, progress): 0 for kind in Kind for progress in Progress}
        self._totals[Kind.DATA, Progress.PENDING] = size
        self._changes: list[tuple[int, int]] | None = None
        self._plain_kinds: list[int] | None = None
        """Those of the record, as long as they are still true."""

    @classmethod
    def from_kinds(cls, size: int, runs: Iterable[tuple[int, int, Kind]]) -> ExtentMap:
        """Build a map, all pending, from ``(start, end, kind)`` as a scan gives them.

        Raises:
            ValueError: if the runs are not in order or do not cover ``[0, size)`` exactly.
        """
        built = cls(size)
        built._kinds = IntervalMap[Kind].from_runs(size, runs)
        for kind in Kind:
            built._totals[kind, Progress.PENDING] = built._kinds.total(kind)
        return built

    @property
    def size(self) -> int:
        """The length of the image in bytes."""
        return self._kinds.size

    @property
    def saved(self) -> int:
        """The bytes that need not be sent: all that is not data."""
        return self.size - self.bytes_of(Kind.DATA)

    def __eq__(self, other: object) -> bool:
        """Tell whether both maps say the same of every byte."""
        if not isinstance(other, ExtentMap):
            return NotImplemented
        return self._kinds == other._kinds and self._progress == other._progress

    def __repr__(self) -> str:
        """Return the size and the number of runs on each axis."""
        return (
            f"<ExtentMap of {self.size} bytes, {len(self._kinds)} runs of kind, "
            f"{len(self._progress)} of progress>"
        )

    def copy(self) -> ExtentMap:
        """Return an independent map that says the same, in linear time."""
        twin = ExtentMap(0)
        twin._kinds = self._kinds.copy()
        twin._progress = self._progress.copy()
        twin._totals = dict(self._totals)
        return twin

    def classify(self, start: int, end: int, kind: Kind) -> None:
        """Say what ``[start, end)`` is; its progress stays.

        Raises:
            ValueError: if the range is not inside the map.
        """
        if self._kinds.holds(start, end, kind):
            return
        replaced = iter(self._kinds.assign(start, end, kind))
        self._plain_kinds = None
        if self._changes is not None:
            self._changes.append((start, end))
        for first, last, old, progress in _merge(
            start, end, replaced, self._progress.runs(start, end)
        ):
            self._totals[old, progress] -= last - first
            self._totals[kind, progress] += last - first

    def advance(self, start: int, end: int, progress: Progress) -> None:
        """Say how far ``[start, end)`` is; its kind stays. Any step is allowed, also backwards.

        Raises:
            ValueError: if the range is not inside the map.
        """
        replaced = self._progress.assign(start, end, progress)
        if self._changes is not None:
            self._changes.append((start, end))
        for begin, until, old in replaced:
            if old is progress:  # most of the map, when a transfer says that all is there
                continue
            counts = dict.fromkeys(Kind, 0)
            for first, last, kind in self._kinds.runs(begin, until):
                counts[kind] += last - first
            for kind, count in counts.items():
                self._totals[kind, old] -= count
                self._totals[kind, progress] += count

    def describe(self, runs: Sequence[tuple[int, int, Kind]], progress: Progress) -> None:
        """Say of consecutive ranges, all at once, what each is, and how far all are.

        ``runs`` are ``(start, end, kind)``, at least one. The same as `classify` of each and
        `advance` of all, with one search instead of one for each.

        Raises:
            ValueError: if a range is empty, they do not follow each other, or are not in the map.
        """
        start, end = runs[0][0], runs[-1][1]
        old = list(self.runs(start, end))
        self._kinds.replace(runs)
        self._plain_kinds = None
        self._progress.assign(start, end, progress)
        if self._changes is not None:
            self._changes.append((start, end))
        for first, last, kind, before in old:
            self._totals[kind, before] -= last - first
        for first, last, kind in runs:
            self._totals[kind, progress] += last - first

    def note_changes(self, on: bool = True) -> None:  # noqa: FBT001, FBT002
        """Begin to note which ranges change, for :meth:`take_changes`; or stop it."""
        self._changes = [] if on else None

    def take_changes(self) -> list[tuple[int, int]]:
        """Return the ranges changed since the last time, merged, in order; copies note nothing."""
        if not self._changes:
            return []
        noted, self._changes = sorted(self._changes), []
        merged = [noted[0]]
        for start, end in noted[1:]:
            last_start, last_end = merged[-1]
            if start <= last_end:
                merged[-1] = (last_start, max(last_end, end))
            else:
                merged.append((start, end))
        return [(start, end) for start, end in merged if start < end]

    def kind_at(self, offset: int) -> Kind:
        """Return what the byte at ``offset`` is.

        Raises:
            ValueError: if there is no such byte.
        """
        return self._kinds.at(offset)

    def progress_at(self, offset: int) -> Progress:
        """Return how far the byte at ``offset`` is.

        Raises:
            ValueError: if there is no such byte.
        """
        return self._progress.at(offset)

    def bytes_of(self, kind: Kind) -> int:
        """Return how many bytes are of this kind. Constant time."""
        return self._kinds.total(kind)

    def bytes_at(self, progress: Progress) -> int:
        """Return how many bytes are this far. Constant time."""
        return self._progress.total(progress)

    def bytes_of_at(self, kind: Kind, progress: Progress) -> int:
        """Return how many bytes are of this kind and this far. Constant time."""
        return self._totals[kind, progress]

    def kinds(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, Kind]]:
        """Iterate over ``(start, end, kind)`` in ``[start, end)``, whatever the progress.

        The map must not change meanwhile. ``end`` None means the end of the map.

        Raises:
            ValueError: if the range is not inside the map.
        """
        return self._kinds.runs(start, end)

    def progress(
        self, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, int, Progress]]:
        """Iterate over ``(start, end, progress)`` in ``[start, end)``, whatever the kind.

        The map must not change meanwhile. ``end`` None means the end of the map.

        Raises:
            ValueError: if the range is not inside the map.
        """
        return self._progress.runs(start, end)

    def runs(
        self, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, int, Kind, Progress]]:
        """Iterate over ``(start, end, kind, progress)`` in ``[start, end)``, both axes merged.

        As `extents`, but plain tuples: three times faster on large maps.

        Raises:
            ValueError: if the range is not inside the map.
        """
        stop = self.size if end is None else end
        return (
            (first, last, kind, progress)
            for begin, until, progress in self._progress.runs(start, stop)
            for first, last, kind in self._kinds.runs(begin, until)
        )

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[Extent]:
        """Iterate over the maximal extents in ``[start, end)``, clipped to it.

        The map must not change meanwhile. ``end`` None means the end of the map.

        Raises:
            ValueError: at once, if the range is not inside the map.
        """
        merged = self.runs(start, end)
        return (Extent(first, last, kind, progress) for first, last, kind, progress in merged)

    def to_record(self) -> ExtentRecord:
        """Return the whole map in plain form; `from_record` gives an equal map back.

        The record is not to be changed: maps are saved again and again, and the kinds of all
        records are one list until a kind changes.
        """
        # Members are slower to tell their values than a table.
        kinds: dict[Kind, int] = {kind: kind.value for kind in Kind}
        steps: dict[Progress, int] = {step: step.value for step in Progress}
        if self._plain_kinds is None:
            self._plain_kinds = [
                n for start, end, kind in self.kinds() for n in (end - start, kinds[kind])
            ]
        return {
            "version": RECORD_VERSION,
            "size": self.size,
            "kinds": self._plain_kinds,
            "progress": [
                n for start, end, step in self.progress() for n in (end - start, steps[step])
            ],
        }

    @classmethod
    def from_record(cls, record: object) -> ExtentMap:
        """Rebuild a map from what `to_record` gave, for example after a way through JSON.

        Raises:
            ValueError: if it is no such record, of another version, or contradicts itself.
        """
        if not isinstance(record, dict):
            # One exception for everything that can be wrong with a record.
            what = type(record).__name__
            raise ValueError(f"an extent map is saved as an object, not {what}")  # noqa: TRY004
        fields = cast("dict[object, object]", record)
        version = _whole(fields, "version")
        if version != RECORD_VERSION:
            raise ValueError(f"extent map of version {version}, only {RECORD_VERSION} is known")
        size = _whole(fields, "size")
        built = cls(size)
        built._kinds = IntervalMap[Kind].from_runs(size, _decode(fields, "kinds", Kind))
        built._progress = IntervalMap[Progress].from_runs(
            size, _decode(fields, "progress", Progress)
        )
        built._totals[Kind.DATA, Progress.PENDING] = 0
        for start, end, kind, progress in built.runs():
            built._totals[kind, progress] += end - start
        return built


def _merge(
    position: int,
    end: int,
    kinds: Iterator[tuple[int, int, Kind]],
    progresses: Iterator[tuple[int, int, Progress]],
) -> Iterator[tuple[int, int, Kind, Progress]]:
    """Cut two covers of the same range ``[position, end)`` at each other's borders."""
    if position == end:
        return
    _, kind_end, kind = next(kinds)
    _, progress_end, progress = next(progresses)
    while True:
        stop = min(kind_end, progress_end)
        yield position, stop, kind, progress
        if stop == end:
            return
        position = stop
        if kind_end == stop:
            _, kind_end, kind = next(kinds)
        if progress_end == stop:
            _, progress_end, progress = next(progresses)


def _whole(fields: dict[object, object], name: str) -> int:
    """Return a field that must be a whole number from 0 on."""
    value = fields.get(name)
    if type(value) is not int or value < 0:  # bool is an int, but no number of bytes
        raise ValueError(f"extent map with {name} {value!r}: a whole number was expected")
    return value


def _decode(fields: dict[object, object], name: str, axis: type[A]) -> Iterator[tuple[int, int, A]]:
    """Yield the runs of one axis from its lengths and codes; the caller checks their sum."""
    values = fields.get(name)
    if not isinstance(values, list) or len(cast("list[object]", values)) % 2:
        raise ValueError(f"extent map with {name} that are not pairs of length and code")
    codes = {member.value: member for member in axis}
    position = 0
    numbers = iter(cast("list[object]", values))
    for length, code in zip(numbers, numbers, strict=True):
        if type(length) is not int or length <= 0:
            raise ValueError(f"extent map with a run of {length!r} bytes in {name}")
        if type(code) is not int or code not in codes:
            raise ValueError(f"extent map with the unknown code {code!r} in {name}")
        yield position, position + length, codes[code]
        position += length
