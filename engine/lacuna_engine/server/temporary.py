"""Names and locks of files that are still being written.

One rule for such files: a name that starts with ``.`` and ends with ``.lacuna-part`` is no volume.
They are made here and by Lacuna's downloads, and never listed.

The server's own have a name that no download gives, and are locked for as long as they are written.
The system gives a lock back when a process ends, however it ends, so a file of the server's that
nobody has locked was left by a server that was killed: it will never be finished.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat

__all__ = ["create_temporary", "is_temporary", "remove_leftovers"]

_SUFFIX = ".lacuna-part"
_OWN = re.compile(rf"\.[0-9a-f]{{16}}{re.escape(_SUFFIX)}")
"""Downloads put the name of what they download in front, and a dot behind it."""

_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TRIES = 10
_CANNOT_LOCK = frozenset(
    {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
)


def is_temporary(name: str) -> bool:
    """Whether this is the name of a file that is still being written, which is no volume."""
    return name.startswith(".") and name.endswith(_SUFFIX)


def create_temporary(folder: int, mode: int) -> tuple[int, str]:
    """Make a file below an open folder and return its descriptor, open to write, and its name.

    Raises:
        OSError: if it cannot be made.
    """
    for _ in range(_TRIES):
        name = f".{secrets.token_hex(8)}{_SUFFIX}"
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, mode, dir_fd=folder)
        if _is_ours(fd):
            return fd, name
        # Another server has just started, and took it for a leftover before it was locked.
        os.close(fd)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))


def _is_ours(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _CANNOT_LOCK:
            os.close(fd)
            raise
        # Then nobody else can lock it either, and nobody will remove it.
    return os.fstat(fd).st_nlink > 0


def remove_leftovers(folder: int) -> int:
    """Remove what servers that were killed have left below an open folder; return how many.

    What cannot be removed stays: it is in nobody's way but for its space.
    """
    # An open of its own: descriptors that share a position cannot list at the same time.
    listing = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        with os.scandir(listing) as entries:
            names = [entry.name for entry in entries if _OWN.fullmatch(entry.name)]
    finally:
        os.close(listing)
    return sum(_remove_if_left(folder, name) for name in names)


def _remove_if_left(folder: int, name: str) -> bool:
    try:
        fd = os.open(name, os.O_RDWR | _FLAGS, dir_fd=folder)
    except OSError:
        return False  # a link, somebody else's, or finished meanwhile
    try:
        opened = os.fstat(fd)
        if not stat.S_ISREG(opened.st_mode) or opened.st_uid != os.geteuid():
            return False
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        named = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not os.path.samestat(opened, named):
            return False
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False  # locked: it is being written
    finally:
        os.close(fd)
    return True
