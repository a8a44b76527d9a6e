"""Speeds of the last minutes, in equal steps of time (pure).

A ring buffer of means. Times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice

__all__ = ["SpeedHistory", "nice_ceiling"]


class SpeedHistory:
    """Means over ``step`` seconds, ``length`` of them; the last one is still growing.

    A step without a sample has no speed of its own: it repeats the one before while the gap is
    short, and is 0 afterwards, since senders report while they send.
    """

    def __init__(self, step: float = 0.5, length: int = 240, patience: float = 2.0) -> None:
        if step <= 0 or length < 2:
            raise ValueError(f"no history of {length} steps of {step} s")
        self._step = step
        self._means = deque([0.0] * length, length)
        self._used = 0
        self._last: int | None = None
        self._heard = 0.0
        self._sum, self._count = 0.0, 0
        self._patience = patience

    @property
    def step(self) -> float:
        """The length of a step in seconds."""
        return self._step

    @property
    def span(self) -> float:
        """How many seconds are remembered."""
        return self._step * len(self._means)

    def __len__(self) -> int:
        """Return the number of steps since the first sample, at most those that are remembered."""
        return min(self._used, len(self._means))

    @property
    def means(self) -> list[float]:
        """The steps in order of time, the latest last. A copy."""
        return list(islice(self._means, len(self._means) - len(self), None))

    @property
    def now(self) -> float:
        """The speed of the latest step."""
        return self._means[-1] if self._used else 0.0

    @property
    def peak(self) -> float:
        """The highest speed remembered."""
        return max(self._means)

    @property
    def mean(self) -> float:
        """The mean of all steps remembered."""
        means = self.means
        return math.fsum(means) / len(means) if means else 0.0

    def add(self, rate: float, at: float) -> None:
        """Take a sample: ``rate`` bytes a second at a time. One before the last counts as now."""
        rate = rate if math.isfinite(rate) and rate > 0 else 0.0
        self.advance(at)
        self._sum, self._count = self._sum + rate, self._count + 1
        self._heard = max(self._heard, at)
        self._means[-1] = self._sum / self._count

    def advance(self, at: float) -> None:
        """Let time pass without a sample."""
        index = math.floor(at / self._step)
        if self._last is None:
            self._last, self._used, self._heard = index, 1, at
            return
        missing = index - self._last
        if missing <= 0:
            return
        before = self._means[-1]
        for step in range(index - min(missing, len(self._means)) + 1, index + 1):
            quiet = (step + 1) * self._step - self._heard
            self._means.append(before if quiet <= self._patience else 0.0)
        self._used = min(self._used + missing, len(self._means))
        self._last = index
        self._sum, self._count = 0.0, 0

    def clear(self) -> None:
        """Forget all."""
        self._means.extend([0.0] * len(self._means))
        self._used, self._last = 0, None
        self._sum, self._count = 0.0, 0


def nice_ceiling(value: float) -> float:
    """Return where an axis up to ``value`` bytes a second ends: 1, 2, 4 ... 512 of a unit.

    Such numbers halve and quarter evenly. At least 64 KiB/s.
    """
    least = 64 * 1024.0
    if value <= least:
        return least
    power: float = 2.0 ** math.ceil(math.log2(value))
    # Three quarters of a power of two halve evenly too, and leave less room empty.
    return power * 0.75 if value <= power * 0.75 else power
