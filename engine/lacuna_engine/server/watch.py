"""Notices what others do in the pools' folders, so that clients can be told (protocol.md 3.5).

A libvirt daemon tells nothing of changes on disk; this server does, as a refresh of the pool. On
Linux it is inotify: a descriptor for an event loop. Elsewhere, or when inotify has no watch left,
the folder's time of change is looked at every two seconds. Either way a pool is named at most
once in half a second, and what came in between is named then: nothing is lost, only late.

An event loop waits for ``fileno`` and then calls `FolderWatch.read`, which never waits. A thread
calls `FolderWatch.poll` about twice a second for the rest: a folder of a network that has gone
answers late or never. The same goes for adding, and for removing while something is added; both
are possible from any thread.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lacuna_engine.server.temporary import is_temporary

__all__ = ["FolderWatch"]

QUIET = 0.5
"""Least seconds between two notes of one pool: a copy of many files is one change."""

POLL = 2.0
"""Seconds between two looks at a folder where there is no inotify."""

_MODIFIED_AND_CLOSED = 0x008
_MOVED = 0x0C0
_CREATED = 0x100
_DELETED = 0x200
_ITSELF = 0xC00  # deleted or moved
_MASK = _MODIFIED_AND_CLOSED | _MOVED | _CREATED | _DELETED | _ITSELF | 0x0100_0000  # only folders
_OVERFLOW = 0x4000
_GONE = 0x8000  # the kernel has removed the watch
_EVENT = struct.Struct("iIII")
_BUFFER = 64 * 1024


@dataclass(slots=True)
class _Watched:
    """A pool's folder. ``watch`` is inotify's number, None if the folder is polled."""

    path: str
    watch: int | None
    changed: int | None = None
    dirty: bool = False
    noted: float = float("-inf")


class FolderWatch:
    """Watches folders, each under the name of its pool. ``clock`` gives seconds.

    With ``polling`` inotify is not used at all.
    """

    def __init__(
        self, *, polling: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        """Never held while a folder is looked at."""
        self._changing = threading.Lock()
        self._pools: dict[str, _Watched] = {}
        self._next_poll = clock() + POLL
        self._inotify = None if polling else _open_inotify()

    def fileno(self) -> int:
        """Return the descriptor that is readable when something changed; -1 if there is none."""
        return -1 if self._inotify is None else self._inotify.fd

    def close(self) -> None:
        """Watch nothing any more. Closing twice is fine."""
        with self._lock:
            inotify, self._inotify = self._inotify, None
            self._pools.clear()
            if inotify is not None:
                os.close(inotify.fd)

    def add(self, name: str, path: str) -> None:
        """Watch a pool's folder, in place of the one it had. One that is missing is polled."""
        with self._changing:
            with self._lock:
                self._drop(name)
                inotify = None if self._inotify is None else self._inotify.duplicate()
            before = _time_of(path)
            watch = None
            if inotify is not None:
                watch = inotify.add(path)
                os.close(inotify.fd)
            with self._lock:
                self._pools[name] = pool = _Watched(path, watch, before)
            # What happened in between may have been read as that of nobody, even that the folder
            # is another one: such a pool is polled, which is right whatever it was.
            if watch is not None and _time_of(path) != before:
                with self._lock:
                    pool.dirty, pool.watch, pool.changed = True, None, None

    def remove(self, name: str) -> None:
        """Watch this pool no more; one that is not watched is fine."""
        with self._changing, self._lock:
            self._drop(name)

    def read(self) -> set[str]:
        """Take what inotify has, and return the pools to be told of now. Never waits."""
        with self._lock:
            while self._inotify is not None:
                try:
                    data = os.read(self._inotify.fd, _BUFFER)
                except BlockingIOError:
                    break
                self._take(data)
            return self._due()

    def poll(self) -> set[str]:
        """Look at folders without inotify if it is time; return the pools to be told of now."""
        with self._lock:
            now = self._clock()
            polled: list[_Watched] = []
            if now >= self._next_poll:
                self._next_poll = now + POLL
                polled = [pool for pool in self._pools.values() if pool.watch is None]
        times = [_time_of(pool.path) for pool in polled]
        with self._lock:
            for pool, changed in zip(polled, times, strict=True):
                pool.dirty |= changed != pool.changed
                pool.changed = changed
            return self._due()

    def _due(self) -> set[str]:
        now = self._clock()
        due = {
            name for name, pool in self._pools.items() if pool.dirty and now - pool.noted >= QUIET
        }
        for name in due:
            self._pools[name].dirty = False
            self._pools[name].noted = now
        return due

    def _take(self, data: bytes) -> None:
        offset = 0
        while offset < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size
            name = os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
            offset += length
            if not is_temporary(name):
                self._mark(watch, mask)

    def _mark(self, watch: int, mask: int) -> None:
        for pool in self._pools.values():
            # Too many to be told one by one: each of them may have changed.
            if pool.watch == watch or mask & _OVERFLOW:
                pool.dirty = True
                if mask & (_GONE | _ITSELF):
                    # The folder went; one that comes in its place is found by looking.
                    pool.watch, pool.changed = None, None
                    if self._inotify is not None:
                        self._inotify.remove(watch)  # a moved one would still be watched

    def _drop(self, name: str) -> None:
        pool = self._pools.pop(name, None)
        if pool is None or pool.watch is None or self._inotify is None:
            return
        # Two pools over one folder have one watch.
        if all(other.watch != pool.watch for other in self._pools.values()):
            self._inotify.remove(pool.watch)


def _time_of(path: str) -> int | None:
    """Return the folder's time of change in nanoseconds, None if there is no folder."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - text with surrogates
    except (OSError, ValueError):
        return None


class _Inotify:
    """The three calls of inotify, by the C library."""

    def __init__(self, fd: int, library: ctypes.CDLL) -> None:
        self.fd = fd
        self._library = library

    def duplicate(self) -> _Inotify | None:
        """Return the same with a descriptor of its own; None if there is none left."""
        try:
            return _Inotify(os.dup(self.fd), self._library)
        except OSError:
            return None

    def add(self, path: str) -> int | None:
        """Return the number of the watch; None if there is no such folder or no watch left."""
        watch = self._library.inotify_add_watch(self.fd, os.fsencode(path), _MASK)
        return int(watch) if watch >= 0 else None

    def remove(self, watch: int) -> None:
        """End a watch; one that has ended already is fine."""
        self._library.inotify_rm_watch(self.fd, watch)


def _open_inotify() -> _Inotify | None:
    """Return inotify, None where there is none or the user has too many already."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    try:
        init, add, remove = (
            library.inotify_init1,
            library.inotify_add_watch,
            library.inotify_rm_watch,
        )
    except AttributeError:
        return None
    init.argtypes = (ctypes.c_int,)
    add.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
    remove.argtypes = (ctypes.c_int, ctypes.c_int)
    fd = init(os.O_NONBLOCK | os.O_CLOEXEC)
    return _Inotify(fd, library) if fd >= 0 else None
