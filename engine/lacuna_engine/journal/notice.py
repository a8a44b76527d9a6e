"""What a scheduler tells its subscribers (pure)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lacuna_engine.journal.job import Job

__all__ = ["JobAdded", "JobChanged", "JobRemoved", "Notice", "Subscriber"]


class JobAdded(NamedTuple):
    """There is a new job, from here or from another process."""

    job: Job


class JobChanged(NamedTuple):
    """A job is not as it was ``before``: its state, its order, its numbers."""

    job: Job
    before: Job


class JobRemoved(NamedTuple):
    """A job is no longer in the journal. ``job`` is as it was last."""

    job: Job


Notice = JobAdded | JobChanged | JobRemoved
Subscriber = Callable[[Notice], None]
