"""Passwords that are remembered: in the system's keyring, or in memory until the program ends.

Never anywhere else: where there is no keyring that encrypts, there is only memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from lacuna_engine.profiles.keyring_thread import KeyringThread
from lacuna_engine.transport.prompts import SecretKind, SecretQuestion

__all__ = ["SERVICE", "Secrets", "label_of"]

T = TypeVar("T")

SERVICE = "lacuna"
"""The name under which the keyring's own program shows the entries."""

TIMEOUT = 60.0
"""Seconds for the keyring to answer: the user may have to type a password to unlock it."""


def label_of(question: SecretQuestion) -> str:
    """Return what an answer is remembered as: what was asked, for whom and where."""
    who = f"{question.user}@{question.host}" if question.user else question.host
    label = f"{question.kind} {who}"
    # The words tell questions apart only where there may be several; elsewhere they may change.
    several = (SecretKind.KEY_PASSPHRASE, SecretKind.KEYBOARD_INTERACTIVE)
    return f"{label} {question.text.strip()}" if question.kind in several else label


class _Keyring(Protocol):
    """What is used of a backend."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class _Unavailable(Exception):  # noqa: N818 - no error, a state; never leaves this module
    """There is no keyring to be used; the text says why."""


class Secrets:
    """The passwords of connections.

    ``owner`` is a profile's id; ``label`` tells its secrets apart (:func:`label_of`). One entry of
    the keyring holds all of an owner's, so that none is left behind when the owner goes. No method
    raises for a keyring that fails: :attr:`problem` then says what is wrong with it. ``timeout``
    is how many seconds a keyring may take, which may have to be unlocked first.
    """

    def __init__(self, *, service: str = SERVICE, timeout: float = TIMEOUT) -> None:
        self._service = service
        self._timeout = timeout
        self._thread = KeyringThread()
        self._session: dict[tuple[str, str], str] = {}
        self.problem: str = ""
        """Why the keyring could not be used the last time, for people; or empty."""

    async def available(self) -> bool:
        """Return whether there is a keyring that can be used. It may still be locked."""
        return await self._ask(_backend) is not None

    async def get(self, owner: str, label: str) -> str | None:
        """Return a secret, or None if there is none."""
        known = self._session.get((owner, label))
        if known is not None:
            return known
        kept = await self._ask(lambda: _read(_backend(), self._service, owner))
        return (kept or {}).get(label)

    async def set(self, owner: str, label: str, secret: str, *, remember: bool) -> bool:
        """Keep a secret: with ``remember`` in the keyring, else until the program ends.

        Returns whether it is in the keyring. If it should be and cannot, it is kept until the
        program ends.
        """
        if remember:

            def write() -> bool:
                backend = _backend()
                kept = _read(backend, self._service, owner) | {label: secret}
                backend.set_password(self._service, owner, json.dumps(kept))
                return True

            if await self._ask(write):
                self._session.pop((owner, label), None)
                return True
        self._session[owner, label] = secret
        return False

    async def forget(self, owner: str, label: str = "") -> bool:
        """Forget one secret of an owner, or all of them; for a deleted profile, or a wrong one.

        Returns whether none of them is in the keyring any more; False if that cannot be known.
        """
        for key in [key for key in self._session if key[0] == owner and label in ("", key[1])]:
            del self._session[key]

        def remove() -> bool:
            backend = _backend()
            kept = _read(backend, self._service, owner)
            left = {name: value for name, value in kept.items() if label and name != label}
            if left:
                backend.set_password(self._service, owner, json.dumps(left))
            elif backend.get_password(self._service, owner) is not None:
                backend.delete_password(self._service, owner)
            return True

        return bool(await self._ask(remove))

    async def _ask(self, function: Callable[[], T]) -> T | None:
        """Run ``function`` in the keyring's thread; None if the keyring cannot be used."""

        def guarded() -> tuple[T | None, str]:
            try:
                return function(), ""
            except _Unavailable as error:
                return None, str(error)
            except Exception as error:  # noqa: BLE001 - backends raise whatever they like
                # Not its text, which might say what was to be written.
                return None, f"the keyring does not work ({type(error).__name__})"

        try:
            outcome, self.problem = await self._thread.run(guarded, self._timeout)
        except TimeoutError:
            self.problem = "the keyring does not answer; it may be waiting to be unlocked"
            return None
        return outcome


def _backend() -> _Keyring:
    """Return a backend that encrypts. Only in the keyring's thread: the first time takes 0.2 s.

    Raises :class:`_Unavailable`.
    """
    from keyring import core  # noqa: PLC0415 - slow, and not needed without a password

    untyped: Any = core
    chosen: Any = untyped.get_keyring()
    # A chain of several may end in one that writes plain text: the first good one is enough.
    members = cast("list[Any]", getattr(chosen, "backends", None) or [chosen])
    for backend in members:
        if untyped.recommended(backend):
            return cast("_Keyring", backend)
    raise _Unavailable("this system has no keyring that encrypts")


def _read(backend: _Keyring, service: str, owner: str) -> dict[str, str]:
    """Return an owner's secrets by their labels; an entry that is not ours is as none."""
    text = backend.get_password(service, owner)
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    entries = cast("dict[str, Any]", found)
    return {label: value for label, value in entries.items() if isinstance(value, str)}
