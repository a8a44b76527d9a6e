"""Several processes on one journal, and processes that are killed."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.journal.making import upload
from lacuna_engine.errors import LocalFileError
from lacuna_engine.journal import Claim, JobEvent, JobState, Journal, Owner
from lacuna_engine.journal.locking import open_lock_file

WRITER = Path(__file__).with_name("writer.py")
KILLS = int(os.environ.get("LACUNA_KILLS", "8"))


class Process:
    """A writer; ended with the test."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(WRITER), *args], stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> list[str]:
        """Kill it, and return the whole lines that it still said."""
        self.process.kill()
        return self.end()

    def end(self) -> list[str]:
        """Wait for its end, and return what it said."""
        assert self.process.stdout is not None
        if self.process.stdout.closed:
            return []
        said, _ = self.process.communicate()
        return [line for line in said.splitlines(keepends=True) if line.endswith("\n")]


class Processes(list[Process]):
    """All that a test has started."""

    def start(self, *args: str) -> Process:
        self.append(Process(*args))
        return self[-1]


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts writers, and ends those that are left."""
    started = Processes()
    yield started
    for one in started:
        one.process.kill()
        one.end()


def test_killed_in_the_middle(path: Path, processes: Processes) -> None:
    """Whatever was reported is in the journal afterwards, each time."""
    chance = random.Random(1)
    states: dict[str, str] = {}
    blobs: dict[str, int] = {}
    for _ in range(KILLS):
        writer = processes.start("write", str(path))
        assert writer.line() == "ready"
        lines = [writer.line() for _ in range(chance.randrange(1, 150))]
        lines += [line.strip() for line in writer.kill()]
        for what, job_id, *more in map(str.split, lines):
            if what == "checkpoint":
                blobs[job_id] = int(more[0])
            else:
                states[job_id] = what
    order = ["queued", "running", "done"]
    with Journal(path) as journal:
        assert journal.notes == []
        done = 0
        for job_id, reported in states.items():
            state = str(journal.get(job_id).state)
            # A step may be done that there was no more time to report.
            assert order.index(state) >= order.index(reported)
            done += state == "done"
            if job_id in blobs and state == "running":
                blob = journal.load_checkpoint(job_id)
                assert blob is not None
        extra = [job for job in journal.history(1_000_000) if job.id not in states]
        assert len(extra) <= KILLS
        assert journal.totals().jobs == done + len(extra)
        orphans = Owner.beside(journal).adopt_orphans(journal)
        assert len(orphans) >= sum(state == "running" for state in states.values()) - KILLS
        assert journal.list_jobs({JobState.RUNNING}) == []
        assert Owner.beside(journal).adopt_orphans(journal) == []


def test_every_job_runs_once(path: Path, processes: Processes) -> None:
    with Journal(path) as journal:
        ids = {journal.add(upload()).id for _ in range(60)}
        for _ in range(3):
            processes.start("share", str(path), "60")
        ran = [line.split()[1] for one in processes for line in one.end()]
        assert sorted(ran) == sorted(ids)
        assert journal.totals().jobs == 60
        assert journal.totals().moved == 60


def test_opened_by_many_at_once(path: Path, processes: Processes) -> None:
    """Made by one of them, and no job is lost."""
    for _ in range(5):
        processes.start("open", str(path))
    said = [one.end()[0].split() for one in processes]
    assert [line[:2] for line in said] == [["opened", "0"]] * 5
    with Journal(path) as journal:
        assert {job.id for job in journal.list_jobs()} == {line[2] for line in said}


def test_damage_seen_by_many_at_once(path: Path, processes: Processes) -> None:
    """One of them sets it aside, and no job that any of them adds is lost."""
    path.parent.mkdir()
    path.write_bytes(b"x" * 10_000)
    for _ in range(5):
        processes.start("open", str(path))
    said = [one.end()[0].split() for one in processes]
    assert sorted(line[1] for line in said) == ["0"] * 4 + ["1"]
    assert len(list(path.parent.glob("journal-damaged-*"))) == 1
    with Journal(path) as journal:
        assert {job.id for job in journal.list_jobs()} == {line[2] for line in said}


def test_a_claim_ends_with_its_process(path: Path, processes: Processes) -> None:
    with Journal(path) as journal:
        owner = Owner.beside(journal)
        job = journal.add(upload())
        holder = processes.start("claim", str(path), job.id)
        assert holder.line() == "claimed"
        assert owner.is_owned(job.id)
        assert owner.claim(job.id) is None
        text = (path.parent / "locks" / f"{job.id}.lock").read_text()
        assert text == f"{holder.process.pid} lacuna\n"
        journal.update(job.id, JobEvent.START)
        assert owner.adopt_orphans(journal) == []
        holder.kill()
        assert not owner.is_owned(job.id)
        assert [orphan.id for orphan in owner.adopt_orphans(journal)] == [job.id]
        assert journal.get(job.id).state is JobState.INTERRUPTED
        assert list((path.parent / "locks").iterdir()) == []


def test_claims(tmp_path: Path) -> None:
    owner = Owner(tmp_path / "locks", "test")
    assert not owner.is_owned("00000001")
    claim = owner.claim("00000001")
    assert claim is not None
    with claim:
        assert claim.is_held
        assert owner.is_owned("00000001")
        assert owner.claim("00000001") is None
        other = owner.claim("00000002")
        assert other is not None
        other.release()
        other.release()
    assert not owner.is_owned("00000001")
    with pytest.raises(ValueError, match="no name"):
        owner.claim("../x")


def test_asking_takes_no_claim_away(tmp_path: Path) -> None:
    """Who only asks holds the lock for a moment; a claim looks again."""
    owner = Owner(tmp_path)
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            owner.is_owned("00000001")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        got = 0
        for _ in range(200):
            claim = owner.claim("00000001")
            if claim is not None:
                got += 1
                claim.release()
    finally:
        ended.set()
        asking.join()
    # Every single look may be unlucky; hardly any claim is.
    assert got >= 100


def test_removed_between_opening_and_locking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock on a file that is no longer there is worth nothing."""
    owner = Owner(tmp_path)
    first = owner.claim("00000001")
    assert first is not None
    taken: list[Claim] = []
    real = "lacuna_engine.journal.owner.open_lock_file"

    def slow(path: Path) -> int:
        fd = open_lock_file(path)
        if first.is_held:
            first.release()
            third = Owner(tmp_path).claim("00000001")
            assert third is not None
            taken.append(third)
        return fd

    with monkeypatch.context() as patch:
        patch.setattr(real, slow)
        assert owner.claim("00000001") is None
    taken[0].release()
    last = owner.claim("00000001")
    assert last is not None
    last.release()


