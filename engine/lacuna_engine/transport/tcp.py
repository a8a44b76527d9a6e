"""Plain TCP: unencrypted, so only for loopback and tunnels one trusts (protocol.md 1.10)."""

from __future__ import annotations

import asyncio
import socket

from lacuna_engine.errors import UnreachableError
from lacuna_engine.transport.pipe import StreamPipe
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["CONNECT_TIMEOUT", "TCP_PORT", "open_tcp"]

TCP_PORT = 16_509
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a host to answer at all."""


async def open_tcp(uri: ConnectionUri) -> StreamPipe:
    """Open a pipe to the daemon's TCP port. Raises :class:`UnreachableError`."""
    port = uri.port or TCP_PORT
    where = f"{uri.host} port {port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            transport, pipe = await loop.create_connection(StreamPipe, uri.host, port)
    except TimeoutError as error:
        raise UnreachableError(
            f"{where} did not answer within {CONNECT_TIMEOUT:.0f} s",
            hint="Check the address, the network and the firewall.",
        ) from error
    except socket.gaierror as error:
        raise UnreachableError(
            f"the host name {uri.host} is not known", hint="Check its spelling."
        ) from error
    except OSError as error:
        raise UnreachableError(
            f"cannot connect to {where}: {error.strerror or error}",
            hint="Check that libvirt's daemon listens on TCP there (listen_tcp).",
        ) from error
    sock = transport.get_extra_info("socket")
    if sock is not None:
        # Small calls must not wait for the acknowledgement of bulk data.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return pipe
