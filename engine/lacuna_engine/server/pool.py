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

import errno
import os
import threading
import uuid as uuid_module
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import MAX_LIST, PoolHandle, VolumeHandle
from lacuna_engine.server import refusal
from lacuna_engine.server.copying import copy_content
from lacuna_engine.server.describe import VolumeRequest, read_volume_request, xml_error
from lacuna_engine.server.folder import (
    Folder,
    Usage,
    make_folder,
    normal_path,
    refused,
    remove_folder,
)
from lacuna_engine.server.qcow2 import CLUSTER, Qcow2Details, empty_qcow2, qcow2_details
from lacuna_engine.server.volume_file import (
    backing_of,
    counted,
    examine,
    look,
    permissions_of,
    set_length,
    write_all,
)
from lacuna_engine.storage.image import HEAD_BYTES, read_facts
from lacuna_engine.storage.records import (
    Permissions,
    PoolDescription,
    PoolInfo,
    PoolState,
    PoolType,
    Timestamps,
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

_PREALLOCATE = 1
_REFLINK = 2
_ALLOCATE, _DELTA, _SHRINK = 1, 2, 4
_TRIM = 9
_ALGORITHMS = 10
_PLAIN = frozenset({"raw", "iso"})
"""Formats whose content is the disk itself."""


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
            raise _internal("pool has no config file")
        self._autostart = value

    # --- life cycle (protocol.md 5.9) ------------------------------------------------------------

    def start(self, build: int = 0) -> None:
        """Start it. ``build`` are the flags of CREATE: any of 1, 2 and 4 makes the folder first.

        Raises:
            Refusal: (55) if it is active, (38) if there is no folder, (8) for unknown flags.
        """
        _known(build, 7, "storagePoolCreate")
        _exclusive(build, 2, 4, "storagePoolCreate")
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
                raise _internal(f"pool '{self.name}' has asynchronous jobs running.")
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
        _known(flags, 0, "storagePoolRefresh")
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
        _known(flags, 12, "storagePoolBuild")
        _exclusive(flags, 4, 8, "storagePoolBuild")
        with self._changes:
            self._require_inactive("already active")
            make_folder(self.path, below=self.below, mode=self._mode)
        self.notify(CREATED)

    def remove(self, flags: int = 0) -> None:
        """Remove the folder, which must be empty (POOL_DELETE)."""
        _known(flags, 0, "storagePoolDelete")
        with self._changes:
            self._require_inactive("still active")
            remove_folder(self.path, below=self.below)
        self.notify(DELETED)

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
            raise _invalid_operation(f"storage pool '{self.name}' is {what}")

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
            raise _internal(text, domain=Domain.RPC)
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
        seen = look(self._active_folder(), name)
        status = seen.status
        path = self._handle(name).key
        details = qcow2_details(seen.head) if seen.facts.format == "qcow2" else Qcow2Details()
        return VolumeDescription(
            name=name,
            key=path,
            type=seen.type,
            capacity=seen.capacity,
            allocation=seen.allocation,
            physical=seen.physical,
            path=path,
            format=seen.facts.format,
            permissions=permissions_of(status),
            timestamps=Timestamps(status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns),
            backing=backing_of(seen.facts, self.path, details.backing_format),
            compat=details.compat,
            cluster_size=details.cluster_size,
            features=details.features,
        )

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
        _known(flags, _PREALLOCATE, "storageVolCreateXML")
        request = read_volume_request(xml)
        if request.capacity is None:
            raise xml_error("missing capacity element")
        _require_possible(request, flags)
        length, reserved, head = request.capacity, request.allocation, b""
        if request.format == "qcow2":
            head, length = empty_qcow2(request.capacity, request.compat)
            reserved = 0
        elif reserved is None:
            reserved = length
        with self._making(request.name) as folder:
            wanted = request.permissions
            folder.create(
                request.name,
                max(length, reserved or 0),
                reserved or 0,
                wanted.mode,
                wanted.owner,
                wanted.group,
                fill=(lambda fd: write_all(fd, head)) if head else None,
            )
        return self._handle(request.name)

    def clone(
        self, xml: str, source_pool: FolderPool, source_name: str, flags: int = 0
    ) -> VolumeHandle:
        """Make a volume with the content of another one (protocol.md 3.6, 5.6).

        Without an allocation, or with one of at least the source's length, all of it gets its
        space, else holes stay holes; where the file system shares blocks they are shared then.
        Flag 2 asks for that and fails where it cannot be. No format means the source's.

        Raises:
            Refusal: as `create`; (3) if another format is asked for; (55) if the source is in use.
        """
        _known(flags, _PREALLOCATE | _REFLINK, "storageVolCreateXMLFrom")
        request = read_volume_request(xml)
        _require_possible(request, flags & _PREALLOCATE, cloning=True)
        with self._making(request.name) as folder, source_pool.using(source_name):
            source = source_pool.open_read(source_name)
            try:
                self._copy(folder, request, source, must_share=bool(flags & _REFLINK))
            finally:
                os.close(source)
        return self._handle(request.name)

    def _copy(
        self, folder: Folder, request: VolumeRequest, source: int, *, must_share: bool
    ) -> None:
        with refused("cannot read the source of the clone"):
            size = os.fstat(source).st_size
            facts = read_facts(os.pread(source, HEAD_BYTES, 0))
        plain = facts.format in _PLAIN
        same = request.format in {"", facts.format} or (plain and request.format in _PLAIN)
        if not same:
            raise refusal.unsupported(f"conversion from {facts.format} to {request.format}")
        capacity = request.capacity or 0
        if not plain and capacity > (facts.virtual_size or size):
            raise refusal.unsupported(f"growing a {facts.format} image while it is cloned")
        length = max(size, capacity) if plain else size
        reserved = length if request.allocation is None else request.allocation
        holes = reserved < size or must_share
        wanted = request.permissions
        folder.create(
            request.name,
            max(length, reserved) if plain else length,
            0 if holes else reserved,
            wanted.mode,
            wanted.owner,
            wanted.group,
            fill=lambda fd: copy_content(source, fd, size, share=holes, must_share=must_share),
        )

    # --- changing volumes ------------------------------------------------------------------------

    def delete(self, name: str, flags: int = 0) -> None:
        """Remove a volume. Raises `Refusal` (55) while a clone reads it."""
        folder = self._active_folder()
        _known(flags, 0, "virStorageBackendVolDeleteLocal")
        with self._changes:
            self._require_unused(name)
            folder.delete(name)

    def resize(self, name: str, capacity: int, flags: int = 0) -> None:
        """Change the length of a raw volume; flags 1 allocate, 2 delta, 4 shrink (5.1 W0).

        Raises:
            Refusal: (8) below what is allocated, or smaller without the flag; (9) or (38, errno
                28) if there is no space to allocate; (84) for image formats.
        """
        _known(flags, _ALLOCATE | _DELTA | _SHRINK, "storageVolResize")
        with self._changes, self._changing(name) as (folder, fd):
            seen = examine(fd)
            wanted = capacity
            if flags & _DELTA:
                lower = max(seen.capacity - capacity, 0)
                wanted = lower if flags & _SHRINK else seen.capacity + capacity
            allocated = counted(fd, seen.status)
            if wanted < allocated:
                raise refusal.invalid("can't shrink capacity below existing allocation")
            if wanted < seen.capacity and not flags & _SHRINK:
                raise refusal.invalid(
                    "Can't shrink capacity below current capacity unless shrink flag explicitly"
                    " specified"
                )
            if flags & _ALLOCATE and wanted - allocated > folder.usage().available:
                raise refusal.failed("Not enough space left in storage pool")
            if seen.facts.format not in _PLAIN:
                what = (
                    "preallocate is only supported for raw type volume"
                    if flags & _ALLOCATE
                    else f"resize of an image of format {seen.facts.format}"
                )
                raise refusal.in_words(
                    Code.OPERATION_UNSUPPORTED, what, "Operation not supported: %s"
                )
            set_length(fd, folder.path_of(name), seen.physical, wanted, flags & _ALLOCATE)

    def wipe(self, name: str, algorithm: int = 0, flags: int = 0) -> None:
        """Make all of a volume zeros, with nothing allocated. Only algorithm 0 is to be had.

        Raises:
            Refusal: (38, errno 2) for algorithms 1 to 8, as a daemon without the program for
                them, (74) for trim, (8) for unknown ones.
        """
        _known(flags, 0, "storageVolWipePattern")
        if not 0 <= algorithm < _ALGORITHMS:
            raise refusal.invalid(f"wiping algorithm {algorithm} not supported")
        if algorithm == _TRIM:
            text = "'trim' algorithm not supported"
            raise refusal.in_words(Code.ARGUMENT_UNSUPPORTED, text, "argument unsupported: %s")
        with self._changes, self._changing(name) as (folder, fd):
            if algorithm:
                raise refusal.system(errno.ENOENT, "Cannot find 'scrub' in path")
            path = folder.path_of(name)
            with refused(f"Failed to truncate volume with path '{path}'"):
                # Right on every file system, and without a byte written on most.
                length = os.fstat(fd).st_size
                os.ftruncate(fd, 0)
                os.ftruncate(fd, length)

    @contextmanager
    def _changing(self, name: str) -> Generator[tuple[Folder, int]]:
        folder = self._active_folder()
        self._require_unused(name)
        fd = folder.open_write(name)
        try:
            yield folder, fd
        finally:
            os.close(fd)


# --- what cannot be ------------------------------------------------------------------------------


def _require_possible(request: VolumeRequest, flags: int, *, cloning: bool = False) -> None:
    known = _PLAIN | {"qcow2", ""}
    if request.format not in known and not (cloning and request.format in _CLONED):
        raise _unsupported_config(f"unknown volume format type {request.format}")
    if request.backing:
        raise refusal.unsupported("a volume with a backing store")
    if request.encrypted:
        raise _unsupported_config("storage pool does not support encrypted volumes")
    if flags:
        what = "qcow2" if request.format == "qcow2" else "raw"
        raise _unsupported_config(f"metadata preallocation is not supported for {what} volumes")
    if request.cluster_size not in {None, 0, CLUSTER}:
        raise _unsupported_config(f"cluster size {request.cluster_size}")


_CLONED = frozenset({"qcow", "qed", "vmdk", "vdi", "vpc"})
"""More formats that can be copied as they are."""


def _known(flags: int, known: int, function: str) -> None:
    if unknown := flags & ~known:
        raise refusal.unknown_flags(unknown, function)


def _exclusive(flags: int, one: int, other: int, function: str) -> None:
    if flags & one and flags & other:
        text = f"flags {one} and {other} in {function} are mutually exclusive"
        raise refusal.invalid(text)


def _internal(text: str, *, domain: int = Domain.STORAGE) -> refusal.Refusal:
    return refusal.in_words(Code.INTERNAL_ERROR, text, "internal error: %s", domain=domain)


def _invalid_operation(text: str) -> refusal.Refusal:
    return refusal.in_words(Code.OPERATION_INVALID, text, "Requested operation is not valid: %s")


def _unsupported_config(text: str) -> refusal.Refusal:
    return refusal.in_words(Code.CONFIG_UNSUPPORTED, text, "unsupported configuration: %s")


def _ignore(event: int | None) -> None:
    del event
