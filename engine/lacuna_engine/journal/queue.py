"""The jobs that wait here: whose turn it is, and how soon to look again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from lacuna_engine.journal.board import Board
from lacuna_engine.journal.job import Job
from lacuna_engine.journal.run import Run
from lacuna_engine.journal.states import JobState
from lacuna_engine.journal.turns import Limits, Turns

__all__ = ["STARTABLE", "Queue"]

STARTABLE = frozenset({JobState.QUEUED, JobState.WAITING})


class Queue:
    """What would run here by itself, of the jobs on ``board`` that ``accepts`` lets through.

    ``runs`` is what runs here, as it is at each moment. ``clock`` gives the seconds since 1970.
    No job waits longer than ``longest`` seconds for its next try.
    """

    def __init__(
        self,
        board: Board,
        runs: Mapping[str, Run],
        *,
        accepts: Callable[[Job], bool],
        clock: Callable[[], float],
        longest: float,
    ) -> None:
        self._board = board
        self._runs = runs
        self._accepts = accepts
        self._clock = clock
        self._longest = longest
        self._turns = Turns()
        self._urgent: set[str] = set()
        self._put_off: dict[str, float] = {}

    def hurry(self, job_id: str) -> None:
        """Let a job be the next, whatever the limits say."""
        self._urgent.add(job_id)

    def hurry_no_more(self, job_id: str) -> None:
        """Take that back."""
        self._urgent.discard(job_id)

    def put_off(self, job_id: str, seconds: float) -> None:
        """Leave a job alone for a while: another process has it."""
        self._put_off[job_id] = asyncio.get_running_loop().time() + seconds

    def forget_strangers(self) -> None:
        """Drop what is remembered of jobs that are not on the board any more."""
        self._turns.forget({job.id for job in self._board.jobs})
        self._urgent = {job_id for job_id in self._urgent if job_id in self._board}
        self._put_off = {
            job_id: until for job_id, until in self._put_off.items() if job_id in self._board
        }

    def pick(self, limits: Limits) -> Job | None:
        """Return the job to start now, None if none may. Then it counts as started."""
        now = self._clock()
        ready = [job for job in self._waiting() if self._delay(job, now) <= 0]
        urgent = next((job for job in ready if job.id in self._urgent), None)
        return urgent or self._turns.pick(ready, [run.job for run in self._runs.values()], limits)

    @property
    def is_empty(self) -> bool:
        """Whether nothing more starts by itself, now or later."""
        return not any(True for _ in self._waiting())

    def next_delay(self, most: float) -> float:
        """Return the seconds until a job has waited long enough for its next try, or ``most``."""
        now = self._clock()
        delays = (self._delay(job, now) for job in self._waiting())
        return min((delay for delay in delays if 0 < delay < most), default=most)

    def _waiting(self) -> Iterator[Job]:
        """Yield what would run here by itself, sooner or later."""
        now = asyncio.get_running_loop().time()
        for job in self._board.jobs:
            if job.state not in STARTABLE or job.id in self._runs or not self._accepts(job):
                continue
            if self._put_off.get(job.id, now) <= now:
                yield job

    def _delay(self, job: Job, now: float) -> float:
        """Return the seconds until a job may start."""
        if job.state is not JobState.WAITING or job.not_before is None:
            return 0.0
        delay = job.not_before - now
        # If it is longer than any, the clock has been put back.
        return delay if delay <= self._longest else 0.0
