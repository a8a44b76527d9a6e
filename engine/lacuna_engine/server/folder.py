"""A folder that volumes are files of, opened once; nothing outside of it can be reached.

Every name is one component below a descriptor of the folder and no link is ever followed, so
neither a hostile name nor a link put there by somebody else leads out of it (protocol.md 6.4; a
libvirt daemon follows links). Whoever may write to the folder by other ways can still rename files
in it: what was opened stays what was checked, because it is checked after the open.

A file that is still being written has a temporary name and is no volume.

Names and paths are text with ``surrogateescape``, sizes bytes. Blocking, for worker threads; safe
to be used by several at once. Everything that fails is a `Refusal` with the daemon's kind of text.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from lacuna_engine.rpc.failure import Domain
from lacuna_engine.server import refusal
from lacuna_engine.server.temporary import create_temporary, is_temporary, remove_leftovers

__all__ = [
    "Folder",
    "Usage",
    "allocate",
    "collapsed_path",
    "make_folder",
    "normal_path",
    "refused",
    "remove_folder",
]

Fill = Callable[[int], None]
"""Writes a new file's content through a descriptor."""

DEFAULT_MODE = 0o600

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Not blocking, as the name may have become that of a pipe since it was looked at.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""The daemon skips files with these in their name: XML has no way to say them (5.5)."""

_NOT_THERE = frozenset(
    {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO}
)
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
_CANNOT_ALLOCATE = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_ZEROS = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of the folder's file system; ``available`` counts blocks reserved for root as free."""

    capacity: int = 0
    allocation: int = 0
    available: int = 0


