"""How many connections a transfer should use (pure): as many as make it faster, and no more."""

from __future__ import annotations

__all__ = ["MOST_LANES", "LaneCount"]

MOST_LANES = 4
"""Connections at most unless more are asked for: a daemon serves at most 20 clients that are not
yet let in, and works on few calls at once."""

GAIN = 1.05
"""One connection more has to bring so much, or it is given up again. A number of them is as fast as
it gets when a moment later it is not faster by as much."""

SLOW_ANSWER = 0.1
"""Seconds: when the daemon takes longer to answer a ping, it has too much to do."""


class LaneCount:
    """Grows while throughput grows, and shrinks when the daemon answers late.

    ``count`` is what to use now, at least 1 and at most ``most``; tell what that brought with
    :meth:`measured`. What a number brings is known when it brings no more than a moment ago: a
    long way takes a while to fill.
    """

    def __init__(self, most: int, *, start: int = 1) -> None:
        self._most = most
        self.count = min(start, most)
        self._one_less = 0.0
        """Bytes a second with one connection less, as far as that is known."""
        self._rate = 0.0
        """The best with ``count`` so far."""
        self._settled = False

    def measured(self, rate: float | None, answer: float) -> int:
        """Take in bytes a second with ``count``, and the seconds a ping took; return ``count``.

        ``rate`` is None while not all of them are at work.
        """
        if answer > SLOW_ANSWER:
            self._settled = True
            self.count = max(self.count - 1, 1)
        elif rate is not None and not self._settled:
            is_growing = rate >= self._rate * GAIN
            self._rate = max(self._rate, rate)
            if not is_growing:
                self._decide()
        return self.count

    def _decide(self) -> None:
        """Take one more or one less, now that it is known what ``count`` brings."""
        if self._rate < self._one_less * GAIN:
            self.count -= 1
            self._settled = True
        elif self.count < self._most:
            self.count += 1
            self._one_less, self._rate = self._rate, 0.0
        else:
            self._settled = True
