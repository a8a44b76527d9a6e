"""The scheduler: a job runs, is told to stop, comes to its end; in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from engine.journal.stage import Stage, play
from engine.journal.virtual import now, run
from lacuna_engine.errors import NoSpaceError, UsageError
from lacuna_engine.journal import (
    Control,
    ForbiddenStepError,
    Job,
    JobAdded,
    JobChanged,
    JobEvent,
    JobRemoved,
    JobState,
    Journal,
    Limits,
    Owner,
)
from lacuna_engine.transfer import Report, State


def test_runs_to_the_end(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        done, skipped = stage.submit(), stage.submit(State.SKIPPED)
        await stage.scheduler.wait_idle()
        kept = stage.journal.get(done.id)
        assert kept.state is JobState.DONE
        assert kept.counts.sent == 5
        assert kept.error is None
        assert kept.ended == pytest.approx(now())
        assert stage.state(skipped) is JobState.SKIPPED
        assert stage.states_told(done) == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]
        assert isinstance(stage.notices[0], JobAdded)
        assert isinstance(stage.notices[-1], JobChanged)
        assert not list((tmp_path / "locks").iterdir())

    play(tmp_path, scene)


def test_pause_and_resume(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        running, queued = stage.submit(), stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.pause(queued.id)
        assert stage.state(queued) is JobState.PAUSED
        stage.scheduler.pause(running.id)
        assert stage.state(running) is JobState.RUNNING  # until it has come to a stop
        await stage.scheduler.wait_idle()
        assert stage.state(running) is JobState.PAUSED
        assert stage.journal.get(running.id).counts.sent == 3
        assert stage.scheduler.resume(running.id).state is JobState.QUEUED
        await stage.scheduler.wait_idle()
        assert stage.state(running) is JobState.DONE
        assert stage.state(queued) is JobState.PAUSED
        with pytest.raises(ForbiddenStepError, match="done"):
            stage.scheduler.pause(running.id)
        with pytest.raises(UsageError, match="no job"):
            stage.scheduler.pause("00000000")

    play(tmp_path, scene, limits=Limits(total=1))


def test_resume_while_it_comes_to_a_stop(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.script.cleaning = 2.0
        job = stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.pause(job.id)
        await asyncio.sleep(1)
        with pytest.raises(ForbiddenStepError):
            stage.journal.update(job.id, JobEvent.RESUME)
        stage.scheduler.resume(job.id)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE
        assert len(stage.script.started) == 2

    play(tmp_path, scene)


def test_cancel_keeps_it_remove_does_not(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        jobs = [stage.submit() for _ in range(4)]
        await asyncio.sleep(1)
        for job in jobs[0], jobs[2]:
            stage.scheduler.cancel(job.id)
        for job in jobs[1], jobs[3]:
            stage.scheduler.remove(job.id)
        await stage.scheduler.wait_idle()
        for job in jobs[0], jobs[2]:
            assert stage.state(job) is JobState.INTERRUPTED
        for job in jobs[1], jobs[3]:
            assert stage.states_told(job)[-1] is JobState.REMOVED
            with pytest.raises(UsageError):
                stage.journal.get(job.id)
        assert sum(isinstance(notice, JobRemoved) for notice in stage.notices) == 2
        stage.scheduler.remove(jobs[0].id)
        assert len(stage.journal.list_jobs()) == 1

    play(tmp_path, scene)


def test_cancelled_at_once(tmp_path: Path) -> None:
    """A task that is cancelled before its first step never runs; its job ends all the same."""

    async def scene(stage: Stage) -> None:
        job = stage.submit()
        stage.scheduler._look()
        stage.scheduler.cancel(job.id)
        await stage.scheduler.wait_idle()
        assert stage.script.started == []
        assert stage.state(job) is JobState.INTERRUPTED
        assert not Owner.beside(stage.journal).is_owned(job.id)

    play(tmp_path, scene)


def test_finished_although_it_was_to_stop(tmp_path: Path) -> None:
    async def stubborn(job: Job, control: Control) -> Report:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        return Report("a", "b", state=State.DONE)

    async def scene(stage: Stage) -> None:
        stage.scheduler._runner = stubborn
        job = stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.cancel(job.id)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE
        assert stage.journal.totals().jobs == 1

    play(tmp_path, scene)


def test_error_while_it_comes_to_a_stop(tmp_path: Path) -> None:
    async def clumsy(job: Job, control: Control) -> Report:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            raise NoSpaceError("full") from None
        raise AssertionError

    async def scene(stage: Stage) -> None:
        stage.scheduler._runner = clumsy
        job = stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.pause(job.id)
        await stage.scheduler.wait_idle()
        paused = stage.journal.get(job.id)
        assert paused.state is JobState.PAUSED
        assert paused.error is not None
        assert paused.error.name == "NoSpaceError"

    play(tmp_path, scene)


def test_pause_all(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        jobs = [stage.submit() for _ in range(3)]
        await asyncio.sleep(1)
        stage.scheduler.pause(jobs[1].id)
        stage.scheduler.pause_all()
        assert stage.scheduler.is_paused
        await asyncio.sleep(100)
        states = [stage.state(job) for job in jobs]
        assert states == [JobState.QUEUED, JobState.PAUSED, JobState.QUEUED]
        stage.scheduler.resume_all()
        await stage.scheduler.wait_idle()
        states = [stage.state(job) for job in jobs]
        assert states == [JobState.DONE, JobState.PAUSED, JobState.DONE]

    play(tmp_path, scene)


def test_nothing_is_awaited_while_all_is_paused(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        running, queued = stage.submit(), stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.pause_all()
        await asyncio.wait_for(stage.scheduler.wait_idle(), 100)
        assert stage.state(running) is stage.state(queued) is JobState.QUEUED
        stage.scheduler.resume_all()
        await stage.scheduler.wait_idle()
        assert stage.state(running) is stage.state(queued) is JobState.DONE

    play(tmp_path, scene, limits=Limits(total=1))


def test_starting_over_is_not_forgotten_while_it_comes_to_a_stop(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.script.cleaning = 2.0
        job = stage.submit()
        await asyncio.sleep(1)
        stage.scheduler.pause(job.id)
        assert stage.scheduler.resume(job.id, start_over=True).options.start_over
        await asyncio.sleep(3)
        assert stage.script.running[job.id].options.start_over

    play(tmp_path, scene)


def test_stop_in_good_order(tmp_path: Path) -> None:
    ids: list[str] = []

    async def first(stage: Stage) -> None:
        stage.script.cleaning = 5.0
        ids.extend(stage.submit().id for _ in range(3))
        await asyncio.sleep(1)
        stage.scheduler.cancel(ids[1])
        await stage.scheduler.stop()
        states = [stage.journal.get(job_id).state for job_id in ids]
        assert states == [JobState.QUEUED, JobState.INTERRUPTED, JobState.QUEUED]

    async def second(stage: Stage) -> None:
        await stage.scheduler.wait_idle()
        assert stage.script.started == [ids[0], ids[2]]

    play(tmp_path, first)
    play(tmp_path, second)


def test_a_defect_stops_nothing_that_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who waits is told, the log says it once, and it goes on when the defect is gone."""
    defect: list[Exception] = []

    def accepts(job: Job) -> bool:
        if defect:
            raise defect[0]
        return True

    async def scene(stage: Stage) -> None:
        job = stage.submit()
        await asyncio.sleep(1)
        defect.append(ZeroDivisionError("a mistake"))
        other = stage.submit()
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(stage.scheduler.wait_idle(), 100)
        await asyncio.sleep(5)
        assert stage.state(job) is JobState.RUNNING
        assert stage.state(other) is JobState.QUEUED
        defect.clear()
        await stage.scheduler.wait_idle()
        assert stage.state(job) is stage.state(other) is JobState.DONE

    play(tmp_path, scene, accepts=accepts)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_stop_in_good_order_after_a_defect(tmp_path: Path) -> None:
    defects: list[Exception] = []

    def accepts(job: Job) -> bool:
        if defects:
            raise defects[0]
        return True

    async def scene(stage: Stage) -> None:
        job = stage.submit()
        await asyncio.sleep(1)
        defects.append(ZeroDivisionError("a mistake"))
        stage.submit()
        await asyncio.sleep(3)
        await stage.scheduler.stop()
        assert stage.script.running == {}
        assert stage.state(job) is JobState.QUEUED
        defects.clear()

    play(tmp_path, scene, accepts=accepts)


def test_rates(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(100.0)
        await asyncio.sleep(1)
        limit = stage.scheduler.running[job.id].limit
        assert (stage.scheduler.rate, limit.rate) == (1000, 1000)
        stage.scheduler.set_job_rate(job.id, 10)
        assert limit.rate == 10
        stage.scheduler.set_rate(5)
        assert limit.rate == 5
        assert stage.journal.get(job.id).options.limit == 10
        queued = stage.submit()
        stage.scheduler.set_job_rate(queued.id, 3)
        assert stage.journal.get(queued.id).options.limit == 3

    play(tmp_path, scene, rate=1000)


def test_the_program_ends_without_stopping(tmp_path: Path) -> None:
    """Even then the claim is held until the work has ended, and the journal knows."""
    stages: list[Stage] = []

    async def main() -> Job:
        stage = Stage(tmp_path)
        stages.append(stage)
        stage.script.cleaning = 3.0
        stage.scheduler.start()
        job = stage.submit()
        await asyncio.sleep(1)
        return job

    job = run(main())
    # asyncio has cancelled all tasks.
    assert stages[0].script.running == {}
    stages[0].journal.close()
    with Journal(tmp_path / "journal.db") as journal:
        assert journal.get(job.id).state is JobState.INTERRUPTED
