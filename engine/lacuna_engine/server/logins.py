"""Who may log in: SASL with SCRAM, from a file of users (protocol.md 3.1, transports.md 2).

The file has one user a line, ``name:password``; lines that begin with ``#`` are comments. Nobody
but its owner may be able to read it. The passwords are turned into SCRAM's verifiers when it is
read and are not kept.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import Any, cast

from scramp import ScramException, ScramMechanism

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import SaslResult
from lacuna_engine.server.refusal import Refusal, in_words

__all__ = ["Login", "Logins"]

MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256")

_Verifier = tuple[bytes, bytes, bytes, int]


class Logins:
    """The users that may log in, at least one. Raises :class:`UsageError`."""

    def __init__(self, users: dict[str, str]) -> None:
        if not users:
            raise UsageError("there is nobody who could log in")
        self._verifiers: dict[str, dict[str, _Verifier]] = {}
        self._secret = secrets.token_bytes(32)
        for name in MECHANISMS:
            mechanism: Any = ScramMechanism(name)
            self._verifiers[name] = {
                user: cast("_Verifier", mechanism.make_auth_info(password))
                for user, password in users.items()
            }

    @classmethod
    def read(cls, path: Path) -> Logins:
        """Read a file of users. Raises :class:`LocalFileError`, :class:`UsageError`."""
        try:
            with path.open(encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
                    raise UsageError(f"{path} can be read by others", hint=f"Run: chmod 600 {path}")
                lines = [line.strip() for line in file]
        except OSError as error:
            raise LocalFileError(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8 text") from error
        users: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            if not line or line.startswith("#"):
                continue
            name, colon, password = line.partition(":")
            if not colon or not name or not password:
                raise UsageError(f"{path}, line {number}: write name:password")
            users[name] = password
        if not users:
            raise UsageError(f"{path} names no user", hint="Write one name:password a line.")
        return cls(users)

    def verifier(self, mechanism: str, user: str) -> _Verifier:
        """Return a user's verifier; for an unknown one something that no password fits.

        It looks the same each time, so that nobody can find out who exists.
        """
        known = self._verifiers[mechanism].get(user)
        if known is not None:
            return known
        salt, key, _, iterations = next(iter(self._verifiers[mechanism].values()))
        own = hashlib.blake2b(user.encode(), key=self._secret, digest_size=len(salt)).digest()
        return own, secrets.token_bytes(len(key)), secrets.token_bytes(len(key)), iterations


class Login:
    """One attempt to log in, as the server's side of SCRAM. Raises :class:`Refusal`."""

    def __init__(self, logins: Logins, mechanism: str) -> None:
        if mechanism not in MECHANISMS:
            raise denied()

        def verifier(user: str) -> _Verifier:
            return logins.verifier(mechanism, user)

        chosen: Any = ScramMechanism(mechanism)
        self._server: Any = chosen.make_server(verifier)
        self._begun = False
        self.complete = False

    def step(self, data: bytes) -> SaslResult:
        """Answer a message of the client. Raises :class:`Refusal` if the login has failed."""
        try:
            text = data.decode("utf-8")
            if not self._begun:
                self._begun = True
                self._server.set_client_first(text)
                return SaslResult(0, 0, self._server.get_server_first().encode())
            self._server.set_client_final(text)
            final = self._server.get_server_final()
        except (ScramException, ValueError, KeyError, TypeError) as error:
            raise denied() from error
        if final.startswith("e="):
            raise denied()
        self.complete = True
        return SaslResult(1, 0, final.encode())


def denied() -> Refusal:
    """The login has failed; the same whatever was wrong."""
    return in_words(
        Code.AUTH_FAILED, "authentication failed", "authentication failed: %s", domain=Domain.RPC
    )
