"""Waiting for a daemon that is busy, and not keeping it busier than it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from lacuna_engine.errors import VolumeBusyError

__all__ = ["BUSY_DELAYS", "CALLS_AT_ONCE", "in_turns", "retry_busy"]

T = TypeVar("T")
U = TypeVar("U")

CALLS_AT_ONCE = 4
"""Calls of one connection under way at a time. The daemon takes five messages of a connection, and
one place must stay free for it to see our pings (protocol.md 1.8)."""

BUSY_DELAYS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between attempts: opens collide for milliseconds, a clone or a wipe may take longer."""


async def retry_busy(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat ``attempt`` while it raises :class:`VolumeBusyError`, for some seconds in all."""
    for delay in BUSY_DELAYS:
        try:
            return await attempt()
        except VolumeBusyError:
            await asyncio.sleep(delay)
    return await attempt()


async def in_turns(work: Callable[[T], Awaitable[U]], items: Iterable[T]) -> list[U]:
    """Do ``work`` on each item, at most :data:`CALLS_AT_ONCE` at a time; results in order.

    The first error cancels the rest and is raised itself.
    """
    waiting = list(items)
    results: dict[int, U] = {}
    numbers = iter(range(len(waiting)))

    async def worker() -> None:
        for number in numbers:
            results[number] = await work(waiting[number])

    workers = [asyncio.create_task(worker()) for _ in range(min(CALLS_AT_ONCE, len(waiting)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
    return [results[number] for number in range(len(waiting))]
