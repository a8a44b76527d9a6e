"""One volume's file as it is at this moment.

Image formats are told from the content, never from what a client said at creation (protocol.md
5.4). Sizes are bytes; failures are `Refusal`.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from lacuna_engine.server import refusal
from lacuna_engine.server.folder import Folder, refused
from lacuna_engine.server.qcow2 import Qcow2Details, qcow2_details
from lacuna_engine.storage.image import HEAD_BYTES, ImageFacts, read_facts
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    Timestamps,
    VolumeDescription,
    VolumeType,
)
from lacuna_engine.storage.xml_build import ILLEGAL

__all__ = [
    "BLOCK",
    "PLAIN",
    "VolumeFile",
    "backing_of",
    "counted",
    "describe",
    "examine",
    "look",
    "permissions_of",
    "write_all",
]

PLAIN = frozenset({"raw", "iso"})
"""Formats whose content is the disk itself."""

BLOCK = 512
"""The unit of ``st_blocks``."""


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """A volume as it is at this moment."""

    status: os.stat_result
    head: bytes
    facts: ImageFacts

    @property
    def type(self) -> VolumeType:
        """What kind of volume it is."""
        return VolumeType.DIR if self.facts.format == "dir" else VolumeType.FILE

    @property
    def physical(self) -> int:
        """Its length in bytes."""
        return self.status.st_size if self.type == VolumeType.FILE else 0

    @property
    def capacity(self) -> int:
        """The length of the disk in it."""
        size = self.facts.virtual_size
        return self.physical if size is None else size

    @property
    def allocation(self) -> int:
        """Bytes of its blocks."""
        return self.status.st_blocks * BLOCK if self.type == VolumeType.FILE else 0


def look(folder: Folder, name: str) -> VolumeFile:
    """Look at a volume now. Raises `Refusal` if there is none."""
    status = folder.stat(name)
    if stat.S_ISDIR(status.st_mode):
        return VolumeFile(status, b"", ImageFacts("dir"))
    try:
        fd = folder.open_read(name)
    except refusal.Refusal as error:
        # Ours to list, though not to read: its length is all that can be told.
        if error.error.int1 in {errno.EACCES, errno.EPERM}:
            return VolumeFile(status, b"", ImageFacts("raw"))
        raise
    try:
        return examine(fd)
    finally:
        os.close(fd)


def examine(fd: int) -> VolumeFile:
    """Look at an open file."""
    with refused("cannot read the head of the volume"):
        head = os.pread(fd, HEAD_BYTES, 0)
        return VolumeFile(os.fstat(fd), head, read_facts(head))


def counted(fd: int, status: os.stat_result) -> int:
    """Return the allocation that keeps a volume from being shrunk.

    A file without any data still has a block on some file systems, for its attributes.
    """
    allocated = status.st_blocks * BLOCK
    if not 0 < allocated <= status.st_blksize:
        return allocated
    try:
        os.lseek(fd, 0, os.SEEK_DATA)
    except OSError as error:
        return 0 if error.errno == errno.ENXIO else allocated
    return allocated


def describe(folder: Folder, name: str) -> VolumeDescription:
    """The volume as its XML shows it (protocol.md 7.2)."""
    seen = look(folder, name)
    status = seen.status
    path = folder.path_of(name)
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
        backing=backing_of(seen.facts, folder.path, details.backing_format),
        compat=details.compat,
        cluster_size=details.cluster_size,
        features=details.features,
    )


def permissions_of(status: os.stat_result) -> Permissions:
    """Return owner and mode."""
    return Permissions(status.st_mode & 0o777, status.st_uid, status.st_gid)


def backing_of(facts: ImageFacts, folder: str, form: str) -> BackingStore | None:
    """Return the image below as written in this one; its file is never touched."""
    path = facts.backing_file
    if not path or any(not "\udc80" <= char <= "\udcff" for char in ILLEGAL.findall(path)):
        return None
    remote = ":" in path.partition("/")[0]
    return BackingStore(path if remote or path.startswith("/") else f"{folder}/{path}", form)


def write_all(fd: int, data: bytes) -> None:
    """Write from the start of a file."""
    done = 0
    while done < len(data):
        done += os.pwrite(fd, data[done:], done)
