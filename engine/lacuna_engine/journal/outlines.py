"""What is kept of the maps of finished jobs: an outline of each, of the latest ones only."""

from __future__ import annotations

import sqlite3
import zlib

__all__ = ["KEPT", "drop_outline", "drop_outlines_of_nobody", "keep_outline", "load_outline"]

KEPT = 1000
"""Outlines of some KiB each; a longer history has none of its older jobs, and stays small."""


def keep_outline(db: sqlite3.Connection, job_id: str, blob: bytes) -> None:
    """Keep the outline of a job, and give up the oldest one if there are too many."""
    kept = db.execute(
        "INSERT OR REPLACE INTO outlines (job, blob, check_sum) VALUES (?, ?, ?)",
        (job_id, blob, zlib.crc32(blob)),
    )
    # Rows are numbered in the order in which they came.
    db.execute("DELETE FROM outlines WHERE rowid <= ?", ((kept.lastrowid or 0) - KEPT,))


def load_outline(db: sqlite3.Connection, job_id: str) -> bytes | None:
    """Return what was kept, None if nothing was, or it is damaged: nothing hangs on it."""
    row = db.execute("SELECT blob, check_sum FROM outlines WHERE job = ?", (job_id,)).fetchone()
    if row is None or not isinstance(row[0], bytes) or zlib.crc32(row[0]) != row[1]:
        return None
    return row[0]


def drop_outline(db: sqlite3.Connection, job_id: str) -> None:
    """Drop the outline of a job, if there is one."""
    db.execute("DELETE FROM outlines WHERE job = ?", (job_id,))


def drop_outlines_of_nobody(db: sqlite3.Connection) -> None:
    """Drop those whose jobs are not in the journal any more."""
    db.execute("DELETE FROM outlines WHERE job NOT IN (SELECT id FROM jobs)")
