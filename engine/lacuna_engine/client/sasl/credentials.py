"""Who logs in, and with what (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Credentials"]


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
