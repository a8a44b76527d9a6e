"""Guessing passwords is made slow: one try at a time, and each is refused later than the last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lacuna_engine.server.logins import denied
from lacuna_engine.server.refusal import Refusal

__all__ = ["Guesses", "delay_after"]

FIRST_DELAY = 0.5
"""Seconds that a first refusal takes, which somebody who mistyped hardly notices."""

LONGEST_DELAY = 8.0
"""Seconds that any later one takes at most; a stranger has some ten tries before it must go."""

T = TypeVar("T")


def delay_after(refusals: int) -> float:
    """Return the seconds to wait after so many refusals, one at least: twice as long each time."""
    # Not a power of two of any size: that is no float any more.
    return min(FIRST_DELAY * 2.0 ** min(refusals - 1, 32), LONGEST_DELAY)


class Guesses:
    """The tries of one connection to log in. Nobody else waits for them, and no thread does."""

    def __init__(self) -> None:
        self._refusals = 0
        self._one = asyncio.Lock()
        self._gone = asyncio.Event()

    async def take(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt after those before it are answered, and let a refusal take its time.

        Raises what it raises.
        """
        # One by one, or tries that are sent all at once would wait all at once.
        async with self._one:
            if self._gone.is_set():
                raise denied()  # which nobody hears
            try:
                return await attempt()
            except Refusal:
                self._refusals += 1
                await self._wait(delay_after(self._refusals))
                raise

    def end(self) -> None:
        """The connection has ended: nothing waits any more, and nothing more is tried."""
        self._gone.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        except TimeoutError:
            return
