"""How far jobs are that do not run: read once, when the window asks.

That of an open job is its checkpoint, and of a finished one the outline that is left of its map.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from lacuna_engine.errors import LacunaError
from lacuna_engine.extents import ExtentMap, Progress
from lacuna_engine.extents.outline import Outline
from lacuna_engine.journal import Job, JobState, Journal
from lacuna_engine.transfer.checkpoint import Checkpoint
from lacuna_engine.worker.messages import Message
from lacuna_engine.worker.sampling import counted, outline

__all__ = ["saved_map", "tell_sleeping"]


def saved_map(journal: Journal, job_id: str) -> Outline | None:
    """Return the map of a job's checkpoint or what is left of it, if that can be read."""
    with suppress(LacunaError, ValueError):
        if (blob := journal.load_checkpoint(job_id)) is not None:
            return Outline(Checkpoint.from_bytes(blob).map)
        if (blob := journal.load_outline(job_id)) is not None:
            return Outline.from_bytes(blob)
    return None


async def tell_sleeping(
    journal: Journal, jobs: Iterable[Job], tell: Callable[[Message], None]
) -> None:
    """Tell, as progress, how far each of ``jobs`` was when it stopped."""
    for job in jobs:
        if job.state is JobState.RUNNING:
            continue
        final = job.state.is_final
        blob = None
        with suppress(LacunaError):
            blob = journal.load_outline(job.id) if final else journal.load_checkpoint(job.id)
        if blob is not None:
            # A large map takes seconds, in which what runs must go on.
            found = await asyncio.to_thread(_sample, job.id, blob, final=final)
            if found is not None:
                tell({"event": "progress", "jobs": [found]})
        else:
            await asyncio.sleep(0)


def _sample(job_id: str, blob: bytes, *, final: bool) -> Message | None:
    extents: ExtentMap
    try:
        extents = (Outline if final else Checkpoint).from_bytes(blob).map
    except (LacunaError, ValueError):
        return None
    # What was handed over counts too: most of it is there, and is looked at when the job goes on.
    passed = extents.size - extents.bytes_at(Progress.PENDING)
    return {"id": job_id, **counted(extents), "passed": passed, "outline": outline(extents)}
