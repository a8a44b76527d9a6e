"""Locks of the operating system on small files: they end with the process that holds them.

Lives here: the difference between the platforms. Who locks what is said in ``owner`` and
``database``.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["lock", "open_lock_file", "try_lock", "unlock"]

if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 30
    """A locked byte cannot be read on Windows, so it lies behind what people may want to read."""

    def try_lock(fd: int, *, shared: bool = False) -> bool:
        """Take the lock of an open file; False if somebody has it. Shared ones as in `lock`."""
        if shared:
            return True
        os.lseek(fd, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def lock(fd: int, *, shared: bool = False) -> None:
        """Wait for the lock of an open file.

        Shared ones are not taken here: they keep others from renaming a file that is in use,
        which Windows refuses anyway.
        """
        if shared:
            return
        while True:
            os.lseek(fd, FAR, os.SEEK_SET)
            try:
                msvcrt.locking(fd, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                continue
            return

    def unlock(fd: int) -> None:
        """Give the lock back, if it is held."""
        os.lseek(fd, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
        except OSError:
            return

else:
    import fcntl

    def try_lock(fd: int, *, shared: bool = False) -> bool:
        """Take the lock of an open file; False if somebody has it. Shared ones as in `lock`."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock(fd: int, *, shared: bool = False) -> None:
        """Wait for the lock of an open file; shared ones get along with each other."""
        fcntl.flock(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def unlock(fd: int) -> None:
        """Give the lock back, if it is held."""
        fcntl.flock(fd, fcntl.LOCK_UN)


REFUSALS = 50 if sys.platform == "win32" else 0
REFUSAL = 0.001
"""Windows refuses to open a file that somebody else is just removing: it is tried this often, with
that many seconds in between."""


def open_lock_file(path: Path, *, make: bool = True) -> int:
    """Open a file to be locked, and make it if need be. Raises ``OSError``."""
    flags = os.O_RDWR | (os.O_CREAT if make else 0) | getattr(os, "O_CLOEXEC", 0)
    for _ in range(REFUSALS):
        with suppress(PermissionError):
            return os.open(path, flags, 0o600)
        time.sleep(REFUSAL)
    return os.open(path, flags, 0o600)
