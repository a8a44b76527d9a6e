"""Daemons the window is connected to: one `Host` for each saved connection.

A host owns its session, the list of its pools and the watch on the daemon's events. Work on it is
coroutines, to be run by a `work.Runner`; what changes is told by signals. Nothing here moves the
bytes of images.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Signal

from lacuna_engine.errors import LacunaError, PoolNotFoundError, RemoteError
from lacuna_engine.profiles import Profile
from lacuna_engine.storage import (
    PoolChange,
    PoolEvent,
    PoolHandle,
    PoolState,
    PoolType,
    PoolWatch,
    Storage,
    in_turns,
)
from lacuna_engine.transfer import Session

__all__ = ["Host", "HostState", "Hosts", "PoolRecord", "SessionFactory"]

SessionFactory = Callable[[Profile], Awaitable[Session]]
"""Opens a session; raises what `Session.open` raises."""


class HostState(Enum):
    """How a connection is."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"
    """It ended by itself, or could not be made."""


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """A pool as the window shows it. Sizes in bytes, as of the daemon's last refresh."""

    handle: PoolHandle
    state: PoolState
    type: PoolType
    capacity: int = 0
    allocation: int = 0
    available: int = 0
    autostart: bool = False
    persistent: bool = True
    path: str = ""

    @property
    def name(self) -> str:
        """The pool's name."""
        return self.handle.name

    @property
    def active(self) -> bool:
        """Whether its volumes can be used."""
        return self.state != PoolState.INACTIVE

    @property
    def fill(self) -> float:
        """How full it is, 0 to 1."""
        return self.allocation / self.capacity if self.capacity else 0.0


class Host(QObject):
    """One daemon: offline, or with an open session."""

    changed = Signal()
    """The state or the profile is another one."""
    pools_changed = Signal()
    """Pools came or went."""
    pool_changed = Signal(str)
    """The record of the pool of this name is another one."""
    volumes_changed = Signal(str)
    """The pool of this name was refreshed: its volumes may be others."""
    lost = Signal(object)
    """The connection ended by itself, with this error."""

    def __init__(self, profile: Profile, opener: SessionFactory) -> None:
        super().__init__()
        self.profile = profile
        self.state = HostState.OFFLINE
        self.error: LacunaError | None = None
        self.pools: dict[str, PoolRecord] = {}
        self._opener = opener
        self._session: Session | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """The profile's id."""
        return self.profile.id

    @property
    def title(self) -> str:
        """The name for people."""
        return self.profile.name

    @property
    def online(self) -> bool:
        """Whether work can be asked of it."""
        return self.state is HostState.ONLINE

    @property
    def storage(self) -> Storage:
        """The daemon's storage. Only while online."""
        if self._session is None:
            raise LacunaError(f"{self.title} is not connected", hint="Connect first.")
        return self._session.storage

    # --- life ----------------------------------------------------------------------------------

    async def connect_host(self) -> None:
        """Connect and list the pools. Raises what the session raises."""
        if self.state in (HostState.CONNECTING, HostState.ONLINE):
            return
        self._set_state(HostState.CONNECTING)
        session: Session | None = None
        try:
            session = await self._opener(self.profile)
            self._session = session
            await self._list_pools()
        except BaseException as error:
            self._session = None
            if session is not None:
                await session.close()
            wrong = error if isinstance(error, LacunaError) else None
            self._set_state(HostState.LOST if wrong else HostState.OFFLINE, wrong)
            raise
        self._set_state(HostState.ONLINE)
        self._watcher = asyncio.get_running_loop().create_task(self._watch(session))

    async def disconnect_host(self) -> None:
        """End the session. Never raises."""
        session, self._session = self._session, None
        watcher, self._watcher = self._watcher, None
        self._forget_pools()
        self._set_state(HostState.OFFLINE)
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        if session is not None:
            await session.close()

    def _set_state(self, state: HostState, error: LacunaError | None = None) -> None:
        self.state, self.error = state, error
        self.changed.emit()

    def _forget_pools(self) -> None:
        if self.pools:
            self.pools = {}
            self.pools_changed.emit()

    # --- events --------------------------------------------------------------------------------

    async def _watch(self, session: Session) -> None:
        """Follow the daemon's events until the connection ends."""
        connection = session.storage.connection
        ended: asyncio.Future[LacunaError] = asyncio.get_running_loop().create_future()

        def on_close(reason: LacunaError) -> None:
            if not ended.done():
                ended.set_result(reason)

        connection.on_close(on_close)
        try:
            try:
                async with PoolWatch(connection) as watch:
                    async for event in watch:
                        await self._on_event(event)
            except RemoteError:
                pass  # a daemon without events: the list is as fresh as the last refresh
            reason = await ended
        except LacunaError as error:
            reason = error
        await self._on_lost(session, reason)

    async def _on_lost(self, session: Session, reason: LacunaError) -> None:
        if self._session is not session:
            return  # we ended it ourselves
        self._session = None
        self._watcher = None
        self._forget_pools()
        self._set_state(HostState.LOST, reason)
        self.lost.emit(reason)
        await session.close()

    async def _on_event(self, event: PoolEvent) -> None:
        name = event.pool.name
        gone = event.change in (PoolChange.UNDEFINED, PoolChange.DELETED)
        if gone and self.pools.pop(name, None) is not None:
            self.pools_changed.emit()
            return
        with suppress(RemoteError):
            await self.look_at_pool(name)
        if event.change in (PoolChange.REFRESHED, PoolChange.STARTED, PoolChange.STOPPED):
            self.volumes_changed.emit(name)

    # --- pools ---------------------------------------------------------------------------------

    async def _list_pools(self) -> None:
        storage = self.storage
        handles = await storage.pools()
        records = await in_turns(lambda pool: _record(storage, pool), handles)
        self.pools = {record.name: record for record in records if record is not None}
        self.pools_changed.emit()

    async def look_at_pool(self, name: str) -> None:
        """Ask the daemon for one pool again; it may have come or gone."""
        storage = self.storage
        try:
            record = await _record(storage, await storage.pool(name))
        except PoolNotFoundError:
            record = None
        if record is None:
            if self.pools.pop(name, None) is not None:
                self.pools_changed.emit()
            return
        known = name in self.pools
        if self.pools.get(name) == record:
            return
        self.pools[name] = record
        if not known:
            self.pools = dict(sorted(self.pools.items()))
            self.pools_changed.emit()
        else:
            self.pool_changed.emit(name)

    async def refresh_pool(self, name: str) -> None:
        """Have the daemon read the pool again, then look at it.

        A refresh that fails makes the pool inactive (protocol.md 5.9), so one looks in any case.
        """
        try:
            await self.storage.refresh_pool(self.pools[name].handle)
        finally:
            with suppress(LacunaError):
                await self.look_at_pool(name)
        self.volumes_changed.emit(name)

    async def change_pool(
        self, name: str, change: Callable[[Storage, PoolHandle], Awaitable[object]]
    ) -> None:
        """Do something to a pool, then look at it, whatever came of it."""
        try:
            await change(self.storage, self.pools[name].handle)
        finally:
            with suppress(LacunaError):
                await self.look_at_pool(name)

    async def define_pool(self, xml: str, *, build: bool, start: bool, autostart: bool) -> str:
        """Define a pool, and what is asked for with it; returns its name."""
        storage = self.storage
        pool = await storage.define_pool(xml)
        try:
            if build:
                await storage.build_pool(pool)
            if start:
                await storage.start_pool(pool)
            if autostart:
                await storage.set_pool_autostart(pool, True)  # noqa: FBT003 - the daemon's own flag
        finally:
            with suppress(LacunaError):
                await self.look_at_pool(pool.name)
        return pool.name


