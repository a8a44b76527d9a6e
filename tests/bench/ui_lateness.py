"""How late a loop is: a timer that should fire each millisecond, and how long it did not.

What is told is not how late that timer was, of which a loop that stands still for a second has one,
but how long an event waits that comes at any moment: a gap of 50 ms counts as 50, 49, 48, ...
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

EVERY = 0.001
"""Seconds between two beats: the resolution."""


@dataclass(frozen=True)
class Lateness:
    """Milliseconds."""

    p50: float
    p99: float
    max: float


def waits(gaps: Sequence[float]) -> array[float]:
    """Return what events would have waited, in seconds, in order of size.

    ``gaps`` are the seconds between one beat and the next.
    """
    found: array[float] = array("d")
    for gap in gaps:
        late = gap - EVERY
        found.append(max(late, 0.0))
        while (late := late - EVERY) > 0:
            found.append(late)
    return array("d", sorted(found))


def lateness(gaps: Sequence[float]) -> Lateness:
    """Sum gaps up. Raises ``ValueError`` if there is none."""
    if not gaps:
        raise ValueError("no beat was heard")
    found = waits(gaps)

    def at(share: float) -> float:
        return 1000 * found[min(len(found) - 1, int(share * len(found)))]

    return Lateness(at(0.5), at(0.99), 1000 * found[-1])
