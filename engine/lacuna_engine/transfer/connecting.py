"""A connection that is made while something else is asked or done."""

from __future__ import annotations

import asyncio

from lacuna_engine.client import Connection
from lacuna_engine.transfer.session import Session

__all__ = ["Connecting"]


class Connecting:
    """Makes one connection of ``session`` for streams. To be used with ``contextlib.aclosing``.

    A login takes three round trips, or with SSH half a second, in which a transfer has questions to
    ask. What nobody has taken by then is given up at the end; what has been is left to the session.
    """

    def __init__(self, session: Session, *, daemon_pings: bool = True) -> None:
        self._session = session
        self._daemon_pings = daemon_pings
        self._making: asyncio.Task[Connection] | None = None
        self._is_taken = False

    async def aclose(self) -> None:
        """Give it up unless somebody has taken it. Never raises."""
        if not self._is_taken:
            await self.give_up()

    async def give_up(self) -> None:
        """Give it up, or close what has been made. Never raises."""
        if self._making is None:
            return
        self._making.cancel()
        (made,) = await asyncio.gather(self._making, return_exceptions=True)
        if isinstance(made, Connection):
            await made.close()

    def begin(self) -> asyncio.Task[Connection]:
        """Make it from now on, if that has not been begun."""
        if self._making is None:
            self._making = asyncio.create_task(
                self._session.connect(daemon_pings=self._daemon_pings)
            )
        return self._making

    async def made(self) -> Connection:
        """Return the connection once it is there; another one if it has been lost meanwhile.

        Raises :class:`~lacuna_engine.errors.ConnectError`.
        """
        # Several may wait for it, and one of them be cancelled.
        making = self.begin()
        connection = await asyncio.shield(making)
        if not connection.is_open:
            if self._making is making:  # and nobody else has seen it
                self._making = None
            connection = await asyncio.shield(self.begin())
        self._is_taken = True
        return connection