async def _record(storage: Storage, pool: PoolHandle) -> PoolRecord | None:
    """Describe a pool; None if it went meanwhile."""
    try:
        info = await storage.pool_info(pool)
        described = await storage.describe_pool(pool)
        autostart, persistent = False, True
        with suppress(RemoteError):
            persistent = await storage.pool_is_persistent(pool)
            autostart = persistent and await storage.pool_autostart(pool)
    except PoolNotFoundError:
        return None
    return PoolRecord(
        handle=pool,
        state=info.state,
        type=described.type,
        capacity=info.capacity,
        allocation=info.allocation,
        available=info.available,
        autostart=autostart,
        persistent=persistent,
        path=described.target_path,
    )


class Hosts(QObject):
    """All hosts, in the order of the profiles."""

    added = Signal(object)
    removed = Signal(object)
    reordered = Signal()

    def __init__(self, opener: SessionFactory) -> None:
        super().__init__()
        self._opener = opener
        self._hosts: dict[str, Host] = {}

    def __iter__(self) -> Iterator[Host]:
        return iter(tuple(self._hosts.values()))

    def __len__(self) -> int:
        return len(self._hosts)

    def get(self, host_id: str) -> Host | None:
        """Return the host of a profile."""
        return self._hosts.get(host_id)

    def add(self, profile: Profile) -> Host:
        """Take a connection in."""
        host = Host(profile, self._opener)
        self._hosts[profile.id] = host
        self.added.emit(host)
        return host

    def update(self, profiles: Sequence[Profile]) -> None:
        """Take over what the profile store says: new ones, changed ones, another order."""
        for profile in profiles:
            host = self._hosts.get(profile.id)
            if host is None:
                self.add(profile)
            elif host.profile != profile:
                host.profile = profile
                host.changed.emit()
        order = [profile.id for profile in profiles if profile.id in self._hosts]
        rest = [key for key in self._hosts if key not in order]
        if list(self._hosts) != order + rest:
            self._hosts = {key: self._hosts[key] for key in order + rest}
            self.reordered.emit()

    async def remove(self, host_id: str) -> None:
        """Disconnect and forget."""
        host = self._hosts.pop(host_id, None)
        if host is not None:
            await host.disconnect_host()
            self.removed.emit(host)

    async def close(self) -> None:
        """Disconnect from all."""
        await asyncio.gather(*(host.disconnect_host() for host in self._hosts.values()))
