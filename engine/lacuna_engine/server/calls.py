"""What each call does: a table from procedures to functions, and who may call them.

The functions are plain and may block; they run in threads. Which calls are let through, and in
which state of the connection, is decided here once for all (protocol.md 1.7, 3.1, 3.2).
"""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.procedures import Kind, Procedure
from lacuna_engine.rpc.record import Record
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.handlers import HANDLERS
from lacuna_engine.server.logins import Logins
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import failed, in_words, inactive, read_only
from lacuna_engine.server.registry import Registry

__all__ = ["Calls"]

THREADS = 8
URGENT_THREADS = 4
"""For the calls that take no time, so that they need not wait for clones (protocol.md 1.8)."""

MAX_REGISTRATIONS = 64
"""Of one client, which is sent as many events for each change. Clients register a few dozen."""

NOT_YET_OPEN = frozenset(
    {
        p.AUTH_LIST.number,
        p.AUTH_SASL_INIT.number,
        p.AUTH_SASL_START.number,
        p.AUTH_SASL_STEP.number,
        p.AUTH_POLKIT.number,
        p.CONNECT_OPEN.number,
        p.CONNECT_CLOSE.number,
        p.CONNECT_SUPPORTS_FEATURE.number,
    }
)
"""Calls that make sense before CONNECT_OPEN."""

LOGIN = frozenset(range(66, 71))
"""Calls that are answered before the client is let in."""

GUESSES = frozenset({p.AUTH_SASL_START.number, p.AUTH_SASL_STEP.number})
"""Calls that say whether a password is right."""

CHANGES = frozenset(
    procedure.number
    for procedure in (
        p.POOL_CREATE_XML,
        p.POOL_DEFINE_XML,
        p.POOL_CREATE,
        p.POOL_BUILD,
        p.POOL_DESTROY,
        p.POOL_DELETE,
        p.POOL_UNDEFINE,
        p.POOL_SET_AUTOSTART,
        p.VOL_CREATE_XML,
        p.VOL_CREATE_XML_FROM,
        p.VOL_DELETE,
        p.VOL_WIPE,
        p.VOL_WIPE_PATTERN,
        p.VOL_RESIZE,
        p.VOL_UPLOAD,
    )
)
"""Calls that a server which only reads refuses."""

READ_WRITE = CHANGES | {p.VOL_DOWNLOAD.number, p.POOL_REFRESH.number}
"""Calls that a read-only connection is refused (protocol.md 3.2)."""


class Calls:
    """Answers calls from a registry of pools. ``logins`` None lets everybody in."""

    def __init__(
        self, registry: Registry, *, logins: Logins | None = None, read_only: bool = False
    ) -> None:
        self.registry = registry
        self.logins = logins
        self.read_only = read_only
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lacuna-serve")
        self._urgent = ThreadPoolExecutor(URGENT_THREADS, thread_name_prefix="lacuna-serve-urgent")
        self._callers: set[Caller] = set()
        self._callback_ids = itertools.count(1)
        self._refreshing_until = 0.0

    def start(self) -> None:
        """Begin, on the running loop."""
        self._loop = asyncio.get_running_loop()

    def upload_ended(self, caller: Caller, pool: FolderPool) -> None:
        """An upload has ended, however: the daemon reads the pool again, and tells (3.5, 4.10)."""
        delay = caller.faults.slow_refresh
        self._refreshing_until = max(self._refreshing_until, self._loop.time() + delay)
        self._loop.call_later(delay, self.tell, pool.handle, None)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)
        self._urgent.shutdown(cancel_futures=True)

    async def answer(
        self, caller: Caller, procedure: Procedure[Record, Record], arguments: Record
    ) -> Answer:
        """Return the answer to a call. Raises :class:`Refusal`."""
        self._admit(caller, procedure)
        function = HANDLERS.get(procedure.number)
        if function is None:
            raise in_words(Code.RPC, f"unknown procedure: {procedure.number}", domain=Domain.RPC)
        await self._misbehave(caller, procedure, arguments)
        if (wait := self._refreshing_until - self._loop.time()) > 0:
            await asyncio.sleep(wait)
        threads = self._urgent if procedure.priority else self._threads

        def begin() -> asyncio.Future[Answer]:
            return self._loop.run_in_executor(threads, function, self, caller, arguments)

        return await (caller.guesses.take(begin) if procedure.number in GUESSES else begin())

    async def _misbehave(
        self, caller: Caller, procedure: Procedure[Record, Record], arguments: Record
    ) -> None:
        """Do what is wrong with the call before it is looked at."""
        volume = getattr(arguments, "volume", None)
        if caller.faults.pool_inactive and isinstance(volume, r.VolumeHandle):
            raise inactive(volume.pool)
        if caller.faults.slow_open and procedure.kind is not Kind.CALL:
            await asyncio.sleep(caller.faults.slow_open)

    def forget(self, caller: Caller) -> None:
        """A connection has ended."""
        caller.connected = False
        caller.guesses.end()
        self._callers.discard(caller)

    def _admit(self, caller: Caller, procedure: Procedure[Record, Record]) -> None:
        number = procedure.number
        if not caller.let_in and number not in LOGIN:
            raise in_words(Code.RPC, "authentication required", domain=Domain.RPC)
        if not caller.opened and number not in NOT_YET_OPEN:
            raise in_words(Code.INTERNAL_ERROR, "connection not open", domain=Domain.RPC)
        if (caller.read_only and number in READ_WRITE) or (self.read_only and number in CHANGES):
            raise read_only(procedure.name)

    # --- events ----------------------------------------------------------------------------------

    def tell(self, pool: r.PoolHandle, lifecycle: int | None) -> None:
        """Tell whoever registered what happened to a pool; None is a refresh. On the loop."""
        for caller in tuple(self._callers):
            for callback, wanted in tuple(caller.registrations.items()):
                if wanted.pool is not None and wanted.pool.uuid != pool.uuid:
                    continue
                if lifecycle is None and wanted.event == 1:
                    caller.on_event(p.POOL_EVENT_REFRESH, r.PoolRefreshed(callback, pool))
                elif lifecycle is not None and wanted.event == 0:
                    happened = r.PoolLifecycle(callback, pool, lifecycle, 0)
                    caller.on_event(p.POOL_EVENT_LIFECYCLE, happened)

    def register(self, caller: Caller, wanted: r.RegisterPoolEvent) -> int:
        """Remember a registration and return its callback id. Raises `Refusal`."""
        if wanted.event not in (0, 1):
            raise in_words(Code.INTERNAL_ERROR, "unsupported storage pool event ID")
        if len(caller.registrations) >= MAX_REGISTRATIONS:
            raise failed("too many event callbacks")
        number = next(self._callback_ids)
        caller.registrations[number] = wanted
        self._callers.add(caller)
        if not caller.connected:
            # It has ended meanwhile: this is another thread.
            self._callers.discard(caller)
        return number
