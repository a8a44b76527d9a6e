"""One run of a job, from its start until what became of it is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from lacuna_engine.errors import LacunaError, TransferError
from lacuna_engine.extents.outline import Outline
from lacuna_engine.journal.control import Control
from lacuna_engine.journal.job import Counts, Job, Problem
from lacuna_engine.journal.owner import Claim
from lacuna_engine.journal.retry import Retry, RetryPolicy, decide
from lacuna_engine.journal.states import JobEvent
from lacuna_engine.journal.store import Changes
from lacuna_engine.transfer import Report, State

__all__ = ["Run"]

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """A job that runs in this process.

    ``task`` does the work, and nothing else. ``guard`` sees it to its end. ``wish`` is why it was
    told to stop, and ``discard`` whether what a cancelled one has left is to be deleted.
    ``settled`` is true from when the journal says what became of it.
    """

    job: Job
    claim: Claim
    control: Control
    task: asyncio.Task[Report]
    wish: JobEvent | None = None
    guard: asyncio.Task[None] | None = None
    discard: bool = False
    settled: bool = False

    @property
    def is_unwanted(self) -> bool:
        """Whether what it has left is to be deleted at its end."""
        return self.wish is JobEvent.REMOVE or self.discard

    def stop(self, wish: JobEvent, *, discard: bool = False) -> None:
        """End it; the last wish counts. A second cancellation would cut its cleaning up short."""
        first = self.wish is None
        self.wish, self.discard = wish, discard
        if first:
            self.task.cancel()

    def outcome(
        self, policy: RetryPolicy, chance: Callable[[], float], now: float
    ) -> tuple[JobEvent, Changes]:
        """Say what happened, now that the task is done, and what is to be kept of it.

        ``chance`` gives numbers in [0, 1), ``now`` is in seconds since 1970.
        """
        report, error = self._result()
        changes = Changes() if report is None else _facts(report)
        if self.control.tracker is not None:
            changes["notes"] = tuple(self.control.tracker.notes)
        if error is None and report is not None and report.state in (State.DONE, State.SKIPPED):
            # Also when it was to be stopped: it was faster.
            changes["error"] = None
            changes["attempts"] = 0
            if report.state is State.SKIPPED:
                return JobEvent.SKIP, changes
            if self.control.tracker is not None:
                changes["outline"] = Outline.of(self.control.tracker.map).to_bytes()
            return JobEvent.FINISH, changes
        if error is not None:
            changes["error"] = Problem.of(error, now)
        if self.wish is not None:
            return self.wish, changes
        if error is None:
            return JobEvent.INTERRUPT, changes
        if not isinstance(error, LacunaError):
            _LOG.error("job %s failed by a defect", self.job.id, exc_info=error)
        decision = decide(error, self.job.attempts, self.control.moved, policy, chance)
        if isinstance(decision, Retry):
            changes["attempts"] = decision.attempts
            changes["not_before"] = now + decision.after
            return JobEvent.RETRY_LATER, changes
        return JobEvent.FAIL, changes

    def _result(self) -> tuple[Report | None, BaseException | None]:
        if self.task.cancelled():
            return self.control.report, None
        error = self.task.exception()
        if isinstance(error, KeyboardInterrupt):  # who pressed Ctrl-C twice knows why
            return self.control.report, None
        if error is not None:
            return self.control.report, error
        report = self.task.result()
        if report.state is State.FAILED:
            return report, TransferError("the transfer failed and does not say why")
        return report, None


def _facts(report: Report) -> Changes:
    return Changes(
        counts=Counts.of(report),
        digest=report.digest,
        verified=report.verified,
        resumed=report.resumed,
    )
