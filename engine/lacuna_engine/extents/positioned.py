"""Reading and writing at a position of an open file, from any thread.

Linux and macOS have calls for it. Windows has none that Python knows: there the file's own position
is moved, which belongs to everybody who has the descriptor, so that one thread at a time does it.
"""

from __future__ import annotations

import os
import threading
from io import FileIO

__all__ = ["read_at", "write_at"]

_moving = threading.Lock()


def _read_directly(fd: int, buffer: memoryview, position: int) -> int:
    """Read some bytes in one call; a scan asks for thousands of single pages."""
    return os.preadv(fd, (buffer,), position)


def _read_by_seeking(fd: int, buffer: memoryview, position: int) -> int:
    """Read some bytes with the calls that every platform has."""
    with _moving:
        raw = FileIO(fd, "rb", closefd=False)
        raw.seek(position)
        return raw.readinto(buffer) or 0


def _write_directly(fd: int, view: memoryview, position: int) -> int:
    """Write some bytes in one call."""
    return os.pwrite(fd, view, position)


def _write_by_seeking(fd: int, view: memoryview, position: int) -> int:
    """Write some bytes with the calls that every platform has."""
    with _moving:
        os.lseek(fd, position, os.SEEK_SET)
        return os.write(fd, view)


read_at = _read_directly if hasattr(os, "preadv") else _read_by_seeking
"""Read some of the bytes from a position on into a buffer; return how many."""

write_at = _write_directly if hasattr(os, "pwrite") else _write_by_seeking
"""Write some of the bytes of a view at a position; return how many."""
