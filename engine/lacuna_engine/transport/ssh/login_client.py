"""Answers what asyncssh asks during one login."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import asyncssh

from lacuna_engine.errors import AuthenticationError, LacunaError
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import SecretKind
from lacuna_engine.transport.ssh.failures import changed_key
from lacuna_engine.transport.ssh.identities import EncryptedKeys
from lacuna_engine.transport.ssh.settings import CONNECT_TIMEOUT
from lacuna_engine.transport.ssh.target import Target

__all__ = ["LoginClient"]

PROMPTS = 3
"""Wrong passwords until the login is given up, as with OpenSSH; hosts allow six tries in all."""


class LoginClient(asyncssh.SSHClient):
    """Answers what asyncssh asks during one login.

    An error of the prompter is kept in ``refusal``: within asyncssh it would end as its own.
    """

    def __init__(
        self,
        target: Target,
        user: str,
        inquiry: Inquiry,
        keys: EncryptedKeys,
        known: asyncssh.SSHKnownHosts | None,
    ) -> None:
        self._target = target
        self._user = user
        self._inquiry = inquiry
        self._keys = keys
        self.known = known
        self.unknown: asyncssh.SSHKey | None = None
        self.accepted: asyncssh.SSHKey | None = None
        self.refusal: LacunaError | None = None
        self._asked: Counter[SecretKind] = Counter()
        self.patience: float = CONNECT_TIMEOUT
        """Seconds that the host may be silent."""
        self.hurry: asyncio.Timeout | None = None
        """Ends the login when these are over."""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Judge a key that is not among the known ones: new, or changed (transports.md 4)."""
        if key == self.accepted:
            return True
        known = asyncssh.match_known_hosts(self.known or b"", host, addr, port)
        if known[0]:
            self.refusal = changed_key(self._target, f"now {key.get_fingerprint()}")
        else:
            self.unknown = key
        return False

    async def public_key_auth_requested(self) -> asyncssh.SSHKey | None:
        """Offer the next encrypted key."""
        if self._target.methods and "privkey" not in self._target.methods:
            return None
        try:
            with self._unhurried():
                return await self._keys.next() if self._target.may_ask else None
        except LacunaError as error:
            self.refusal = error
            return None

    async def password_auth_requested(self) -> str | None:
        """Ask for the password."""
        text = f"{self._user}@{self._target.host}'s password: "
        return await self._secret(SecretKind.SSH_PASSWORD, text)

    def kbdint_auth_requested(self) -> str:
        """Say that we answer questions."""
        return ""

    async def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """Ask the host's questions."""
        del name, lang
        answers: list[str] = []
        for number, (text, echo) in enumerate(prompts):
            shown = f"{instructions}\n{text}" if instructions and not number else text
            answer = await self._secret(SecretKind.KEYBOARD_INTERACTIVE, shown, echo=echo)
            if answer is None:
                return None
            answers.append(answer)
        return answers

    async def _secret(self, kind: SecretKind, text: str, *, echo: bool = False) -> str | None:
        self._asked[kind] += 1
        if not self._target.may_ask or self._asked[kind] > PROMPTS:
            return None
        try:
            with self._unhurried():
                answer = await self._inquiry.secret(
                    kind, self._target.host, self._user, text, echo=echo
                )
        except LacunaError as error:
            self.refusal = error
            return None
        if answer is None:
            self.refusal = AuthenticationError(f"the login to {self._target.where} was cancelled")
        return answer

    @contextmanager
    def _unhurried(self) -> Generator[None]:
        """A person is being asked in this block, who may take his time."""
        if self.hurry is not None:
            self.hurry.reschedule(None)
        try:
            yield
        finally:
            if self.hurry is not None:
                self.hurry.reschedule(asyncio.get_running_loop().time() + self.patience)
