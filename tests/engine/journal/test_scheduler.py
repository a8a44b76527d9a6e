"""The scheduler, in virtual time, with jobs that do as they are told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal.making import copy, upload
from engine.journal.virtual import now, run
from lacuna_engine.errors import (
    AuthenticationError,
    ConnectionLostError,
    LocalFileError,
    NoSpaceError,
    PoolNotFoundError,
    Remedy,
    UnreachableError,
    UsageError,
)
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
    Notice,
    Owner,
    RetryPolicy,
    Scheduler,
)
from lacuna_engine.journal.turns import Turns
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


def test_limits(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        for number in range(20):
            stage.submit(float(1 + number % 3), host="abc"[number % 3])
        await stage.scheduler.wait_idle()
        assert stage.script.most == 4
        assert stage.script.most_per_host == 2
        assert len(stage.script.started) == 20

    play(tmp_path, scene)


def test_limits_can_be_changed(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(6):
            stage.submit()
        await asyncio.sleep(1)
        assert len(stage.scheduler.running) == 1
        stage.scheduler.limits = Limits(total=3, per_host=3)
        await asyncio.sleep(1)
        assert len(stage.scheduler.running) == 3
        assert stage.scheduler.limits.total == 3
        stage.scheduler.limits = Limits(total=1)
        await asyncio.sleep(10)
        assert len(stage.scheduler.running) == 1

    play(tmp_path, scene, limits=Limits(total=1))


def test_priorities_and_order(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        a, b, c, d = (stage.submit(priority=priority) for priority in (0, 0, 3, 0))
        e = stage.submit()
        stage.scheduler.reorder(e.id, before=b.id)
        stage.scheduler.set_priority(d.id, 1)
        await stage.scheduler.wait_idle()
        assert stage.script.started == [c.id, d.id, a.id, e.id, b.id]

    play(tmp_path, scene, limits=Limits(total=1))


def test_order_outlives_the_scheduler(tmp_path: Path) -> None:
    ids: list[str] = []

    async def first(stage: Stage) -> None:
        stage.scheduler.pause_all()
        ids.extend(stage.submit().id for _ in range(3))
        stage.scheduler.reorder(ids[2], before=ids[0])

    async def second(stage: Stage) -> None:
        await stage.scheduler.wait_idle()
        assert stage.script.started == [ids[2], ids[0], ids[1]]

    play(tmp_path, first)
    play(tmp_path, second, limits=Limits(total=1))


def test_hosts_take_turns(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        many = [stage.submit(host="a") for _ in range(6)]
        few = [stage.submit(host="b") for _ in range(2)]
        await stage.scheduler.wait_idle()
        assert stage.script.started == [
            many[0].id, few[0].id, many[1].id, few[1].id, *(job.id for job in many[2:])
        ]  # fmt: skip

    play(tmp_path, scene, limits=Limits(total=1))


def test_a_copy_does_not_starve(tmp_path: Path) -> None:
    """Two busy hosts, never free at the same time: they are kept free for it in the end."""

    async def scene(stage: Stage) -> None:
        stage.submit(5.0, host="a")
        stage.submit(8.0, host="b")
        both = stage.scheduler.submit(copy("a", "b"))
        for _ in range(20):
            stage.submit(5.0, host="a")
            stage.submit(8.0, host="b")
        await stage.scheduler.wait_idle()
        assert stage.script.started.index(both.id) < 10
        assert stage.script.most_per_host == 1

    play(tmp_path, scene, limits=Limits(total=4, per_host=1))


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


def test_removed_by_another_process_at_the_last_moment(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job, other = stage.submit(), stage.submit()
        stage.journal.remove(job.id)  # and nobody was told
        stage.journal.update(other.id, JobEvent.PAUSE)
        await stage.scheduler.wait_idle()
        assert stage.script.started == []
        assert not list((tmp_path / "locks").glob("*"))

    play(tmp_path, scene)


def test_limits_that_make_no_sense() -> None:
    for wrong in ({"total": 0}, {"per_host": 0}):
        with pytest.raises(ValueError, match="at least one"):
            Limits(**wrong)


HOSTS = st.sampled_from("abc")
PLANS = st.lists(
    st.tuples(st.integers(1, 20), HOSTS, st.none() | HOSTS, st.integers(-1, 1), st.integers(0, 9)),
    max_size=25,
)
EVENTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 24), st.integers(0, 5)), max_size=15)


def _disturb(scheduler: Scheduler, what: int, job_id: str, first: str) -> None:
    match what:
        case 0:
            scheduler.pause(job_id)
        case 1:
            scheduler.resume(job_id)
        case 2:
            scheduler.cancel(job_id)
        case 3:
            scheduler.reorder(job_id, before=first)
        case 4:
            scheduler.pause_all()
        case _:
            scheduler.resume_all()


@settings(max_examples=40)
@given(PLANS, st.integers(1, 4), st.integers(1, 3), EVENTS)
def test_no_schedule_exceeds_its_limits(
    plan: list[tuple[int, str, str | None, int, int]],
    total: int,
    per_host: int,
    events: list[tuple[int, int, int]],
) -> None:
    """Whatever is asked at whatever time: limits hold, and all comes to its end."""

    async def scene(stage: Stage) -> None:
        jobs: list[Job] = []
        for seconds, one, other, priority, trouble in plan:
            job = (
                upload(one, priority=priority)
                if other is None
                else copy(one, other, priority=priority)
            )
            act: Act = float(seconds)
            stage.script.acts[job.id] = [ConnectionLostError("x")] * (trouble // 7) + [act]
            jobs.append(stage.scheduler.submit(job))
        for pause, which, what in events:
            await asyncio.sleep(pause)
            if which >= len(jobs):
                continue
            with suppress(ForbiddenStepError):
                _disturb(stage.scheduler, what, jobs[which].id, jobs[0].id)
        stage.scheduler.resume_all()
        await stage.scheduler.wait_idle()
        for job in stage.journal.list_jobs():
            assert job.state in (JobState.PAUSED, JobState.INTERRUPTED)
            stage.scheduler.resume(job.id)
        await stage.scheduler.wait_idle()
        assert all(stage.state(job) is JobState.DONE for job in jobs)
        assert stage.journal.totals().jobs == len(jobs)
        assert stage.script.most <= total
        assert stage.script.most_per_host <= per_host

    with tempfile.TemporaryDirectory() as folder:
        play(Path(folder), scene, limits=Limits(total, per_host))


@given(st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=8, max_size=60), st.randoms())
def test_nobody_is_passed_over_for_ever(hosts: list[str], chance: Any) -> None:
    """With a queue that never gets empty, the first job starts within a few turns."""
    turns, limits = Turns(), Limits(2, 1)
    first = copy("a", "b", position=1.0)
    waiting, running = [first], list[Job]()
    for number in range(60):
        one = hosts[number % len(hosts)]
        position = number + 2.0
        new = copy("a", "b", position=position) if one == "ab" else upload(one, position=position)
        waiting.append(new)
        while (job := turns.pick(waiting, running, limits)) is not None:
            waiting.remove(job)
            running.append(job)
        if first not in waiting:
            break
        if running:
            running.remove(chance.choice(running))
    else:
        raise AssertionError("it never started")
    turns.forget(set())
