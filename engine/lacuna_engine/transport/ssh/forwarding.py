"""The daemon's socket through a forwarding of ssh: with no program on the host in between.

virt-ssh-helper and the pipes to it take some of the host's processor time from the cipher, and so
one connection was 1.2 times as slow as ``ssh cat`` with it, and as fast without (speed.md).
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from lacuna_engine.transport.ssh.remote_command import PING
from lacuna_engine.transport.ssh.target import Target

__all__ = ["Forwarding", "can_forward"]

PATIENCE = 5.0
"""Seconds in which a daemon shows that it is there; one that is busy can be reached all the same,
by a program."""

LONGEST = 100
"""Bytes of a socket's path, for which systems have 104 at least."""

_SPECIAL = frozenset(':%${}"\\')
"""What ssh would not take as a part of a path."""


def can_forward(target: Target, place: Path) -> bool:
    """Tell whether ssh can lead from ``place`` to sockets that the target names (pure)."""
    return (
        target.is_direct
        and bool(target.sockets)
        and all(map(_can_be_named, [f"{place}.{len(target.sockets)}", *target.sockets]))
    )


def _can_be_named(path: str) -> bool:
    """Tell whether ssh takes a path: it refuses the whole line for one that it does not."""
    fits = len(os.fsencode(path)) <= LONGEST
    return fits and path.startswith("/") and not _SPECIAL & set(path)


class Forwarding:
    """Local sockets that lead to those of ``target``; ``place`` is where their names begin.

    Nobody else may enter the folder of ``place``.
    """

    def __init__(self, target: Target, place: Path) -> None:
        self._sockets = target.sockets
        self._place = place

    @property
    def options(self) -> list[str]:
        """What tells ssh of them."""
        # There are no others: see `settings.Unchosen`.
        words = ["-o", "ClearAllForwardings=no", "-o", "ExitOnForwardFailure=no"]
        for number, path in enumerate(self._sockets, 1):
            words += ["-L", f"{self._local(number)}:{path}"]
        return words

    async def connect(self, number: int) -> tuple[socket.socket, bytes] | None:
        """Connect to the daemon at a socket, counted from 1; return its first bytes too.

        None if it does not answer, as where the host forbids forwarding.
        """
        if not 1 <= number <= len(self._sockets):
            return None
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003
        first = b""
        try:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await loop.sock_connect(sock, os.fspath(self._local(number)))
                    await loop.sock_sendall(sock, PING)
                    first = await loop.sock_recv(sock, 1 << 16)
        finally:
            if not first:
                sock.close()
        return (sock, first) if first else None

    def remove(self) -> None:
        """Remove the sockets' names; what is connected stays so."""
        for number in range(1, len(self._sockets) + 1):
            with suppress(OSError):
                self._local(number).unlink(missing_ok=True)

    def _local(self, number: int) -> Path:
        return self._place.with_name(f"{self._place.name}.{number}")
