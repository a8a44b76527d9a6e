"""Making holes in local files, and asking how much of them is really there.

Lives here: the writing side of holes, the same on every platform. The reading side is `scan`.
"""

from __future__ import annotations

import os

from lacuna_engine.extents import _system
from lacuna_engine.extents.source import StrPath, local_errors

__all__ = ["allocated_bytes", "make_sparse", "punch_hole"]


def make_sparse(fd: int) -> bool:
    """Prepare a file, open for writing, to have holes; do it before the first byte.

    Windows needs it; elsewhere nothing is to be done. False if the file system cannot have
    sparse files; the file is then written in full.

    Raises:
        LocalFileError: if it fails for another reason.
    """
    with local_errors(f"descriptor {fd}", "make sparse"):
        return _system.make_sparse(fd)


def punch_hole(fd: int, start: int, end: int) -> bool:
    """Make the bytes ``[start, end)`` of a file, open for writing, read as zeros and free them.

    True if they read as zeros now; as many whole blocks as possible are a hole. False if it is
    not supported there: nothing was changed, and the caller writes zeros. The file's size never
    changes, a range beyond its end does nothing.

    Raises:
        LocalFileError: if it fails for another reason.
        ValueError: if ``start`` is negative or behind ``end``.
    """
    if not 0 <= start <= end:
        raise ValueError(f"[{start}, {end}) is not a range of a file")
    if start == end:
        return True
    with local_errors(f"descriptor {fd}", "punch a hole into"):
        return _system.punch(fd, start, end)


def allocated_bytes(target: StrPath | int | os.stat_result) -> int:
    """Return the bytes that the file system has allocated for a path, descriptor or stat result.

    Blocks not yet written back may be missing, shared ones are counted. On Windows a stat result
    does not tell; its size is returned.

    Raises:
        LocalFileError: if there is no such file.
    """
    if isinstance(target, os.stat_result):
        return _system.allocated(target)
    known = target if isinstance(target, int) else os.fspath(target)
    name = f"descriptor {known}" if isinstance(known, int) else known
    with local_errors(name):
        return _system.allocated(known)
