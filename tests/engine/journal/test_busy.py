"""A journal that another process is busy with: nothing is lost, and the loop goes on."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from engine.journal.making import upload
from engine.journal.stage import Stage, play
from lacuna_engine.errors import LocalFileError
from lacuna_engine.extents import ExtentMap
from lacuna_engine.journal import JobState, Journal, database
from lacuna_engine.journal.keeper import JobKeeper
from lacuna_engine.journal.locking import lock, open_lock_file
from lacuna_engine.transfer.checkpoint import Checkpoint, FileMark
from lacuna_engine.transfer.checkpoint import Stage as Filling

Being = Callable[[Path], AbstractContextManager[None]]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be another process in the middle of a change."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
    finally:
        db.close()


@contextmanager
def replacing(path: Path) -> Iterator[None]:
    """Be another process that replaces the file."""
    fd = open_lock_file(path.with_name(path.name + ".lock"))
    try:
        lock(fd)
        yield
    finally:
        os.close(fd)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not wait on the loop gives up soon, instead of making the test long."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.2)


@pytest.mark.parametrize("doing", [writing, replacing])
def test_it_is_seen(
    journal: Journal, doing: Callable[[Path], AbstractContextManager[None]]
) -> None:
    job = journal.add(upload())
    before = journal.version()
    assert not journal.is_busy()
    with doing(journal.path):
        assert journal.is_busy()
    assert not journal.is_busy()
    assert journal.get(job.id) == job
    assert journal.version() == before


def test_patience_is_the_same_after_a_look(journal: Journal) -> None:
    journal.is_busy()
    db = journal._file._db
    assert db is not None
    assert db.execute("PRAGMA busy_timeout").fetchone()[0] == 200


def test_the_end_of_a_job_is_written_down_when_it_can_be(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(2.0)
        await asyncio.sleep(1)
        with writing(stage.journal.path):
            await asyncio.sleep(5)
            assert stage.script.running == {}
            assert stage.state(job) is JobState.RUNNING
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE
        assert stage.states_told(job) == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]

    play(tmp_path, scene)


def test_nothing_is_tried_in_vain(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A job starts when the journal is free; until then nobody waits inside of it."""

    async def scene(stage: Stage) -> None:
        job = stage.submit()
        with writing(stage.journal.path):
            await asyncio.sleep(5)
            assert stage.script.started == []
        await stage.scheduler.wait_idle()
        assert stage.state(job) is JobState.DONE

    with caplog.at_level(logging.WARNING):
        play(tmp_path, scene)
    assert caplog.records == []


def test_busy_for_long_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(2.0)
        await asyncio.sleep(1)
        with writing(stage.journal.path):
            await asyncio.sleep(30)
        await stage.scheduler.wait_idle()
        # Nobody could say what became of it: it has lost its process.
        assert stage.state(job) is JobState.INTERRUPTED

    with caplog.at_level(logging.WARNING):
        play(tmp_path, scene)
    assert any("busy with the journal" in record.message for record in caplog.records)


def test_the_program_ends_while_it_is_busy(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.submit(2.0)
        await asyncio.sleep(1)
        with writing(stage.journal.path):
            await asyncio.sleep(3)
            guard = stage.scheduler._runs[job.id].guard
            assert guard is not None
        guard.cancel()
        await asyncio.wait({guard})
        assert stage.state(job) is JobState.DONE

    play(tmp_path, scene)


def test_how_far_it_is_can_be_left_out(journal: Journal) -> None:
    """But no stage, and nothing that must survive."""
    keeper = JobKeeper(journal, journal.add(upload()).id)

    def checkpoint(stage: Filling, left: int) -> Checkpoint:
        mark = FileMark(100, 1, 2)
        return Checkpoint(mark, "pool", "disk", ExtentMap(100), stage=stage, left=left)

    def left() -> int:
        saved = keeper.load()
        assert saved is not None
        return saved.left

    keeper.save(checkpoint(Filling.FILLING, 1), durable=True)
    with writing(journal.path):
        keeper.save(checkpoint(Filling.FILLING, 2), durable=False)
        for stage, durable in ((Filling.FILLING, True), (Filling.COMPLETE, False)):
            with pytest.raises(LocalFileError):
                keeper.save(checkpoint(stage, 3), durable=durable)
    assert left() == 1
    keeper.save(checkpoint(Filling.FILLING, 4), durable=False)
    assert left() == 4
