"""Changing volumes that exist: their length, and wiping them (protocol.md 3.6, 5.1)."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from lacuna_engine.rpc.failure import Code
from lacuna_engine.server import refusal
from lacuna_engine.server.folder import Folder, allocate, refused
from lacuna_engine.server.volume_file import BLOCK, PLAIN, VolumeFile, counted, examine

__all__ = ["RESIZE_FLAGS", "check_algorithm", "resize", "wipe"]

ALLOCATE, DELTA, SHRINK = 1, 2, 4
RESIZE_FLAGS = ALLOCATE | DELTA | SHRINK

TRIM = 9
ALGORITHMS = 10


def resize(folder: Folder, name: str, fd: int, capacity: int, flags: int) -> None:
    """Change the length of an open volume, as `FolderPool.resize` says. Raises :class:`Refusal`."""
    seen = examine(fd)
    wanted = _wanted(seen, capacity, flags)
    allocated = counted(fd, seen.status)
    if wanted < allocated:
        raise refusal.invalid("can't shrink capacity below existing allocation")
    if wanted < seen.capacity and not flags & SHRINK:
        raise refusal.invalid(
            "Can't shrink capacity below current capacity unless shrink flag explicitly specified"
        )
    if flags & ALLOCATE and wanted - allocated > folder.usage().available:
        raise refusal.failed("Not enough space left in storage pool")
    if seen.facts.format not in PLAIN:
        what = (
            "preallocate is only supported for raw type volume"
            if flags & ALLOCATE
            else f"resize of an image of format {seen.facts.format}"
        )
        raise refusal.in_words(Code.OPERATION_UNSUPPORTED, what, "Operation not supported: %s")
    _set_length(fd, folder.path_of(name), seen.physical, wanted, preallocate=flags & ALLOCATE)


def _wanted(seen: VolumeFile, capacity: int, flags: int) -> int:
    if not flags & DELTA:
        return capacity
    return max(seen.capacity - capacity, 0) if flags & SHRINK else seen.capacity + capacity


def _set_length(fd: int, path: str, old: int, new: int, *, preallocate: int) -> None:
    """Make a file longer or shorter; ``preallocate`` gives all of it its space, or fails.

    All of it, as the daemon does: also the holes that it has.
    """
    if not preallocate:
        with refused(f"Failed to truncate file '{path}'"):
            os.ftruncate(fd, new)
        return
    with refused(f"Failed to pre-allocate space for file '{path}'"):
        try:
            allocate(fd, 0, new, keep=old)
            os.ftruncate(fd, new)
        except (OSError, OverflowError):
            with suppress(OSError):
                os.ftruncate(fd, old)
            raise


def check_algorithm(algorithm: int) -> None:
    """Refuse ways of wiping that are not known. Raises :class:`Refusal`."""
    if not 0 <= algorithm < ALGORITHMS:
        raise refusal.invalid(f"wiping algorithm {algorithm} not supported")
    if algorithm == TRIM:
        text = "'trim' algorithm not supported"
        raise refusal.in_words(Code.ARGUMENT_UNSUPPORTED, text, "argument unsupported: %s")


def wipe(path: str, fd: int, algorithm: int) -> None:
    """Make all of an open volume zeros; one without holes keeps its space, as with the daemon.

    Raises :class:`Refusal`.
    """
    if algorithm:
        raise refusal.system(errno.ENOENT, "Cannot find 'scrub' in path")
    with refused(f"Failed to truncate volume with path '{path}'"):
        status = os.fstat(fd)
        # Right on every file system, and without a byte written on most.
        os.ftruncate(fd, 0)
        os.ftruncate(fd, status.st_size)
        if status.st_blocks * BLOCK >= status.st_size:
            allocate(fd, 0, status.st_size)
