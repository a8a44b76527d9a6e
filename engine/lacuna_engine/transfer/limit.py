"""A token bucket: bytes a second on average, with a short burst (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

__all__ = ["Limiter", "TokenBucket", "allowance"]

SLICE = 0.5
"""Longest wait in seconds before the limit is asked again: it may have been raised."""

BURST_SECONDS = 0.25
"""How much of a second's allowance may go at once: large enough not to cut packets up."""


class Limiter(Protocol):
    """What a transfer asks before it moves data."""

    @property
    def rate(self) -> int:
        """Bytes a second, 0 for no limit."""
        ...

    def take(self, count: int, now: float) -> float:
        """Take ``count`` bytes and return the seconds to wait before they may be used."""
        ...


class TokenBucket:
    """Tells how long to wait. ``rate`` is bytes a second, 0 for no limit; it may be changed.

    Time is given by the caller, in seconds from any fixed point.
    """

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._tokens = rate * BURST_SECONDS
        self._time = now

    @property
    def rate(self) -> int:
        """Bytes a second, 0 for no limit."""
        return self._rate

    def set_rate(self, rate: int, now: float) -> None:
        """Change the rate from now on."""
        self._fill(now)
        self._rate = rate
        self._tokens = min(self._tokens, rate * BURST_SECONDS)

    def take(self, count: int, now: float) -> float:
        """Take ``count`` bytes and return the seconds to wait before they may be used.

        More than the bucket holds may be taken; the debt is waited for.
        """
        if self._rate <= 0:
            return 0.0
        self._fill(now)
        self._tokens -= count
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        if now <= self._time:
            return
        gained = (now - self._time) * self._rate
        self._tokens = min(self._tokens + gained, self._rate * BURST_SECONDS)
        self._time = now


def allowance(limiter: Limiter, count: int, now: float) -> Iterator[float]:
    """Take ``count`` bytes; yield how long to sleep, in seconds, until they may be used.

    The time of each sleep is taken from ``now`` on, so the sleeper needs no clock.
    """
    delay = limiter.take(count, now)
    while delay > 0:
        pause = min(delay, SLICE)
        yield pause
        now += pause
        delay = limiter.take(0, now) if delay > pause else 0.0