def normal_path(path: str) -> str:
    """The path without repeated or trailing slashes and ``.``; ``..`` stays."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def collapsed_path(path: str) -> str:
    """The path without repeated or trailing slashes, as libvirt's daemon takes paths.

    Two slashes at the beginning stay, since POSIX lets them mean something.
    """
    double = path.startswith("//") and not path.startswith("///")
    collapsed = re.sub("/+", "/", path)
    return ("/" if double else "") + (collapsed.rstrip("/") or collapsed)


@contextmanager
def refused(doing: str, domain: int = Domain.STORAGE) -> Generator[None]:
    """Turn the system's errors inside the block into refusals (38) that begin with ``doing``.

    Raises :class:`Refusal`.
    """
    try:
        yield
    except OSError as error:
        raise refusal.system(error.errno or errno.EIO, doing, domain=domain) from error
    except OverflowError as error:  # beyond 2^63-1, which the system would not even be asked
        raise refusal.system(errno.EFBIG, doing, domain=domain) from error


class Folder:
    """The folder at ``path``, open until `close`, or until nobody refers to it any more.

    With ``below`` no component of the path behind that folder may be a link.

    Raises:
        Refusal: (38) if it cannot be opened, (8) if it is the root of the file system.
    """

    def __init__(self, path: str, *, below: str | None = None) -> None:
        self.path = normal_path(path)
        with refused(f"cannot open directory '{path}'", Domain.NONE):
            self._fd = _open_folder(self.path, below)
            # Not closed while a thread still uses it: the number could be another file's by then.
            self._closer = weakref.finalize(self, os.close, self._fd)
            here, root = os.fstat(self._fd), os.stat("/")  # noqa: PTH116
        if (here.st_dev, here.st_ino) == (root.st_dev, root.st_ino):
            self.close()
            raise refusal.invalid(f"'{path}' is the root of the file system")

    def close(self) -> None:
        """Close it now, when nobody uses it. Closing twice is fine."""
        self._closer()

    def path_of(self, name: str) -> str:
        """Return the path of a volume, which is its key too. Nothing is checked."""
        return f"{self.path}/{name}"

    def status(self) -> os.stat_result:
        """Return owner and mode of the folder itself."""
        with refused(f"cannot stat file '{self.path}'"):
            return os.fstat(self._fd)

    def usage(self) -> Usage:
        """Return the numbers of the file system, asked for afresh (protocol.md 7.1)."""
        with refused(f"cannot statvfs path '{self.path}'"):
            numbers = os.fstatvfs(self._fd)
        capacity = numbers.f_blocks * numbers.f_frsize
        available = numbers.f_bfree * numbers.f_frsize
        return Usage(capacity, capacity - available, available)

    def names(self) -> list[str]:
        """Return what is a volume here, sorted: files and folders (protocol.md 5.5).

        No links, pipes, sockets, devices, no files still being written, and no names with control
        characters other than tab and newline.
        """
        with refused(f"cannot read directory '{self.path}'", Domain.NONE):
            # An open of its own: descriptors that share a position cannot list at the same time.
            fd = os.open(".", _FOLDER, dir_fd=self._fd)
            try:
                with os.scandir(fd) as entries:
                    found = [
                        os.fsencode(entry.name).decode("utf-8", "surrogateescape")
                        for entry in entries
                        if entry.is_file(follow_symlinks=False)
                        or entry.is_dir(follow_symlinks=False)
                    ]
            finally:
                os.close(fd)
        return sorted(name for name in found if _is_volume_name(name))

    def stat(self, name: str) -> os.stat_result:
        """Return the state of a volume; it is a regular file or a folder.

        Raises:
            Refusal: (50) if there is no such volume.
        """
        with _found(name, f"cannot stat file '{self.path_of(name)}'"):
            status = os.stat(_component(name), dir_fd=self._fd, follow_symlinks=False)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise refusal.no_volume(name)
        return status

    def tidy(self) -> int:
        """Remove what servers that were killed have left unfinished here; return how many."""
        with refused(f"cannot read directory '{self.path}'", Domain.NONE):
            return remove_leftovers(self._fd)

    def has(self, name: str) -> bool:
        """Whether there is a volume of that name."""
        try:
            self.stat(name)
        except refusal.Refusal:
            return False
        return True

    def open_read(self, name: str) -> int:
        """Open a file for reading and return the descriptor, which the caller closes.

        Raises:
            Refusal: (50) if there is no such volume, (38, errno 21) if it is a folder.
        """
        return self._open(name, os.O_RDONLY)

    def open_write(self, name: str) -> int:
        """Open an existing file for reading and writing; otherwise as `open_read`."""
        return self._open(name, os.O_RDWR)

    def _open(self, name: str, access: int) -> int:
        doing = f"Failed to open storage volume with path '{self.path_of(name)}'"
        # Looked at before, too: to open a device can do things.
        _require_file(self.stat(name), name, doing)
        with _found(name, doing):
            fd = os.open(_component(name), access | _FILE, dir_fd=self._fd)
        try:
            _require_file(os.fstat(fd), name, doing)
        except refusal.Refusal:
            os.close(fd)
            raise
        return fd

    def create(  # noqa: PLR0917 - what a volume has, in the order its XML says it
        self,
        name: str,
        size: int,
        allocation: int = 0,
        mode: int | None = None,
        owner: int | None = None,
        group: int | None = None,
        *,
        fill: Fill | None = None,
    ) -> None:
        """Make a file of ``size`` zero bytes, of which the first ``allocation`` get their space.

        It appears under its name when it is complete, ``fill`` included, or not at all.

        Raises:
            Refusal: (90) if the volume exists, (55) if the name has a slash or something that is
                no volume has it, (38) if the system refuses, for example errno 28.
        """
        self._require_free(name)
        path = self.path_of(name)
        with refused(f"Failed to create file '{path}'"):
            fd, temporary = create_temporary(self._fd, DEFAULT_MODE)
        try:
            with refused(f"cannot extend file '{path}'"):
                os.ftruncate(fd, size)
            with refused(f"cannot allocate {allocation} bytes in file '{path}'"):
                allocate(fd, 0, allocation)
            with refused(f"cannot fill file '{path}'"):
                if fill is not None:
                    fill(fd)
            _set_owner(fd, path, DEFAULT_MODE if mode is None else mode, owner, group)
            self._place(temporary, name)
        finally:
            # Removed before its lock is given back.
            try:
                with refused(f"cannot unlink file '{path}'"):
                    self._remove_temporary(temporary)
            finally:
                os.close(fd)

    def _require_free(self, name: str) -> None:
        path = self.path_of(name)
        if "/" in name:
            raise refusal.invalid_operation(f"volume name '{name}' cannot contain '/'")
        if name in {"", ".", ".."}:
            raise refusal.invalid_operation(f"volume target path '{path}' already exists")
        if not _is_volume_name(name):
            raise refusal.invalid_operation(f"volume name '{name}' is reserved")
        with refused(f"Failed to create file '{path}'"):
            try:
                status = os.stat(_component(name), dir_fd=self._fd, follow_symlinks=False)
            except FileNotFoundError:
                return
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            raise refusal.exists(name)
        raise refusal.invalid_operation(f"volume target path '{path}' already exists")

    def _place(self, temporary: str, name: str) -> None:
        """Give the complete file its name, unless something has it by now."""
        new = _component(name)
        folder = self._fd
        with refused(f"Failed to create file '{self.path_of(name)}'"):
            try:
                os.link(temporary, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                pass
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                # A file system without hard links: the name is taken first, then replaced.
                try:
                    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=folder))
                except FileExistsError:
                    pass
                else:
                    self._rename_over(temporary, new)
                    return
            else:
                return
        self._require_free(name)
        raise refusal.exists(name)  # it was there a moment ago

    def _rename_over(self, temporary: str, new: bytes) -> None:
        """Replace the empty file that holds the name; it goes if that fails. Raises `OSError`."""
        try:
            os.rename(temporary, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError:
            with suppress(OSError):
                os.unlink(new, dir_fd=self._fd)
            raise

    def _remove_temporary(self, temporary: str) -> None:
        try:
            os.unlink(temporary, dir_fd=self._fd)
        except FileNotFoundError:
            return  # renamed into its place

    def delete(self, name: str) -> None:
        """Remove a file, or a folder that is empty.

        Raises:
            Refusal: (50) if there is no such volume, (38, errno 39) if the folder is not empty.
        """
        path = self.path_of(name)
        if stat.S_ISDIR(self.stat(name).st_mode):
            with _found(name, f"cannot remove directory '{path}'"):
                os.rmdir(_component(name), dir_fd=self._fd)
        else:
            with _found(name, f"cannot unlink file '{path}'"):
                os.unlink(_component(name), dir_fd=self._fd)


def allocate(fd: int, start: int, end: int, *, keep: int = 0) -> None:
    """Give the bytes ``[start, end)`` of a file their space; the file grows to ``end``.

    Zeros are written where the system cannot do it, but not over the first ``keep`` bytes.

    Raises:
        OSError: if there is not so much space.
    """
    if end <= start:
        return
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, start, end - start)
        except OSError as error:
            if error.errno not in _CANNOT_ALLOCATE:
                raise
        else:
            return
    zeros, offset = memoryview(_ZEROS), max(start, keep)
    while offset < end:
        offset += os.pwrite(fd, zeros[: end - offset], offset)


def make_folder(path: str, *, below: str | None = None, mode: int | None = None) -> None:
    """Make a folder and those above it that are missing; one that exists is fine.

    Raises:
        Refusal: (38) if the system refuses, or one of them is a link behind ``below``.
    """
    with refused(f"failed to create directory '{path}'"):
        os.close(_open_folder(normal_path(path), below or "/", make=True, follow=below is None))
    if mode is not None:
        with refused(f"cannot set mode of '{path}' to {mode:04o}"):
            folder = _open_folder(normal_path(path), below)
            try:
                os.fchmod(folder, mode)
            finally:
                os.close(folder)


def remove_folder(path: str, *, below: str | None = None) -> None:
    """Remove an empty folder.

    Raises:
        Refusal: (38) if the system refuses.
    """
    above, _, name = normal_path(path).rpartition("/")
    with refused(f"failed to remove pool '{path}'"):
        folder = _open_folder(above or "/", below)
        try:
            os.rmdir(_component(name), dir_fd=folder)
        finally:
            os.close(folder)


def _open_folder(path: str, below: str | None, *, make: bool = False, follow: bool = False) -> int:
    """Open a folder; with ``below`` from there down, one component at a time, without links."""
    if below is None:
        return os.open(_encoded(path), _FOLDER)
    start = normal_path(below)
    inside = path.removeprefix(start if start == "/" else f"{start}/")
    if path not in {start, f"{start.rstrip('/')}/{inside}"}:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    parts = [] if path == start else inside.split("/")
    fd = os.open(_encoded(start), _FOLDER)
    for part in parts:
        try:
            if make:
                _make_one(part, fd)
            lower = os.open(
                _component(part), _FOLDER if follow else _FOLDER | os.O_NOFOLLOW, dir_fd=fd
            )
        finally:
            os.close(fd)
        fd = lower
    return fd


def _make_one(name: str, folder: int) -> None:
    try:
        os.mkdir(_component(name), 0o755, dir_fd=folder)
    except FileExistsError:
        return  # opening it tells whether it is a folder


def _set_owner(fd: int, path: str, mode: int, owner: int | None, group: int | None) -> None:
    """Set owner and mode, in this order: a change of the owner takes bits out of the mode."""
    if owner is not None or group is not None:
        ids = (-1 if owner is None else owner, -1 if group is None else group)
        with refused(f"cannot chown '{path}' to ({ids[0]}, {ids[1]})"):
            os.fchown(fd, *ids)
    with refused(f"cannot set mode of '{path}' to {mode:04o}"):
        os.fchmod(fd, mode)


@contextmanager
def _found(name: str, doing: str) -> Generator[None]:
    """As `refused`, but what says that nothing usable is there becomes "no such volume" (50)."""
    try:
        if not _is_volume_name(name):
            raise refusal.no_volume(name)
        yield
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise refusal.no_volume(name) from error
        raise refusal.system(error.errno or errno.EIO, doing) from error


def _require_file(status: os.stat_result, name: str, doing: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise refusal.system(errno.EISDIR, doing)
    if not stat.S_ISREG(status.st_mode):
        raise refusal.no_volume(name)


def _is_volume_name(name: str) -> bool:
    return not (
        name in {"", ".", ".."} or "/" in name or is_temporary(name) or _CONTROL.search(name)
    )


def _component(name: str) -> bytes:
    """Return one component of a path in bytes. Raises `OSError` if it is none."""
    if name in {"", ".", ".."} or "/" in name:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return _encoded(name)


def _encoded(path: str) -> bytes:
    """Return the bytes that came over the wire, whatever the locale. Raises `OSError` if none."""
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from error
    if b"\0" in data:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return data
