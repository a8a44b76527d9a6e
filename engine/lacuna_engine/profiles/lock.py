"""One writer at a time, in whatever process it is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lacuna_engine.errors import LocalFileError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["locked"]

PATIENCE = 5.0
"""Seconds to wait for another writer; each needs some milliseconds."""


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock file ``path``, which stays. Raises :class:`LocalFileError`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise LocalFileError(f"cannot lock {path}: {error.strerror}") from error
    try:
        deadline = time.monotonic() + PATIENCE
        while not _try_to_lock(descriptor):
            if time.monotonic() > deadline:
                raise LocalFileError(
                    f"another program has held {path} for {PATIENCE:.0f} s", hint="Try again."
                )
            time.sleep(0.01)
        yield
    finally:
        # Gives the lock back, too.
        os.close(descriptor)


if sys.platform == "win32":

    def _try_to_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_to_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
