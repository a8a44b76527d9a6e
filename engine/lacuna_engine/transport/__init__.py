"""Transports: from a URI to a byte pipe.

A new transport is a coroutine from :class:`ConnectionUri` to :class:`Pipe`, entered in
:data:`OPENERS` under the names it has in URIs. One that has to ask the user asks
:func:`~lacuna_engine.transport.prompts.current_prompter`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.ext import open_ext
from lacuna_engine.transport.libvirt_conf import resolve_uri
from lacuna_engine.transport.local import open_unix
from lacuna_engine.transport.pipe import MemoryPipe, Pipe, Receiver, StreamPipe, memory_pair
from lacuna_engine.transport.prompts import HostKeyQuestion, Prompter, SecretKind, SecretQuestion
from lacuna_engine.transport.socket_pipe import SocketPipe
from lacuna_engine.transport.ssh import open_ssh
from lacuna_engine.transport.tcp import open_tcp
from lacuna_engine.transport.tls import open_tls
from lacuna_engine.transport.uri import ConnectionUri, parse_uri

__all__ = [
    "OPENERS",
    "ConnectionUri",
    "HostKeyQuestion",
    "MemoryPipe",
    "Pipe",
    "Prompter",
    "Receiver",
    "SecretKind",
    "SecretQuestion",
    "SocketPipe",
    "StreamPipe",
    "memory_pair",
    "open_pipe",
    "parse_uri",
    "resolve_uri",
]

OPENERS: dict[str, Callable[[ConnectionUri], Awaitable[Pipe]]] = {
    "unix": open_unix,
    "tcp": open_tcp,
    "tls": open_tls,
    "ssh": open_ssh,
    "libssh": open_ssh,
    "libssh2": open_ssh,
    "ext": open_ext,
}


async def open_pipe(uri: ConnectionUri) -> Pipe:
    """Open a pipe to the daemon that ``uri`` names.

    Raises :class:`~lacuna_engine.errors.UnreachableError`, and
    :class:`~lacuna_engine.errors.UsageError` for a transport that is not there.
    """
    opener = OPENERS.get(uri.transport)
    if opener is None:
        raise UsageError(
            f"the transport '{uri.transport}' is not supported yet",
            hint=f"Supported now: {', '.join(OPENERS)}.",
        )
    return await opener(uri)
