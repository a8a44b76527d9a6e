"""The journal: what goes in comes out, in order, and only once."""

from __future__ import annotations

import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given

from engine.journal.conftest import Clock
from engine.journal.making import JOBS, upload
from lacuna_engine.errors import LocalFileError, NoSpaceError, UsageError
from lacuna_engine.extents import ExtentMap
from lacuna_engine.journal import (
    OPEN_STATES,
    Counts,
    ForbiddenStepError,
    Job,
    JobEvent,
    JobKeeper,
    JobState,
    Journal,
    Problem,
    Totals,
)
from lacuna_engine.journal.database import Database
from lacuna_engine.journal.rows import to_row
from lacuna_engine.journal.salvage import insert_job
from lacuna_engine.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from lacuna_engine.transfer.checkpoint import Checkpoint, FileMark

COUNTS = Counts(total=100, data=40, sent=40, received=2, saved=60)


def run(journal: Journal, job: Job, event: JobEvent = JobEvent.FINISH) -> Job:
    """Start a job and let it end."""
    journal.update(job.id, JobEvent.START)
    ended = journal.update(job.id, event, counts=COUNTS)
    assert ended is not None
    return ended


@given(JOBS)
def test_jobs_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, job: Job) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    with Journal(path) as journal:
        kept = journal.add(job)
    with Journal(path) as journal:
        assert journal.get(job.id) == kept
        assert journal.notes == []


def test_adding(journal: Journal, clock: Clock) -> None:
    one, two = journal.add(upload(id="00000001")), journal.add(upload(id="00000001"))
    assert one.created == clock.now - 3
    assert two.id != one.id
    assert two.position > one.position
    assert journal.list_jobs() == [one, two]
    journal.remove(one.id)
    with pytest.raises(UsageError, match="no job '00000001'"):
        journal.get(one.id)


def test_finding(journal: Journal) -> None:
    ids = ["00000001", "00000002", "00a00000", "ffffffff"]
    for job_id in ids:
        journal.add(upload(id=job_id))
    assert journal.find("00A").id == "00a00000"
    assert journal.find("ffffffff").id == "ffffffff"
    assert journal.find("f").id == "ffffffff"
    with pytest.raises(UsageError, match=r"several jobs: 00000001, 00000002$"):
        journal.find("0000")
    with pytest.raises(UsageError, match=r"several jobs: 00000001, 00000002, 00a00000$"):
        journal.find("0")
    for wrong in ("", "1", "g", "%", "0000000g"):
        with pytest.raises(UsageError, match="no job"):
            journal.find(wrong)


def test_order_and_states(journal: Journal) -> None:
    jobs = [journal.add(upload(priority=priority)) for priority in (0, 5, 0, 5)]
    order = [jobs[n].id for n in (1, 3, 0, 2)]
    assert [job.id for job in journal.list_jobs()] == order
    assert [job.id for job in journal.list_jobs(limit=2)] == order[:2]
    journal.update(jobs[3].id, JobEvent.PAUSE)
    assert [job.id for job in journal.list_jobs({JobState.PAUSED})] == [jobs[3].id]
    assert journal.list_jobs({JobState.FAILED}) == []
    assert journal.list_jobs([]) == []
    assert journal.numbers() == {JobState.QUEUED: 3, JobState.PAUSED: 1}
    with pytest.raises(ValueError, match="pages"):
        journal.list_jobs({JobState.DONE})


def test_updates(journal: Journal, clock: Clock) -> None:
    job = journal.add(upload())
    assert journal.update(job.id, JobEvent.START, expected={JobState.WAITING}) is None
    assert journal.get(job.id) == job
    started = journal.update(job.id, JobEvent.START, expected={JobState.QUEUED}, started=5.0)
    assert started is not None
    assert (started.state, started.started, started.updated) == (JobState.RUNNING, 5.0, clock.now)
    with pytest.raises(ForbiddenStepError, match="a job that is running cannot be started"):
        journal.update(job.id, JobEvent.START)
    problem = Problem.of(NoSpaceError("full"), 7.0)
    failed = journal.update(job.id, JobEvent.FAIL, error=problem, attempts=3, not_before=4.0)
    assert failed is not None
    assert (failed.error, failed.ended, failed.not_before) == (problem, clock.now, None)
    assert journal.get(job.id) == failed
    again = journal.update(job.id, JobEvent.RESUME)
    assert again is not None
    assert (again.error, again.attempts, again.ended) == (None, 0, None)
    with pytest.raises(ValueError, match="remove"):
        journal.update(job.id, JobEvent.REMOVE)
    with pytest.raises(UsageError, match="no job"):
        journal.update("00000000", JobEvent.START)


def test_history_in_pages(journal: Journal) -> None:
    done = [run(journal, journal.add(upload())) for _ in range(5)]
    skipped = run(journal, journal.add(upload()), JobEvent.SKIP)
    journal.add(upload())
    pages: list[Job] = []
    while page := journal.history(4, before=pages[-1] if pages else None):
        pages += page
    assert pages == [skipped, *reversed(done)]
    assert len(journal.list_jobs()) == 1


