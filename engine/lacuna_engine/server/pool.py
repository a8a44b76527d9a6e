"""A pool over one folder: what the daemon can do with a ``dir`` pool and its volumes.

Nothing is remembered of the volumes: every answer looks at the files afresh, so there is no number
that could be stale and no refresh that costs more in a larger pool. What the daemon does by its
cached numbers (the checks of RESIZE, the length WIPE zeroes) is done by those of the moment, which
is what its clients mean (protocol.md 5.1).

Calls block and come from several threads at once. One lock guards the tables, another lets one
change of existing volumes happen at a time; a create or clone, which can take long, holds neither.

Image formats are told from the content, never from what a client said at creation (5.4). All sizes
are bytes; every failure is a `Refusal`.
"""

from __future__ import annotations

import os
import threading
import uuid as uuid_module
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from lacuna_engine.rpc.failure import Domain
from lacuna_engine.rpc.records import MAX_LIST, PoolHandle, VolumeHandle
from lacuna_engine.server import changing, making, refusal
from lacuna_engine.server.folder import (
    Folder,
    Usage,
    make_folder,
    normal_path,
    remove_folder,
)
from lacuna_engine.server.volume_file import describe, look, permissions_of
from lacuna_engine.storage.records import (
    Permissions,
    PoolDescription,
    PoolInfo,
    PoolState,
    PoolType,
    VolumeDescription,
    VolumeInfo,
)

__all__ = ["FolderPool"]

Notify = Callable[[int | None], None]
"""Told the number of a lifecycle event (protocol.md 3.5), or None for a refresh."""

STARTED = 2
STOPPED = 3
CREATED = 4
DELETED = 5


