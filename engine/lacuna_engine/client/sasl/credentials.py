"""Who logs in, and with what (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

from lacuna_engine.transport import ConnectionUri
from lacuna_engine.transport.uri import SSH_TRANSPORTS

__all__ = ["Credentials", "user_of"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password. The password is in no text made of this.

    ``realm`` is empty where the server's own is meant, which is nearly always. ``source`` says for
    messages where they are from: a file's path, or empty for what somebody typed.
    """

    user: str
    password: str = field(repr=False)
    realm: str = ""
    source: str = ""


def user_of(uri: ConnectionUri | None) -> str:
    """Return whom the URI names for libvirt's login, or nobody.

    Through SSH its user is the one who logs in to the host.
    """
    return "" if uri is None or uri.transport in SSH_TRANSPORTS else uri.user
