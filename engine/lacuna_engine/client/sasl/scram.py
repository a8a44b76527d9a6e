"""SCRAM: both sides prove that they know the password, and nobody sends it (RFC 5802, 7677).

The arithmetic is scramp's. Its limits hold: at least 4096 and at most 10 million rounds, so that a
hostile server neither gets a proof that is cheap to guess from nor keeps us busy for ever.
"""

from __future__ import annotations

from typing import Any, ClassVar

from scramp import ScramClient, ScramException

from lacuna_engine.client.sasl.credentials import Credentials
from lacuna_engine.client.sasl.mechanism import Mechanism, broken, impostor
from lacuna_engine.errors import AuthenticationError

__all__ = ["Scram1", "Scram256", "Scram512"]


class _Scram(Mechanism):
    """A login with SCRAM; what differs is the hash."""

    def __init__(self, credentials: Credentials, host: str) -> None:
        del host
        self._proved = False
        try:
            self._client: Any = ScramClient([self.name], credentials.user, credentials.password)
        except ScramException as error:
            raise AuthenticationError(
                f"the user name or password cannot be used with {self.name}: it is empty or has "
                "characters that are not allowed"
            ) from error

    def start(self) -> bytes:
        text: str = self._client.get_client_first()
        return text.encode()

    def step(self, message: bytes | None) -> bytes:
        if self._client.stage == 3:  # the server's last word, from one that sends it on its own
            self._check_proof(message)
            return b""
        try:
            self._client.set_server_first((message or b"").decode())
            text: str = self._client.get_client_final()
        except (ScramException, UnicodeDecodeError) as error:
            raise broken(self.name) from error
        return text.encode()

    def finish(self, message: bytes | None) -> None:
        if not self._proved:
            self._check_proof(message)

    def _check_proof(self, message: bytes | None) -> None:
        try:
            self._client.set_server_final((message or b"").decode())
        except (ScramException, UnicodeDecodeError) as error:
            raise impostor(self.name) from error
        self._proved = True


class Scram512(_Scram):
    """SCRAM with SHA-512."""

    name: ClassVar[str] = "SCRAM-SHA-512"


class Scram256(_Scram):
    """SCRAM with SHA-256."""

    name: ClassVar[str] = "SCRAM-SHA-256"


class Scram1(_Scram):
    """SCRAM with SHA-1: for servers that have nothing newer."""

    name: ClassVar[str] = "SCRAM-SHA-1"
