"""Getting let in (protocol.md 3.1, transports.md 2 and 3).

AUTH_LIST must come first even for root: in that call the daemon looks at who is at the other end
of the socket.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lacuna_engine.errors import AuthenticationError, RemoteError, UsageError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.record import Void

if TYPE_CHECKING:
    from lacuna_engine.client.connection import Connection

__all__ = ["authenticate"]

NONE, SASL, POLKIT = 0, 1, 2
_NAMES = {NONE: "no authentication", SASL: "SASL", POLKIT: "polkit"}

_POLKIT_HERE = (
    "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and log in "
    "again; or let a polkit agent ask for a password, which a desktop session has and pkttyagent "
    "is for a terminal; or run this as root; or use your own daemon, qemu:///session."
)
_POLKIT_LATE = (
    "The daemon waits half a minute for the answer to polkit's question. Connect again and give it "
    "sooner, or ask to be added to the group 'libvirt', whose members are not asked."
)
_POLKIT_THERE = (
    "Your user may not manage libvirt there, and nobody can be asked for a password over SSH. Ask "
    "to be added to the group 'libvirt' on that host, or log in as root@HOST."
)


POLKIT_WAITS = 29.0
"""Seconds after which a refusal means that nobody has answered: libvirt's daemon waits 30."""


async def authenticate(connection: Connection) -> None:
    """Do what the daemon asks for.

    Raises :class:`AuthenticationError` if it refuses us or asks for what we cannot do.
    """
    offered = (await connection.call(p.AUTH_LIST, Void())).types
    kind, mechanism = _wish(connection)
    if kind is not None and kind not in offered:
        # Also a daemon that asks for nothing: whoever demands a login wants to know whom he met.
        names = " or ".join(_NAMES.get(one, f"type {one}") for one in offered) or _NAMES[NONE]
        raise AuthenticationError(f"the URI demands {_NAMES[kind]}, the daemon offers {names}")
    if kind is None:
        # The daemon offers one; should it ever offer more, the one that asks least comes first.
        kind = next((one for one in (NONE, POLKIT, SASL) if one in offered), None)
    if kind == POLKIT:
        await _ask_polkit(connection)
    elif kind == SASL:
        # Only now: its arithmetic is in libraries that take a while to load.
        from lacuna_engine.client.sasl.login import log_in  # noqa: PLC0415

        await log_in(connection, mechanism)
    elif kind is None and offered:
        raise AuthenticationError(
            f"the daemon asks for an unknown kind of authentication ({offered[0]})"
        )


def _wish(connection: Connection) -> tuple[int | None, str]:
    """Return the kind that the URI demands, and the SASL mechanism."""
    text = connection.uri.parameters.get("auth", "") if connection.uri is not None else ""
    kind, _, mechanism = text.partition(".")
    if not text:
        return None, ""
    if kind.lower() == "sasl":
        return SASL, mechanism
    if text.lower() == "polkit":
        return POLKIT, ""
    raise UsageError(
        f"unknown kind of authentication '{text}'", hint="Write auth=sasl, sasl.NAME or polkit."
    )


async def _ask_polkit(connection: Connection) -> None:
    since = time.monotonic()
    try:
        # May take as long as the user needs to type a password.
        with connection.unhurried():
            await connection.call(p.AUTH_POLKIT, Void())
    except (AuthenticationError, RemoteError) as error:
        is_local = connection.uri is None or connection.uri.transport == "unix"
        hint = _POLKIT_HERE if is_local else _POLKIT_THERE
        if is_local and time.monotonic() - since >= POLKIT_WAITS:
            hint = _POLKIT_LATE
        raise AuthenticationError(error.message, hint=hint) from error