def test_totals_count_once(journal: Journal) -> None:
    assert journal.totals() == Totals()
    first = run(journal, journal.add(upload()))
    run(journal, journal.add(upload()), JobEvent.SKIP)
    second = journal.add(upload())
    for event in (JobEvent.FAIL, JobEvent.RETRY_LATER, JobEvent.CANCEL):
        run(journal, second, event)
        if event is not JobEvent.RETRY_LATER:
            journal.update(second.id, JobEvent.RESUME)
    run(journal, second)
    assert journal.totals() == Totals(2, 84, 120)
    with pytest.raises(ForbiddenStepError):
        journal.update(first.id, JobEvent.FINISH)
    journal.update(first.id, verified=True)
    journal.remove(first.id)
    assert journal.totals() == Totals(2, 84, 120)


def test_forgetting(journal: Journal) -> None:
    old, new = (run(journal, journal.add(upload())) for _ in range(2))
    journal.add(upload())
    assert new.ended is not None
    assert journal.forget_older(new.ended) == 1
    assert journal.history() == [new]
    assert journal.totals().jobs == 2
    with pytest.raises(UsageError):
        journal.get(old.id)


def test_reordering(journal: Journal) -> None:
    ids = [journal.add(upload()).id for _ in range(4)]

    def order() -> list[int]:
        return [ids.index(job.id) for job in journal.list_jobs()]

    journal.reorder(ids[3], before=ids[1])
    assert order() == [0, 3, 1, 2]
    journal.reorder(ids[2], before=ids[0])
    assert order() == [2, 0, 3, 1]
    journal.reorder(ids[2])
    assert order() == [0, 3, 1, 2]
    journal.reorder(ids[2], before=ids[2])
    assert order() == [0, 3, 1, 2]
    journal.update(ids[1], priority=3)
    assert order() == [1, 0, 3, 2]
    assert journal.reorder(ids[2], before=ids[1]).priority == 3
    assert order() == [2, 1, 0, 3]
    with pytest.raises(UsageError):
        journal.reorder(ids[0], before="00000000")


def test_reordering_for_ever(journal: Journal) -> None:
    """Positions are numbered anew before they run out."""
    ids = [journal.add(upload()).id for _ in range(3)]
    for turn in range(60):
        moved, target = ids[1 + turn % 2], ids[2 - turn % 2]
        journal.reorder(moved, before=target)
        order = [job.id for job in journal.list_jobs()]
        assert order == [ids[0], moved, target]


def test_requests(journal: Journal) -> None:
    job = journal.add(upload())
    assert journal.request(job.id, JobEvent.PAUSE).state is JobState.PAUSED
    journal.update(job.id, JobEvent.RESUME)
    journal.update(job.id, JobEvent.START)
    asked = journal.request(job.id, JobEvent.CANCEL)
    assert (asked.state, asked.request) == (JobState.RUNNING, JobEvent.CANCEL)
    assert journal.get(job.id) == asked
    with pytest.raises(ForbiddenStepError):
        journal.remove(job.id)
    run_down = journal.update(job.id, JobEvent.CANCEL, request=None)
    assert run_down is not None
    assert journal.request(job.id, JobEvent.REMOVE).state is JobState.REMOVED
    assert journal.list_jobs() == []
    with pytest.raises(ValueError, match="nobody"):
        journal.request(job.id, JobEvent.START)


def test_checkpoints(journal: Journal) -> None:
    job = journal.add(upload())
    assert journal.load_checkpoint(job.id) is None
    journal.save_checkpoint(job.id, b"one", durable=False)
    journal.save_checkpoint(job.id, b"\0two" * 1000, durable=True)
    assert journal.load_checkpoint(job.id) == b"\0two" * 1000
    journal.forget_checkpoint(job.id)
    assert journal.load_checkpoint(job.id) is None
    journal.save_checkpoint(job.id, b"x", durable=True)
    run(journal, job)
    assert journal.load_checkpoint(job.id) is None
    for gone in (job.id, "00000000"):
        with pytest.raises(UsageError):
            journal.save_checkpoint(gone, b"x", durable=True)


def test_a_damaged_checkpoint_is_none(journal: Journal, path: Path) -> None:
    job = journal.add(upload())
    journal.save_checkpoint(job.id, b"one", durable=False)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE checkpoints SET blob = ?", (b"two",))
    db.close()
    assert journal.load_checkpoint(job.id) is None
    assert "begins anew" in journal.notes.pop()


def test_keeper(journal: Journal) -> None:
    job = journal.add(upload())
    keeper = JobKeeper(journal, job.id)
    assert keeper.load() is None
    checkpoint = Checkpoint(FileMark(4096, 1, 2), "default", "x", ExtentMap(4096))
    keeper.save(checkpoint, durable=True)
    assert keeper.load() == checkpoint
    journal.save_checkpoint(job.id, b"nonsense", durable=False)
    assert keeper.load() is None
    assert "begins anew" in journal.notes.pop()
    keeper.forget()
    assert journal.load_checkpoint(job.id) is None


