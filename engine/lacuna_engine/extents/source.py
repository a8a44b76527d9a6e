"""Opening a local file or device to read an image from it.

Lives here: what may be a source, how it is opened without ever blocking, and how long it is.
Everything that can go wrong with it becomes a `LocalFileError` here.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from lacuna_engine.errors import LocalFileError
from lacuna_engine.extents._system import device_size
from lacuna_engine.extents.positioned import read_at

__all__ = ["Source", "StrPath", "local_error", "local_errors", "open_source"]

StrPath = str | os.PathLike[str]

_REFUSED = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


class Source(NamedTuple):
    """An open file or device. ``size`` is its length in bytes when it was opened.

    ``device`` is true for block and character devices, which have no holes that could be asked
    for. ``name`` is for messages.
    """

    fd: int
    name: str
    size: int
    device: bool

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill the buffer with the bytes from ``offset`` on; return how many there were.

        Fewer than the buffer holds means that the file ends there now. May move the position of
        the descriptor.

        Raises:
            OSError: if reading fails.
        """
        done = read_at(self.fd, buffer, offset)
        while 0 < done < len(buffer):
            count = read_at(self.fd, buffer[done:], offset + done)
            if not count:
                break
            done += count
        return done


@contextmanager
def local_errors(name: str, doing: str = "read") -> Generator[None]:
    """Turn an `OSError` inside the block into a `LocalFileError` that names the file.

    Raises :class:`LocalFileError`.
    """
    try:
        yield
    except OSError as error:
        raise local_error(error, name, doing) from error


def local_error(error: OSError, name: str, doing: str) -> LocalFileError:
    """Return what says that the file could not be worked with, and why."""
    return LocalFileError(f"cannot {doing} {name}: {error.strerror or error}")


@contextmanager
def open_source(source: StrPath | int) -> Generator[Source]:
    """Open a path, or borrow an open descriptor, for the length of the ``with`` block.

    A path is opened read-only and closed at the end; a descriptor stays open, its position moves.

    Raises:
        LocalFileError: if it cannot be opened, is neither a file nor a device, or is a character
            device without a size. An `OSError` inside the block becomes one, too.
    """
    if isinstance(source, int):
        name = f"descriptor {source}"
        with local_errors(name):
            yield _examine(source, name)
        return
    name = os.fspath(source)
    with local_errors(name):
        # Look before opening: opening a named pipe waits for a writer, perhaps for ever.
        before = os.stat(name)  # noqa: PTH116  # a device path of Windows is no Path
        _refuse(before.st_mode, name)
        fd = os.open(name, _open_flags(before.st_mode))
        try:
            yield _examine(fd, name)
        finally:
            os.close(fd)


def _open_flags(mode: int) -> int:
    """Return the flags to open a source read-only, so that the open itself never waits."""
    if sys.platform == "win32":
        return os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT
    else:  # noqa: RET505  # the type checkers need to see two branches
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
        # The path may have become a pipe since it was looked at. Not for block devices: a drive
        # without a medium opens with this flag and then seems to be empty.
        return flags if stat.S_ISBLK(mode) else flags | os.O_NONBLOCK


def _refuse(mode: int, name: str) -> None:
    """Raise if something of this mode cannot be the source of an image."""
    what = _REFUSED.get(stat.S_IFMT(mode))
    if what is not None:
        raise LocalFileError(
            f"{name} is {what}, not a file", hint="Name an image file or a block device."
        )


def _examine(fd: int, name: str) -> Source:
    """Return the source behind an open descriptor."""
    status = os.fstat(fd)
    _refuse(status.st_mode, name)
    if stat.S_ISREG(status.st_mode):
        return Source(fd, name, status.st_size, device=False)
    size = device_size(fd)  # st_size of a device is 0
    if size == 0 and stat.S_ISCHR(status.st_mode):
        raise LocalFileError(
            f"{name} is a character device without a size",
            hint="Name an image file or a block device.",
        )
    return Source(fd, name, size, device=True)
