"""PLAIN: the password itself is sent, so only where nobody else can read (RFC 4616)."""

from __future__ import annotations

from typing import ClassVar

from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.client.sasl.mechanism import Mechanism, broken
from lacuna_engine.errors import AuthenticationError

__all__ = ["Plain"]


class Plain(Mechanism):
    """A login with PLAIN; the server proves nothing, which the pipe has to.

    Raises :class:`AuthenticationError`.
    """

    name: ClassVar[str] = "PLAIN"

    def __init__(self, credentials: Credentials, host: str) -> None:
        del host
        if "\0" in credentials.user + credentials.password:
            raise AuthenticationError(
                "the user name or password cannot be used with PLAIN: it has a NUL character"
            )
        self._message = f"\0{credentials.user}\0{credentials.password}".encode()

    def start(self) -> bytes:
        """Return user name and password."""
        return self._message

    def step(self, message: bytes | None) -> bytes | None:
        """Never right: everything has been said."""
        del message
        raise broken(self.name)

    def finish(self, message: bytes | None) -> None:
        """Nothing to judge."""
        del message
