"""A job as a row of the journal (pure).

Every row carries a sum of its values. SQLite's own check finds broken structure and not changed
values, and a job must not go to another pool because a bit in a name was lost.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import cast

from lacuna_engine.journal.job import (
    Counts,
    Job,
    JobKind,
    Problem,
    options_from_record,
    options_to_record,
)
from lacuna_engine.journal.places import place_from_record
from lacuna_engine.journal.states import JobEvent, JobState

__all__ = ["COLUMNS", "Value", "as_text", "from_row", "row_sum", "to_row"]

Value = str | int | float | bytes | None

COLUMNS = (*(entry.name for entry in fields(Job)), "final", "check_sum")


def to_row(job: Job) -> dict[str, Value]:
    """Return the values of the columns."""
    row: dict[str, Value] = {
        "id": job.id,
        "kind": str(job.kind),
        "source": _text(job.source.to_record()),
        "destination": _text(job.destination.to_record()),
        "options": _text(options_to_record(job.options)),
        "format": _text(job.format),
        "priority": job.priority,
        "position": float(job.position),
        "state": str(job.state),
        "final": int(job.state.is_final),
        "attempts": job.attempts,
        "error": None if job.error is None else _text(job.error.to_record()),
        "not_before": _real(job.not_before),
        "created": float(job.created),
        "updated": float(job.updated),
        "started": _real(job.started),
        "ended": _real(job.ended),
        "counts": _text(job.counts.to_record()),
        "digest": job.digest,
        "verified": int(job.verified),
        "resumed": int(job.resumed),
        "request": None if job.request is None else str(job.request),
        "notes": _text(job.notes) if job.notes else None,
    }
    return {**row, "check_sum": row_sum(row)}


def from_row(row: Mapping[str, Value]) -> Job:
    """Rebuild a job. Raises ``ValueError`` if the row is damaged.

    Columns that are missing are as in a new job.
    """
    try:
        if row["check_sum"] != row_sum(row):
            raise ValueError("the row's sum is wrong")
        error = row.get("error")
        request = row.get("request")
        return Job(
            id=str(row["id"]),
            kind=JobKind(str(row["kind"])),
            source=place_from_record(_record(row["source"])),
            destination=place_from_record(_record(row["destination"])),
            options=options_from_record(_record(row["options"])),
            format=str(_record(row["format"])),
            priority=int(row["priority"] or 0),
            position=float(row["position"] or 0.0),
            state=JobState(str(row["state"])),
            attempts=int(row["attempts"] or 0),
            error=None if error is None else Problem.from_record(_record(error)),
            not_before=_time(row.get("not_before")),
            created=float(row["created"] or 0.0),
            updated=float(row["updated"] or 0.0),
            started=_time(row.get("started")),
            ended=_time(row.get("ended")),
            counts=Counts.from_record(_record(row["counts"])),
            digest=None if row.get("digest") is None else str(row["digest"]),
            verified=bool(row["verified"]),
            resumed=bool(row["resumed"]),
            request=None if request is None else JobEvent(str(request)),
            notes=_notes(row.get("notes")),
        )
    except (KeyError, TypeError) as problem:
        raise ValueError(f"a damaged row: {problem}") from problem


def _text(value: object) -> str:
    # ASCII only: names of files may hold bytes that are no UTF-8, which SQLite would refuse.
    return json.dumps(value, separators=(",", ":"))


def _record(value: Value) -> object:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return json.loads(value)


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def _time(value: Value) -> float | None:
    return None if value is None else float(value)


def _notes(value: Value) -> tuple[str, ...]:
    found = () if value is None else _record(value)
    if not isinstance(found, list | tuple):
        raise TypeError("a list was expected")
    return tuple(str(note) for note in cast("list[object]", found))


def row_sum(row: Mapping[str, Value]) -> int:
    """Sum up all values that are there: a column that a migration added changes no old sum."""
    there = sorted(
        (name, value) for name, value in row.items() if value is not None and name != "check_sum"
    )
    return zlib.crc32(repr(there).encode("ascii", "backslashreplace"))


def as_text(raw: bytes) -> str:
    """Decode what SQLite calls text, whatever damage has made of it."""
    return raw.decode("utf-8", "replace")
