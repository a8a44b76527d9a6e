"""What a scheduler tells its subscribers (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lacuna_engine.journal.job import Job

__all__ = ["JobAdded", "JobChanged", "JobRemoved", "Notice", "Subscriber"]


@dataclass(frozen=True, slots=True)
class JobAdded:
    """There is a new job, from here or from another process."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job is not as it was ``before``: its state, its order, its numbers."""

    job: Job
    before: Job


@dataclass(frozen=True, slots=True)
class JobRemoved:
    """A job is no longer in the journal. ``job`` is as it was last."""

    job: Job


Notice = JobAdded | JobChanged | JobRemoved
Subscriber = Callable[[Notice], None]
