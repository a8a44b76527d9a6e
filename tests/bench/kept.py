"""Memory that stays with the machine while it is free.

A virtual machine may give free memory back to its host in blocks of 2 MiB, and fetching it again
takes longer than some of what is measured: 2 GiB were written to tmpfs in 0.9 to 5 s, at random.
A block in which one page is in use is not given back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench.account import MEMORY
from bench.images import GIB, KIB, MIB
from lacuna_engine.extents import punch_hole

__all__ = ["kept_memory"]

MOST = 14 * GIB
BLOCK, PAGE = 2 * MIB, 4 * KIB


@contextmanager
def kept_memory() -> Iterator[None]:
    """Take most of the free memory and give it back, but for a page of each block until the end."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = min(free * 3 // 4, MOST) // BLOCK * BLOCK
    path = MEMORY / f"lacuna-kept-{os.getpid()}"
    with path.open("wb") as file:
        path.unlink()
        os.posix_fallocate(file.fileno(), 0, size)
        for start in range(0, size, BLOCK):
            punch_hole(file.fileno(), start + PAGE, start + BLOCK)
        yield
