"""Answers given in this process, so that a host asks once however many connections are opened.

They live in memory only: never in a log, an argument list or a file. What is wrong is forgotten as
soon as it shows.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from weakref import WeakKeyDictionary

from lacuna_engine.logs import hide
from lacuna_engine.transport.prompts import (
    HostKeyQuestion,
    Prompter,
    SecretKind,
    SecretQuestion,
)

__all__ = ["Inquiry", "forget_answers"]


class _Key(NamedTuple):
    kind: SecretKind
    host: str
    user: str
    text: str


class _Locks:
    """One lock per question and loop, so that connections opened at once ask once."""

    def __init__(self) -> None:
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    def __call__(self, key: _Key) -> asyncio.Lock:
        locks = self._loops.setdefault(asyncio.get_running_loop(), {})
        return locks.setdefault(key, asyncio.Lock())


_known: dict[_Key, str] = {}
_lock = _Locks()


def forget_answers(host: str = "") -> None:
    """Forget what was answered about ``host``, or everything."""
    for key in [key for key in _known if host in ("", key.host)]:
        del _known[key]


class Inquiry:
    """The questions of one connection while it is opened.

    An answer known in this process is given once; asked again, it was wrong, and the user is asked.
    """

    def __init__(self, prompter: Prompter) -> None:
        self._prompter = prompter
        self._given: dict[_Key, list[str]] = {}

    async def secret(
        self, kind: SecretKind, host: str, user: str = "", text: str = "", *, echo: bool = False
    ) -> str | None:
        """Return the answer, or None if the user gives none. Raises what the prompter raises."""
        key = _Key(kind, host, user, text)
        given = self._given.setdefault(key, [])
        async with _lock(key):
            answer = _known.get(key)
            if answer is None or answer in given:
                _known.pop(key, None)
                question = SecretQuestion(kind, host, user, text, echo, len(given) + 1)
                answer = await self._prompter.secret(question)
                if answer is not None:
                    _known[key] = answer
        if answer is not None:
            given.append(answer)
            if kind is not SecretKind.SASL_USER:
                hide(answer)
        return answer

    @property
    def kinds(self) -> frozenset[SecretKind]:
        """What was answered so far."""
        return frozenset(key.kind for key, given in self._given.items() if given)

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Return whether the user trusts the host. Raises what the prompter raises."""
        return await self._prompter.confirm_host(question)

    def refused(self) -> None:
        """None of the answers has helped: forget them."""
        for key, given in self._given.items():
            if _known.get(key) in given:
                del _known[key]
