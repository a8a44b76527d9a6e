"""What a SASL mechanism is for the client (pure)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from lacuna_engine.client.sasl.layer import SecurityLayer
from lacuna_engine.errors import AuthenticationError

__all__ = ["Mechanism", "broken", "impostor"]


class Mechanism(ABC):
    """One attempt to log in.

    Messages are bytes, or None for none at all, which is not the same as an empty one
    (transports.md 2). All methods raise :class:`AuthenticationError` if what the server says
    breaks the mechanism or fails to prove that it knows the password too; asking the user again
    is of no use then.
    """

    name: ClassVar[str]

    @abstractmethod
    def start(self) -> bytes | None:
        """Return the first message; None if the server speaks first.

        Raises :class:`AuthenticationError`.
        """

    @abstractmethod
    def step(self, message: bytes | None) -> bytes | None:
        """Answer a message of the server that does not complete the login.

        Raises :class:`AuthenticationError`.
        """

    @abstractmethod
    def finish(self, message: bytes | None) -> None:
        """Judge what came with the server's word that the login is complete.

        Raises :class:`AuthenticationError`.
        """

    def layer(self) -> SecurityLayer | None:
        """Return what everything goes through from now on; None if nothing does."""
        return None


def broken(name: str) -> AuthenticationError:
    """The server's message cannot be understood."""
    return AuthenticationError(
        f"the daemon broke the rules of the login ({name})",
        hint="The daemon, or something between, is faulty or hostile; try another mechanism with "
        "?auth=sasl.NAME, or another transport.",
    )


def impostor(name: str, what: str = "the password") -> AuthenticationError:
    """The server let us in but does not know the secret."""
    return AuthenticationError(
        f"the daemon could not prove that it knows {what} ({name})",
        hint="It may not be the daemon it claims to be. Do not go on before you know why.",
    )
