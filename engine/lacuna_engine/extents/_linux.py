"""Linux: punching holes by fallocate, device sizes, and what the page cache holds.

Not to be used but through `_system`. Offsets and lengths are bytes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from lacuna_engine.extents._posix import UNSUPPORTED

__all__: list[str] = []

_KEEP_SIZE = 0x01  # FALLOC_FL_KEEP_SIZE
_PUNCH_HOLE = 0x02  # FALLOC_FL_PUNCH_HOLE, only valid together with the other

_FETCHED = 128 * 1024
"""Bytes asked for in one call: of more, many kernels fetch only the beginning (read_ahead_kb)."""

Fallocate = Callable[[int, int, int, int], int]

if sys.platform == "linux":
    from lacuna_engine.extents._posix import allocated, data_sections, make_sparse

    __all__ += ["allocated", "available_memory", "data_sections", "device_size", "fetch", "forget"]
    __all__ += ["make_sparse", "punch"]

    @cache
    def _fallocate() -> Fallocate | None:
        """Return the C library's fallocate with 64-bit offsets, None if it has none.

        Python offers only posix_fallocate, which allocates.
        """
        library = ctypes.CDLL(None, use_errno=True)
        # glibc has both names, and the short one is 32-bit on 32-bit machines. musl is always
        # 64-bit and has dropped the long name.
        found = getattr(library, "fallocate64", None) or getattr(library, "fallocate", None)
        if found is None:
            return None
        found.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
        found.restype = ctypes.c_int
        call: Fallocate = found
        return call

    def punch(fd: int, start: int, end: int) -> bool:
        """Make ``[start, end)`` a hole; see `sparse.punch_hole`.

        Raises:
            OSError: if it fails for another reason than not being supported.
        """
        call = _fallocate()
        if call is None:
            return False
        while call(fd, _KEEP_SIZE | _PUNCH_HOLE, start, end - start) != 0:
            number = ctypes.get_errno()
            if number in UNSUPPORTED:
                return False
            if number != errno.EINTR:
                raise OSError(number, os.strerror(number))
        return True

    def device_size(fd: int) -> int:
        """Return the length of a device in bytes.

        Raises:
            OSError: if it has none, as a terminal.
        """
        return os.lseek(fd, 0, os.SEEK_END)

    def forget(fd: int, start: int, end: int) -> None:
        """Let the kernel drop ``[start, end)`` from the page cache; clean pages only."""
        os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)

    def fetch(fd: int, start: int, end: int) -> None:
        """Let the kernel begin to read ``[start, end)`` into the page cache; waits for nothing."""
        for position in range(start, end, _FETCHED):
            count = min(_FETCHED, end - position)
            os.posix_fadvise(fd, position, count, os.POSIX_FADV_WILLNEED)

    def available_memory() -> int | None:
        """Return how many bytes could be had without swapping; None if that is not known."""
        with suppress(OSError, ValueError), open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123
            for line in lines:
                name, _, value = line.partition(":")
                if name == "MemAvailable":
                    return int(value.removesuffix("kB\n")) * 1024
        return None
