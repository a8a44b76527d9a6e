"""A server in the test's own loop, over a new folder, that leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.server.wire import Wire, connected
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.server import Address, Faults, Registry, StorageServer
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri

__all__ = ["Served", "Wire", "nothing_lost", "serving", "until"]

POOL = "pool"


@dataclass(frozen=True)
class Served:
    """A server, its one pool, and where it listens."""

    server: StorageServer
    registry: Registry
    folder: Path
    socket: Path
    faults: Faults

    @property
    def uri(self) -> str:
        return Address("unix", path=str(self.socket)).uri

    def session(self) -> Session:
        return Session(parse_uri(self.uri))

    def connect(self, *, opened: bool = True) -> Any:
        """Return the context of a raw connection."""
        return connected(self.socket, opened=opened)

    def volume(self, name: str, content: bytes = b"") -> VolumeHandle:
        """Make a volume."""
        (self.folder / name).write_bytes(content)
        return self.handle(name)

    def handle(self, name: str) -> VolumeHandle:
        return VolumeHandle(POOL, name, "")

    def content(self, name: str = "v") -> bytes:
        return (self.folder / name).read_bytes()


class _Lost(logging.Handler):
    def __init__(self, lost: list[object]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        self._lost.append((record.getMessage(), record.exc_info))


@asynccontextmanager
async def nothing_lost() -> AsyncGenerator[None]:
    """Fail if an error met by the loop or the server was not taken, or a task is left."""
    loop = asyncio.get_running_loop()
    lost: list[object] = []
    before = asyncio.all_tasks()
    handler = _Lost(lost)
    names = ("asyncio", "lacuna_engine")
    loop.set_exception_handler(lambda _, context: lost.append(context))
    for name in names:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
        for _ in range(5):
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        assert not lost, lost
        assert not left, left
    finally:
        for name in names:
            logging.getLogger(name).removeHandler(handler)
        loop.set_exception_handler(None)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that cannot be awaited; fail if it does not come."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def serving(folder: Path, **options: Any) -> AsyncGenerator[Served]:
    """Serve a new pool below ``folder`` on a unix socket there; ``options`` as the server's."""
    volumes = folder / "volumes"
    volumes.mkdir()
    registry = options.pop("registry", None) or Registry()
    registry.add(POOL, str(volumes))
    faults = Faults()
    options.setdefault("faults", lambda _: faults)
    async with nothing_lost():
        async with StorageServer(registry, **options) as server:
            socket = folder / "socket"
            await server.listen(Address("unix", path=str(socket)))
            yield Served(server, registry, volumes, socket, faults)
        assert server.clients == 0
