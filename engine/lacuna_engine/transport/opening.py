"""Which transport a URI means, and opening a pipe by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lacuna_engine.errors import UsageError
from lacuna_engine.late import LateModule
from lacuna_engine.transport.local import open_unix
from lacuna_engine.transport.pipe import Pipe
from lacuna_engine.transport.uri import ConnectionUri

if TYPE_CHECKING:
    from lacuna_engine.transport import ext, ssh, tcp, tls
else:  # a connection needs one of them, and one on this machine none
    ext = LateModule("lacuna_engine.transport.ext")
    ssh = LateModule("lacuna_engine.transport.ssh")
    tcp = LateModule("lacuna_engine.transport.tcp")
    tls = LateModule("lacuna_engine.transport.tls")

__all__ = ["OPENERS", "open_pipe"]


async def _open_tcp(uri: ConnectionUri) -> Pipe:
    return await tcp.open_tcp(uri)


async def _open_tls(uri: ConnectionUri) -> Pipe:
    return await tls.open_tls(uri)


async def _open_ssh(uri: ConnectionUri) -> Pipe:
    return await ssh.open_ssh(uri)


async def _open_ext(uri: ConnectionUri) -> Pipe:
    return await ext.open_ext(uri)


OPENERS: dict[str, Callable[[ConnectionUri], Awaitable[Pipe]]] = {
    "unix": open_unix,
    "tcp": _open_tcp,
    "tls": _open_tls,
    "ssh": _open_ssh,
    "libssh": _open_ssh,
    "libssh2": _open_ssh,
    "ext": _open_ext,
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
