"""What the suite runs against: a private libvirtd, or the embedded server over a folder alike."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from integration.libvirtd import _environment
from lacuna_engine.server import Address, Faults, Registry, StorageServer

__all__ = ["ServerThread", "Target"]

T = TypeVar("T")


class ServerThread:
    """The embedded server on a loop and in a thread of its own, as ``lacuna serve`` has it.

    A context manager. At its end, whatever the server's loop met and nobody took is an error, and
    so is a task that is left.
    """

    def __init__(self, registry: Registry, socket: Path) -> None:
        self.faults = Faults()
        self.socket = socket
        self._registry = registry
        self._lost: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self._lost.append(context))
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded server")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run(self._server.close())
        left = self._run(self._tasks())
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        # So that the pools' folders are closed and their file systems can be unmounted.
        for name in self._registry.names(active=True):
            self._registry.lookup_by_name(name).stop()
        assert not self._lost, self._lost
        assert not left, left

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _open(self) -> StorageServer:
        server = StorageServer(self._registry, faults=lambda _: self.faults)
        await server.__aenter__()
        await server.listen(Address("unix", path=str(self.socket)))
        return server

    @staticmethod
    async def _tasks() -> list[str]:
        for _ in range(3):
            await asyncio.sleep(0)
        return [str(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]


@dataclass(frozen=True)
class Target:
    """A started pool of 64 MiB on a tmpfs, and who serves it."""

    socket: Path
    pool: str
    path: Path
    server: ServerThread | None = None
    """The embedded one, if it is that."""

    @property
    def uri(self) -> str:
        return Address("unix", path=str(self.socket)).uri

    @property
    def is_libvirtd(self) -> bool:
        return self.server is None

    def virsh(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run virsh to its end; whatever it answers is fine."""
        return subprocess.run(
            self.command(*arguments),
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=60,
            env=_environment(),
        )

    def command(self, *arguments: str | Path) -> list[str]:
        """Return how virsh is started."""
        return ["virsh", "-c", self.uri, *map(str, arguments)]

    def file(self, volume: str) -> Path:
        return self.path / volume
