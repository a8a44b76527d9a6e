"""What goes between the window and the worker: one JSON object a line (pure).

Commands have ``do`` and go to the worker, events have ``event`` and come from it. The tables below
name every field; all sizes are bytes, all times seconds since 1970.

===============  ====================================================================
command          fields
===============  ====================================================================
begin            settings have been sent: start to run jobs. Nothing runs before
add              job: as in :func:`job_record`; start: false leaves it paused. One
                 that is there already is only told
pause, remove    job
resume           job, start_over: agrees to lose what arrived, if it must be
cancel           job, discard: delete what has arrived
start            job: resumed if need be, and run now, whatever the limits
move             job, before (a job or null for the end)
priority         job, priority
limit            rate, job (null: all together)
pause_all,
resume_all
limits           total, per_host: jobs at a time
watch            job (null: none): the one whose map is told
forget           finished jobs leave the history
answer           number, value: to a question; null is no answer
stop             end in good order; the end of the input means the same
===============  ====================================================================

===============  ====================================================================
event            fields
===============  ====================================================================
listed           jobs: a page of those there are; more come
ready            jobs: the last page; version. On all pages together are the open ones
                 in order, then the newest of the history
job              job: added, or not as it was
refused          job, error: the record of why it could not be added
removed          job: its id
forgotten        every job that is done or skipped is no longer
progress         jobs: of each that runs, see :mod:`lacuna_engine.worker.sampling`
map              job, map: all of it, as :meth:`ExtentMap.to_record`; grain, if not 0:
                 bytes within which the order is not known
changes          job, ranges: [start, end, kind, progress], ...
totals           jobs, moved, saved, session_moved, session_saved, paused, rate
log              time, level, text, job (or empty)
question         number, asks ("secret" or "host"), uri, and the question's own fields
failed           text, hint: the worker cannot work, and ends
===============  ====================================================================
"""

from __future__ import annotations

import json
from typing import Any, cast

from lacuna_engine.errors import ProtocolError
from lacuna_engine.journal import Job, JobKind
from lacuna_engine.journal.job import options_from_record
from lacuna_engine.journal.places import place_from_record

__all__ = ["MAX_LINE", "Message", "decode", "encode", "job_of", "job_record"]

MAX_LINE = 256 << 20
"""Bytes of a line at most; the map of a million extents takes some 12 MiB."""

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read a line. Raises :class:`ProtocolError`."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ProtocolError("a message of the worker is no JSON") from error
    if not isinstance(message, dict):
        raise ProtocolError("a message of the worker is no object")
    return cast("Message", message)


def job_record(job: Job) -> Message:
    """Return a job in full, places apart."""
    return {
        **job.to_json(),
        "id": job.id,
        "source_place": job.source.to_record(),
        "destination_place": job.destination.to_record(),
        "position": job.position,
    }


def job_of(record: Message) -> Job:
    """Return the new job that an ``add`` asks for. Raises :class:`ProtocolError`."""
    try:
        return Job(
            kind=JobKind(record["kind"]),
            source=place_from_record(record["source_place"]),
            destination=place_from_record(record["destination_place"]),
            options=options_from_record(record["options"]),
            id=str(record["id"]),
            format=str(record["format"]),
            priority=int(record["priority"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ProtocolError(f"a job that makes no sense: {error}") from error
