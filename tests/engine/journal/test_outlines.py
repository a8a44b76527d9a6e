"""What the journal keeps of the maps of finished jobs."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import pytest

from engine.journal.making import upload
from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.extents.outline import Outline
from lacuna_engine.journal import JobEvent, Journal
from lacuna_engine.journal import outlines as kept
from lacuna_engine.journal.schema import APPLICATION_ID, MIGRATIONS
from lacuna_engine.worker.sleeping import saved_map


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


def outline() -> Outline:
    extents = ExtentMap(1 << 30)
    extents.classify(0, 1 << 20, Kind.HOLE)
    extents.advance(0, 1 << 30, Progress.ACKNOWLEDGED)
    return Outline.of(extents)


def finish(journal: Journal, number: int) -> str:
    job = journal.add(upload(id=f"{number:08x}"))
    journal.update(job.id, JobEvent.START)
    journal.update(job.id, JobEvent.FINISH, outline=outline().to_bytes())
    return job.id


def test_it_outlives_the_job_and_goes_with_it(path: Path) -> None:
    with Journal(path) as journal:
        one, two, three = (finish(journal, number) for number in (1, 2, 3))
    with Journal(path) as journal:
        assert saved_map(journal, one) == outline()
        journal.remove(one)
        assert saved_map(journal, one) is None
        assert saved_map(journal, two) == outline()
        journal.forget_older(math.inf)
        assert saved_map(journal, two) is None
        assert saved_map(journal, three) is None


def test_the_checkpoint_of_an_open_job_comes_first(path: Path) -> None:
    with Journal(path) as journal:
        job = journal.add(upload())
        journal.update(job.id, JobEvent.START)
        journal.update(job.id, JobEvent.FAIL, outline=outline().to_bytes())
        assert journal.load_outline(job.id) is None, "it is not history yet"


def test_a_long_history_stays_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT", 5)
    with Journal(path) as journal:
        jobs = [finish(journal, number) for number in range(12)]
        assert [job for job in jobs if journal.load_outline(job) is not None] == jobs[-5:]
        assert len(journal.history()) == 12


def test_a_damaged_one_is_none(path: Path) -> None:
    with Journal(path) as journal:
        job = finish(journal, 1)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE outlines SET blob = zeroblob(40)")
    db.close()
    with Journal(path) as journal:
        assert saved_map(journal, job) is None
        assert journal.get(job).state.is_final


def test_a_journal_without_them_gets_them(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    for statements in MIGRATIONS[:3]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 3")
    db.close()
    with Journal(path) as journal:
        assert saved_map(journal, finish(journal, 1)) == outline()
        assert journal.notes == []


def test_they_are_taken_out_of_a_damaged_journal(path: Path) -> None:
    with Journal(path) as journal:
        jobs = [finish(journal, number) for number in range(5)]
    with sqlite3.connect(path) as db:
        db.execute("DROP INDEX jobs_state")
    db.close()
    with Journal(path) as journal:
        assert journal.notes
        assert all(saved_map(journal, job) == outline() for job in jobs)
