"""One limit out of several: a job's own, and that of all jobs together (pure)."""

from __future__ import annotations

from lacuna_engine.transfer.limit import TokenBucket

__all__ = ["RateLimit"]


class RateLimit:
    """Used like a :class:`TokenBucket`: bytes go when both buckets let them go.

    ``shared`` is the bucket of all jobs. Rates are in bytes a second and may be changed at any
    time; ``now`` is in seconds of any clock that only goes forward.
    """

    def __init__(self, own: TokenBucket, shared: TokenBucket) -> None:
        self._own = own
        self._shared = shared

    @property
    def rate(self) -> int:
        """The lower of the limits in bytes a second, 0 for none."""
        own, shared = self._own.rate, self._shared.rate
        return min(own, shared) or own or shared

    def set_rate(self, rate: int, now: float) -> None:
        """Change the job's own limit from now on."""
        self._own.set_rate(rate, now)

    def take(self, count: int, now: float) -> float:
        """Take ``count`` bytes and return the seconds to wait before they may be used."""
        return max(self._own.take(count, now), self._shared.take(count, now))
