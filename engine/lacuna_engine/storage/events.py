"""Storage pool events (protocol.md 3.5): all that a daemon tells unasked.

Volumes have no events at all; a pool's REFRESHED is the hint that its volumes may have changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from enum import IntEnum
from typing import NamedTuple, Self

from lacuna_engine.client import Connection
from lacuna_engine.errors import LacunaError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.events import ServerEvent
from lacuna_engine.rpc.records import PoolHandle

__all__ = ["PoolChange", "PoolEvent", "PoolWatch"]

LIFECYCLE, REFRESH = 0, 1

BACKLOG = 4096
"""Different events kept for a slow reader; beyond that the oldest is dropped."""


class PoolChange(IntEnum):
    """What happened to a pool: the lifecycle's numbers, and one for a refresh."""

    DEFINED = 0
    UNDEFINED = 1
    STARTED = 2
    STOPPED = 3
    CREATED = 4
    DELETED = 5
    UNKNOWN = 98
    REFRESHED = 99

    @classmethod
    def _missing_(cls, value: object) -> PoolChange:
        del value
        return cls.UNKNOWN


class PoolEvent(NamedTuple):
    """A pool and what happened to it."""

    pool: PoolHandle
    change: PoolChange


class PoolWatch:
    """The events of all pools, as an asynchronous context manager and iterator.

    An event that repeats one still waiting to be read is merged with it, so a daemon that floods
    us costs no memory. The iterator ends with the error of the connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._callbacks: set[int] = set()
        self._waiting: dict[PoolEvent, None] = {}
        self._arrived = asyncio.Event()
        self._reason: LacunaError | None = None
        self._stop = connection.on_event(self._on_event)
        connection.on_close(self._on_close)

    async def __aenter__(self) -> Self:
        try:
            for event in (LIFECYCLE, REFRESH):
                arguments = r.RegisterPoolEvent(event)
                number = (await self._connection.call(p.POOL_EVENT_REGISTER, arguments)).value
                self._callbacks.add(number)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        for number in self._callbacks:
            with suppress(LacunaError):
                await self._connection.call(p.POOL_EVENT_DEREGISTER, r.Number(number))

    def __aiter__(self) -> AsyncIterator[PoolEvent]:
        return self

    async def __anext__(self) -> PoolEvent:
        while not self._waiting:
            if self._reason is not None:
                raise self._reason
            self._arrived.clear()
            await self._arrived.wait()
        event = next(iter(self._waiting))
        del self._waiting[event]
        return event

    def _on_event(self, event: ServerEvent) -> None:
        match event.payload:
            case r.PoolLifecycle(_, pool, change, _):
                self._add(PoolEvent(pool, PoolChange(change)))
            case r.PoolRefreshed(_, pool):
                self._add(PoolEvent(pool, PoolChange.REFRESHED))
            case _:
                pass

    def _add(self, event: PoolEvent) -> None:
        # Behind what came since: a stop, a start and a stop must not end with the start.
        self._waiting.pop(event, None)
        self._waiting[event] = None
        if len(self._waiting) > BACKLOG:
            del self._waiting[next(iter(self._waiting))]
        self._arrived.set()

    def _on_close(self, reason: LacunaError) -> None:
        self._reason = reason
        self._arrived.set()
