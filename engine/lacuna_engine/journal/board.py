"""The open jobs of a journal in memory, and who wants to know of their changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from lacuna_engine.errors import UsageError
from lacuna_engine.journal.job import Job
from lacuna_engine.journal.notice import JobAdded, JobChanged, JobRemoved, Notice, Subscriber
from lacuna_engine.journal.store import Journal

__all__ = ["Board"]

_LOG = logging.getLogger(__name__)


class Board:
    """A copy of the journal's open jobs, so that looking for one costs no query.

    Own changes are put in with :meth:`put`; those of other processes come with :meth:`refresh`.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._jobs: dict[str, Job] = {}
        self._subscribers: list[Subscriber] = []
        self._version: tuple[int, int] | None = None

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    @property
    def jobs(self) -> Iterable[Job]:
        """The open jobs, in no order."""
        return self._jobs.values()

    def get(self, job_id: str) -> Job | None:
        """Return an open job."""
        return self._jobs.get(job_id)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` for each change from now on; call the result to end that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def put(self, job: Job) -> None:
        """Take in what a job is now, and tell."""
        before = self._jobs.get(job.id)
        if job.state.is_final:
            self._jobs.pop(job.id, None)
        else:
            self._jobs[job.id] = job
        if before is None:
            # Or it was history when this process looked, and is open again or has just changed.
            self._tell(JobAdded(job))
        elif before != job:
            self._tell(JobChanged(job, before))

    def remove(self, job: Job) -> None:
        """Take a job out, and tell."""
        self._jobs.pop(job.id, None)
        self._tell(JobRemoved(job))

    def refresh(self, *, force: bool = False) -> bool:
        """Read the journal if another process has changed it; tell of every difference.

        Returns whether it was read. Raises :class:`LocalFileError`.
        """
        version = self._journal.version()
        if not force and version == self._version:
            return False
        open_jobs = {job.id: job for job in self._journal.list_jobs()}
        for job in list(self._jobs.values()):
            if job.id not in open_jobs:
                self._gone(job)
        for job in open_jobs.values():
            self.put(job)
        self._version = version  # not before: what could not be read is asked for again
        return True

    def _gone(self, job: Job) -> None:
        """A job is not open any more: it is history now, or removed."""
        try:
            self.put(self._journal.get(job.id))
        except UsageError:
            self.remove(job)

    def _tell(self, notice: Notice) -> None:
        for subscriber in list(self._subscribers):
            try:
                subscriber(notice)
            except Exception:  # noqa: BLE001 - a subscriber's defect must not stop transfers
                _LOG.exception("a subscriber failed")
