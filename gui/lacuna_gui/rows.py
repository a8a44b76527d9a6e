"""Rows of transfers, made of what the worker tells of its jobs (pure).

A job's record says what it is and in which state; samples say how far it is. A row keeps what a
sample has said when the next record comes, since a record has only what was true when a try ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from lacuna_engine import errors
from lacuna_engine.errors import LacunaError, RemoteError
from lacuna_engine.extents import ExtentRecord
from lacuna_engine.storage import display_name
from lacuna_engine.transfer import Phase
from lacuna_engine.transfer.options import START_OVER
from lacuna_engine.worker.messages import Message
from lacuna_gui.hints import in_window_words
from lacuna_gui.models.transfers import FINISHED, Direction, RowState, TransferRow
from lacuna_gui.paint.thumbnail import Outline
from lacuna_gui.problem import Problem, problem_of

translate = QCoreApplication.translate

__all__ = [
    "Titles",
    "arrived_row",
    "order_of",
    "problem_of_record",
    "row_of",
    "waiting_row",
    "wants_to_start_over",
]

Titles = Callable[[str], tuple[str, str]]
"""From a URI to the id of its connection, or nothing, and its name for people."""

STATES = {
    "queued": RowState.QUEUED,
    "running": RowState.RUNNING,
    "paused": RowState.PAUSED,
    "waiting": RowState.WAITING,
    "interrupted": RowState.CANCELLED,
    "failed": RowState.FAILED,
    "done": RowState.DONE,
    "skipped": RowState.SKIPPED,
}
"""The journal's states; nobody sees one that is removed."""

_FLOWING = frozenset({RowState.RUNNING, RowState.STALLED})
_WITH_ERROR = frozenset({RowState.WAITING, RowState.PAUSED, RowState.FAILED, RowState.CANCELLED})
_MOVING = frozenset({Phase.SENDING, Phase.RECEIVING})

_COUNTS = (
    "total", "data", "hole", "zero", "passed", "moved", "acknowledged", "in_flight", "saved",
    "wire",
)  # fmt: skip


def row_of(record: Message, titles: Titles, before: TransferRow | None = None) -> TransferRow:
    """Return the row of a job's record; ``before`` is the row that it had."""
    state = _state(record, before)
    error = record["error"] if state in _WITH_ERROR else None
    return replace(
        _named(record, titles) if before is None else before,
        **_counts(record, state, before),
        phase=before.phase if before is not None and _same_run(state, before) else Phase.STARTING,
        state=state,
        limit=record["options"]["limit"],
        priority=record["priority"],
        position=order_of(record["priority"], record["position"]),
        attempt=max(1, record["attempts"]),
        added=record["created"],
        ended=record["ended"] or 0.0,
        error=None if error is None else problem_of_record(error),
        notes=_notes(record, state),
        verified=record["verified"],
    )


def _state(record: Message, before: TransferRow | None) -> RowState:
    state = STATES[record["state"]]
    # That it stalls is what samples say, and a record of the same run knows nothing of it.
    return before.state if before is not None and _same_run(state, before) else state


def _same_run(state: RowState, before: TransferRow) -> bool:
    return state in _FLOWING and before.state in _FLOWING


def _named(record: Message, titles: Titles) -> TransferRow:
    direction = Direction(record["kind"])
    source, target = record["source_place"], record["destination_place"]
    far = source if direction is Direction.DOWNLOAD else target
    near = {"upload": source, "download": target}.get(record["kind"], {})
    return TransferRow(
        id=record["id"],
        direction=direction,
        name=(target if direction is Direction.UPLOAD else source)["volume"],
        source=_shown(source, titles),
        destination=_shown(target, titles),
        local=near.get("path", ""),
        host=titles(far["uri"])[0],
        pool=far["pool"],
    )


def _shown(place: dict[str, str], titles: Titles) -> str:
    if "path" in place:
        return display_name(place["path"])
    tail = f"/{place['volume']}" if place["volume"] else ""
    return display_name(f"{titles(place['uri'])[1]}/{place['pool']}{tail}")


