"""What the worker tells, as rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lacuna_engine.errors import (
    ExistsError,
    LocalFileError,
    RemoteNoSpaceError,
    SourceChangedError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.journal import Endpoint, Job, JobState
from lacuna_engine.journal import Problem as JobProblem
from lacuna_engine.journal.job import Counts
from lacuna_engine.transfer import IfExists, Phase
from lacuna_engine.transfer.options import START_OVER
from lacuna_engine.worker.messages import Message, job_of, job_record
from lacuna_engine.worker.sampling import counted, outline
from lacuna_gui.models.transfers import Direction, RowState, TransferRow
from lacuna_gui.orders import copy_order, download_order, upload_order
from lacuna_gui.paint.thumbnail import Outline, thumbnail_of
from lacuna_gui.problem import problem_of
from lacuna_gui.queue import JobOptions, Place
from lacuna_gui.rows import (
    arrived_row,
    order_of,
    problem_of_record,
    row_of,
    waiting_row,
    wants_to_start_over,
)

MIB = 1 << 20
LAB = Place("lab-id", "storage+unix:///system?socket=/s", "lab", "default")
NAS = Place("nas-id", "qemu+ssh://nas/system", "nas", "fast", "b.raw")


def titles(uri: str) -> tuple[str, str]:
    return {LAB.uri: ("lab-id", "lab"), NAS.uri: ("nas-id", "nas")}[uri]


def upload(**changes: Any) -> Job:
    return replace(upload_order(Path("/images/a.raw"), LAB, JobOptions()), **changes)


def row(job: Job, before: TransferRow | None = None) -> TransferRow:
    return row_of(job_record(job), titles, before)


def sample(extents: ExtentMap, **more: Any) -> Message:
    told = {"id": "1", "phase": "sending", "passed": 0, "moved": 0, "wire": 0, "rate": 0.0}
    return told | {"stalled": 0.0, "notes": []} | counted(extents) | more


def half() -> ExtentMap:
    """4 MiB of data, half of it there, and 4 MiB of hole."""
    extents = ExtentMap(8 * MIB)
    extents.classify(4 * MIB, 8 * MIB, Kind.HOLE)
    extents.advance(0, 2 * MIB, Progress.ACKNOWLEDGED)
    return extents


# --- orders ------------------------------------------------------------------------------------


def test_orders_go_through_the_wire_as_they_are() -> None:
    options = JobOptions(IfExists.RENAME, True, 5, False, "raw", priority=3)
    for job in (
        upload_order(Path("/images/a.raw"), LAB, options),
        download_order(NAS, Path("/images"), options),
        copy_order(NAS, LAB, options),
    ):
        back = job_of(job_record(job))
        assert back == replace(job, position=0.0)
        assert (back.options.if_exists, back.options.verify) == (IfExists.RENAME, True)
        assert (back.options.limit, back.options.zero_scan) == (5, False)
        assert (back.format, back.priority) == ("raw", 3)


def test_names_by_default() -> None:
    assert upload().destination == Endpoint(LAB.uri, "default", "a.raw")
    assert copy_order(NAS, LAB, JobOptions()).destination == Endpoint(LAB.uri, "default", "b.raw")
    relative = upload_order(Path("a.raw"), LAB, JobOptions()).source
    assert str(relative) == str(Path.cwd() / "a.raw")


# --- records -----------------------------------------------------------------------------------


def test_what_a_row_is_called() -> None:
    up = row(upload())
    assert (up.direction, up.name) == (Direction.UPLOAD, "a.raw")
    assert (up.source, up.destination) == ("/images/a.raw", "lab/default/a.raw")
    assert (up.host, up.pool, up.local) == ("lab-id", "default", "/images/a.raw")
    down = row(download_order(NAS, Path("/images"), JobOptions()))
    assert (down.direction, down.name) == (Direction.DOWNLOAD, "b.raw")
    assert (down.host, down.pool, down.local) == ("nas-id", "fast", "/images")
    copy = row(copy_order(NAS, replace(LAB, volume="c.raw"), JobOptions()))
    assert (copy.source, copy.destination) == ("nas/fast/b.raw", "lab/default/c.raw")
    assert (copy.name, copy.host, copy.pool, copy.local) == ("b.raw", "lab-id", "default", "")


def test_a_row_keeps_its_name_when_the_connection_gets_another() -> None:
    job = upload()
    before = row(job)
    renamed = row_of(job_record(job), lambda _: ("", "other"), before)
    assert renamed.destination == before.destination


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.REMOVED])
def test_every_state_has_its_row(state: JobState) -> None:
    expected = {"interrupted": RowState.CANCELLED}.get(state) or RowState(state)
    assert row(upload(state=state)).state is expected


def test_an_error_is_shown_until_the_job_runs_again() -> None:
    problem = JobProblem.of(LocalFileError("no such file", hint="Look."), 5.0)
    assert row(upload(state=JobState.RUNNING, error=problem)).error is None
    failed = row(upload(state=JobState.FAILED, error=problem))
    assert failed.error == problem_of(LocalFileError("no such file", hint="Look."))


def test_a_waiting_job_says_when_it_goes_on() -> None:
    job = upload(state=JobState.WAITING, attempts=2, not_before=1_000_000_000.0)
    waiting = row(job)
    assert waiting.attempt == 2
    assert ":46:40" in waiting.notes[-1]
    assert row(replace(job, state=JobState.RUNNING), waiting).notes == ()


def test_history_has_the_counts_of_its_end() -> None:
    counts = Counts(total=100, data=40, hole=60, sent=40, saved=60, wire=45)
    done = row(upload(state=JobState.DONE, counts=counts, ended=7.0, notes=("slow",)))
    assert (done.total, done.data, done.hole, done.saved) == (100, 40, 60, 60)
    assert (done.moved, done.wire, done.passed, done.percent) == (40, 45, 100, 100)
    assert (done.ended, done.notes) == (7.0, ("slow",))


def test_the_order_is_that_of_the_journal() -> None:
    keys = [(5, 9.0), (0, -2.0), (0, 1.0), (0, 1.000001), (0, 2.0), (-1, 0.0)]
    orders = [order_of(*key) for key in keys]
    assert orders == sorted(set(orders))


# --- samples -----------------------------------------------------------------------------------


def test_a_sample_says_how_far_it_is() -> None:
    extents = half()
    running = row(upload(state=JobState.RUNNING))
    told = sample(
        extents, passed=3 * MIB, moved=2 * MIB, rate=1.0 * MIB, outline=outline(extents),
        notes=["a note"],
    )  # fmt: skip
    now = arrived_row(running, told)
    assert (now.state, now.phase) == (RowState.RUNNING, Phase.SENDING)
    assert (now.total, now.data, now.hole, now.saved) == (8 * MIB, 4 * MIB, 4 * MIB, 4 * MIB)
    assert (now.passed, now.moved, now.acknowledged) == (3 * MIB, 2 * MIB, 2 * MIB)
    assert (now.rate, now.eta, now.notes) == (MIB, 2.0, ("a note",))
    assert isinstance(now.strip, Outline)
    assert now.strip.thumbnail == thumbnail_of(extents)
    # The next one need not bring the outline again.
    assert arrived_row(now, sample(extents)).strip is now.strip


def test_no_time_is_guessed_while_nothing_moves() -> None:
    running = row(upload(state=JobState.RUNNING))
    assert arrived_row(running, sample(half(), rate=0.0)).eta is None
    assert arrived_row(running, sample(half(), rate=9.0, phase="verifying")).eta is None


def test_stalling_and_moving_again() -> None:
    job = upload(state=JobState.RUNNING)
    stalled = arrived_row(row(job), sample(half(), stalled=12.0))
    assert stalled.state is RowState.STALLED
    # Another limit or priority is no news of that.
    assert row(replace(job, priority=2), stalled).state is RowState.STALLED
    assert arrived_row(stalled, sample(half())).state is RowState.RUNNING


def test_what_was_known_stands_while_a_job_begins_again() -> None:
    job = upload(state=JobState.RUNNING)
    before = arrived_row(row(job), sample(half(), passed=3 * MIB, moved=7, rate=5.0))
    paused = row(replace(job, state=JobState.PAUSED), before)
    assert (paused.passed, paused.moved, paused.rate) == (3 * MIB, 7, 0.0)
    again = row(job, paused)
    assert again.phase is Phase.STARTING
    checking = arrived_row(again, sample(ExtentMap(0), phase="checking"))
    assert (checking.phase, checking.passed, checking.total) == (Phase.CHECKING, 3 * MIB, 8 * MIB)


def test_a_cancelled_job_begins_at_zero() -> None:
    job = upload(state=JobState.RUNNING)
    before = arrived_row(row(job), sample(half(), passed=3 * MIB, outline=outline(half())))
    cancelled = row(replace(job, state=JobState.INTERRUPTED), before)
    assert cancelled.passed == 3 * MIB
    queued = row(replace(job, state=JobState.QUEUED), cancelled)
    assert (queued.passed, queued.strip, queued.total) == (0, None, 8 * MIB)


def test_how_far_a_paused_job_was() -> None:
    paused = row(upload(state=JobState.PAUSED))
    told = {"id": "1", **counted(half()), "passed": 2 * MIB, "outline": outline(half())}
    now = arrived_row(paused, told)
    assert (now.state, now.percent, now.rate) == (RowState.PAUSED, 25, 0.0)
    assert now.strip is not None


def test_a_row_whose_process_died_waits() -> None:
    running = arrived_row(row(upload(state=JobState.RUNNING)), sample(half(), rate=5.0))
    waiting = waiting_row(running, problem_of(LocalFileError("x")))
    assert (waiting.state, waiting.rate, waiting.eta) == (RowState.WAITING, 0.0, None)
    assert waiting.error is not None


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        LocalFileError("cannot read /images/a.raw: permission denied"),
        VolumeNotFoundError("Storage volume not found", code=50, domain=18),
        RemoteNoSpaceError("cannot write data", code=38, domain=18, errno=28),
        ExistsError("default/a.raw exists already", hint="Use --if-exists."),
    ],
)
def test_errors_are_told_as_if_they_were_here(error: Exception) -> None:
    assert problem_of_record(JobProblem.of(error, 1.0).to_record()) == problem_of(error)


def test_a_defect_is_told_with_its_trace() -> None:
    try:
        list[int]().pop()
    except IndexError as error:
        problem = problem_of_record(JobProblem.of(error, 1.0).to_record())
    assert "defect" in problem.cure
    assert "IndexError" in problem.why
    assert "test_rows.py" in problem.details


def test_an_error_of_another_version() -> None:
    record = {"name": "FutureError", "message": "the sky fell", "hint": "Wait."}
    problem = problem_of_record(record)
    assert (problem.what, problem.cure) == ("The sky fell", "Wait.")


def test_starting_over_is_agreed_to_by_trying_again() -> None:
    record = JobProblem.of(SourceChangedError("it changed", hint=START_OVER), 1.0).to_record()
    assert wants_to_start_over(record)
    assert "--start-over" not in problem_of_record(record).cure
    assert not wants_to_start_over(JobProblem.of(SourceChangedError("it"), 1.0).to_record())
