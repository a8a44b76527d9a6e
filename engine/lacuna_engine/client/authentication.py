"""Getting let in (protocol.md 3.1).

AUTH_LIST must come first even for root: in that call the daemon looks at who is at the other end
of the socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.errors import AuthenticationError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Void

if TYPE_CHECKING:
    from lacuna_engine.client.connection import Connection

__all__ = ["authenticate"]

NONE, SASL, POLKIT = 0, 1, 2


async def authenticate(connection: Connection) -> None:
    """Do what the daemon asks for.

    Raises :class:`AuthenticationError` if it refuses us or asks for what we cannot do.
    """
    wanted = (await connection.call(p.AUTH_LIST, Void())).types
    if not wanted or NONE in wanted:
        return
    if POLKIT in wanted:
        # May take as long as the user needs to type a password, so there is no limit of its own.
        await connection.call(p.AUTH_POLKIT, Void())
        return
    raise AuthenticationError(
        "the daemon asks for SASL authentication, which is not supported yet"
        if SASL in wanted
        else f"the daemon asks for an unknown kind of authentication ({wanted[0]})"
    )
