"""Questions that only a person can answer while a connection is being opened.

Whoever opens a connection gives a :class:`Prompter`: the command line one that asks on the
terminal, the window one that opens a dialog. Nothing here shows anything, and no answer is kept
here (:mod:`lacuna_engine.transport.answers` does that).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import NamedTuple, Protocol

from lacuna_engine.errors import AuthenticationError

__all__ = [
    "NOBODY",
    "HostKeyQuestion",
    "Nobody",
    "Prompter",
    "SecretKind",
    "SecretQuestion",
    "current_prompter",
    "prompting",
]


class SecretKind(StrEnum):
    """What is asked for; the value may be shown and stored."""

    SSH_PASSWORD = "ssh-password"  # noqa: S105 - a name, no password
    KEY_PASSPHRASE = "key-passphrase"  # noqa: S105
    """Of an SSH key or of a TLS client key; ``text`` names the file."""
    KEYBOARD_INTERACTIVE = "keyboard-interactive"
    """Whatever the host asks for in words of its own: a password, a one-time code."""
    SASL_USER = "sasl-user"
    SASL_PASSWORD = "sasl-password"  # noqa: S105


_WORDS = {
    SecretKind.SSH_PASSWORD: "a password",
    SecretKind.KEY_PASSPHRASE: "the passphrase of a key",
    SecretKind.KEYBOARD_INTERACTIVE: "an answer",
    SecretKind.SASL_USER: "a user name",
    SecretKind.SASL_PASSWORD: "a password",
}


class SecretQuestion(NamedTuple):
    """Asks for one line of text.

    ``text`` is what to show, in the asker's own words. ``echo`` tells whether the answer may be
    shown while it is typed. ``attempt`` counts from 1; from 2 on the answer before was wrong.
    """

    kind: SecretKind
    host: str
    user: str = ""
    text: str = ""
    echo: bool = False
    attempt: int = 1

    @property
    def what(self) -> str:
        """What is asked for, for a sentence: "a password"."""
        return _WORDS[self.kind]


class HostKeyQuestion(NamedTuple):
    """Asks whether the key of a host seen for the first time is the right one.

    A key that has *changed* is never asked about: that is refused.
    """

    host: str
    port: int
    key_type: str
    """As in ssh's own messages: ``ED25519``, ``RSA``, ``ECDSA``."""
    fingerprint: str
    """``SHA256:...``, to be compared with what the host's administrator says."""
    text: str = ""
    """The whole question in the words of the ssh program, if it was that which asked."""


class Prompter(Protocol):
    """Asks the user. Both may take as long as the user needs, and may be cancelled.

    A raised :class:`~lacuna_engine.errors.LacunaError` ends the opening with that error.
    """

    async def secret(self, question: SecretQuestion) -> str | None:
        """Return the answer, or None if the user does not want to give one."""
        ...

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Return whether the host is to be trusted from now on."""
        ...


class Nobody:
    """Where nobody can be asked: every question is an error that says what was asked."""

    async def secret(self, question: SecretQuestion) -> str | None:
        """Raise :class:`AuthenticationError`."""
        who = f"{question.user}@{question.host}" if question.user else question.host
        asked = f" ({question.text.strip()})" if question.text.strip() else ""
        raise AuthenticationError(
            f"{who} needs {question.what}{asked}, and there is nobody to ask",
            hint="Use a key from an agent, or start this where a question can be answered.",
        )

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Raise :class:`AuthenticationError`."""
        raise AuthenticationError(
            f"the SSH host {question.host} is not known; its {question.key_type} key has the "
            f"fingerprint {question.fingerprint}",
            hint="Compare the fingerprint with the host's, and connect once with ssh to accept it.",
        )


NOBODY: Prompter = Nobody()

# A context variable rather than an argument of every opener, as most of them never ask.
_current: ContextVar[Prompter] = ContextVar("prompter", default=NOBODY)


def current_prompter() -> Prompter:
    """Return whom to ask in this task."""
    return _current.get()


@contextmanager
def prompting(prompter: Prompter) -> Generator[None, None, None]:
    """Have :func:`current_prompter` return ``prompter`` in the block and in tasks it starts."""
    token = _current.set(prompter)
    try:
        yield
    finally:
        _current.reset(token)
