"""The local file a download becomes: written beside its place, and moved there when complete.

Until then nothing that was there is touched. A name that comes from a server is never trusted as
a path.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from lacuna_engine.errors import ExistsError, LocalFileError, NoSpaceError
from lacuna_engine.extents import (
    available_memory,
    drop_cached,
    grain_runs,
    is_zero,
    make_sparse,
    may_have_zeros,
    outgrows,
    punch_hole,
)
from lacuna_engine.extents.positioned import write_at
from lacuna_engine.extents.source import Source, local_error, local_errors
from lacuna_engine.storage import local_file_name
from lacuna_engine.transfer.destination import numbered
from lacuna_engine.transfer.options import IfExists

__all__ = ["LocalTarget", "choose_target", "identity_of"]

T = TypeVar("T")

MIN_ZERO_RUN = 64 * 1024
"""Shorter runs of zeros inside data are written rather than left out."""

ZEROS = bytes(1 << 20)

THREADS = 3
"""Threads: two that write while the streams bring more, and one that flushes."""

PROMPT = 0.02
"""Seconds within which writing is no work for a thread: 1 MiB into the system's memory takes less
than 1 ms, waiting for a disk far more."""

ASIDE = 10
"""How many times as long as it has taken writing is left to the threads then. So a disk holds up
the loop for a tenth of the time at most, and a processor that was busy elsewhere does no harm."""

_PART_ROOM = 40
"""Bytes of a file name left free for what marks a part."""


def choose_target(given: Path, volume_name: str, if_exists: IfExists) -> Path | None:
    """Return the path to write to, None to skip.

    ``given`` is a file, or a folder in which the volume's name is used, made safe. Raises
    :class:`ExistsError`, and :class:`LocalFileError` if the folder is missing.
    """
    path = given
    with local_errors(str(given), "create"):
        is_folder, in_folder = given.is_dir(), given.parent.is_dir()
    if is_folder:
        path = given / local_file_name(volume_name, windows=os.name == "nt")
    elif given.name == "" or not in_folder:
        raise LocalFileError(
            f"the folder {given.parent if given.name else given} does not exist",
            hint="Make it first, or choose another one.",
        )
    if not os.path.lexists(path):
        return path
    match if_exists:
        case IfExists.SKIP:
            return None
        case IfExists.RENAME:
            number = 1
            while os.path.lexists(path.with_name(numbered(path.name, number))):
                number += 1
            return path.with_name(numbered(path.name, number))
        case IfExists.REPLACE:
            if path.is_dir() or not (path.is_file() or path.is_symlink()):
                raise LocalFileError(f"{path} is not a file and is not replaced")
            return path
        case IfExists.FAIL:
            raise ExistsError(
                f"{path} exists already",
                hint="Choose another name, or --if-exists replace, rename or skip.",
            )


class LocalTarget:
    """A file of ``size`` bytes in the making; all holes until something is written.

    ``part`` is what an interrupted download has left to go on with. Writing happens in threads of
    its own. End it with :meth:`complete`, :meth:`keep` or :meth:`discard`.
    """

    def __init__(self, path: Path, size: int, part: Path | None = None) -> None:
        self.path = path
        with local_errors(str(path), "create"):
            # A replaced symbolic link keeps pointing where it does; its file is replaced.
            self._place = path.resolve() if path.is_symlink() else path
            # A name that the file system does not take would otherwise be found at the very end.
            with suppress(FileNotFoundError):
                self._place.lstat()
        self.part = self._place.with_name(_part_name(self._place.name)) if part is None else part
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="lacuna-write")
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if part is None else 0)
        if sys.platform == "win32":
            flags |= os.O_BINARY | os.O_NOINHERIT
        else:
            flags |= os.O_CLOEXEC | os.O_NOFOLLOW
        with local_errors(str(path), "create" if part is None else "go on with"):
            self.fd = os.open(self.part, flags, 0o666)
        self._aside_until = 0.0
        self._is_flushing = False
        self._is_dropped = outgrows(size, available_memory())
        if part is not None:
            return
        try:
            with local_errors(str(path), "create"):
                make_sparse(self.fd)
                os.ftruncate(self.fd, size)
        except BaseException:
            self.discard()
            raise

    @property
    def identity(self) -> str:
        """What tells the file from all others, whatever its name."""
        return identity_of(os.fstat(self.fd))

    @property
    def size(self) -> int:
        """Its length in bytes now."""
        return os.fstat(self.fd).st_size

    def check_room(self, data: int) -> None:
        """Check that ``data`` bytes fit. Raises :class:`NoSpaceError`."""
        if sys.platform == "win32":
            return
        status = os.fstatvfs(self.fd)
        free = status.f_bavail * status.f_frsize
        if data > free:
            raise NoSpaceError(
                f"the volume has {data} bytes of data and {self.path.parent} {free} free",
                hint="Make room there, or choose another folder.",
            )

    async def aside(self, work: Callable[[], T]) -> T:
        """Do blocking work in the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def promptly(self, work: Callable[[], T]) -> T:
        """Write here and now while the system takes it into its memory; otherwise aside.

        It takes less time than to wake a thread, which moreover shares the interpreter with
        whoever receives what comes next.
        """
        began = time.monotonic()
        if began < self._aside_until or self._is_flushing:
            return await self.aside(work)
        try:
            return work()
        finally:
            took = time.monotonic() - began
            if took >= PROMPT:
                self._aside_until = began + took + ASIDE * took

    def write(self, position: int, view: memoryview) -> list[tuple[int, int]]:
        """Write data at ``position``, leaving runs of zeros out as holes; blocking.

        Returns the ranges left out. Raises :class:`LocalFileError`, :class:`NoSpaceError`.
        """
        left_out: list[tuple[int, int]] = []
        if not may_have_zeros(view, MIN_ZERO_RUN):
            self._write_all(position, view)
            return left_out
        written = 0
        for start, end, zero in grain_runs(view):
            edge = start == 0 or end == len(view)
            if not zero or (end - start < MIN_ZERO_RUN and not edge):
                continue
            self._write_all(position + written, view[written:start])
            left_out.append((position + start, position + end))
            written = end
        self._write_all(position + written, view[written:])
        return left_out

    def _write_all(self, position: int, view: memoryview) -> None:
        if not view:
            return
        try:
            while (count := write_at(self.fd, view, position)) < len(view):
                view, position = view[count:], position + count
        except OSError as error:
            raise local_error(error, str(self.path), "write") from error

    def clear(self, start: int, end: int) -> None:
        """Make bytes zeros again, and a hole where that can be; blocking.

        Raises :class:`LocalFileError`, :class:`NoSpaceError`.
        """
        if punch_hole(self.fd, start, end):
            return
        source = Source(self.fd, str(self.part), self.size, device=False)
        buffer = memoryview(bytearray(len(ZEROS)))
        for position in range(start, end, len(ZEROS)):
            view = buffer[: end - position]
            with local_errors(str(self.path)):
                count = source.read_into(position, view)
            if not is_zero(view[:count]):  # what was never written shall take no room
                self._write_all(position, memoryview(ZEROS)[:count])

    def flush(self) -> None:
        """Have the data on the disk; blocking. What is larger than memory leaves the cache then."""
        self._is_flushing = True
        try:
            with local_errors(str(self.path), "write"):
                os.fsync(self.fd)
        finally:
            self._is_flushing = False
        if self._is_dropped:
            drop_cached(self.fd, 0, self.size)

    def complete(self, *, replace: bool) -> None:
        """Move the file to its place; blocking. Raises :class:`ExistsError` if it is taken."""
        self.keep()
        with local_errors(str(self.path), "put in place"):
            if replace:
                self.part.replace(self._place)
            else:
                _move_to_free_name(self.part, self._place)
            _flush_folder(self._place.parent)

    def keep(self) -> None:
        """Leave what has been written where it is, beside its place."""
        self._executor.shutdown()
        os.close(self.fd)
        self.fd = -1

    def discard(self) -> None:
        """Remove what has been written. Never raises."""
        self._executor.shutdown(cancel_futures=True)
        with suppress(OSError):
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1
        with suppress(OSError):
            self.part.unlink(missing_ok=True)


def identity_of(status: os.stat_result) -> str:
    """Return what tells this file from all others on the machine."""
    return f"{status.st_dev}:{status.st_ino}"


def _part_name(name: str) -> str:
    stem = name.encode("utf-8", "surrogateescape")[: 255 - _PART_ROOM]
    return f".{stem.decode('utf-8', 'ignore')}.{secrets.token_hex(4)}.lacuna-part"


def _move_to_free_name(part: Path, place: Path) -> None:
    """Rename without replacing what somebody may have put there meanwhile."""
    try:
        os.link(part, place)
    except FileExistsError as error:
        raise ExistsError(f"{place} has just been made by somebody else") from error
    except (OSError, NotImplementedError):
        # No hard links on this file system: look and rename, which leaves a tiny gap.
        if os.path.lexists(place):
            raise ExistsError(f"{place} has just been made by somebody else") from None
        part.rename(place)
    else:
        part.unlink()


def _flush_folder(folder: Path) -> None:
    """Make the new name last, where folders can be flushed."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
