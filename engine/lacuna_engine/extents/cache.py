"""What the system's page cache holds of a file: asking for it ahead, and dropping it behind.

A file larger than memory would push everything else out of the cache, for nothing: its beginning
is gone before anybody could read it again. All of this is advice; where it cannot be given,
nothing happens.
"""

from __future__ import annotations

from contextlib import suppress

from lacuna_engine.extents import _system

__all__ = ["available_memory", "drop_cached", "fetch_ahead", "outgrows"]

BORDER = 2 << 20
"""A page of the cache may be as large, and is only dropped with all of it: so that nothing stays at
the border of two ranges, the end of the one before is dropped once more."""


def available_memory() -> int | None:
    """Return the bytes of memory to be had, those of the cache included; None if not known."""
    return _system.available_memory()


def outgrows(size: int, available: int | None) -> bool:
    """Tell whether a file of ``size`` bytes is too much for the cache (pure)."""
    return available is not None and size > available // 2


def fetch_ahead(fd: int, start: int, end: int) -> None:
    """Have the system read ``[start, end)`` of a file soon; returns at once."""
    with suppress(OSError):
        _system.fetch(fd, start, end)


def drop_cached(fd: int, start: int, end: int) -> None:
    """Have the system drop ``[start, end)`` of a file, but for what is not on the disk yet.

    What is not begins to be written. Others who read the file only wait longer for it.
    """
    with suppress(OSError):
        _system.forget(fd, max(start - BORDER, 0), end)
