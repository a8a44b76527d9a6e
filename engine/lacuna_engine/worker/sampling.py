"""What is told of running jobs several times a second: numbers, and an outline of the map.

For each job: ``id``, ``phase``, ``total``, ``data``, ``hole``, ``zero``, ``passed``, ``moved``,
``acknowledged``, ``in_flight``, ``saved``, ``wire``, ``rate`` (bytes of data a second), ``left``
(bytes of data that have not been moved), ``stalled`` (seconds, 0 if it moves), ``notes``, and now
and then ``outline``: the map in some hundred runs, as length, kind, progress, over and over.

Of a job that does not run it is told once how far it was: what can be read from its map.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.journal import Control, StallDetector, Stalled
from lacuna_engine.transfer import Phase

__all__ = ["Sample", "counted", "outline"]

RATE_WINDOW = 3.0
"""Seconds over which a speed is an average."""

OUTLINE_EVERY = 0.5
MOST_RUNS = 1024
COLUMNS = 256

_MOVING = frozenset({Phase.SENDING, Phase.RECEIVING})


@dataclass
class Sample:
    """One running job, looked at again and again."""

    control: Control
    _recent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    _stall: StallDetector = field(default_factory=StallDetector)
    _outlined: float = -OUTLINE_EVERY

    def take(self, job_id: str, now: float, *, last: bool = False) -> dict[str, Any] | None:
        """Return the fields of a job at ``now``, in seconds of any steady clock.

        The ``last`` one always has an outline, if there is something to be outlined.
        """
        tracker, report = self.control.tracker, self.control.report
        if tracker is None:
            return None
        extents = tracker.map
        self._recent.append((now, tracker.moved))
        while now - self._recent[0][0] > RATE_WINDOW:
            self._recent.popleft()
        since, moved = self._recent[0]
        seconds = now - since
        found: dict[str, Any] = {
            "id": job_id,
            **counted(extents),
            "phase": str(tracker.phase),
            "passed": tracker.passed,
            "moved": tracker.moved,
            "wire": 0 if report is None else report.bytes_wire,
            "rate": (tracker.moved - moved) / seconds if seconds > 0 else 0.0,
            "stalled": self._stalled(tracker.phase, now, tracker.moved + tracker.passed),
            "notes": list(tracker.notes),
        }
        if extents.size and (last or now - self._outlined >= OUTLINE_EVERY):
            self._outlined = now
            found["outline"] = outline(extents)
        return found

    def _stalled(self, phase: Phase, now: float, moved: int) -> float:
        if phase not in _MOVING:
            self._stall = StallDetector()
            return 0.0
        state = self._stall.feed(now, moved)
        return state.seconds if isinstance(state, Stalled) else 0.0


def counted(extents: ExtentMap) -> dict[str, Any]:
    """Return the sums of a map."""
    arrived = extents.bytes_at(Progress.ACKNOWLEDGED) + extents.bytes_at(Progress.VERIFIED)
    return {
        "total": extents.size,
        "data": extents.bytes_of(Kind.DATA),
        "hole": extents.bytes_of(Kind.HOLE),
        "zero": extents.bytes_of(Kind.ZERO),
        "acknowledged": arrived,
        "in_flight": extents.bytes_of_at(Kind.DATA, Progress.IN_FLIGHT),
        "left": extents.bytes_of_at(Kind.DATA, Progress.PENDING),
        "saved": extents.saved,
    }


def outline(extents: ExtentMap) -> list[int]:
    """Return what a map looks like: length, kind, progress of at most some thousand runs."""
    runs: list[int] = []
    for count, (start, end, kind, progress) in enumerate(extents.runs()):
        if count == MOST_RUNS:
            return _columns(extents)
        runs += (end - start, kind.value, progress.value)
    return runs


def _columns(extents: ExtentMap) -> list[int]:
    """Return columns of equal width, each of what most of it is; data and failures show first."""
    width = -(-extents.size // COLUMNS)
    columns: list[dict[tuple[int, int], int]] = [{} for _ in range(-(-extents.size // width))]
    for start, end, kind, progress in extents.runs():
        for number in range(start // width, (end - 1) // width + 1):
            low, high = max(start, number * width), min(end, (number + 1) * width)
            key = (kind.value, progress.value)
            columns[number][key] = columns[number].get(key, 0) + high - low
    return list(
        chain.from_iterable(
            (sum(column.values()), *max(column, key=lambda key: column[key])) for column in columns
        )
    )