class FolderPool:
    """A pool; inactive until `start`. ``path`` is made absolute; see `Folder` for ``below``.

    ``notify`` is called without any lock held, from the thread of the call that did it.
    """

    def __init__(
        self,
        name: str,
        path: str,
        uuid: uuid_module.UUID | None = None,
        *,
        persistent: bool = True,
        below: str | None = None,
        mode: int | None = None,
    ) -> None:
        self.name = name
        self.path = normal_path(path if path.startswith("/") else f"{os.getcwd()}/{path}")  # noqa: PTH109
        self.uuid = uuid or uuid_module.uuid4()
        self.persistent = persistent
        self.below = below
        self.notify: Notify = _ignore
        self._autostart = False
        self._mode = mode
        self._folder: Folder | None = None
        self._usage = Usage()
        self._permissions: Permissions | None = None
        self._in_use: set[str] = set()
        self._building: set[str] = set()
        self.lock = threading.Lock()
        """Guards the tables; every call needs it for a moment."""
        self._changes = threading.Lock()

    @property
    def handle(self) -> PoolHandle:
        """The pool as calls and events name it."""
        return PoolHandle(self.name, self.uuid.bytes)

    @property
    def active(self) -> bool:
        """Whether it is started."""
        return self._folder is not None

    @property
    def autostart(self) -> bool:
        """Whether it is to be started with the server; kept, but the server has no restart."""
        return self._autostart

    @autostart.setter
    def autostart(self, value: bool) -> None:
        if not self.persistent:
            raise refusal.internal("pool has no config file")
        self._autostart = value

    # --- life cycle (protocol.md 5.9) ------------------------------------------------------------

    def start(self, build: int = 0) -> None:
        """Start it. ``build`` are the flags of CREATE: any of 1, 2 and 4 makes the folder first.

        Raises:
            Refusal: (55) if it is active, (38) if there is no folder, (8) for unknown flags.
        """
        refusal.check_flags(build, 7, "storagePoolCreate")
        refusal.check_exclusive(build, 2, 4, "storagePoolCreate")
        with self._changes:
            self._require_inactive("already active")
            if build:
                make_folder(self.path, below=self.below, mode=self._mode)
            self._set_folder(Folder(self.path, below=self.below))
        self.notify(STARTED)

    def stop(self) -> None:
        """Stop it. Streams that are open go on.

        Raises:
            Refusal: (55) if it is not active, (1) while a volume is being made.
        """
        with self.lock:
            if self._folder is None:
                raise refusal.inactive(self.name)
            if self._building:
                raise refusal.internal(f"pool '{self.name}' has asynchronous jobs running.")
            with suppress(refusal.Refusal):
                self._usage = self._folder.usage()
            self._folder = None
        self.notify(STOPPED)

    def refresh(self, flags: int = 0) -> None:
        """Open the folder anew, in case another one stands there now.

        Raises:
            Refusal: (55) if it is not active, (38) if there is no folder any more; the pool is
                then inactive.
        """
        refusal.check_flags(flags, 0, "storagePoolRefresh")
        self._active_folder()
        try:
            self._set_folder(Folder(self.path, below=self.below), only_if_active=True)
        except refusal.Refusal:
            with self.lock:
                was_active, self._folder = self._folder is not None, None
            if was_active:
                self.notify(STOPPED)
            raise
        self.notify(None)

    def build(self, flags: int = 0) -> None:
        """Make the folder; one that exists is fine. Flags 4 and 8 change nothing for a folder."""
        refusal.check_flags(flags, 12, "storagePoolBuild")
        refusal.check_exclusive(flags, 4, 8, "storagePoolBuild")
        with self._changes:
            self._require_inactive("already active")
            make_folder(self.path, below=self.below, mode=self._mode)
        self.notify(CREATED)

    def remove(self, flags: int = 0) -> None:
        """Remove the folder, which must be empty (POOL_DELETE)."""
        refusal.check_flags(flags, 0, "storagePoolDelete")
        with self._changes:
            self._require_inactive("still active")
            remove_folder(self.path, below=self.below)
        self.notify(DELETED)

    def tidy(self) -> int:
        """Remove files that servers which were killed have left unfinished; return how many."""
        folder = self._folder
        return 0 if folder is None else folder.tidy()

    def info(self) -> PoolInfo:
        """State and sizes; of an inactive pool those of when it was stopped."""
        with self.lock:
            folder, usage = self._folder, self._usage
        if folder is not None:
            usage = folder.usage()
        state = PoolState.INACTIVE if folder is None else PoolState.RUNNING
        return PoolInfo(state, usage.capacity, usage.allocation, usage.available)

    def description(self) -> PoolDescription:
        """The pool as its XML shows it (protocol.md 7.1)."""
        info = self.info()
        return PoolDescription(
            name=self.name,
            uuid=self.uuid,
            type=PoolType.DIR,
            capacity=info.capacity,
            allocation=info.allocation,
            available=info.available,
            target_path=self.path,
            permissions=self._permissions,
        )

    def _set_folder(self, folder: Folder, *, only_if_active: bool = False) -> None:
        usage, status = folder.usage(), folder.status()
        with self.lock:
            if only_if_active and self._folder is None:
                raise refusal.inactive(self.name)
            self._usage, self._permissions = usage, permissions_of(status)
            if self._folder is not None and os.path.samestat(self._folder.status(), status):
                folder.close()
            else:
                # The old one closes when the last thread that uses it lets go of it.
                self._folder = folder

    def _require_inactive(self, what: str) -> None:
        if self.active:
            raise refusal.invalid_operation(f"storage pool '{self.name}' is {what}")

    def _active_folder(self) -> Folder:
        with self.lock:
            if self._folder is None:
                raise refusal.inactive(self.name)
            return self._folder

    # --- looking at volumes ----------------------------------------------------------------------

    def names(self) -> list[str]:
        """All names, also more than a listing may have."""
        return self._active_folder().names()

    def volumes(self) -> list[VolumeHandle]:
        """All volumes.

        Raises:
            Refusal: (1) if there are more than 16,384 (protocol.md 0.9).
        """
        names = self.names()
        if len(names) > MAX_LIST:
            text = f"Too many storage_vols '{len(names)}' for limit '{MAX_LIST}'"
            raise refusal.internal(text, domain=Domain.RPC)
        return [self._handle(name) for name in names]

    def lookup(self, name: str) -> VolumeHandle:
        """One volume. Raises `Refusal` (50) if there is none."""
        self._active_folder().stat(name)
        return self._handle(name)

    def volume_info(self, name: str) -> VolumeInfo:
        """Type and sizes, of the moment (protocol.md 3.4)."""
        seen = look(self._active_folder(), name)
        return VolumeInfo(seen.type, seen.capacity, seen.allocation, seen.physical)

    def volume_description(self, name: str) -> VolumeDescription:
        """The volume as its XML shows it (protocol.md 7.2)."""
        return describe(self._active_folder(), name)

    def open_read(self, name: str) -> int:
        """Open a volume for a download; the caller closes the descriptor."""
        return self._active_folder().open_read(name)

    def open_write(self, name: str) -> int:
        """Open a volume for an upload. Raises `Refusal` (55) while a clone reads it."""
        folder = self._active_folder()
        self._require_unused(name)
        return folder.open_write(name)

    def _handle(self, name: str) -> VolumeHandle:
        return VolumeHandle(self.name, name, f"{self.path}/{name}")

    # --- who uses what (protocol.md 5.6) ---------------------------------------------------------

    @contextmanager
    def using(self, name: str) -> Generator[None]:
        """Keep others from changing or cloning a volume.

        Raises:
            Refusal: (55) if somebody else does.
        """
        with self._changes, self.lock:  # so a change that has begun is done before
            if name in self._in_use:
                raise refusal.busy(name)
            self._in_use.add(name)
        try:
            yield
        finally:
            with self.lock:
                self._in_use.discard(name)

    def _require_unused(self, name: str) -> None:
        with self.lock:
            if name in self._in_use:
                raise refusal.busy(name)

    @contextmanager
    def _making(self, name: str) -> Generator[Folder]:
        """Reserve the name of a new volume until it exists."""
        with self.lock:
            if self._folder is None:
                raise refusal.inactive(self.name)
            if name in self._building:
                raise refusal.exists(name)
            self._building.add(name)
            folder = self._folder
        try:
            yield folder
        finally:
            with self.lock:
                self._building.discard(name)

    # --- making volumes (protocol.md 5.5, 7.3) ---------------------------------------------------

    def create(self, xml: str, flags: int = 0) -> VolumeHandle:
        """Make a volume of zeros: raw, iso or an empty qcow2 image.

        Raises:
            Refusal: with the codes of 5.5: 27 and 35 for XML, 90 for a name that exists, 55 for
                one that cannot be, 67 for a format, 38 if the system refuses.
        """
        request = making.create_request(xml, flags)
        with self._making(request.name) as folder:
            making.create_volume(folder, request)
        return self._handle(request.name)

    def clone(
        self, xml: str, source_pool: FolderPool, source_name: str, flags: int = 0
    ) -> VolumeHandle:
        """Make a volume with the content of another one (protocol.md 3.6, 5.6).

        Without an allocation, or with one of at least the source's length, all of it gets its
        space, else holes stay holes; where the file system shares blocks they are shared then.
        Flag 2 asks for that and fails where it cannot be. No format means the source's.

        Raises:
            Refusal: as `create`, but (1) for a name that exists; (3) if another format is asked
                for; (55) if the source is in use.
        """
        request = making.clone_request(xml, flags)
        with self._making(request.name) as folder, source_pool.using(source_name):
            if folder.has(request.name):
                # The daemon's error for this is another one than that of `create`.
                text = f"storage volume name '{request.name}' already in use."
                raise refusal.internal(text)
            source = source_pool.open_read(source_name)
            try:
                must_share = bool(flags & making.REFLINK)
                making.clone_volume(folder, request, source, must_share=must_share)
            finally:
                os.close(source)
        return self._handle(request.name)

    # --- changing volumes ------------------------------------------------------------------------

    def delete(self, name: str, flags: int = 0) -> None:
        """Remove a volume. Raises `Refusal` (55) while a clone reads it."""
        folder = self._active_folder()
        refusal.check_flags(flags, 0, "virStorageBackendVolDeleteLocal")
        with self._changes:
            self._require_unused(name)
            folder.delete(name)

    def resize(self, name: str, capacity: int, flags: int = 0) -> None:
        """Change the length of a raw volume; flags 1 allocate, 2 delta, 4 shrink (5.1 W0).

        Raises:
            Refusal: (8) below what is allocated, or smaller without the flag; (9) or (38, errno
                28) if there is no space to allocate; (84) for image formats.
        """
        refusal.check_flags(flags, changing.RESIZE_FLAGS, "storageVolResize")
        with self._changes, self._changing(name) as (folder, fd):
            changing.resize(folder, name, fd, capacity, flags)

    def wipe(self, name: str, algorithm: int = 0, flags: int = 0) -> None:
        """Make all of a volume zeros. Only algorithm 0 is to be had.

        Raises:
            Refusal: (38, errno 2) for algorithms 1 to 8, as a daemon without the program for
                them, (74) for trim, (8) for unknown ones.
        """
        refusal.check_flags(flags, 0, "storageVolWipePattern")
        changing.check_algorithm(algorithm)
        with self._changes, self._changing(name) as (folder, fd):
            changing.wipe(folder.path_of(name), fd, algorithm)

    @contextmanager
    def _changing(self, name: str) -> Generator[tuple[Folder, int]]:
        folder = self._active_folder()
        self._require_unused(name)
        fd = folder.open_write(name)
        try:
            yield folder, fd
        finally:
            os.close(fd)


def _ignore(event: int | None) -> None:
    del event
