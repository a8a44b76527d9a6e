"""Runs the jobs of a journal: which, when, how many at a time, and what becomes of them.

The journal is the only truth: every step of a job is written there first, and then told to
subscribers. A claim is held from before a job is running until after it is something else, so a
job that another process works on is never touched.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, Unpack

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.journal.board import Board
from lacuna_engine.journal.control import Control, Runner
from lacuna_engine.journal.job import Job
from lacuna_engine.journal.keeper import JobKeeper
from lacuna_engine.journal.leftovers import Discard, Leftovers
from lacuna_engine.journal.notice import Subscriber
from lacuna_engine.journal.owner import Owner
from lacuna_engine.journal.queue import STARTABLE, Queue
from lacuna_engine.journal.rate import RateLimit
from lacuna_engine.journal.reservations import Reservations
from lacuna_engine.journal.retry import RetryPolicy
from lacuna_engine.journal.run import Run
from lacuna_engine.journal.states import JobEvent, JobState
from lacuna_engine.journal.store import Changes, Journal
from lacuna_engine.journal.turns import Limits
from lacuna_engine.journal.waiting import until_free
from lacuna_engine.transfer import Report
from lacuna_engine.transfer.limit import TokenBucket

__all__ = ["Scheduler"]

_LOG = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between looks at what other processes have changed."""


