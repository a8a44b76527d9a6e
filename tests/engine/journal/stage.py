"""A scheduler on a stage of its own, in virtual time, with jobs that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.journal.making import upload
from engine.journal.virtual import now, run
from lacuna_engine.journal import Control, Job, JobState, Journal, Notice, RetryPolicy, Scheduler
from lacuna_engine.transfer import Report, State, Tracker

Act = float | BaseException | State


class Script:
    """Runs jobs: each try takes the next act of its job.

    A number is how many seconds it takes, an error is raised after a second, a state is reported.
    """

    def __init__(self) -> None:
        self.acts: dict[str, list[Act]] = {}
        self.started: list[str] = []
        self.running: dict[str, Job] = {}
        self.most = 0
        self.most_per_host = 0
        self.moves = 0
        self.cleaning = 0.0

    async def __call__(self, job: Job, control: Control) -> Report:
        acts = self.acts.get(job.id, [])
        act = acts.pop(0) if acts else 10.0
        assert job.id not in self.running
        self.started.append(job.id)
        self.running[job.id] = job
        self._measure()
        report = control.report = Report("a", "b", job=job.id)
        control.tracker = Tracker()
        try:
            await asyncio.sleep(act if isinstance(act, float) else 1.0)
            control.tracker.moved = self.moves
            report.bytes_sent = 5
            if isinstance(act, BaseException):
                raise act
        except asyncio.CancelledError:
            await asyncio.sleep(self.cleaning)
            report.bytes_sent = 3
            raise
        finally:
            del self.running[job.id]
        report.state = act if isinstance(act, State) else State.DONE
        return report

    def _measure(self) -> None:
        self.most = max(self.most, len(self.running))
        hosts = [host for job in self.running.values() for host in job.hosts]
        self.most_per_host = max([self.most_per_host, *(hosts.count(host) for host in hosts)])


class Stage:
    """A scheduler on a journal of its own."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.journal = Journal(folder / "journal.db", clock=now)
        self.script = Script()
        options.setdefault("policy", RetryPolicy(jitter=0))
        self.scheduler = Scheduler(self.journal, self.script, clock=now, **options)
        self.notices: list[Notice] = []
        self.scheduler.subscribe(self.notices.append)

    def state(self, job: Job) -> JobState:
        return self.journal.get(job.id).state

    def submit(self, *acts: Act, **more: Any) -> Job:
        job = upload(more.pop("host", "lab"), **more)
        self.script.acts[job.id] = list(acts)
        return self.scheduler.submit(job)

    def states_told(self, job: Job) -> list[JobState]:
        return [notice.job.state for notice in self.notices if notice.job.id == job.id]


@asynccontextmanager
async def staged(folder: Path, **options: Any) -> AsyncIterator[Stage]:
    stage = Stage(folder, **options)
    try:
        async with stage.scheduler:
            yield stage
    finally:
        assert not stage.script.running
        stage.journal.close()


Play = Callable[[Stage], Any]


def play(folder: Path, scene: Play, **options: Any) -> None:
    """Run a scene on a stage."""

    async def main() -> None:
        async with staged(folder, **options) as stage:
            await scene(stage)

    run(main())
