"""Which jobs start, when, and how many at a time."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal.making import copy, upload
from engine.journal.stage import Act, Stage, play
from lacuna_engine.errors import ConnectionLostError
from lacuna_engine.journal import ForbiddenStepError, Job, JobState, Limits, Scheduler
from lacuna_engine.journal.turns import Turns


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
