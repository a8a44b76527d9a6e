"""All pools of a server: by name, uuid, path and volume; and the events of their lives.

Pools live as long as the server: nothing is written down, so a pool's uuid is its own until it is
gone. The server's own pools are put in with `add`; clients may define more only if that is allowed
and only in folders below the given roots, into which no link leads (protocol.md 5.9).

Safe to be used by several threads. Events are told without a lock held, from the calling thread.
"""

from __future__ import annotations

import threading
import uuid as uuid_module
from collections.abc import Callable, Iterable

from lacuna_engine.rpc.failure import Code
from lacuna_engine.rpc.records import PoolHandle, VolumeHandle
from lacuna_engine.server import refusal
from lacuna_engine.server.describe import PoolRequest, read_pool_request
from lacuna_engine.server.folder import collapsed_path, normal_path
from lacuna_engine.server.pool import FolderPool

__all__ = ["Registry"]

PoolEvent = Callable[[PoolHandle, int | None], None]
"""A pool, and its lifecycle event (protocol.md 3.5), or None for a refresh."""

DEFINED = 0
UNDEFINED = 1
STOPPED = 3

MAX_POOLS = 1024
"""More than any host has. Each costs memory, an active one a descriptor and a watch, and a list of
more than 16,384 could be sent to nobody (protocol.md 3.3)."""

_DIR = 64
_ALL_FILTERS = (1 << 20) - 1
_GROUPS = (0x3, 0xC, 0x30, 0xFFFC0)
"""Flags of 281 that are OR-ed: state, persistence, autostart, type (protocol.md 3.6)."""