def test_a_damaged_row_is_left_out(journal: Journal, path: Path) -> None:
    jobs = [journal.add(upload()) for _ in range(3)]
    with sqlite3.connect(path) as db:
        db.execute("UPDATE jobs SET destination = 'x' WHERE id = ?", (jobs[1].id,))
    db.close()
    assert journal.list_jobs() == [jobs[0], jobs[2]]
    assert journal.list_jobs() == [jobs[0], jobs[2]]
    with pytest.raises(UsageError):
        journal.get(jobs[1].id)
    (note,) = journal.notes
    assert jobs[1].id in note
    journal.notes.clear()


def test_changes_of_others_are_noticed(journal: Journal, path: Path) -> None:
    with Journal(path) as other:
        version = journal.version()
        assert journal.version() == version
        job = journal.add(upload())
        assert journal.version() == version
        other.update(job.id, JobEvent.START)
        assert journal.version() != version
        version = journal.version()
        assert journal.version() == version
        assert journal.get(job.id).state is JobState.RUNNING


def test_two_cannot_both_advance(journal: Journal, path: Path) -> None:
    job = journal.add(upload())
    with Journal(path) as other:
        won = [
            some.update(job.id, JobEvent.START, expected={JobState.QUEUED})
            for some in (journal, other)
        ]
    assert [job is not None for job in won] == [True, False]


def test_file_is_private(journal: Journal, path: Path) -> None:
    journal.add(upload())
    if sys.platform != "win32":
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_how_it_is_kept(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    db.close()


class _Watched(Database):
    """Counts what SQLite does."""

    statements: list[str]

    def watch(self) -> None:
        self.statements = []
        assert self._db is not None
        self._db.set_trace_callback(self.statements.append)


def test_what_is_flushed(path: Path) -> None:
    database = _Watched(path)
    database.watch()
    database.write(lambda _db: None)
    database.write(lambda _db: None, durable=True)
    assert database.statements == [
        "PRAGMA synchronous = NORMAL",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "PRAGMA synchronous = FULL",
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    database.close()
    database.close()


def test_history_costs_the_open_jobs_nothing(journal: Journal, path: Path) -> None:
    """No question that is asked at the start or while jobs run reads the history."""
    db = sqlite3.connect(path)
    db.execute("BEGIN")
    for number in range(3000):
        done = upload(id=f"{number:08x}", state=JobState.DONE, ended=float(number), position=1.0)
        insert_job(db, to_row(done))
    db.execute("COMMIT")
    db.close()
    journal.add(upload())
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection = journal._file._db
    assert connection is not None
    connection.set_progress_handler(count, 100)  # every 100 instructions of SQLite's machine
    assert len(journal.list_jobs(OPEN_STATES)) == 1
    assert steps <= 3
    assert len(journal.history(10)) == 10
    middle = journal.get(f"{1500:08x}")
    assert len(journal.history(10, before=middle)) == 10
    assert journal.find("00000bb7").id == "00000bb7"
    journal.add(upload())
    assert steps <= 30
    connection.set_progress_handler(None, 0)


def test_migrating(path: Path) -> None:
    """A file of the first version becomes the present one, with all that is in it."""
    jobs = [upload(id=f"{number:08x}", position=float(number + 1)) for number in range(50)]
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0]:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")
    for job in jobs:
        row = to_row(job)
        row.pop("request")
        row.pop("notes")
        insert_job(db, row)
    db.close()
    with Journal(path) as journal:
        assert journal.list_jobs() == jobs
        journal.update(jobs[0].id, JobEvent.START)
        journal.request(jobs[0].id, JobEvent.CANCEL)
        assert journal.notes == []
    with Journal(path) as journal:
        assert journal.get(jobs[0].id).request is JobEvent.CANCEL


def test_a_full_disk(journal: Journal) -> None:
    """A limit of SQLite's own looks the same as a full disk."""
    job = journal.add(upload())
    connection = journal._file._db
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LocalFileError, match="full") as caught:
        journal.save_checkpoint(job.id, bytes(1 << 20), durable=True)
    assert "room" in caught.value.hint
    connection.execute("PRAGMA max_page_count = 100000")
    assert journal.list_jobs() == [job]
    journal.save_checkpoint(job.id, bytes(1 << 20), durable=True)


def test_a_busy_file(journal: Journal, path: Path) -> None:
    connection = journal._file._db
    assert connection is not None
    connection.execute("PRAGMA busy_timeout = 1")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(LocalFileError, match="locked") as caught:
        journal.add(upload())
    assert "Another Lacuna" in caught.value.hint
    db.close()
    assert journal.list_jobs() == []


def test_no_place_for_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(LocalFileError, match="journal") as caught:
        Journal(file / "journal.db")
    assert caught.value.hint
    folder = tmp_path / "journal.db"
    folder.mkdir()
    with pytest.raises(LocalFileError, match="journal"):
        Journal(folder)


def test_mistakes_are_not_taken_for_damage(journal: Journal) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        journal._file.write(lambda db: db.execute("SELECT ?").fetchone())
    assert journal.list_jobs() == []
