"""Copying one file's content into another, holes as holes, blocks shared where that is wanted."""

from __future__ import annotations

import errno
import fcntl
import os
import sys

from lacuna_engine.extents._system import data_sections

__all__ = ["copy_content"]

_CANNOT_COPY = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
)
_FICLONE = 0x40049409  # linux/fs.h
_COPY_STEP = 64 << 20
_ZEROS = bytes(1 << 20)


def copy_content(
    source: int, target: int, size: int, *, share: bool = False, must_share: bool = False
) -> None:
    """Copy the data of the first ``size`` bytes to where there are only zeros; holes stay holes.

    With ``share`` both may have the same blocks afterwards, where the file system can do that;
    without it the target keeps the space it was given.

    Raises:
        OSError: if reading or writing fails, or ``must_share`` cannot be had.
    """
    share = share or must_share
    if share and _share(source, target, must=must_share):
        return
    for start, end in data_sections(source, size):
        _copy_section(source, target, start, end, in_kernel=share)


def _share(source: int, target: int, *, must: bool) -> bool:
    """Let ``target``, which keeps its length, have the blocks of ``source``."""
    length = os.fstat(target).st_size
    try:
        # The last block of a file can be shared only as the last block of another one.
        os.ftruncate(target, 0)
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        if must:
            raise
        return False
    finally:
        os.ftruncate(target, length)
    return True


def _copy_section(source: int, target: int, start: int, end: int, *, in_kernel: bool) -> None:
    while start < end:
        step = min(end - start, _COPY_STEP)
        done = _copy_in_kernel(source, target, start, step) if in_kernel else 0
        if not done:
            data = os.pread(source, min(end - start, len(_ZEROS)), start)
            if not data:
                return  # the source became shorter; the rest stays zeros
            done = os.pwrite(target, data, start)
        start += done


def _copy_in_kernel(source: int, target: int, offset: int, count: int) -> int:
    """Copy without the bytes coming here, perhaps by sharing; 0 if that cannot be done."""
    if sys.platform != "linux":
        return 0
    try:
        return os.copy_file_range(source, target, count, offset, offset)
    except OSError as error:
        if error.errno in _CANNOT_COPY:
            return 0
        raise