def test_no_place_for_locks(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    owner = Owner(file)
    with pytest.raises(LocalFileError, match="lock"):
        owner.claim("00000001")
    with pytest.raises(LocalFileError, match="open"):
        owner.is_owned("00000001")


def lowest_free_descriptor() -> int:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def test_a_file_system_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network file systems may have none: that is said, and no descriptor is lost."""
    before = lowest_free_descriptor()
    with Journal(path) as journal:
        owner = Owner.beside(journal)
        claim = owner.claim("00000001")
        assert claim is not None

        def no_locks(fd: int, **_: bool) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        with monkeypatch.context() as patch:
            patch.setattr("lacuna_engine.journal.owner.try_lock", no_locks)
            patch.setattr("lacuna_engine.journal.database.lock", no_locks)
            for ask in (owner.claim, owner.is_owned):
                with pytest.raises(LocalFileError, match="No locks"):
                    ask("00000001")
            with pytest.raises(LocalFileError, match="cannot be locked") as caught:
                journal.list_jobs()
            assert caught.value.hint
            with pytest.raises(LocalFileError, match="cannot be locked"):
                Journal(path)
        claim.release()
        assert journal.list_jobs() == []
    assert lowest_free_descriptor() == before


def test_adopting_what_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(path) as journal:
        job = journal.add(upload())
        journal.update(job.id, JobEvent.START)
        running = journal.list_jobs()
        journal.update(job.id, JobEvent.FINISH)
        monkeypatch.setattr(journal, "list_jobs", lambda _states: running)
        assert Owner.beside(journal).adopt_orphans(journal) == []
        journal.remove(job.id)
        assert Owner.beside(journal).adopt_orphans(journal) == []
