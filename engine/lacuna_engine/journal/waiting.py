"""Waiting for other processes on the journal without holding up the loop.

The journal's own methods wait too, but with the whole process: what would come to that by itself,
and can come a little later, waits here first.
"""

from __future__ import annotations

import asyncio

from lacuna_engine.journal.store import Journal

__all__ = ["until_free"]

PATIENCE = 10.0
"""Seconds, as many as the journal's methods wait."""

LOOK_EVERY = 0.1


async def until_free(journal: Journal) -> bool:
    """Wait until no other process is busy with the journal; False if that takes too long."""
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    while journal.is_busy():
        if clock() >= end:
            return False
        await asyncio.sleep(LOOK_EVERY)
    return True
