"""The user's private keys, for asyncssh: encrypted ones are opened only when nothing else helped.

asyncssh itself takes the agent's keys and those without a passphrase. OpenSSH asks for a
passphrase only after the agent was of no use, and so do we.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import asyncssh

from lacuna_engine.errors import UsageError
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import SecretKind

__all__ = ["EncryptedKeys", "open_key"]

_NAMES = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed448", "id_dsa")
TRIES = 3
"""Wrong passphrases until the next key, as with OpenSSH."""


def open_key(path: str) -> asyncssh.SSHKey | None:
    """Return the key in a file, or None if it needs a passphrase.

    Raises :class:`UsageError` if there is none.
    """
    try:
        return asyncssh.read_private_key(Path(path).expanduser())
    except asyncssh.KeyEncryptionError:
        return None
    except asyncssh.KeyImportError as error:
        if "passphrase" in str(error).lower():
            return None
        raise UsageError(f"the SSH key '{path}' cannot be used: {error}") from error
    except OSError as error:
        raise UsageError(
            f"the SSH key '{path}' cannot be read: {error.strerror or error}"
        ) from error


class EncryptedKeys:
    """Opens one encrypted key after the other, asking for the passphrase."""

    def __init__(self, paths: Sequence[str], inquiry: Inquiry, host: str, user: str) -> None:
        usual = [str(Path("~/.ssh").expanduser() / name) for name in _NAMES]
        self._left = [str(Path(path).expanduser()) for path in (paths or usual)]
        self._inquiry = inquiry
        self._host = host
        self._user = user

    async def next(self) -> asyncssh.SSHKey | None:
        """Return the next key, or None when there are no more. Raises what the prompter raises."""
        while self._left:
            path = self._left.pop(0)
            if self._is_encrypted(path):
                key = await self._open(path)
                if key is not None:
                    return key
        return None

    @staticmethod
    def _is_encrypted(path: str) -> bool:
        try:
            return open_key(path) is None
        except UsageError:
            return False

    async def _open(self, path: str) -> asyncssh.SSHKey | None:
        text = f"Enter passphrase for key '{path}': "
        for _ in range(TRIES):
            passphrase = await self._inquiry.secret(
                SecretKind.KEY_PASSPHRASE, self._host, self._user, text
            )
            if passphrase is None:
                return None
            try:
                return asyncssh.read_private_key(path, passphrase)
            except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
                if "bcrypt" in str(error):
                    raise UsageError(
                        f"'{path}' cannot be opened without the Python package bcrypt",
                        hint="Install it (pip install bcrypt), or add the key to an agent.",
                    ) from error
        return None
