"""The journal: every job, durably, for several processes at once.

A job changes its state only through :func:`~lacuna_engine.journal.states.advance`, inside a
transaction that looks at the state the job has, so two processes never both advance it. States
and checkpoints that must survive a loss of power are flushed; progress need not be.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypedDict, Unpack, cast

from lacuna_engine.errors import UsageError
from lacuna_engine.journal.database import Database
from lacuna_engine.journal.job import Counts, Job, Problem, new_id
from lacuna_engine.journal.outlines import (
    drop_outline,
    drop_outlines_of_nobody,
    keep_outline,
    load_outline,
)
from lacuna_engine.journal.rows import COLUMNS, Value, from_row, to_row
from lacuna_engine.journal.salvage import insert_job
from lacuna_engine.journal.states import (
    FINAL_STATES,
    OPEN_STATES,
    JobEvent,
    JobState,
    advance,
)
from lacuna_engine.transfer import TransferOptions

__all__ = ["Changes", "Journal", "Totals"]

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM jobs"  # noqa: S608 - the names are ours

SMALLEST_GAP = 1e-6
"""Positions nearer than this are numbered anew."""

REQUESTS = frozenset({JobEvent.PAUSE, JobEvent.CANCEL, JobEvent.REMOVE})


class JobChanges(TypedDict, total=False):
    """What can change of a job besides its state."""

    options: TransferOptions
    priority: int
    attempts: int
    error: Problem | None
    not_before: float | None
    started: float | None
    counts: Counts
    digest: str | None
    verified: bool
    resumed: bool
    request: JobEvent | None
    notes: tuple[str, ...]


class Changes(JobChanges, total=False):
    """What :meth:`Journal.update` can change besides the state.

    ``outline`` stands beside the job: what is kept of its map, given when it finishes.
    """

    outline: bytes


class Totals(NamedTuple):
    """What all finished jobs together did: their number, bytes moved and bytes saved.

    Jobs that were forgotten since are still counted.
    """

    jobs: int = 0
    moved: int = 0
    saved: int = 0


class Journal:
    """The journal at ``path``, made if need be. A context manager; belongs to one thread.

    A file that is damaged or newer never stops it: see ``notes``. ``clock`` gives the seconds
    since 1970. All methods raise :class:`LocalFileError` if the disk is full or does not work.

    Raises:
        LocalFileError: if there can be no journal at that place.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = Database(path)
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it. Does nothing the second time."""
        self._file.close()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._file.path

    @property
    def notes(self) -> list[str]:
        """What the user should know about the file, in plain words. May grow."""
        return self._file.notes

    def version(self) -> tuple[int, int]:
        """Return a value that changes when another connection has changed anything.

        Own changes do not count.
        """
        return self._file.version()

    def is_busy(self) -> bool:
        """Whether to change something would have to wait for another process."""
        return self._file.is_busy()

    def add(self, job: Job) -> Job:
        """Keep a new job, and return it as it is kept.

        It gets its times, the end of the queue if its position is 0, and another id if that one
        is taken.
        """

        def work(db: sqlite3.Connection) -> Job:
            kept = replace(job, created=job.created or self._clock(), updated=self._clock())
            while _fetch(db, kept.id) is not None:
                kept = replace(kept, id=new_id())
            if not kept.position:
                last = db.execute("SELECT max(position) FROM jobs WHERE final = 0").fetchone()[0]
                kept = replace(kept, position=max(0.0, last or 0.0) + 1.0)
            insert_job(db, to_row(kept))
            return kept

        return self._file.write(work, durable=True)

    def get(self, job_id: str) -> Job:
        """Return a job. Raises :class:`UsageError` if there is none."""
        row = self._file.read(lambda db: _fetch(db, job_id))
        job = None if row is None else self._understood(row)
        if job is None:
            raise _unknown(job_id)
        return job

    def find(self, prefix: str) -> Job:
        """Return the one job whose id begins so. Raises :class:`UsageError`."""
        low = prefix.strip().lower()
        if not low or set(low) - set("0123456789abcdef"):
            raise _unknown(prefix)
        rows = self._file.read(
            # "g" comes after every hexadecimal digit.
            lambda db: db.execute(
                f"{_SELECT} WHERE id >= ? AND id < ? ORDER BY id LIMIT 4", (low, low + "g")
            ).fetchall()
        )
        jobs = self._all_understood(rows)
        if not jobs:
            raise _unknown(prefix)
        if len(jobs) > 1:
            some = ", ".join(job.id for job in jobs[:3]) + (", ..." if len(jobs) > 3 else "")
            raise UsageError(
                f"'{prefix}' is the beginning of several jobs: {some}", hint="Give more digits."
            )
        return jobs[0]

    def list_jobs(
        self, states: Collection[JobState] = OPEN_STATES, *, limit: int | None = None
    ) -> list[Job]:
        """Return the jobs that are not history, in the order of the queue.

        ``states`` are those wanted, ``limit`` is how many at most. For history see
        :meth:`history`. Raises ``ValueError`` for a state that is final.
        """
        if set(states) & FINAL_STATES:
            raise ValueError("history is read in pages")
        marks = ", ".join("?" * len(states))
        rows = self._file.read(
            lambda db: db.execute(
                f"{_SELECT} WHERE final = 0 AND +state IN ({marks})"
                " ORDER BY priority DESC, position, id LIMIT ?",
                (*states, -1 if limit is None else limit),
            ).fetchall()
        )
        return self._all_understood(rows)

    def history(self, limit: int = 100, *, before: Job | None = None) -> list[Job]:
        """Return a page of what is done or skipped, the newest first.

        ``before`` is the last job of the page before this one.
        """
        where, values = "", tuple[Value, ...]()
        if before is not None:
            where, values = "AND (ended, id) < (?, ?)", (before.ended, before.id)
        rows = self._file.read(
            lambda db: db.execute(
                f"{_SELECT} WHERE final = 1 {where} ORDER BY ended DESC, id DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
        )
        return self._all_understood(rows)

    def numbers(self) -> dict[JobState, int]:
        """Return how many jobs are in each state."""
        rows = self._file.read(
            lambda db: db.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()
        )
        known = {str(state) for state in JobState}
        return {JobState(state): number for state, number in rows if state in known}

    def update(
        self,
        job_id: str,
        event: JobEvent | None = None,
        *,
        expected: Collection[JobState] | None = None,
        **changes: Unpack[Changes],
    ) -> Job | None:
        """Let ``event`` happen to a job and change some of it, and return what it is now.

        None, and nothing changed, if its state is not one of ``expected``: somebody else was
        faster. Finishing counts it into the totals and drops its checkpoint.

        Raises:
            UsageError: if there is no such job.
            ForbiddenStepError: if that cannot happen in the state it has.
        """
        if event is JobEvent.REMOVE:
            raise ValueError("a job is removed by remove()")

        def work(db: sqlite3.Connection) -> Job | None:
            job = self._required(db, job_id)
            if expected is not None and job.state not in expected:
                return None
            return self._apply(db, job, event, changes)

        # A job that stops being worked on has come to something that must not be lost.
        durable = event not in (None, JobEvent.START)
        return self._file.write(work, durable=durable)

    def request(self, job_id: str, event: JobEvent) -> Job:
        """Pause, cancel or remove a job wherever it runs, and return what it is now.

        One that is running is asked to: whoever runs it sees ``request`` and obeys. Any other
        is changed at once.

        Raises:
            UsageError: if there is no such job.
            ForbiddenStepError: if that cannot happen in the state it has.
        """
        if event not in REQUESTS:
            raise ValueError(f"nobody can be asked to {event}")

        def work(db: sqlite3.Connection) -> Job:
            job = self._required(db, job_id)
            if job.state is JobState.RUNNING:
                return self._apply(db, job, None, {"request": event})
            if event is JobEvent.REMOVE:
                return self._delete(db, job)
            return self._apply(db, job, event, {})

        return self._file.write(work, durable=True)

    def remove(self, job_id: str) -> Job:
        """Forget a job and its checkpoint; what it left at its destination is not touched.

        Raises:
            UsageError: if there is no such job.
            ForbiddenStepError: if it is running.
        """
        return self._file.write(
            lambda db: self._delete(db, self._required(db, job_id)), durable=True
        )

    def reorder(self, job_id: str, *, before: str | None = None) -> Job:
        """Move a job right before another one, taking its priority; None is the end of its own.

        Raises:
            UsageError: if there is no such job.
        """

        def work(db: sqlite3.Connection) -> Job:
            job = self._required(db, job_id)
            if before == job_id:
                return job
            if before is None:
                last = _position(db, "SELECT max(position) FROM jobs WHERE final = 0")
                return self._place(db, job, job.priority, (last or 0.0) + 1.0)
            other = self._required(db, before)
            low = _position(
                db,
                "SELECT max(position) FROM jobs WHERE final = 0 AND position < ? AND id != ?",
                (other.position, job_id),
            )
            low = other.position - 2.0 if low is None else low
            middle = (low + other.position) / 2
            if not low + SMALLEST_GAP < middle < other.position - SMALLEST_GAP:
                self._number_anew(db)
                return work(db)
            return self._place(db, job, other.priority, middle)

        return self._file.write(work, durable=True)

    def save_checkpoint(self, job_id: str, blob: bytes, *, durable: bool) -> None:
        """Keep how far a job is; ``durable`` makes it survive a loss of power.

        Raises:
            UsageError: if there is no such job, or it is history.
        """
        values = (job_id, blob, zlib.crc32(blob), self._clock(), job_id)

        def work(db: sqlite3.Connection) -> None:
            saved = db.execute(
                "INSERT OR REPLACE INTO checkpoints (job, blob, check_sum, updated)"
                " SELECT ?, ?, ?, ? WHERE EXISTS"
                " (SELECT 1 FROM jobs WHERE id = ? AND final = 0)",
                values,
            )
            if not saved.rowcount:
                raise _unknown(job_id)

        self._file.write(work, durable=durable)

    def load_checkpoint(self, job_id: str) -> bytes | None:
        """Return what was kept last, None if nothing was or it is damaged, which is noted."""
        row = self._file.read(
            lambda db: db.execute(
                "SELECT blob, check_sum FROM checkpoints WHERE job = ?", (job_id,)
            ).fetchone()
        )
        if row is None:
            return None
        blob, check_sum = row
        if not isinstance(blob, bytes) or zlib.crc32(blob) != check_sum:
            self.notes.append(
                f"How far the job {job_id} was cannot be read any more; it begins anew."
            )
            return None
        return blob

    def forget_checkpoint(self, job_id: str) -> None:
        """Drop what was kept, if anything."""
        self._file.write(lambda db: _drop_checkpoint(db, job_id))

    def load_outline(self, job_id: str) -> bytes | None:
        """Return what is left of the map of a finished job, None if nothing is."""
        return self._file.read(lambda db: load_outline(db, job_id))

    def totals(self) -> Totals:
        """Return what was done since the journal began."""
        rows = self._file.read(lambda db: db.execute("SELECT name, value FROM totals").fetchall())
        values = {str(name): int(value) for name, value in rows}
        return Totals(values.get("jobs", 0), values.get("moved", 0), values.get("saved", 0))

    def forget_older(self, than: float) -> int:
        """Drop history that ended before ``than``, in seconds since 1970; return how much.

        Infinity drops all of it, in one step however long it is.
        """

        def work(db: sqlite3.Connection) -> int:
            forgotten = db.execute("DELETE FROM jobs WHERE final = 1 AND ended < ?", (than,))
            drop_outlines_of_nobody(db)
            return forgotten.rowcount

        return self._file.write(work)

    def _apply(
        self, db: sqlite3.Connection, job: Job, event: JobEvent | None, changes: Changes
    ) -> Job:
        now = self._clock()
        outline = changes.get("outline")
        own = {name: value for name, value in changes.items() if name != "outline"}
        changed = replace(job, **cast("JobChanges", own), updated=now)
        if event is not None:
            changed = replace(changed, state=advance(job.state, event))
            if event is JobEvent.RESUME:
                changed = replace(changed, attempts=0, error=None, not_before=None, ended=None)
            elif not changed.state.is_active:
                changed = replace(changed, ended=now, not_before=None)
        row = to_row(changed)
        sets = ", ".join(f"{name} = ?" for name in row)
        db.execute(f"UPDATE jobs SET {sets} WHERE id = ?", (*row.values(), job.id))  # noqa: S608
        if changed.state.is_final and not job.state.is_final:
            _drop_checkpoint(db, job.id)
            if outline is not None:
                keep_outline(db, job.id, outline)
            if changed.state is JobState.DONE:
                _count(db, changed.counts)
        return changed

    def _delete(self, db: sqlite3.Connection, job: Job) -> Job:
        removed = replace(
            job, state=advance(job.state, JobEvent.REMOVE), updated=self._clock(), request=None
        )
        db.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        _drop_checkpoint(db, job.id)
        drop_outline(db, job.id)
        return removed

    def _place(self, db: sqlite3.Connection, job: Job, priority: int, position: float) -> Job:
        placed = replace(job, priority=priority, position=position)
        return self._apply(db, placed, None, {})

    def _number_anew(self, db: sqlite3.Connection) -> None:
        rows = db.execute(f"{_SELECT} WHERE final = 0 ORDER BY position, id").fetchall()
        for number, job in enumerate(self._all_understood(rows), 1):
            self._place(db, job, job.priority, float(number))

    def _required(self, db: sqlite3.Connection, job_id: str) -> Job:
        row = _fetch(db, job_id)
        job = None if row is None else self._understood(row)
        if job is None:
            raise _unknown(job_id)
        return job

    def _all_understood(self, rows: list[tuple[Value, ...]]) -> list[Job]:
        jobs = map(self._understood, rows)
        return [job for job in jobs if job is not None]

    def _understood(self, row: tuple[Value, ...]) -> Job | None:
        """Return the job; a damaged one is left out, which is noted once."""
        values = dict(zip(COLUMNS, row, strict=True))
        try:
            return from_row(values)
        except ValueError:
            note = f"The job {values['id']!s} cannot be read any more and is left out."
            if note not in self.notes:
                self.notes.append(note)
            return None


def _fetch(db: sqlite3.Connection, job_id: str) -> tuple[Value, ...] | None:
    found = db.execute(f"{_SELECT} WHERE id = ?", (job_id,)).fetchone()
    return cast("tuple[Value, ...] | None", found)


def _position(db: sqlite3.Connection, query: str, values: tuple[Value, ...] = ()) -> float | None:
    return cast("float | None", db.execute(query, values).fetchone()[0])


def _drop_checkpoint(db: sqlite3.Connection, job_id: str) -> None:
    db.execute("DELETE FROM checkpoints WHERE job = ?", (job_id,))


def _count(db: sqlite3.Connection, counts: Counts) -> None:
    for name, more in (("jobs", 1), ("moved", counts.moved), ("saved", counts.saved)):
        db.execute(
            "INSERT INTO totals VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, more),
        )


def _unknown(job_id: str) -> UsageError:
    return UsageError(f"there is no job '{job_id}'", hint="'lacuna jobs' lists them.")