class Registry:
    """The pools. ``roots`` are absolute paths below which clients may define more."""

    def __init__(self, roots: Iterable[str] = (), *, allow_define: bool = False) -> None:
        self.roots = tuple(normal_path(root) for root in roots)
        self.allow_define = allow_define
        self._pools: dict[bytes, FolderPool] = {}
        self._lock = threading.RLock()
        self._callbacks: list[PoolEvent] = []

    def on_event(self, callback: PoolEvent) -> None:
        """Have every event told to ``callback``, from whatever thread causes it."""
        self._callbacks.append(callback)

    # --- coming and going ------------------------------------------------------------------------

    def add(self, name: str, path: str, uuid: uuid_module.UUID | None = None) -> FolderPool:
        """Put in a pool of the server's own and start it; the folder may be anywhere.

        Raises:
            Refusal: (9) if name or path are taken, (38) if there is no such folder.
        """
        pool = FolderPool(name, path, uuid)
        self._insert(pool)
        self._tell(pool, DEFINED)
        try:
            pool.start()
        except refusal.Refusal:
            self._remove(pool)
            self._tell(pool, UNDEFINED)
            raise
        pool.autostart = True
        return pool

    def define(self, xml: str, flags: int = 0) -> FolderPool:
        """Put in a pool that is not started, or change one of the same name and uuid.

        Raises:
            Refusal: (29) if clients may not define pools, or not there; (9) if name or path are
                taken; (27, 35, 1) for the XML.
        """
        refusal.check_flags(flags, 1, "storagePoolDefineXML")
        request = self._allowed(xml)
        with self._lock:
            old = None if request.uuid is None else self._pools.get(request.uuid.bytes)
            pool = self._new(request, persistent=True)
            if old is None:
                self._insert(pool)
            else:
                pool = self._redefine(old, pool)
        self._tell(pool, DEFINED)
        return pool

    def create_xml(self, xml: str, flags: int = 0) -> FolderPool:
        """Put in a transient pool and start it; flags as for `FolderPool.start`.

        Raises:
            Refusal: as `define`, and (38) if the folder cannot be opened.
        """
        refusal.check_flags(flags, 7, "storagePoolCreateXML")
        pool = self._new(self._allowed(xml), persistent=False)
        self._insert(pool)
        try:
            pool.start(flags)
        except refusal.Refusal:
            self._remove(pool)
            raise
        return pool

    def undefine(self, uuid: bytes) -> None:
        """Forget an inactive pool; its folder stays. Raises :class:`Refusal`."""
        pool = self._changeable(uuid, "still active")
        with self._lock:
            if pool.active:
                raise refusal.invalid_operation(f"storage pool '{pool.name}' is still active")
            self._remove(pool)
        self._tell(pool, UNDEFINED)

    def build(self, uuid: bytes, flags: int = 0) -> None:
        """Make the folder of an inactive pool (POOL_BUILD)."""
        self._changeable(uuid, "already active").build(flags)

    def delete_pool(self, uuid: bytes, flags: int = 0) -> None:
        """Remove the empty folder of an inactive pool (POOL_DELETE); the pool stays defined."""
        self._changeable(uuid, "still active").remove(flags)

    # --- looking up ------------------------------------------------------------------------------

    def lookup_by_name(self, name: str) -> FolderPool:
        """Return the pool of that name. Raises `Refusal` (49)."""
        for pool in self._all():
            if pool.name == name:
                return pool
        raise refusal.no_pool(name)

    def lookup_by_uuid(self, uuid: bytes) -> FolderPool:
        """Return the pool with these 16 bytes (protocol.md 2.1). Raises `Refusal` (49)."""
        with self._lock:
            pool = self._pools.get(uuid)
        if pool is None:
            raise _no_such_pool("uuid", str(uuid_module.UUID(bytes=uuid)))
        return pool

    def lookup_by_volume(self, volume: VolumeHandle) -> FolderPool:
        """Return the pool a volume's handle names. Raises `Refusal` (49, 50)."""
        pool = self.lookup_by_name(volume.pool)
        pool.lookup(volume.name)
        return pool

    def lookup_by_target_path(self, path: str) -> FolderPool:
        """Return the active pool over that folder. Raises `Refusal` (49)."""
        wanted = collapsed_path(path)
        for pool in self._all():
            if pool.active and pool.path == wanted:
                return pool
        raise _no_such_pool("target path", path)

    def volume_by_key(self, key: str) -> VolumeHandle:
        """Return the volume with that key, which is its exact path. Raises `Refusal` (50)."""
        found = self._volume_at(key)
        if found is None:
            raise _no_such_volume("key", key)
        return found

    def volume_by_path(self, path: str) -> VolumeHandle:
        """Return the volume at that path, slashes collapsed. Raises `Refusal` (50)."""
        clean = collapsed_path(path)
        found = self._volume_at(clean)
        if found is None:
            shown = f" ({clean})" if clean != path else ""
            raise _no_such_volume("path", path, shown)
        return found

    def pools(self, flags: int = 0) -> list[PoolHandle]:
        """Return the pools that pass the filters of 281: in a group any flag, of all groups."""
        refusal.check_flags(flags, _ALL_FILTERS, "storageConnectListAllStoragePools")
        return [pool.handle for pool in self._all() if _passes(_flags_of(pool), flags)]

    def names(self, *, active: bool) -> list[str]:
        """Return the names of the active or the inactive pools."""
        return [pool.name for pool in self._all() if pool.active == active]

    def _all(self) -> list[FolderPool]:
        with self._lock:
            return sorted(self._pools.values(), key=lambda pool: pool.name)

    def _volume_at(self, path: str) -> VolumeHandle | None:
        folder, _, name = path.rpartition("/")
        for pool in self._all():
            if pool.active and pool.path == folder:
                try:
                    return pool.lookup(name)
                except refusal.Refusal:
                    continue
        return None

    # --- the table -------------------------------------------------------------------------------

    def _allowed(self, xml: str) -> PoolRequest:
        if not self.allow_define:
            raise refusal.forbidden("this server has its own pools and takes no others")
        request = read_pool_request(xml)
        self._root_of(request.path)
        return request

    def _root_of(self, path: str) -> str:
        wanted = normal_path(path)
        for root in self.roots:
            if wanted.startswith(f"{root.rstrip('/')}/") and ".." not in wanted.split("/"):
                return root
        raise refusal.forbidden(f"pools may not be at '{path}'")

    def _changeable(self, uuid: bytes, active: str) -> FolderPool:
        """Return an inactive pool of the clients' own."""
        pool = self.lookup_by_uuid(uuid)
        if pool.active:
            raise refusal.invalid_operation(f"storage pool '{pool.name}' is {active}")
        if not self.allow_define or pool.below is None:
            raise refusal.forbidden(f"pool '{pool.name}' is the server's own")
        return pool

    def _new(self, request: PoolRequest, *, persistent: bool) -> FolderPool:
        return FolderPool(
            request.name,
            request.path,
            request.uuid,
            persistent=persistent,
            below=self._root_of(request.path),
            mode=request.mode,
        )

    def _insert(self, pool: FolderPool) -> None:
        with self._lock:
            if len(self._pools) >= MAX_POOLS:
                raise refusal.failed(f"this server has {MAX_POOLS} pools, and takes no more")
            self._require_no_conflict(pool)
            self._pools[pool.uuid.bytes] = pool
        pool.notify = lambda event: self._happened(pool, event)

    def _redefine(self, old: FolderPool, new: FolderPool) -> FolderPool:
        if old.name != new.name:
            raise refusal.failed(f"pool '{old.name}' is already defined with uuid {old.uuid}")
        if old.path == new.path:
            old.persistent = True
            return old
        if old.active:
            raise refusal.failed(f"pool '{old.name}' is active; its path cannot change")
        self._changeable(old.uuid.bytes, "already active")
        self._require_no_conflict(new, besides=old)
        self._remove(old)
        self._insert(new)
        return new

    def _require_no_conflict(self, new: FolderPool, besides: FolderPool | None = None) -> None:
        for pool in self._pools.values():
            if pool is besides:
                continue
            if pool.name == new.name:
                raise refusal.failed(f"pool '{pool.name}' already exists with uuid {pool.uuid}")
            if pool.uuid == new.uuid:
                raise refusal.failed(f"pool '{pool.name}' is already defined with uuid {pool.uuid}")
            if pool.path == new.path:
                raise refusal.failed(f"Storage source conflict with pool: '{pool.name}'")

    def _remove(self, pool: FolderPool) -> None:
        with self._lock:
            if self._pools.get(pool.uuid.bytes) is pool:
                del self._pools[pool.uuid.bytes]

    def _happened(self, pool: FolderPool, event: int | None) -> None:
        if event == STOPPED and not pool.persistent:
            self._remove(pool)
        self._tell(pool, event)

    def _tell(self, pool: FolderPool, event: int | None) -> None:
        for callback in tuple(self._callbacks):
            callback(pool.handle, event)


def _flags_of(pool: FolderPool) -> int:
    return (
        (2 if pool.active else 1)
        | (4 if pool.persistent else 8)
        | (16 if pool.autostart else 32)
        | _DIR
    )


def _passes(own: int, wanted: int) -> bool:
    return all(not wanted & group or own & wanted & group for group in _GROUPS)


def _no_such_pool(by: str, what: str) -> refusal.Refusal:
    text = f"no storage pool with matching {by} '{what}'"
    return refusal.in_words(Code.NO_STORAGE_POOL, text, "Storage pool not found: %s")


def _no_such_volume(by: str, what: str, shown: str = "") -> refusal.Refusal:
    text = f"no storage vol with matching {by} '{what}'{shown}"
    return refusal.in_words(Code.NO_STORAGE_VOL, text, "Storage volume not found: %s")
