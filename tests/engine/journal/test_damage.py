"""Whatever has happened to the file: the journal opens, says so, and invents nothing."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.journal.making import upload
from lacuna_engine.journal import Counts, Job, JobEvent, Journal, Totals
from lacuna_engine.journal.schema import VERSION

JOBS = 120
BLOB = bytes(range(256)) * 8
ROUNDS = int(os.environ.get("LACUNA_FUZZ_ROUNDS", "60"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of several pages, its log folded in; never opened again."""
    path = tmp_path_factory.mktemp("sound") / "journal.db"
    with Journal(path) as journal:
        for number in range(JOBS):
            job = journal.add(upload(id=f"{number:08x}", priority=number % 3))
            if number % 10 == 0:
                journal.save_checkpoint(job.id, BLOB, durable=False)
            if number % 4 == 1:
                journal.update(job.id, JobEvent.START)
                journal.update(job.id, JobEvent.FINISH, counts=Counts(sent=3, saved=2))
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy(sound, tmp_path / "journal.db"))


def everything(journal: Journal) -> dict[str, Job]:
    """All that can be read of a journal, looked at in every way."""
    jobs = [*journal.list_jobs(), *journal.history(10_000)]
    for job in jobs:
        blob = journal.load_checkpoint(job.id)
        assert blob in (None, BLOB)
    journal.totals()
    journal.numbers()
    return {job.id: job for job in jobs}


@pytest.fixture(scope="module")
def original(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    """What is in the sound one."""
    copy = Path(shutil.copy(sound, tmp_path_factory.mktemp("copy") / "journal.db"))
    with Journal(copy) as journal:
        jobs = everything(journal)
        assert len(jobs) == JOBS
        assert journal.totals() == Totals(30, 90, 60)
        assert journal.notes == []
    return jobs


def check(path: Path, original: dict[str, Job]) -> int:
    """Open a damaged journal and use it; return how many jobs are left."""
    with Journal(path) as journal:
        found = everything(journal)
        for job_id, job in found.items():
            assert job == original[job_id]
        if found != original:
            assert journal.notes
        added = journal.add(upload())
        journal.update(added.id, JobEvent.START)
        journal.update(added.id, JobEvent.CANCEL)
        known = len(everything(journal))
    with Journal(path) as journal:
        assert added.id in everything(journal)
        assert len(everything(journal)) == known
    return len(found)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_flipped_bytes(path: Path, original: dict[str, Job], seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 3, 30])):
        # The header and the first page are where most can go wrong.
        end = chance.choice([100, 4096, len(data), len(data)])
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    check(path, original)


