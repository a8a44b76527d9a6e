"""Holes by SEEK_DATA and SEEK_HOLE, for Linux and macOS.

Not to be used but through `_system`. The descriptor's position moves; offsets are bytes.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator

__all__ = ["ALLOCATION_UNIT", "UNSUPPORTED"]

UNSUPPORTED = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.ENODEV}
)
"""What file systems and drivers answer to a request about holes that they do not know."""

ALLOCATION_UNIT = 512
"""The unit of ``st_blocks`` on Linux and macOS, whatever the block size of the file system."""

if sys.platform != "win32":
    __all__ += ["allocated", "data_sections", "make_sparse"]

    def data_sections(fd: int, size: int) -> Iterator[tuple[int, int]]:
        """Yield the sections ``(start, end)`` of ``[0, size)`` that are not holes, in order.

        Whatever cannot be shown to be a hole is data: the whole file where the file system does
        not know holes, and what lies behind the end of a file that became shorter, so that its
        reader finds out.

        Raises:
            OSError: if the file cannot be asked.
        """
        position = 0
        while position < size:
            start = _seek(fd, position, os.SEEK_DATA)
            if start is None:
                # Nothing but a hole up to the end of the file; which may be nearer by now.
                start = max(position, os.fstat(fd).st_size)
            if start >= size:
                return
            end = _seek(fd, start, os.SEEK_HOLE)
            if end is None or end <= start:
                # The section vanished between the two questions; do not ask again and again.
                end = size
            yield start, min(end, size)
            position = end

    def _seek(fd: int, offset: int, whence: int) -> int | None:
        """Return the next place of that sort from ``offset`` on, None if the file has no more.

        Where holes are not known, data is right here and a hole nowhere.
        """
        try:
            return max(os.lseek(fd, offset, whence), offset)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            if error.errno in UNSUPPORTED:
                return offset if whence == os.SEEK_DATA else None
            raise

    def allocated(target: int | str | os.stat_result) -> int:
        """Return the bytes that the file system has allocated for a file.

        Raises:
            OSError: if there is no such file.
        """
        status = target if isinstance(target, os.stat_result) else os.stat(target)  # noqa: PTH116
        return status.st_blocks * ALLOCATION_UNIT

    def make_sparse(fd: int) -> bool:
        """Do nothing: every file may have holes here."""
        del fd
        return True
