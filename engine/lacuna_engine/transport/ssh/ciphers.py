"""Which ciphers are offered first: AES-GCM, where the processor knows AES.

There ssh takes about a third less processor time than with ChaCha20-Poly1305, the first choice of
OpenSSH and of asyncssh (transports.md 4). Elsewhere it would take far more.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["knows_aes", "preferred", "processor_knows_aes"]

AES_GCM = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")

_CPUINFO = Path("/proc/cpuinfo")
_FIRST = 16 << 10
"""Bytes that hold all that is said of the first processor; there may be hundreds."""


def preferred(ciphers: Sequence[str], *, aes_is_fast: bool) -> list[str]:
    """Return the ciphers in the order to be offered in. None is added, none is left out.

    A list of our own, or OpenSSH's ``^``, would not do: which ciphers there are depends on how ssh
    was built, and before 8.1 it knows no ``^``.
    """
    first = [name for name in AES_GCM if aes_is_fast and name in ciphers]
    return first + [name for name in ciphers if name not in first]


def knows_aes(machine: str, cpuinfo: str) -> bool:
    """Return whether a processor has instructions for AES.

    ``machine`` is its kind, as :func:`platform.machine` gives it; ``cpuinfo`` is what Linux tells
    in ``/proc/cpuinfo``, and empty elsewhere. There processors without are a thing of the past.
    """
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return "aes" in value.split()
    # On Linux it is aarch64, of which small ones still come without.
    return machine.lower() in ("x86_64", "amd64", "arm64")


@cache
def processor_knows_aes() -> bool:
    """Return whether this machine's processor has instructions for AES."""
    cpuinfo = ""
    with suppress(OSError), _CPUINFO.open(encoding="ascii", errors="replace") as file:
        cpuinfo = file.read(_FIRST)
    return knows_aes(platform.machine(), cpuinfo)
