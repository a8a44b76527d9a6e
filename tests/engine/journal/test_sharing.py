"""Several processes on one journal: orphans, reservations, what the others do and ask for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.journal.making import upload
from engine.journal.stage import Stage, play
from engine.journal.virtual import now, run
from lacuna_engine.errors import LocalFileError, UnreachableError, UsageError
from lacuna_engine.journal import Job, JobEvent, JobRemoved, JobState, Journal, Owner, RetryPolicy


@pytest.mark.parametrize("resume", [True, False])
def test_orphans(tmp_path: Path, resume: bool) -> None:
    async def main() -> None:
        stage = Stage(tmp_path)
        job = stage.journal.add(upload())
        stage.journal.update(job.id, JobEvent.START)
        orphans = stage.scheduler.start(resume_orphans=resume)
        assert [orphan.id for orphan in orphans] == [job.id]
        await stage.scheduler.wait_idle()
        assert stage.state(job) is (JobState.DONE if resume else JobState.INTERRUPTED)
        await stage.scheduler.stop()
        stage.journal.close()

    run(main())


def test_jobs_of_other_processes_are_left_alone(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        other = Owner.beside(stage.journal)
        with Journal(stage.journal.path, clock=now) as theirs:
            # One that another process has reserved, and one that it runs.
            claims = [other.claim("0000000a"), other.claim("0000000b")]
            jobs = [theirs.add(upload(id=f"0000000{letter}")) for letter in "ab"]
            theirs.update(jobs[1].id, JobEvent.START)
            await asyncio.sleep(30)
            assert stage.script.started == []
            assert stage.state(jobs[1]) is JobState.RUNNING
            # Asked to pause, the other one obeys when it looks.
            stage.scheduler.pause(jobs[1].id)
            assert theirs.get(jobs[1].id).request is JobEvent.PAUSE
            # It dies.
            for claim in claims:
                assert claim is not None
                claim.release()
            await asyncio.sleep(30)
            assert stage.state(jobs[0]) is JobState.DONE
            assert stage.state(jobs[1]) is JobState.INTERRUPTED
            added = theirs.add(upload())
            await asyncio.sleep(30)
            assert stage.states_told(added)[-1] is JobState.DONE
            stage.scheduler.pause_all()
            gone = theirs.add(upload())
            await asyncio.sleep(3)
            theirs.remove(gone.id)
            await asyncio.sleep(3)
            assert isinstance(stage.notices[-1], JobRemoved)

    play(tmp_path, scene)


def test_requests_of_other_processes_are_obeyed(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        with Journal(stage.journal.path, clock=now) as theirs:
            jobs = [stage.submit(1000.0) for _ in range(2)]
            await asyncio.sleep(5)
            theirs.request(jobs[0].id, JobEvent.CANCEL)
            theirs.request(jobs[1].id, JobEvent.REMOVE)
            await asyncio.sleep(5)
            cancelled = theirs.get(jobs[0].id)
            assert (cancelled.state, cancelled.request) == (JobState.INTERRUPTED, None)
            with pytest.raises(UsageError):
                theirs.get(jobs[1].id)

    play(tmp_path, scene)


def test_requests_are_seen_while_a_job_waits(tmp_path: Path) -> None:
    """However long that one waits for its next try."""

    async def scene(stage: Stage) -> None:
        with Journal(stage.journal.path, clock=now) as theirs:
            stage.submit(UnreachableError("no answer"))
            job = stage.submit(1000.0)
            await asyncio.sleep(5)
            theirs.request(job.id, JobEvent.CANCEL)
            await asyncio.sleep(3)
            assert theirs.get(job.id).state is JobState.INTERRUPTED

    play(tmp_path, scene, policy=RetryPolicy(first=60, jitter=0))


def test_what_could_not_be_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(stage: Stage) -> None:
        def busy() -> list[Job]:
            raise LocalFileError("another Lacuna is busy with it")

        with Journal(stage.journal.path, clock=now) as theirs:
            await asyncio.sleep(3)
            with monkeypatch.context() as patch:
                patch.setattr(stage.journal, "list_jobs", busy)
                job = theirs.add(upload())
                await asyncio.sleep(3)
            await asyncio.sleep(15)
            assert theirs.get(job.id).state is JobState.DONE

    play(tmp_path, scene)


def test_only_what_is_accepted(tmp_path: Path) -> None:
    mine: set[str] = set()

    async def scene(stage: Stage) -> None:
        stage.journal.add(upload())
        job = upload()
        mine.add(job.id)
        stage.scheduler.submit(job, reserve=True)
        assert Owner.beside(stage.journal).is_owned(job.id)
        await stage.scheduler.wait_idle()
        assert stage.script.started == [job.id]
        # A reservation ends with the wish to run it, and with the scheduler.
        stage.scheduler.pause_all()
        other, third = upload(), upload()
        mine.update((other.id, third.id))
        stage.scheduler.submit(other, reserve=True)
        stage.scheduler.submit(third, reserve=True)
        stage.scheduler.cancel(other.id)
        assert not Owner.beside(stage.journal).is_owned(other.id)
        await stage.scheduler.stop()
        assert not Owner.beside(stage.journal).is_owned(third.id)

    play(tmp_path, scene, accepts=lambda job: job.id in mine)


def test_a_reserved_id_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        owner = Owner.beside(stage.journal)
        stage.scheduler.pause_all()
        old = stage.submit()
        new = stage.scheduler.submit(upload(id=old.id), reserve=True)
        assert new.id != old.id
        assert not owner.is_owned(old.id)
        assert owner.is_owned(new.id)

        def full(_job: Job) -> Job:
            raise LocalFileError("the disk is full")

        monkeypatch.setattr(stage.journal, "add", full)
        with pytest.raises(LocalFileError):
            stage.scheduler.submit(upload(id="0000000a"), reserve=True)
        assert not owner.is_owned("0000000a")

    play(tmp_path, scene)


def test_removed_by_another_process_at_the_last_moment(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job, other = stage.submit(), stage.submit()
        stage.journal.remove(job.id)  # and nobody was told
        stage.journal.update(other.id, JobEvent.PAUSE)
        await stage.scheduler.wait_idle()
        assert stage.script.started == []
        assert not list((tmp_path / "locks").glob("*"))

    play(tmp_path, scene)
