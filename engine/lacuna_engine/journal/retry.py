"""Whether a job that failed is tried again, and when (pure).

The error knows whether that can help (``remedy``); here is only how often and how soon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from lacuna_engine.errors import ConnectionLostError, LacunaError, Remedy, UnreachableError

__all__ = ["Cause", "Decision", "GiveUp", "Retry", "RetryPolicy", "Wait", "decide"]


class Cause(StrEnum):
    """What a job waits for."""

    NETWORK = "network"
    DAEMON = "daemon"
    USER = "user"


class Retry(NamedTuple):
    """Try again by itself in ``after`` seconds; ``attempts`` is the new number of vain tries."""

    after: float
    cause: Cause
    attempts: int


class Wait(NamedTuple):
    """Somebody has to act; then it may go on."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Trying again cannot help."""


Decision = Retry | Wait | GiveUp


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Back-off in seconds: ``first``, then ``factor`` times as long each time, up to ``cap``.

    ``jitter`` is the share of a delay that chance may take away, so that many jobs do not come
    back at the same moment. ``limit`` is how many tries in a row may move nothing, None for any.

    Raises:
        ValueError: if the values make no sense.
    """

    first: float = 1.0
    factor: float = 2.0
    cap: float = 60.0
    limit: int | None = None
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.first <= self.cap and self.factor >= 1 and 0 <= self.jitter <= 1):
            raise ValueError("a back-off must not be shorter than nothing nor shrink")

    def delay(self, attempt: int, random: Callable[[], float]) -> float:
        """Return the seconds to wait after try number ``attempt``, counted from 1.

        ``random`` gives numbers in [0, 1).
        """
        whole = self.first
        for _ in range(attempt - 1):  # a power would overflow
            whole *= self.factor
            if whole >= self.cap or self.factor == 1:
                break
        return min(whole, self.cap) * (1 - self.jitter * random())


def decide(
    error: BaseException,
    attempts: int,
    moved: int,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Decision:
    """Say what to do after a try that ended with ``error``.

    ``attempts`` tries before it moved nothing; this one moved ``moved`` bytes. Progress starts
    the counting anew: a bad link makes a transfer slow, and not fail. ``random`` gives numbers in
    [0, 1).
    """
    if not isinstance(error, LacunaError) or error.remedy is Remedy.NONE:
        return GiveUp()
    if error.remedy is Remedy.USER:
        return Wait(Cause.USER)
    vain = 0 if moved > 0 else attempts + 1
    if policy.limit is not None and vain > policy.limit:
        return Wait(Cause.USER)
    network = isinstance(error, UnreachableError | ConnectionLostError)
    cause = Cause.NETWORK if network else Cause.DAEMON
    return Retry(policy.delay(max(1, vain), random), cause, vain)
