"""Setting a journal aside that cannot be used, and keeping what can be read of it.

The file is renamed and then left as it is; reading goes through a copy, since SQLite would
change it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna_engine.journal.rows import COLUMNS, Value, as_text, from_row, to_row
from lacuna_engine.journal.schema import columns
from lacuna_engine.journal.states import JobState
from lacuna_engine.late import LateModule

if TYPE_CHECKING:
    import shutil
    import tempfile
else:  # seldom needed
    shutil = LateModule("shutil")
    tempfile = LateModule("tempfile")

__all__ = ["SIDES", "Salvaged", "copy_readable", "insert_job", "set_aside"]

SIDES = ("", "-wal", "-shm")
"""What the files of one database end with."""

UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file may raise; SQLite quotes names that are none."""

LOOKUPS_PER_PAGE = 20
"""Where reading in order meets damage, rows are asked for one by one, as many as there can be: a
page holds fewer. The whole of a journal of 100,000 jobs is some seconds."""

MAX_PAGES = 50_000
"""More of a damaged file are not gone through one by one."""


class Salvaged:
    """How much was kept and lost: jobs, and checkpoints of those jobs."""

    def __init__(self) -> None:
        self.jobs = 0
        self.damaged = 0
        self.checkpoints = 0

    def in_words(self) -> str:
        """Return a sentence for the user."""
        kept = f"{self.jobs} jobs were taken over from it"
        if not self.jobs:
            kept = "No job could be taken over from it"
        lost = f", {self.damaged} more could not be read" if self.damaged else ""
        return f"{kept}{lost}."


def set_aside(path: Path, why: str) -> Path:
    """Rename a database with its side files, and return its new path. Raises ``OSError``.

    ``why`` becomes part of the name.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    number = 0
    while True:
        tail = f"-{number}" if number else ""
        aside = path.with_name(f"{path.stem}-{why}-{stamp}{tail}{path.suffix}")
        if not any(_side(aside, side).exists() for side in SIDES):
            break
        number += 1
    # The side files first: a crash in between leaves a database without its log, which is sound
    # or else is set aside itself, and never a new database with an old log.
    for side in reversed(SIDES):
        with suppress(FileNotFoundError):
            _side(path, side).rename(_side(aside, side))
    return aside


def copy_readable(aside: Path, target: sqlite3.Connection) -> Salvaged:
    """Copy what can be read of the database ``aside`` into ``target``, in one transaction.

    Never fails for what is wrong with ``aside``. Raises ``sqlite3.Error`` of ``target``.
    """
    salvaged = Salvaged()
    with tempfile.TemporaryDirectory(prefix="lacuna-") as folder:
        try:
            copy = _copied(aside, Path(folder))
            source = sqlite3.connect(copy, isolation_level=None)
        except (OSError, sqlite3.Error):
            return salvaged
        with closing(source):
            source.text_factory = as_text
            target.execute("BEGIN IMMEDIATE")
            try:
                _copy_all(source, target, salvaged)
            except BaseException:
                target.execute("ROLLBACK")
                raise
            target.execute("COMMIT")
    return salvaged


def insert_job(db: sqlite3.Connection, row: dict[str, Value], verb: str = "INSERT") -> None:
    """Put a row into the jobs; ``verb`` may say what happens if it is there."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    db.execute(f"{verb} INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))


def _side(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


def _copied(aside: Path, folder: Path) -> Path:
    copy = folder / "copy.db"
    for side in ("", "-wal"):  # the third is made anew from the log
        if _side(aside, side).exists():
            shutil.copyfile(_side(aside, side), _side(copy, side))
    return copy


def _copy_all(source: sqlite3.Connection, target: sqlite3.Connection, salvaged: Salvaged) -> None:
    ids: set[str] = set()
    done = [0, 0, 0]
    for row in _rows(source, "jobs"):
        try:
            job = from_row({name: row.get(name) for name in COLUMNS})
        except ValueError:
            salvaged.damaged += 1
            continue
        if job.id in ids:
            continue
        insert_job(target, to_row(job))
        ids.add(job.id)
        if job.state is JobState.DONE:
            done = [done[0] + 1, done[1] + job.counts.moved, done[2] + job.counts.saved]
    salvaged.jobs = len(ids)
    for row in _rows(source, "checkpoints"):
        if row.get("job") in ids and isinstance(row.get("blob"), bytes):
            # A damaged one is found by its sum when it is loaded.
            target.execute(
                "INSERT OR REPLACE INTO checkpoints (job, blob, check_sum, updated)"
                " VALUES (?, ?, ?, ?)",
                (row["job"], row["blob"], row.get("check_sum") or 0, row.get("updated") or 0.0),
            )
            salvaged.checkpoints += 1
    for row in _rows(source, "outlines"):
        if row.get("job") in ids and isinstance(row.get("blob"), bytes):
            target.execute(
                "INSERT OR REPLACE INTO outlines (job, blob, check_sum) VALUES (?, ?, ?)",
                (row["job"], row["blob"], row.get("check_sum") or 0),
            )
    for name, floor in zip(("jobs", "moved", "saved"), done, strict=True):
        # The totals count what was forgotten too; they cannot be less than what is there.
        value = max(floor, _total(source, name))
        target.execute("INSERT OR REPLACE INTO totals VALUES (?, ?)", (name, value))


def _total(source: sqlite3.Connection, name: str) -> int:
    with suppress(*UNREADABLE):
        found = source.execute("SELECT value FROM totals WHERE name = ?", (name,)).fetchone()
        if found is not None and type(found[0]) is int:
            return max(0, found[0])
    return 0


def _rows(source: sqlite3.Connection, table: str) -> Iterator[dict[str, Value]]:
    """Yield the rows of a table that can be read, with those columns that are there."""
    try:
        there = [str(row[1]) for row in source.execute(f"PRAGMA table_info({table})")]
    except UNREADABLE:
        return
    whole = columns(table)
    # The names may be what is damaged; then they are known by their order. A newer version has
    # more of them, and is asked by name.
    names = whole if len(there) == len(whole) else tuple(there)
    if not names:
        return
    # NOT INDEXED: an index that is damaged, or tells of rows that are gone, is not asked.
    select = f"SELECT rowid, * FROM {table} NOT INDEXED"  # noqa: S608 - ours
    low, high = 0, 1 << 62
    try:
        for row in source.execute(f"{select} ORDER BY rowid"):
            low = max(low, row[0])
            yield dict(zip(names, row[1:], strict=True))
    except UNREADABLE:
        pass
    else:
        return
    try:
        for row in source.execute(f"{select} ORDER BY rowid DESC"):
            if row[0] <= low:
                return
            high = row[0]
            yield dict(zip(names, row[1:], strict=True))
    except UNREADABLE:
        pass
    try:
        pages = int(source.execute("PRAGMA page_count").fetchone()[0])
    except UNREADABLE:
        return
    for rowid in range(low + 1, min(high, low + 1 + LOOKUPS_PER_PAGE * min(pages, MAX_PAGES))):
        with suppress(*UNREADABLE):
            for row in source.execute(f"{select} WHERE rowid = ?", (rowid,)):
                yield dict(zip(names, row[1:], strict=True))
