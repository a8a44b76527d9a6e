"""The errors a server answers with, shaped as libvirt's daemon shapes them (protocol.md 2.1, 3.7).

``str1`` is the format and ``str2`` its argument, because clients decide by them: a call that is
unknown must say so in the exact words that make libvirt's own client fall back to an older one.
"""

from __future__ import annotations

import os

from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import WireError

__all__ = [
    "Refusal",
    "busy",
    "check_exclusive",
    "check_flags",
    "exists",
    "failed",
    "forbidden",
    "in_words",
    "inactive",
    "internal",
    "invalid",
    "invalid_operation",
    "no_pool",
    "no_volume",
    "read_only",
    "system",
    "unexpected",
    "unknown_flags",
    "unsupported",
    "unsupported_config",
]


class Refusal(Exception):  # noqa: N818 - the server's answer, not a failure of the program
    """Answer the call, or end the stream, with ``error``."""

    def __init__(self, error: WireError) -> None:
        super().__init__(error.message)
        self.error = error


def in_words(
    code: int, argument: str, text_format: str = "%s", *, domain: int = Domain.STORAGE
) -> Refusal:
    """Return a refusal whose text is ``text_format`` with ``argument`` filled in."""
    text = text_format.replace("%s", argument)
    return Refusal(WireError(code, domain, text, str1=text_format, str2=argument))


def no_pool(name: str) -> Refusal:
    """No such pool (49)."""
    return in_words(
        Code.NO_STORAGE_POOL,
        f"no storage pool with matching name '{name}'",
        "Storage pool not found: %s",
    )


def no_volume(name: str) -> Refusal:
    """No such volume (50)."""
    return in_words(
        Code.NO_STORAGE_VOL,
        f"no storage vol with matching name '{name}'",
        "Storage volume not found: %s",
    )


def exists(name: str) -> Refusal:
    """A volume of that name exists already (90)."""
    return in_words(Code.STORAGE_VOL_EXIST, f"'{name}'", "storage volume %s exists already")


def invalid_operation(text: str) -> Refusal:
    """Not in this state (55)."""
    return in_words(Code.OPERATION_INVALID, text, "Requested operation is not valid: %s")


def inactive(pool: str) -> Refusal:
    """The pool is not active (55)."""
    return invalid_operation(f"storage pool '{pool}' is not active")


def busy(volume: str) -> Refusal:
    """Another call has the volume (55)."""
    return invalid_operation(f"volume '{volume}' is still in use.")


def internal(text: str, *, domain: int = Domain.STORAGE) -> Refusal:
    """What the daemon calls an internal error (1), whosever fault it is."""
    return in_words(Code.INTERNAL_ERROR, text, "internal error: %s", domain=domain)


def unsupported_config(text: str) -> Refusal:
    """What is asked for is known, but not to be had (67)."""
    return in_words(Code.CONFIG_UNSUPPORTED, text, "unsupported configuration: %s")


def forbidden(text: str) -> Refusal:
    """Not for this client (29)."""
    return in_words(Code.OPERATION_DENIED, text, "operation forbidden: %s")


def invalid(text: str) -> Refusal:
    """An argument makes no sense (8)."""
    return in_words(Code.INVALID_ARG, text, "invalid argument: %s")


def failed(text: str) -> Refusal:
    """The operation cannot be done as things are (9)."""
    return in_words(Code.OPERATION_FAILED, text, "operation failed: %s")


def unsupported(what: str) -> Refusal:
    """The call or its variant is not there (3)."""
    return in_words(
        Code.NO_SUPPORT, what, "this function is not supported by the connection driver: %s"
    )


def unknown_flags(flags: int, function: str) -> Refusal:
    """Flags that are not known (8)."""
    text = f"unsupported flags (0x{flags:x}) in function {function}"
    error = WireError(Code.INVALID_ARG, Domain.STORAGE, text, str1=function, str2="flags", int1=0)
    return Refusal(error)


def check_flags(flags: int, known: int, function: str) -> None:
    """Raise the daemon's own error for flags that are not known (protocol.md 3.6)."""
    if unknown := flags & ~known:
        raise unknown_flags(unknown, function)


def check_exclusive(flags: int, one: int, other: int, function: str) -> None:
    """Raise the daemon's own error for two flags at once."""
    if flags & one and flags & other:
        raise invalid(f"flags {one} and {other} in {function} are mutually exclusive")


def read_only(function: str) -> Refusal:
    """The connection or the server only reads (29)."""
    return forbidden(f"read only access prevents {function}")


def unexpected() -> Refusal:
    """A mistake of the server's own, which its log tells more of (1)."""
    return in_words(Code.INTERNAL_ERROR, "unexpected failure", domain=Domain.RPC)


def system(number: int, doing: str, *, domain: int = Domain.STORAGE) -> Refusal:
    """A system call failed (38); ``doing`` begins the text, the system's reason ends it."""
    text = f"{doing}: {os.strerror(number)}"
    error = WireError(Code.SYSTEM_ERROR, domain, text, str1="%s", str2=text, int1=number)
    return Refusal(error)
