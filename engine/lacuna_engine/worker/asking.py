"""The worker's questions: passwords and unknown host keys, answered in the window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from lacuna_engine.logs import hide
from lacuna_engine.transport.prompts import (
    HostKeyQuestion,
    Prompter,
    SecretKind,
    SecretQuestion,
)
from lacuna_engine.worker.messages import Message

__all__ = ["Asking", "answer"]


class Asking:
    """Sends questions with ``tell`` and waits for their answers."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._numbers = count(1)
        self._open: dict[int, asyncio.Future[Any]] = {}

    def prompter_for(self, uri: str) -> Prompter:
        """Return who asks for a connection to ``uri``."""
        return _Far(self, uri)

    async def ask(self, asks: str, uri: str, fields: Message) -> Any:
        """Ask and return the answer, None if there is none."""
        number = next(self._numbers)
        future = self._open[number] = asyncio.get_running_loop().create_future()
        self._tell({"event": "question", "number": number, "asks": asks, "uri": uri, **fields})
        try:
            return await future
        finally:
            del self._open[number]

    def answered(self, number: int, value: Any) -> None:
        """Take an answer; to a question that nobody waits for any more it is dropped."""
        future = self._open.get(number)
        if future is not None and not future.done():
            future.set_result(value)


class _Far:
    def __init__(self, asking: Asking, uri: str) -> None:
        self._asking = asking
        self._uri = uri

    async def secret(self, question: SecretQuestion) -> str | None:
        value = await self._asking.ask("secret", self._uri, question._asdict())
        return value if isinstance(value, str) else None

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        return await self._asking.ask("host", self._uri, question._asdict()) is True


async def answer(message: Message, prompter: Prompter) -> Any:
    """Have ``prompter`` answer a question of the worker; the other end of :class:`Asking`."""
    fields = {
        name: value
        for name, value in message.items()
        if name not in ("event", "number", "asks", "uri")
    }
    if message["asks"] == "host":
        return await prompter.confirm_host(HostKeyQuestion(**fields))
    kind = SecretKind(fields.pop("kind"))
    given = await prompter.secret(SecretQuestion(kind, **fields))
    if kind is not SecretKind.SASL_USER:
        hide(given)
    return given