def _counts(record: Message, state: RowState, before: TransferRow | None) -> dict[str, Any]:
    """Return the numbers that a record changes."""
    if before is not None and _same_run(state, before):
        return {}
    still: dict[str, Any] = {"rate": 0.0, "eta": None}
    if before is not None and before.total and state not in FINISHED:
        if state is RowState.QUEUED and before.state is RowState.CANCELLED:
            # What had arrived was removed.
            still |= {"passed": 0, "moved": 0, "acknowledged": 0, "in_flight": 0, "strip": None}
        return still
    counts = {name: record[name] for name in ("total", "data", "hole", "zero", "saved", "wire")}
    # A sample has counted more: it knows of reading back, a record only of the last try.
    moved = record["received" if record["kind"] == "download" else "sent"]
    counts["moved"] = max(moved, 0 if before is None else before.moved)
    counts["in_flight"] = 0
    if state is RowState.DONE:
        counts["passed"] = counts["acknowledged"] = record["total"]
    return still | counts


def _notes(record: Message, state: RowState) -> tuple[str, ...]:
    notes = tuple(map(in_window_words, record["notes"]))
    if state is RowState.WAITING and record["not_before"] is not None:
        when = time.strftime("%H:%M:%S", time.localtime(record["not_before"]))
        notes += (translate("Rows", "The next try is at {0}.").format(when),)
    return notes


def arrived_row(row: TransferRow, sample: Message) -> TransferRow:
    """Return a row with what a sample says of its job."""
    values: dict[str, Any] = {}
    if row.state in _FLOWING:
        phase, rate = Phase(sample.get("phase", row.phase)), float(sample.get("rate", 0.0))
        moving = phase in _MOVING and rate > 0
        values = {
            "state": RowState.STALLED if sample.get("stalled") else RowState.RUNNING,
            "phase": phase,
            "rate": rate,
            "eta": sample["left"] / rate if moving else None,
            "notes": tuple(map(in_window_words, sample.get("notes", row.notes))),
        }
    # Before the image has been looked at again, what was known of it stands.
    if sample["total"]:
        values |= {name: sample[name] for name in _COUNTS if name in sample}
        if "outline" in sample:
            values["strip"] = _strip(sample["total"], sample["outline"])
    return replace(row, **values)


def _strip(size: int, outline: list[int]) -> Outline:
    lengths, kinds, progress = outline[::3], outline[1::3], outline[2::3]
    record: ExtentRecord = {
        "version": 1,
        "size": size,
        "kinds": [n for pair in zip(lengths, kinds, strict=True) for n in pair],
        "progress": [n for pair in zip(lengths, progress, strict=True) for n in pair],
    }
    return Outline(record)


def waiting_row(row: TransferRow, problem: Problem) -> TransferRow:
    """Return the row of a job whose process is gone: it goes on with the next one."""
    return replace(row, state=RowState.WAITING, rate=0.0, eta=None, error=problem)


def order_of(priority: int, position: float) -> int:
    """Return one number that orders jobs as the journal does: by priority, then by position.

    Positions that the journal tells apart differ by 1e-6, and are far below 2 ** 40.
    """
    return (-priority << 64) + round(position * (1 << 24))


def problem_of_record(error: Message) -> Problem:
    """Put the error of a record into words, as `problem_of` does it with the exception itself."""
    kind = getattr(errors, error["name"], None)
    message, hint, details = error["message"], error["hint"], error.get("details", "")
    if not (isinstance(kind, type) and issubclass(kind, LacunaError)):
        if not details:
            return problem_of(LacunaError(message, hint=hint))
        return Problem(
            what=translate("Rows", "Something went wrong inside Lacuna"),
            why=f"{error['name']}: {message}",
            cure=translate(
                "Rows", "This is a defect of Lacuna. Please report it with the text below."
            ),
            details=details,
        )
    if issubclass(kind, RemoteError):
        problem = problem_of(kind(message, code=0, hint=hint))
    else:
        problem = problem_of(kind(message, hint=hint))
    return replace(problem, details=details)


def wants_to_start_over(error: Message) -> bool:
    """Tell whether the job goes on only if what has arrived is given up."""
    return bool(error["hint"] == START_OVER)