@pytest.mark.parametrize("seed", range(ROUNDS // 3))
def test_overwritten_pages(path: Path, original: dict[str, Job], seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 4])):
        start = chance.randrange(len(data) // 4096) * 4096
        data[start : start + 4096] = chance.choice([bytes(4096), chance.randbytes(4096)])
    path.write_bytes(data)
    check(path, original)


@pytest.mark.parametrize("seed", range(ROUNDS // 3))
def test_cut_short(path: Path, original: dict[str, Job], seed: int) -> None:
    chance = random.Random(seed)
    size = path.stat().st_size
    cut = chance.choice([chance.randrange(size), chance.randrange(size // 4096) * 4096])
    os.truncate(path, cut)
    check(path, original)


def test_one_page_gone_costs_one_page(path: Path, original: dict[str, Job]) -> None:
    """What lies before and behind a broken page of the table is kept."""
    data = bytearray(path.read_bytes())
    at = data.index(original[f"{JOBS // 2:08x}"].id.encode() + b"upload")
    start = at // 4096 * 4096
    data[start : start + 4096] = os.urandom(4096)
    path.write_bytes(data)
    left = check(path, original)
    assert JOBS - 20 < left < JOBS


@pytest.mark.parametrize("seed", range(ROUNDS // 3))
def test_damaged_log(path: Path, original: dict[str, Job], seed: int) -> None:
    """The log of a process that was killed; a part of it may be lost, the order never."""
    chance = random.Random(seed)
    aside = path.with_name("killed.db")
    with Journal(path) as journal:
        added = [journal.add(upload(id=f"{number:08x}")) for number in range(1000, 1010)]
        for side in ("", "-wal"):
            shutil.copy(f"{path}{side}", f"{aside}{side}")
    log = Path(f"{aside}-wal")
    data = bytearray(log.read_bytes())
    if seed % 2:
        del data[chance.randrange(len(data)) :]
    else:
        data[chance.randrange(len(data))] ^= 0x10
    log.write_bytes(data)
    with Journal(aside) as journal:
        jobs = everything(journal)
        assert original.items() <= jobs.items()
        new = sorted(set(jobs) - set(original))
        assert new == [job.id for job in added][: len(new)]


def test_no_database_at_all(path: Path) -> None:
    path.write_bytes(b"dear diary" * 1000)
    with Journal(path) as journal:
        assert everything(journal) == {}
        (note,) = journal.notes
        assert "No job could be taken over" in note
    (aside,) = path.parent.glob("journal-damaged-*.db")
    assert aside.name in note
    assert aside.read_bytes() == b"dear diary" * 1000
    with Journal(path) as journal:
        assert journal.notes == []


def test_two_damages_at_the_same_time(path: Path) -> None:
    for _ in range(3):
        path.write_bytes(b"x" * 5000)
        with Journal(path) as journal:
            assert journal.notes
    assert len(list(path.parent.glob("journal-damaged-*.db"))) == 3


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.write_bytes(b"")
    with Journal(path) as journal:
        assert everything(journal) == {}
        assert journal.notes == []


def test_somebody_elses_database(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE jobs (id TEXT, income INTEGER)")
    db.execute("INSERT INTO jobs VALUES ('a', 3)")
    db.commit()
    db.close()
    with Journal(path) as journal:
        assert everything(journal) == {}
        assert "not a journal" in journal.notes[0]


def test_a_newer_one_is_left_alone(path: Path, original: dict[str, Job]) -> None:
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE jobs ADD COLUMN colour TEXT")
    db.execute("CREATE TABLE moods (mood TEXT)")
    db.execute(f"PRAGMA user_version = {VERSION + 5}")
    db.commit()
    db.close()
    before = path.read_bytes()
    with Journal(path) as journal:
        assert everything(journal) == original
        assert journal.totals() == Totals(30, 90, 60)
        (note,) = journal.notes
        assert "newer Lacuna" in note
        assert f"{JOBS} jobs were taken over" in note
    (aside,) = path.parent.glob("journal-newer-*.db")
    assert aside.read_bytes() == before


def test_totals_are_counted_anew(path: Path, original: dict[str, Job]) -> None:
    db = sqlite3.connect(path)
    db.execute("DROP TABLE totals")
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.commit()
    db.close()
    with Journal(path) as journal:
        assert everything(journal) == original
        assert journal.totals() == Totals(30, 90, 60)


def test_damage_while_it_is_open(path: Path, original: dict[str, Job]) -> None:
    with Journal(path) as journal, Journal(path) as other:
        assert everything(other) == original
        data = bytearray(path.read_bytes())
        for start in range(4096, len(data), 4096):
            data[start : start + 4096] = os.urandom(4096)
        with path.open("r+b") as file:  # the same file, as a disk does it
            file.write(data)
        journal._file._db.execute("PRAGMA shrink_memory")  # type: ignore[union-attr]
        journal.add(upload(id="12345678"))
        assert journal.notes
        # The other one is taken along to the new file, and its end leaves that alone.
        assert other.get("12345678").id == "12345678"
        second = other.add(upload())
    with Journal(path) as journal:
        assert {"12345678", second.id} <= set(everything(journal))
        assert journal.notes == []


def test_closing_after_it_was_set_aside(path: Path) -> None:
    """The end of a connection to the old file must not take the new one's log away."""
    stale = Journal(path)
    stale.add(upload())
    data = bytearray(path.read_bytes())
    data[0] = 0
    with path.open("r+b") as file:
        file.write(data)
    Path(f"{path}-wal").write_bytes(b"")
    with Journal(path) as journal:
        assert journal.notes
        added = journal.add(upload())
        stale.close()
        assert Path(f"{path}-wal").exists()
        later = journal.add(upload())
    with Journal(path) as journal:
        assert {added.id, later.id} <= set(everything(journal))


def test_removed_while_it_is_open(path: Path) -> None:
    with Journal(path) as journal:
        for side in ("", "-wal", "-shm"):
            Path(f"{path}{side}").unlink(missing_ok=True)
        job = journal.add(upload())
        assert list(everything(journal)) == [job.id]


def test_read_only_folder(path: Path) -> None:
    """In a child of another user where this one is an administrator, whom nothing binds."""
    path.parent.chmod(0o555)
    for folder in path.parents[1:]:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o111)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from lacuna_engine.errors import LocalFileError\n"
        "from lacuna_engine.journal import Journal\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try:\n"
        "    Journal(Path(sys.argv[1]))\n"
        "except LocalFileError as error:\n"
        "    print(error, '|', error.hint)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
        )
    finally:
        path.parent.chmod(0o700)
    message, _, hint = done.stdout.partition("|")
    assert "journal" in message
    assert hint.strip()
