"""TCP: unencrypted, so only for loopback and tunnels one trusts (protocol.md 1.10); and under TLS.

A name may stand for several addresses, of which some lead nowhere: each is tried a moment after the
one before, and the first that answers is taken.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
from collections import deque
from collections.abc import Iterable

from lacuna_engine.errors import UnreachableError
from lacuna_engine.transport.pipe import Pipe, StreamPipe
from lacuna_engine.transport.socket_pipe import SocketPipe
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["CONNECT_TIMEOUT", "TCP_PORT", "connect", "open_tcp"]

TCP_PORT = 16_509
CONNECT_TIMEOUT = 8.0
"""Seconds to wait for a host to answer at all; the whole of a failure is to be told within 10."""

HEAD_START = 0.25
"""Seconds that an address has before the next one is tried too (RFC 8305)."""

Place = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Address = tuple[int, int, int, str, Place]
"""Family, type, protocol, name, and what to connect to, as the resolver has it."""


async def open_tcp(uri: ConnectionUri) -> Pipe:
    """Open a pipe to the daemon's TCP port. Raises :class:`UnreachableError`."""
    hint = "Check that libvirt's daemon listens on TCP there (listen_tcp)."
    return await connect(uri.host, uri.port or TCP_PORT, hint)


async def connect(host: str, port: int, hint: str) -> Pipe:
    """Open a pipe to a port; ``hint`` is what to look at if nothing listens there.

    Raises :class:`UnreachableError`.
    """
    where = f"{host} port {port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            sock = await _first(found)
    except TimeoutError as error:
        raise UnreachableError(
            f"{where} did not answer within {CONNECT_TIMEOUT:.0f} s",
            hint="Check the address, the network and the firewall.",
        ) from error
    except (socket.gaierror, UnicodeError) as error:
        raise UnreachableError(
            f"the host name {host} is not known", hint="Check its spelling."
        ) from error
    except OSError as error:
        raise UnreachableError(f"cannot connect to {where}: {_words(error)}", hint=hint) from error
    # Small calls must not wait for the acknowledgement of bulk data.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if os.name == "nt":
        # Its loops cannot watch descriptors.
        return (await loop.create_connection(StreamPipe, sock=sock))[1]
    return SocketPipe(sock)


async def _first(addresses: Iterable[Address]) -> socket.socket:
    """Return a socket that is connected to the first address that answers."""
    waiting = deque(addresses)
    trying: set[asyncio.Task[socket.socket]] = set()
    failure = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_try(waiting.popleft())))
            done, trying = await asyncio.wait(
                trying,
                timeout=HEAD_START if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    # Two at once are one too many.
                    trying |= done - {task}
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
        raise failure
    finally:
        for task in trying:
            task.cancel()
        for late in await asyncio.gather(*trying, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()


async def _try(address: Address) -> socket.socket:
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    sock.setblocking(False)  # noqa: FBT003
    try:
        await asyncio.get_running_loop().sock_connect(sock, place)
    except BaseException:
        sock.close()
        raise
    return sock


def _words(error: OSError) -> str:
    """Return the system's words; asyncio's own repeat the address.

    Windows' numbers are not those that C has words for.
    """
    if getattr(error, "winerror", None) is not None:
        return error.strerror or str(error)
    named = re.search(r"\[Errno (\d+)\]", str(error))
    number = error.errno or (int(named[1]) if named else 0)
    return os.strerror(number) if number else str(error)
