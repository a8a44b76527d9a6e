"""How many connections a transfer should use (pure): as many as make it faster, and no more."""

from __future__ import annotations

__all__ = ["MOST_LANES", "LaneCount"]

MOST_LANES = 4
"""Connections at most unless more are asked for: a daemon serves at most 20 clients that are not
yet let in, and works on few calls at once."""

GAIN = 1.05
"""One connection more has to bring so much, or it was the last one."""

SLOW_ANSWER = 0.1
"""Seconds: when the daemon takes longer to answer a ping, it has too much to do."""


class LaneCount:
    """Grows while throughput grows, and shrinks when the daemon answers late.

    ``count`` is what to use now, at least 1 and at most ``most``; tell what that brought with
    :meth:`measured`.
    """

    def __init__(self, most: int, *, start: int = 2) -> None:
        self._most = most
        self.count = min(start, most)
        self._rates: dict[int, float] = {}
        self._settled = False

    def measured(self, rate: float, answer: float) -> int:
        """Take in bytes a second with ``count``, and the seconds a ping took; return ``count``."""
        if answer > SLOW_ANSWER:
            self._settled = True
            self.count = max(self.count - 1, 1)
            return self.count
        if self._settled:
            return self.count
        before = self._rates.get(self.count - 1)
        self._rates[self.count] = rate
        if before is not None and rate < before * GAIN:
            self._settled = True
            if rate < before:
                self.count -= 1
        elif self.count < self._most:
            self.count += 1
        else:
            self._settled = True
        return self.count
