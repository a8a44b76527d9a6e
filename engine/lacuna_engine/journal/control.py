"""What a running job and the scheduler share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lacuna_engine.journal.job import Job
from lacuna_engine.journal.rate import RateLimit
from lacuna_engine.transfer import Report, Tracker
from lacuna_engine.transfer.checkpoint import Keeper

__all__ = ["Control", "Runner"]


class Control:
    """Given to who runs a job.

    ``limit`` is what it asks before it moves data, ``keeper`` keeps its checkpoints. It publishes
    ``tracker``, which others watch, and ``report``, whose counts are kept also when it fails;
    ``on_note`` is told of the tracker's notes as they are made.
    """

    def __init__(self, limit: RateLimit, keeper: Keeper) -> None:
        self.limit = limit
        self.keeper = keeper
        self.tracker: Tracker | None = None
        self.report: Report | None = None
        self.on_note: Callable[[str], None] | None = None

    @property
    def moved(self) -> int:
        """Bytes of payload moved by this try so far."""
        return 0 if self.tracker is None else self.tracker.moved


class Runner(Protocol):
    """Runs one job to its end.

    It raises :class:`~lacuna_engine.errors.LacunaError` where it fails. It is cancelled to pause
    or stop the job: then it keeps what is there, leaves a checkpoint, and lets the cancellation
    through.
    """

    async def __call__(self, job: Job, control: Control) -> Report:
        """Run it and return its report, complete."""
        ...
