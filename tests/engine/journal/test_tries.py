"""What becomes of a job that fails: whether it is tried again, when, and how often."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.journal.stage import Stage, play
from engine.journal.virtual import now
from lacuna_engine.errors import (
    AuthenticationError,
    ConnectionLostError,
    LocalFileError,
    NoSpaceError,
    PoolNotFoundError,
    Remedy,
    UnreachableError,
)
from lacuna_engine.journal import JobState, Notice, RetryPolicy
from lacuna_engine.transfer import State


def test_a_loss_of_the_network_waits(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        lost = [ConnectionLostError("gone"), *[UnreachableError("no answer")] * 8]
        job = stage.submit(*lost)
        begun = now()
        await asyncio.sleep(1.5)
        waiting = stage.journal.get(job.id)
        assert waiting.state is JobState.WAITING
        assert waiting.attempts == 1
        assert waiting.error is not None
        assert waiting.error.remedy is Remedy.WAIT
        assert waiting.not_before == pytest.approx(begun + 2, abs=0.1)
        await stage.scheduler.wait_idle()
        # Nine tries of a second, the delays between them, and the one that works.
        assert now() - begun == pytest.approx(9 + 1 + 2 + 4 + 8 + 16 + 32 + 3 * 60 + 10, abs=3)
        done = stage.journal.get(job.id)
        assert (done.state, done.attempts, done.error) == (JobState.DONE, 0, None)

    play(tmp_path, scene)


def test_progress_starts_the_counting_anew(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.script.moves = 7
        job = stage.submit(*[ConnectionLostError("gone")] * 5)
        begun = now()
        await stage.scheduler.wait_idle()
        assert now() - begun == pytest.approx(5 + 5 + 10, abs=1)
        assert stage.state(job) is JobState.DONE

    play(tmp_path, scene, policy=RetryPolicy(jitter=0, limit=1))


def test_a_limit_of_tries(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(*[ConnectionLostError("gone")] * 5)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.FAILED
        assert len(stage.script.started) == 3
        stage.scheduler.retry_now(job.id)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE

    play(tmp_path, scene, policy=RetryPolicy(jitter=0, limit=2))


def test_retry_now(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        jobs = [stage.submit(UnreachableError("no")) for _ in range(2)]
        begun = now()
        await asyncio.sleep(2)
        stage.scheduler.retry_now(jobs[0].id)
        await asyncio.sleep(5)
        assert stage.state(jobs[1]) is JobState.WAITING
        stage.scheduler.retry_now()
        await stage.scheduler.wait_idle()
        assert now() - begun < 30

    play(tmp_path, scene, policy=RetryPolicy(first=60, jitter=0))


def test_a_clock_put_back_delays_nothing_for_ever(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(UnreachableError("no"))
        await asyncio.sleep(1.5)
        stage.journal.update(job.id, not_before=now() + 1e9)
        await asyncio.wait_for(stage.scheduler.wait_idle(), 100)
        assert stage.state(job) is JobState.DONE

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (NoSpaceError("full"), Remedy.USER),
        (AuthenticationError("no"), Remedy.USER),
        (PoolNotFoundError("no pool", code=49), Remedy.NONE),
    ],
)
def test_what_fails(tmp_path: Path, error: Exception, remedy: Remedy) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(error)
        await stage.scheduler.wait_idle()
        failed = stage.journal.get(job.id)
        assert failed.state is JobState.FAILED
        assert failed.error is not None
        assert (failed.error.name, failed.error.remedy) == (type(error).__name__, remedy)
        assert failed.counts.sent == 5
        stage.scheduler.resume(job.id)
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE

    play(tmp_path, scene)


def test_defects_and_reports_that_say_no(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        jobs = [stage.submit(act) for act in (ZeroDivisionError("x"), State.FAILED)]
        stopped = stage.submit(State.INTERRUPTED)

        def broken(_notice: Notice) -> None:
            raise ZeroDivisionError

        unsubscribe = stage.scheduler.subscribe(broken)
        await stage.scheduler.wait_idle()
        unsubscribe()
        unsubscribe()
        assert [stage.state(job) for job in jobs] == [JobState.FAILED] * 2
        assert stage.state(stopped) is JobState.INTERRUPTED

    play(tmp_path, scene)
    assert "failed by a defect" in caplog.text
    assert "a subscriber failed" in caplog.text


def test_a_journal_that_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs goes on, and what ended meanwhile is found when there is room again."""

    async def scene(stage: Stage) -> None:
        job = stage.submit()
        await asyncio.sleep(1)

        def full(*_args: object, **_more: object) -> None:
            raise LocalFileError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(stage.journal, "update", full)
            patch.setattr(stage.journal, "version", full)
            await asyncio.sleep(20)
        await asyncio.sleep(5)
        assert stage.state(job) is JobState.INTERRUPTED

    play(tmp_path, scene)
    assert "the disk is full" in caplog.text