class Scheduler:
    """Runs jobs with ``run``; an asynchronous context manager, from :meth:`start` to :meth:`stop`.

    ``accepts`` says which jobs are this scheduler's business; all unless given. ``discard`` deletes
    what an unwanted job has left at its destination; without it that stays. ``clock`` gives
    the seconds since 1970 and ``chance`` numbers in [0, 1). ``rate`` limits all jobs together, in
    bytes of data a second, 0 for no limit.

    Methods that name a job raise :class:`UsageError` if there is none, and
    :class:`ForbiddenStepError` if it is in no state for that; all raise :class:`LocalFileError`
    if the journal cannot be written.
    """

    def __init__(
        self,
        journal: Journal,
        run: Runner,
        *,
        owner: Owner | None = None,
        limits: Limits | None = None,
        policy: RetryPolicy | None = None,
        rate: int = 0,
        accepts: Callable[[Job], bool] = lambda _job: True,
        discard: Discard | None = None,
        poll: float = POLL,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._journal = journal
        self._runner = run
        self._owner = owner or Owner.beside(journal)
        self._limits = limits or Limits()
        self._policy = policy or RetryPolicy()
        self._accepts = accepts
        self._poll = poll
        self._clock = clock
        self._chance = chance
        self._board = Board(journal)
        self._leftovers = Leftovers(journal, self._board, discard, clock)
        self._reservations = Reservations(self._owner)
        self._runs: dict[str, Run] = {}
        self._queue = Queue(
            self._board, self._runs, accepts=accepts, clock=clock, longest=self._policy.cap
        )
        self._shared = TokenBucket(rate, 0.0)
        self._paused = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._defect: Exception | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # Beginning and end

    def start(self, *, resume_orphans: bool = False) -> list[Job]:
        """Begin to run jobs, and return those whose process had died.

        They are interrupted now; with ``resume_orphans`` they go on.
        """
        orphans = self._owner.adopt_orphans(self._journal)
        if resume_orphans:
            for job in filter(self._accepts, orphans):
                self._journal.update(job.id, JobEvent.RESUME, expected={JobState.INTERRUPTED})
        self._board.refresh(force=True)
        self._loop = asyncio.create_task(self._keep_going())
        return orphans

    async def stop(self) -> None:
        """End all that runs here, in good order; it goes on when a scheduler starts again."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel()
            await asyncio.wait({loop})
        self._stop_all()
        if guards := [run.guard for run in self._runs.values() if run.guard is not None]:
            await asyncio.wait(guards)
        await self._leftovers.wait_cleared()
        self._reservations.drop_all()

    async def wait_idle(self) -> None:
        """Wait until nothing runs here and nothing will by itself, as while all is paused.

        Raises a defect that keeps jobs from being started, so that nobody waits for them.
        """
        self._nudge()
        await self._idle.wait()
        if self._defect is not None:
            raise self._defect

    # What runs

    @property
    def running(self) -> dict[str, Control]:
        """The jobs that run here, each with its tracker and report."""
        return {job_id: run.control for job_id, run in self._runs.items()}

    @property
    def limits(self) -> Limits:
        """How many jobs run at a time. Lowering it ends none."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        self._nudge()

    @property
    def rate(self) -> int:
        """The limit of all jobs together, in bytes of data a second; 0 for none."""
        return self._shared.rate

    def set_rate(self, rate: int) -> None:
        """Change the limit of all jobs together from now on."""
        self._shared.set_rate(rate, asyncio.get_running_loop().time())

    def set_job_rate(self, job_id: str, rate: int) -> Job:
        """Change the limit of one job from now on, and for when it goes on later."""
        job = self._journal.get(job_id)
        changed = self._step(job_id, None, options=job.options._replace(limit=rate))
        if run := self._runs.get(job_id):
            run.control.limit.set_rate(rate, asyncio.get_running_loop().time())
        return changed

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` for each change from now on; call the result to end that."""
        return self._board.subscribe(subscriber)

    # What the user wants

    def submit(self, job: Job, *, reserve: bool = False) -> Job:
        """Put a job into the journal, to run when its turn comes; return it as it is kept.

        With ``reserve`` no other process can take it, as long as this scheduler has not stopped.
        """
        kept = self._reservations.add(self._journal, job) if reserve else self._journal.add(job)
        self._board.put(kept)
        self._nudge()
        return kept

    def pause(self, job_id: str) -> None:
        """Stop a job for now. One that runs is paused when it has come to a stop."""
        self._ask(job_id, JobEvent.PAUSE)

    def cancel(self, job_id: str, *, discard: bool = False) -> None:
        """Stop a job: it is interrupted then, and can be resumed.

        What is there is kept; with ``discard`` it is deleted, as :meth:`remove` does.
        """
        if discard:
            self._end(job_id, JobEvent.CANCEL)
        else:
            self._ask(job_id, JobEvent.CANCEL)

    def remove(self, job_id: str) -> None:
        """Stop a job if it runs, discard what it has left, and take it out of the journal.

        If that cannot be discarded the job stays, interrupted, and its error says why.
        """
        self._end(job_id, JobEvent.REMOVE)

    def _end(self, job_id: str, event: JobEvent) -> None:
        """Cancel or remove a job, and discard what it has left."""
        job = self._journal.get(job_id)
        if (run := self._run_of(job_id)) is not None:
            self._queue.hurry_no_more(job_id)
            run.stop(event, discard=True)
            return
        claim = self._reservations.take(job_id) if self._leftovers.of(job) else None
        if claim is None:
            self._ask(job_id, event)
            return
        try:
            if job.state is not JobState.INTERRUPTED:
                job = self._step(job_id, JobEvent.CANCEL)
        except BaseException:
            claim.release()
            raise
        forget = event is JobEvent.REMOVE
        self._leftovers.start_clearing(job, claim, forget=forget, then=self._nudge)

    def _run_of(self, job_id: str) -> Run | None:
        """Return the run of a job, as long as the journal says that it runs."""
        run = self._runs.get(job_id)
        return None if run is None or run.settled else run

    def start_now(self, job_id: str) -> None:
        """Run a job as soon as it can, whatever the limits say."""
        if self._journal.get(job_id).state is not JobState.QUEUED:
            self.resume(job_id)
        self._queue.hurry(job_id)
        self._nudge()

    def resume(self, job_id: str, *, start_over: bool = False) -> Job:
        """Put a job that stopped, failed or waits back into the queue.

        ``start_over`` agrees to lose what has arrived, where it cannot go on with that.
        """
        changes = Changes()
        if start_over:
            options = self._journal.get(job_id).options
            changes["options"] = options._replace(start_over=True)
        run = self._run_of(job_id)
        if run is not None and run.wish is not None:  # it is coming to a stop
            run.stop(JobEvent.REQUEUE)
            return self._step(job_id, None, **changes)
        return self._step(job_id, JobEvent.RESUME, **changes)

    def retry_now(self, job_id: str | None = None) -> None:
        """Do not wait any longer: try a job again, or all that wait."""
        if job_id is not None:
            self._step(job_id, JobEvent.RESUME)
            return
        for job in list(self._board.jobs):
            if job.state is JobState.WAITING:
                with suppress(UsageError):  # another process was faster
                    self._step(job.id, JobEvent.RESUME)

    def reorder(self, job_id: str, *, before: str | None = None) -> Job:
        """Move a job right before another one, taking its priority; None is the end."""
        job = self._journal.reorder(job_id, before=before)
        # Others may have been numbered anew.
        self._board.refresh(force=True)
        self._nudge()
        return job

    def set_priority(self, job_id: str, priority: int) -> Job:
        """Let a job run before those of a lower priority."""
        return self._step(job_id, None, priority=priority)

    @property
    def is_paused(self) -> bool:
        """Whether nothing starts here."""
        return self._paused

    def pause_all(self) -> None:
        """Start nothing, and put what runs here back into the queue.

        Jobs that are paused one by one are not what :meth:`resume_all` resumes.
        """
        self._paused = True
        self._stop_all()
        self._nudge()

    def resume_all(self) -> None:
        """Start jobs again."""
        self._paused = False
        self._nudge()

    # Steps

    def _stop_all(self) -> None:
        """Put what runs here back into the queue, but for what comes to a stop anyway."""
        for run in self._runs.values():
            if run.wish is None:
                run.stop(JobEvent.REQUEUE)

    def _ask(self, job_id: str, event: JobEvent) -> None:
        self._queue.hurry_no_more(job_id)
        run = self._run_of(job_id)
        if run is not None:
            run.stop(event)
            return
        job = self._journal.request(job_id, event)
        if job.state is JobState.REMOVED:
            self._board.remove(job)
        else:
            self._board.put(job)
        if not job.state.is_active:
            self._reservations.drop(job_id)
        self._nudge()

    def _step(self, job_id: str, event: JobEvent | None, **changes: Unpack[Changes]) -> Job:
        job = self._journal.update(job_id, event, **changes)
        assert job is not None  # noqa: S101 - any state was expected
        self._board.put(job)
        self._nudge()
        return job

    def _nudge(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def _keep_going(self) -> None:
        while True:
            self._wake.clear()
            delay = await self._try_to_look()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()

    async def _try_to_look(self) -> float:
        """Look, and return in how many seconds to look again. What runs goes on, whatever comes."""
        try:
            if not await until_free(self._journal):
                _LOG.warning("another Lacuna is busy with the journal for long")
                return self._poll
            self._look()
            self._defect = None
            return self._queue.next_delay(self._poll)
        except LocalFileError as error:
            # Perhaps there is room again at the next look.
            _LOG.warning("%s", error)
        except Exception as error:  # noqa: BLE001 - told to who waits, and in the log once
            if self._defect is None:
                _LOG.error("no job can be started, by a defect", exc_info=error)
            self._defect = error
            self._idle.set()
        return self._poll

    def _look(self) -> None:
        """Take in what others did, and start what may start."""
        self._board.refresh()
        self._obey()
        self._adopt()
        self._queue.forget_strangers()
        while not self._paused and (job := self._queue.pick(self._limits)) is not None:
            self._begin(job)
        if self._runs or self._leftovers.is_clearing:
            return
        if self._paused or self._queue.is_empty:
            self._idle.set()

    def _obey(self) -> None:
        """Do what other processes ask of the jobs that run here."""
        for run in self._runs.values():
            job = self._board.get(run.job.id)
            if job is not None and job.request is not None and run.wish is None:
                run.stop(job.request)

    def _adopt(self) -> None:
        """Notice jobs of other processes that died."""
        strange = [
            job.id
            for job in self._board.jobs
            if job.state is JobState.RUNNING and job.id not in self._runs
        ]
        if any(not self._owner.is_owned(job_id) for job_id in strange):
            for job in self._owner.adopt_orphans(self._journal):
                self._board.put(job)

    def _begin(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        claim = self._reservations.take(job.id)
        if claim is None:
            self._queue.put_off(job.id, self._poll)
            return
        try:
            started = self._journal.update(
                job.id,
                JobEvent.START,
                expected=STARTABLE,
                started=self._clock(),
                not_before=None,
                request=None,
            )
        except UsageError:  # removed by another process
            started = None
        except BaseException:
            claim.release()
            raise
        if started is None:
            claim.release()
            self._board.refresh(force=True)
            return
        self._queue.hurry_no_more(job.id)
        own = TokenBucket(started.options.limit, loop.time())
        control = Control(RateLimit(own, self._shared), JobKeeper(self._journal, job.id))
        work = loop.create_task(self._work(started, control))
        run = Run(started, claim, control, work)
        self._runs[job.id] = run
        run.guard = loop.create_task(self._carry(run))
        self._board.put(started)

    async def _work(self, job: Job, control: Control) -> Report:
        return await self._runner(job, control)

    async def _carry(self, run: Run) -> None:
        """See a run to its end, and write down what became of it."""
        try:
            while not run.task.done():
                try:
                    await asyncio.wait({run.task})
                except asyncio.CancelledError:  # the program ends without stop()
                    run.stop(JobEvent.INTERRUPT)
            with suppress(asyncio.CancelledError):  # or now
                await until_free(self._journal)
            self._settle(run)
            if run.is_unwanted and self._journal.get(run.job.id).state.is_resumable:
                forget = run.wish is JobEvent.REMOVE
                await self._leftovers.clear(run.job, run.claim, forget=forget)
        except UsageError:  # removed already
            pass
        except LocalFileError as error:
            # It stays running in the journal, and whoever looks next finds that nobody runs it.
            _LOG.warning("the end of job %s could not be written down: %s", run.job.id, error)
        finally:
            run.claim.release()
            del self._runs[run.job.id]
            self._wake.set()

    def _settle(self, run: Run) -> None:
        event, changes = run.outcome(self._policy, self._chance, self._clock())
        changes["request"] = None
        remove = event is JobEvent.REMOVE
        job = self._journal.update(
            run.job.id,
            JobEvent.CANCEL if remove else event,
            expected={JobState.RUNNING},
            **changes,
        )
        run.settled = True
        if job is None:  # not by anybody who holds to the rules
            self._board.refresh(force=True)
        elif remove and not self._leftovers.of(job):
            self._board.remove(self._journal.remove(job.id))
        else:
            self._board.put(job)
