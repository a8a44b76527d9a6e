"""From the error struct of the wire to an exception, and what to tell the user (protocol.md 3.7).

Decided by code, domain and errno, never by text: the daemon translates its texts. The two
exceptions are texts that are not translated or are all there is (2.1, 4.6).
"""

from __future__ import annotations

from enum import IntEnum

from lacuna_engine.errors import (
    AuthenticationError,
    InvalidOperationError,
    LacunaError,
    NotSupportedError,
    PoolNotFoundError,
    ReadOnlyError,
    RemoteError,
    RemoteNoSpaceError,
    RemoteSystemError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc.records import WireError

__all__ = ["Code", "Domain", "exception_of", "lost_write_error"]


class Code(IntEnum):
    """libvirt's error numbers that Lacuna treats on their own."""

    INTERNAL_ERROR = 1
    NO_SUPPORT = 3
    NO_CONNECT = 5
    INVALID_ARG = 8
    OPERATION_FAILED = 9
    XML_ERROR = 27
    OPERATION_DENIED = 29
    XML_DETAIL = 35
    SYSTEM_ERROR = 38
    RPC = 39
    AUTH_FAILED = 45
    NO_STORAGE_POOL = 49
    NO_STORAGE_VOL = 50
    OPERATION_INVALID = 55
    CONFIG_UNSUPPORTED = 67
    ARGUMENT_UNSUPPORTED = 74
    AUTH_CANCELLED = 79
    OPERATION_UNSUPPORTED = 84
    STORAGE_VOL_EXIST = 90
    AUTH_UNAVAILABLE = 94


class Domain(IntEnum):
    """libvirt's error domains that Lacuna sets or looks at."""

    NONE = 0
    RPC = 7
    STORAGE = 18
    STREAMS = 38
    POLKIT = 60


class Errno(IntEnum):
    """System errors as the daemon's host numbers them, which is Linux whatever runs here."""

    EACCES = 13
    EFBIG = 27
    ENOSPC = 28
    EROFS = 30
    ENAMETOOLONG = 36


_BY_CODE: dict[int, type[RemoteError]] = {
    Code.NO_SUPPORT: NotSupportedError,
    Code.INVALID_ARG: NotSupportedError,
    Code.OPERATION_DENIED: ReadOnlyError,
    Code.NO_STORAGE_POOL: PoolNotFoundError,
    Code.NO_STORAGE_VOL: VolumeNotFoundError,
    Code.CONFIG_UNSUPPORTED: NotSupportedError,
    Code.ARGUMENT_UNSUPPORTED: NotSupportedError,
    Code.OPERATION_UNSUPPORTED: NotSupportedError,
    Code.STORAGE_VOL_EXIST: VolumeExistsError,
}

_HINTS: dict[int, str] = {
    Code.OPERATION_DENIED: "Connect with read-write access; a read-only connection only browses.",
    Code.NO_STORAGE_POOL: "List the pools with 'lacuna ls URI'; it may have been removed.",
    Code.NO_STORAGE_VOL: "List the volumes with 'lacuna ls URI POOL'; it may have been removed.",
    Code.STORAGE_VOL_EXIST: "Choose another name, or what to do with --if-exists.",
}

_ERRNO_HINTS: dict[int, str] = {
    Errno.ENOSPC: "Make room in the pool and try again.",
    Errno.EFBIG: "The pool's file system does not allow a file of that size.",
    Errno.EACCES: "The daemon may not use that file; look at its owner, mode and labels.",
    Errno.EROFS: "The pool's file system is mounted read-only.",
    Errno.ENAMETOOLONG: "Choose a shorter name; the limit is 255 bytes.",
}

_AUTH_CODES = {Code.AUTH_FAILED, Code.AUTH_CANCELLED, Code.AUTH_UNAVAILABLE}
_POLKIT_HINT = (
    "Your user may not manage libvirt there. Ask to be added to the group 'libvirt' and log in "
    "again, or use a connection as root or the session connection."
)


def exception_of(error: WireError) -> LacunaError:
    """Return the exception for an error of the daemon. Never raises for unknown numbers."""
    text = _printable(error.message) or f"error {error.code} without a text"
    if error.code in _AUTH_CODES:
        polkit = error.domain == Domain.POLKIT
        return AuthenticationError(text, hint=_POLKIT_HINT if polkit else "")
    if error.code == Code.SYSTEM_ERROR:
        return _system_error(error, text)
    return _class_of(error)(
        text, code=error.code, domain=error.domain, hint=_HINTS.get(error.code, "")
    )


def _class_of(error: WireError) -> type[RemoteError]:
    if error.code == Code.OPERATION_INVALID:
        return VolumeBusyError if _is_busy(error) else InvalidOperationError
    if error.code == Code.INTERNAL_ERROR and _is_busy(error):
        return VolumeBusyError
    if error.code == Code.RPC and _format(error).startswith("unknown procedure"):
        return NotSupportedError
    return _BY_CODE.get(error.code, RemoteError)


def _is_busy(error: WireError) -> bool:
    # The daemon has one code for "not possible" and "not at this moment", so the text is read: the
    # argument of its message (str2), and the whole for an error that came without one.
    texts = (_format(error), error.message or "")
    return any(
        mark in text
        for text in texts
        for mark in ("still in use", "still being allocated", "asynchronous jobs running")
    )


def _format(error: WireError) -> str:
    return error.str2 or error.message or ""


def _system_error(error: WireError, text: str) -> RemoteSystemError:
    number = max(error.int1, 0)
    kind = RemoteNoSpaceError if number == Errno.ENOSPC else RemoteSystemError
    return kind(
        text,
        code=error.code,
        domain=error.domain,
        errno=number,
        hint=_ERRNO_HINTS.get(number, ""),
    )


def lost_write_error(error: WireError) -> bool:
    """Whether this is the empty error of a HOLE that met an earlier failed write (4.6)."""
    return error.code == Code.INTERNAL_ERROR and error.domain == Domain.RPC


def _printable(text: str | None) -> str:
    """Make a hostile server's text safe for a terminal: no control characters, bounded."""
    return "".join(map(_safe, (text or "")[:2000])).strip()


def _safe(character: str) -> str:
    if character.isprintable():
        return character
    # Translated messages have no-break spaces, which do not count as printable.
    return " " if character.isspace() else "\ufffd"
