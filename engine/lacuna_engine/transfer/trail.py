"""Leaving nothing in the page cache of an image that is larger than memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from lacuna_engine.extents import available_memory, drop_cached, outgrows
from lacuna_engine.extents.source import Source

__all__ = ["Trail"]

LENGTH = 32 << 20
"""Bytes that are kept behind: what went straight from the file to a socket cannot be dropped while
it waits there."""


class Trail:
    """What has been used of ``source``; of a large one it is dropped from the cache, later.

    To be told from any thread. A small image stays in the cache, where it may be wanted again.
    """

    def __init__(self, source: Source) -> None:
        self._fd = source.fd
        self.is_dropped = outgrows(source.size, available_memory())
        """Whether it has to be told anything."""
        self._kept: deque[tuple[int, int]] = deque()
        self._length = 0
        self._lock = threading.Lock()

    def leave(self, ranges: Iterable[tuple[int, int]]) -> None:
        """The bytes of these ranges are not needed any more; may block for milliseconds."""
        if not self.is_dropped:
            return
        with self._lock:
            for start, end in ranges:
                self._kept.append((start, end))
                self._length += end - start
            self._shorten(LENGTH)

    def end(self) -> None:
        """Nothing is needed any more, nor in any socket."""
        with self._lock:
            self._shorten(0)

    def _shorten(self, length: int) -> None:
        while self._kept and self._length > length:
            start, end = self._kept.popleft()
            self._length -= end - start
            drop_cached(self._fd, start, end)
