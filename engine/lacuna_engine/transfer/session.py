"""A session with one daemon: a connection for control, and more for the streams."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from lacuna_engine.client import Connection
from lacuna_engine.storage import Storage
from lacuna_engine.transport import ConnectionUri
from lacuna_engine.transport.prompts import NOBODY, Prompter

__all__ = ["Session"]


class Session:
    """Connections to the daemon at ``uri``; an asynchronous context manager.

    ``storage`` works on the control connection, which no stream ever uses, so that questions are
    answered while data flows (protocol.md 4.9). ``prompter`` is asked for passwords and unknown
    host keys.
    """

    def __init__(self, uri: ConnectionUri, *, prompter: Prompter = NOBODY) -> None:
        self.uri = uri
        self._prompter = prompter
        self._connections: list[Connection] = []
        self._storage: Storage | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the control connection. Raises :class:`~lacuna_engine.errors.ConnectError`."""
        self._storage = Storage(await self.connect())

    async def reopen(self) -> None:
        """Make a new control connection if the old one has ended."""
        if not self.storage.connection.is_open:
            await self.open()

    @property
    def storage(self) -> Storage:
        """Pools and volumes, on the control connection.

        Raises RuntimeError if the session is not open.
        """
        if self._storage is None:
            raise RuntimeError("the session is not open")
        return self._storage

    async def connect(self, *, daemon_pings: bool = True) -> Connection:
        """Make a connection for a stream. Raises :class:`~lacuna_engine.errors.ConnectError`."""
        connection = await Connection.open(
            self.uri, daemon_pings=daemon_pings, prompter=self._prompter
        )
        self._connections.append(connection)
        return connection

    async def connect_to_hypervisor(self) -> Connection | None:
        """Make a connection that knows of virtual machines; None if the URI names no such driver.

        The others are to the storage driver wherever that is offered, which knows none. The caller
        closes it. Raises :class:`~lacuna_engine.errors.ConnectError`.
        """
        uri = self.uri.of_hypervisor()
        if uri is None:
            return None
        connection = await Connection.open(uri, prompter=self._prompter)
        self._connections.append(connection)
        return connection

    @property
    def bytes_on_wire(self) -> int:
        """Bytes of all connections so far, both ways, ended ones included."""
        return sum(connection.bytes_on_wire for connection in self._connections)

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*(connection.close() for connection in self._connections))
