"""A connection that is made while something else is asked or done."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from lacuna_engine.client import Connection
from lacuna_engine.transfer.session import Session

__all__ = ["Connecting"]


class Connecting:
    """Makes one connection of ``session`` for streams; an asynchronous context manager.

    A login takes three round trips, or with SSH half a second, in which a transfer has questions to
    ask. One that has not been made at the end of the block is given up.
    """

    def __init__(self, session: Session, *, daemon_pings: bool = True) -> None:
        self._session = session
        self._daemon_pings = daemon_pings
        self._making: asyncio.Task[Connection] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    def begin(self) -> asyncio.Task[Connection]:
        """Make it from now on, if that has not been begun."""
        if self._making is None:
            self._making = asyncio.create_task(
                self._session.connect(daemon_pings=self._daemon_pings)
            )
        return self._making

    async def made(self) -> Connection:
        """Return the connection once it is there.

        Raises :class:`~lacuna_engine.errors.ConnectError`.
        """
        # Several may wait for it, and one of them be cancelled.
        return await asyncio.shield(self.begin())
