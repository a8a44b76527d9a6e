"""What unwanted jobs have left at their destination: deleted, or the job says why not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.journal.stage import Stage, play
from lacuna_engine.errors import ConnectionLostError, LocalFileError, UsageError
from lacuna_engine.extents import ExtentMap
from lacuna_engine.journal import Job, JobState, Owner
from lacuna_engine.transfer.checkpoint import Checkpoint, FileMark, Keeper
from lacuna_engine.transfer.checkpoint import Stage as Filling

SAVED = Checkpoint(FileMark(100, 1, 2), "pool", "disk", ExtentMap(100), stage=Filling.FILLING)


class Discarding:
    """Deletes what is left after a second, or raises ``error``."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.discarded: list[str] = []

    async def __call__(self, job: Job, keeper: Keeper) -> None:
        await asyncio.sleep(1)
        if self.error is not None:
            raise self.error
        assert keeper.load() == SAVED
        self.discarded.append(job.id)


@pytest.fixture
def discarding() -> Discarding:
    return Discarding()


def leave(stage: Stage, job: Job) -> None:
    """Have the job leave something."""
    stage.journal.save_checkpoint(job.id, SAVED.to_bytes(), durable=True)


async def paused(stage: Stage) -> Job:
    """Return a paused job that has left something."""
    stage.scheduler.pause_all()
    job = stage.submit()
    leave(stage, job)
    stage.scheduler.pause(job.id)
    stage.scheduler.resume_all()
    return job


def test_cancelled_and_removed(tmp_path: Path, discarding: Discarding) -> None:
    async def scene(stage: Stage) -> None:
        running, job = stage.submit(), await paused(stage)
        await asyncio.sleep(1)
        leave(stage, running)
        stage.scheduler.cancel(running.id, discard=True)
        stage.scheduler.remove(job.id)
        await stage.scheduler.wait_idle()
        assert sorted(discarding.discarded) == sorted([running.id, job.id])
        assert stage.state(running) is JobState.INTERRUPTED
        assert stage.journal.load_checkpoint(running.id) is None
        with pytest.raises(UsageError):
            stage.journal.get(job.id)

    play(tmp_path, scene, discard=discarding)


def test_the_last_word_counts(tmp_path: Path, discarding: Discarding) -> None:
    """Who cancels after having changed their mind wants what is there to stay."""

    async def scene(stage: Stage) -> None:
        stage.script.cleaning = 5.0
        job = stage.submit()
        await asyncio.sleep(1)
        leave(stage, job)
        stage.scheduler.cancel(job.id, discard=True)
        stage.scheduler.resume(job.id)
        stage.scheduler.cancel(job.id)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.INTERRUPTED
        assert discarding.discarded == []
        assert stage.journal.load_checkpoint(job.id) is not None

    play(tmp_path, scene, discard=discarding)


@pytest.mark.parametrize("error", [ConnectionLostError("gone"), ZeroDivisionError("a defect")])
@pytest.mark.parametrize("runs", [True, False])
def test_it_says_why_it_stays(
    tmp_path: Path, discarding: Discarding, error: Exception, runs: bool
) -> None:
    async def scene(stage: Stage) -> None:
        discarding.error = error
        if runs:
            job = stage.submit()
            await asyncio.sleep(1)
            leave(stage, job)
        else:
            job = await paused(stage)
        stage.scheduler.remove(job.id)
        await stage.scheduler.wait_idle()
        kept = stage.journal.get(job.id)
        assert kept.state is JobState.INTERRUPTED
        assert kept.error is not None
        assert kept.error.message == str(error)
        assert not Owner.beside(stage.journal).is_owned(job.id)

    play(tmp_path, scene, discard=discarding)


def test_a_full_disk_takes_no_job_away(
    tmp_path: Path,
    discarding: Discarding,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither the step nor the reason can be written: the job stays, and is nobody's."""

    def full(*_args: object, **_more: object) -> None:
        raise LocalFileError("the disk is full")

    async def scene(stage: Stage) -> None:
        job = await paused(stage)
        owner = Owner.beside(stage.journal)
        discarding.error = ConnectionLostError("gone")
        with monkeypatch.context() as patch:
            patch.setattr(stage.journal, "update", full)
            with pytest.raises(LocalFileError):
                stage.scheduler.remove(job.id)
            assert not owner.is_owned(job.id)
        stage.scheduler.cancel(job.id)
        with monkeypatch.context() as patch:
            patch.setattr(stage.journal, "update", full)
            stage.scheduler.remove(job.id)
            await stage.scheduler.wait_idle()
        assert not owner.is_owned(job.id)
        discarding.error = None
        stage.scheduler.remove(job.id)
        await stage.scheduler.wait_idle()
        assert discarding.discarded == [job.id]

    play(tmp_path, scene, discard=discarding)
    assert "gone" in caplog.text
    assert "never retrieved" not in caplog.text
