"""The tables of the journal, and how an older file becomes the present one.

``PRAGMA user_version`` is the number of migrations a file has seen. A migration that was in a
release never changes; new ones are added at the end.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

__all__ = ["APPLICATION_ID", "VERSION", "columns", "is_sound", "migrate"]

APPLICATION_ID = 0x4C61636A
"""``Lacj`` in the file's header: this SQLite file is a journal of Lacuna."""

_FIRST = (
    # ``final`` repeats what ``state`` says, so that indexes can leave out history or all else.
    # ``check_sum`` covers the row (see rows.py): a page that was hit is found when it is read.
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        destination TEXT NOT NULL,
        options TEXT NOT NULL,
        format TEXT NOT NULL,
        priority INTEGER NOT NULL,
        position REAL NOT NULL,
        state TEXT NOT NULL,
        final INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        error TEXT,
        not_before REAL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        started REAL,
        ended REAL,
        counts TEXT NOT NULL,
        digest TEXT,
        verified INTEGER NOT NULL,
        resumed INTEGER NOT NULL,
        check_sum INTEGER NOT NULL
    )
    """,
    "CREATE INDEX jobs_open ON jobs (priority DESC, position, id) WHERE final = 0",
    "CREATE INDEX jobs_state ON jobs (state)",
    # One blob for each job; its format is the transfer's business.
    """
    CREATE TABLE checkpoints (
        job TEXT PRIMARY KEY,
        blob BLOB NOT NULL,
        check_sum INTEGER NOT NULL,
        updated REAL NOT NULL
    )
    """,
    "CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
)

_SECOND = (
    # What somebody wants of a job that another process runs.
    "ALTER TABLE jobs ADD COLUMN request TEXT",
    # History is read in pages, the newest first.
    "CREATE INDEX jobs_history ON jobs (ended DESC, id DESC) WHERE final = 1",
)

_THIRD = (
    # What the user should know of a job though nothing failed.
    "ALTER TABLE jobs ADD COLUMN notes TEXT",
)

_FOURTH = (
    # What is left of a finished job's map (see outlines.py), apart from its row: history is read
    # without it.
    """
    CREATE TABLE outlines (
        job TEXT PRIMARY KEY,
        blob BLOB NOT NULL,
        check_sum INTEGER NOT NULL
    )
    """,
)

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH)
VERSION = len(MIGRATIONS)


@cache
def _model(version: int) -> frozenset[tuple[object, ...]]:
    """Return what a database of that version says of itself."""
    with closing(sqlite3.connect(":memory:")) as db:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                db.execute(statement)
        return _described(db)


def _described(db: sqlite3.Connection) -> frozenset[tuple[object, ...]]:
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    # What SQLite made by itself, such as statistics, is not looked at.
    return frozenset(row for row in found if not str(row[1]).startswith("sqlite_stat"))


def is_sound(db: sqlite3.Connection, version: int) -> bool:
    """Whether tables and indexes are those of that version, to the letter."""
    return _described(db) == _model(version)


@cache
def columns(table: str) -> tuple[str, ...]:
    """Return the names of a table's columns, in their order."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, 0)
        return tuple(str(row[1]) for row in db.execute(f"PRAGMA table_info({table})"))


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring a database from ``version`` to the present one, wholly or not at all.

    Raises:
        sqlite3.Error: if it does not look like that version.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(statement)
        # Pragmas take no parameters; both values are ours.
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
