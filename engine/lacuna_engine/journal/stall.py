"""Telling a transfer that stands still from one that moves (pure).

Stalled is not failed: nothing is decided here, somebody is told.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Moving", "StallDetector", "Stalled"]


@dataclass(frozen=True, slots=True)
class Moving:
    """Bytes have moved lately."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """No byte has moved for ``seconds``, the last one at ``since`` by the caller's clock."""

    since: float
    seconds: float


class StallDetector:
    """Fed with the time and the bytes moved so far, says whether they move.

    ``patience`` is how long nothing may move, in seconds. Time comes from any clock that is meant
    to go forward; only time that was watched counts. So a step of more than ``patience`` between
    two looks (the computer slept, or the caller did) counts as no more than ``gap``, and a step
    back as nothing.

    Raises:
        ValueError: if ``patience`` or ``gap`` is not positive.
    """

    def __init__(self, patience: float = 10.0, *, gap: float = 1.0) -> None:
        if patience <= 0 or gap <= 0:
            raise ValueError("patience is a time")
        self._patience = patience
        self._gap = gap
        self._last: tuple[float, int] | None = None
        self._since = 0.0
        self._idle = 0.0

    def feed(self, now: float, moved: int) -> Moving | Stalled:
        """Look once. ``moved`` may become less: a new try began, which is a movement."""
        if self._last is None or self._last[1] != moved:
            self._since, self._idle = now, 0.0
        else:
            step = now - self._last[0]
            if step > self._patience:
                step = self._gap
            if step < 0:
                # Keep the distance to what was said before, in the new time.
                self._since = now - self._idle
            self._idle += max(0.0, step)
        self._last = (now, moved)
        if self._idle < self._patience:
            return Moving()
        return Stalled(self._since, self._idle)
