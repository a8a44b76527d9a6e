"""Windows: holes and punching by control codes of the file system.

Not to be used but through `_system`. Offsets and lengths are bytes. The functions take the call
itself (`Control`) as a parameter and are tested with a stand-in; the few lines that reach the
system through ctypes were written after Microsoft's documentation, and run under Wine alone, whose
file systems know no holes.

On NTFS and ReFS a file can only have holes once it has been marked sparse. Punching frees whole
units of 64 KiB and writes zeros over the rest of the range.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Iterator

__all__ = ["Control", "allocated_ranges", "set_sparse", "set_zero_data"]

FSCTL_SET_SPARSE = 0x000900C4
FSCTL_QUERY_ALLOCATED_RANGES = 0x000940CF
FSCTL_SET_ZERO_DATA = 0x000980C8

ERROR_SUCCESS = 0
ERROR_INVALID_FUNCTION = 1
ERROR_NOT_SUPPORTED = 50
ERROR_INVALID_PARAMETER = 87
ERROR_MORE_DATA = 234

_UNSUPPORTED = (ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED, ERROR_INVALID_PARAMETER)

RANGE = struct.Struct("<qq")
"""FILE_ALLOCATED_RANGE_BUFFER (offset, length) and FILE_ZERO_DATA_INFORMATION (offset, beyond)."""

_BATCH = 1024
"""Ranges asked for at once: 16 KiB of output."""

Control = Callable[[int, bytes, int], tuple[int, bytes]]
"""``(code, input, room for output)`` to ``(error number, output)``: DeviceIoControl on a handle."""


def allocated_ranges(control: Control, size: int, batch: int = _BATCH) -> Iterator[tuple[int, int]]:
    """Yield the allocated ranges ``(start, end)`` of ``[0, size)``, in order.

    One range over everything where the file system does not know holes.

    Raises:
        OSError: if the file cannot be asked; its ``errno`` is the number Windows gave.
    """
    position = 0
    while position < size:
        question = RANGE.pack(position, size - position)
        error, answer = control(FSCTL_QUERY_ALLOCATED_RANGES, question, batch * RANGE.size)
        if error in _UNSUPPORTED:
            yield position, size
            return
        if error not in (ERROR_SUCCESS, ERROR_MORE_DATA):
            raise _failure(error)
        before = position
        for offset, length in RANGE.iter_unpack(answer):
            start, end = max(offset, position), min(offset + length, size)
            if start < end:
                yield start, end
                position = end
        if error == ERROR_SUCCESS:
            return
        if position == before:
            # More is promised but none comes: what cannot be shown to be a hole is data.
            yield position, size
            return


def set_sparse(control: Control) -> bool:
    """Mark a file sparse; False where the file system does not know holes.

    Raises:
        OSError: if it fails for another reason.
    """
    return _done(control(FSCTL_SET_SPARSE, b"", 0)[0])


def set_zero_data(control: Control, start: int, end: int) -> bool:
    """Make ``[start, end)`` zeros, and a hole as far as whole units go; False as above.

    Raises:
        OSError: if it fails for another reason.
    """
    return _done(control(FSCTL_SET_ZERO_DATA, RANGE.pack(start, end), 0)[0])


def _done(error: int) -> bool:
    """Return whether a request was carried out; False if it is not known there."""
    if error in _UNSUPPORTED:
        return False
    if error != ERROR_SUCCESS:
        raise _failure(error)
    return True


def _failure(error: int) -> OSError:
    """Return the exception for an error number of Windows."""
    if sys.platform == "win32":
        return ctypes.WinError(error)
    else:  # noqa: RET505  # the type checkers need to see two branches
        return OSError(error, f"Windows error {error}")


if sys.platform == "win32":
    import msvcrt
    from ctypes import wintypes
    from functools import partial

    __all__ += ["allocated", "available_memory", "data_sections", "device_size", "fetch", "forget"]
    __all__ += ["make_sparse", "punch"]

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.DeviceIoControl.argtypes = (
        wintypes.HANDLE,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.DWORD),
        wintypes.LPVOID,
    )
    _kernel32.DeviceIoControl.restype = wintypes.BOOL
    _kernel32.GetCompressedFileSizeW.argtypes = (wintypes.LPCWSTR, ctypes.POINTER(wintypes.DWORD))
    _kernel32.GetCompressedFileSizeW.restype = wintypes.DWORD

    _INVALID_FILE_SIZE = 0xFFFFFFFF
    _FILE_STANDARD_INFO = 1
    _STANDARD_INFO = struct.Struct("<qqI??2x")  # AllocationSize, EndOfFile, links, two flags
    _IOCTL_DISK_GET_LENGTH_INFO = 0x0007405C

    def _control(fd: int, code: int, question: bytes, room: int) -> tuple[int, bytes]:
        """Send one control code to the file behind a descriptor."""
        answer = ctypes.create_string_buffer(room) if room else None
        count = wintypes.DWORD(0)
        done = _kernel32.DeviceIoControl(
            msvcrt.get_osfhandle(fd),
            code,
            question or None,
            len(question),
            answer,
            room,
            ctypes.byref(count),
            None,
        )
        error = ERROR_SUCCESS if done else ctypes.get_last_error()
        return error, answer.raw[: count.value] if answer is not None else b""

    def data_sections(fd: int, size: int) -> Iterator[tuple[int, int]]:
        """Yield the sections of ``[0, size)`` that are not holes; see `allocated_ranges`."""
        return allocated_ranges(partial(_control, fd), size)

    def make_sparse(fd: int) -> bool:
        """Mark a file sparse; see `set_sparse`."""
        return set_sparse(partial(_control, fd))

    def punch(fd: int, start: int, end: int) -> bool:
        """Make a range a hole; see `set_zero_data`."""
        return set_zero_data(partial(_control, fd), start, end)

    def device_size(fd: int) -> int:
        """Return the length of a disk or volume in bytes.

        Raises:
            OSError: if it has none.
        """
        error, answer = _control(fd, _IOCTL_DISK_GET_LENGTH_INFO, b"", 8)
        if error != ERROR_SUCCESS:
            raise _failure(error)
        return int.from_bytes(answer, "little", signed=True)

    def allocated(target: int | str | os.stat_result) -> int:
        """Return the bytes that the file system has allocated for a file.

        A result of stat does not tell here; its size is returned.

        Raises:
            OSError: if there is no such file.
        """
        if isinstance(target, os.stat_result):
            return target.st_size
        if isinstance(target, int):
            info = ctypes.create_string_buffer(_STANDARD_INFO.size)
            if not _kernel32.GetFileInformationByHandleEx(
                wintypes.HANDLE(msvcrt.get_osfhandle(target)),
                _FILE_STANDARD_INFO,
                info,
                len(info),
            ):
                raise ctypes.WinError(ctypes.get_last_error())
            return int(_STANDARD_INFO.unpack(info.raw)[0])
        high = wintypes.DWORD(0)
        ctypes.set_last_error(ERROR_SUCCESS)
        low: int = _kernel32.GetCompressedFileSizeW(target, ctypes.byref(high))
        error = ctypes.get_last_error()
        if low == _INVALID_FILE_SIZE and error != ERROR_SUCCESS:
            raise ctypes.WinError(error)
        return high.value << 32 | low

    def forget(fd: int, start: int, end: int) -> None:
        """Do nothing: Windows has no call that drops a range from the cache."""
        del fd, start, end

    def fetch(fd: int, start: int, end: int) -> None:
        """Do nothing: Windows reads ahead by itself."""
        del fd, start, end

    def available_memory() -> int | None:
        """Return None: it only matters where ranges can be dropped from the cache."""
        return None
