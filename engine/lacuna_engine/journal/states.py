"""The life of a job: states, what can happen in each, and nothing else (pure).

::

    QUEUED ──start──> RUNNING ──finish──> DONE
      ^ ^               │ ├─────skip────> SKIPPED
      │ └──requeue──────┤ ├──retry_later> WAITING ──start──> RUNNING
      │                 │ ├─────fail────> FAILED
      │                 │ ├────pause────> PAUSED
      │                 │ └cancel, interrupt──> INTERRUPTED
      └──resume── PAUSED, WAITING, INTERRUPTED, FAILED

What is not running can be paused or cancelled too, and removed.
"""

from __future__ import annotations

from enum import StrEnum

from lacuna_engine.errors import UsageError

__all__ = ["FINAL_STATES", "OPEN_STATES", "ForbiddenStepError", "JobEvent", "JobState", "advance"]


class JobState(StrEnum):
    """Where a job is. The values are part of the saved form: never change one."""

    QUEUED = "queued"
    """It runs when its turn comes."""
    RUNNING = "running"
    """A process that holds its claim works on it."""
    PAUSED = "paused"
    """The user does not want it to go on for now."""
    WAITING = "waiting"
    """It is tried again by itself: the network or the daemon may be back."""
    INTERRUPTED = "interrupted"
    """It was cancelled, or its process died. It can be resumed."""
    FAILED = "failed"
    """It goes on only when the user has acted and says so."""
    DONE = "done"
    SKIPPED = "skipped"
    """There was nothing to do: the destination existed."""
    REMOVED = "removed"
    """No longer in the journal."""

    @property
    def is_final(self) -> bool:
        """Whether the job is history: it can only be removed, or is."""
        return self in FINAL_STATES

    @property
    def is_active(self) -> bool:
        """Whether it is worked on, or will be without anybody doing anything."""
        return self in (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)

    @property
    def is_resumable(self) -> bool:
        """Whether the user can put it back into the queue."""
        return (self, JobEvent.RESUME) in _TABLE


class JobEvent(StrEnum):
    """What can happen to a job. The values are part of the saved form: never change one."""

    START = "start"
    FINISH = "finish"
    SKIP = "skip"
    FAIL = "fail"
    RETRY_LATER = "retry_later"
    PAUSE = "pause"
    RESUME = "resume"
    """The user wants it to go on; also the retry of one that failed, and of a waiting one now."""
    CANCEL = "cancel"
    """The user wants it to stop; what is there is kept."""
    INTERRUPT = "interrupt"
    """Its process died."""
    REQUEUE = "requeue"
    """Its process ends in good order; it goes on at the next start."""
    REMOVE = "remove"


FINAL_STATES = frozenset({JobState.DONE, JobState.SKIPPED, JobState.REMOVED})
OPEN_STATES = frozenset(JobState) - FINAL_STATES

_S = JobState
_E = JobEvent

_TABLE: dict[tuple[JobState, JobEvent], JobState] = {
    (_S.QUEUED, _E.START): _S.RUNNING,
    (_S.QUEUED, _E.PAUSE): _S.PAUSED,
    (_S.QUEUED, _E.CANCEL): _S.INTERRUPTED,
    (_S.QUEUED, _E.REMOVE): _S.REMOVED,
    (_S.RUNNING, _E.FINISH): _S.DONE,
    (_S.RUNNING, _E.SKIP): _S.SKIPPED,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.RETRY_LATER): _S.WAITING,
    (_S.RUNNING, _E.PAUSE): _S.PAUSED,
    (_S.RUNNING, _E.CANCEL): _S.INTERRUPTED,
    (_S.RUNNING, _E.INTERRUPT): _S.INTERRUPTED,
    (_S.RUNNING, _E.REQUEUE): _S.QUEUED,
    (_S.PAUSED, _E.RESUME): _S.QUEUED,
    (_S.PAUSED, _E.CANCEL): _S.INTERRUPTED,
    (_S.PAUSED, _E.REMOVE): _S.REMOVED,
    (_S.WAITING, _E.START): _S.RUNNING,
    (_S.WAITING, _E.PAUSE): _S.PAUSED,
    (_S.WAITING, _E.RESUME): _S.QUEUED,
    (_S.WAITING, _E.CANCEL): _S.INTERRUPTED,
    (_S.WAITING, _E.REMOVE): _S.REMOVED,
    (_S.INTERRUPTED, _E.RESUME): _S.QUEUED,
    (_S.INTERRUPTED, _E.REMOVE): _S.REMOVED,
    (_S.FAILED, _E.RESUME): _S.QUEUED,
    (_S.FAILED, _E.CANCEL): _S.INTERRUPTED,
    (_S.FAILED, _E.REMOVE): _S.REMOVED,
    (_S.DONE, _E.REMOVE): _S.REMOVED,
    (_S.SKIPPED, _E.REMOVE): _S.REMOVED,
}

_DEED = {
    _E.START: "started",
    _E.FINISH: "finished",
    _E.SKIP: "skipped",
    _E.FAIL: "failed",
    _E.RETRY_LATER: "tried again later",
    _E.PAUSE: "paused",
    _E.RESUME: "resumed",
    _E.CANCEL: "cancelled",
    _E.INTERRUPT: "interrupted",
    _E.REQUEUE: "put back into the queue",
    _E.REMOVE: "removed",
}


class ForbiddenStepError(UsageError):
    """This cannot happen to a job in this state, for example pausing one that is done."""

    def __init__(self, state: JobState, event: JobEvent) -> None:
        super().__init__(f"a job that is {state} cannot be {_DEED[event]}")
        self.state = state
        self.event = event


def advance(state: JobState, event: JobEvent) -> JobState:
    """Return the state after ``event``. Raises :class:`ForbiddenStepError`."""
    try:
        return _TABLE[state, event]
    except KeyError:
        raise ForbiddenStepError(state, event) from None
