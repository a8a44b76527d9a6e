"""Proving that an upload has arrived, for volumes that are files (protocol.md 4.7).

The daemon answers OK to a finish although the last packets were lost: its writer's error is
noticed only when a later message is handed over, and a finish does not look (0.1). But the file
was empty when the stream opened, the writer works in order and stops at its first error. So the
file has its full size exactly when everything before has been written, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lacuna_engine.errors import NotProvedError
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Storage

__all__ = ["GrowthProof"]

FIRST_LOOK = 0.0005
SLOWEST_LOOK = 0.1
"""Seconds between looks, doubling: the size is nearly always right at the first few."""

SETTLE = 0.5
"""Seconds without growth after which the rest is sent all the same. If the writer has failed, the
rest brings its error to light; if it is only slow, the rest waits behind what it has."""

PATIENCE = 30.0
"""Seconds without growth after everything is sent before the data counts as lost."""


class GrowthProof:
    """Watches the size of ``volume`` on a connection that no stream uses.

    ``check`` is called at each look and may raise: the stream's own error, which says more.
    """

    def __init__(self, storage: Storage, volume: VolumeHandle, check: Callable[[], None]) -> None:
        self._storage = storage
        self._volume = volume
        self._check = check
        self.reached = 0

    async def settle(self, size: int) -> bool:
        """Wait until the volume has ``size`` bytes or stops growing; tell whether it has."""
        return await self._wait(size, SETTLE)

    async def confirm(self, size: int) -> None:
        """Wait until the volume has exactly ``size`` bytes.

        Raises :class:`NotProvedError` if it does not get there.
        """
        if await self._wait(size, PATIENCE) and self.reached == size:
            return
        raise NotProvedError(
            f"the daemon wrote {self.reached} of {size} bytes and reported no error",
            hint="Most likely the pool is full; look at its free space.",
        )

    async def look(self) -> int:
        """Return the volume's size now. All before it has been written."""
        self.reached = await self._storage.physical(self._volume)
        return self.reached

    async def _wait(self, size: int, patience: float) -> bool:
        loop = asyncio.get_running_loop()
        pause, grown, before = FIRST_LOOK, loop.time(), -1
        while await self.look() < size:
            self._check()
            if self.reached > before:
                before, grown = self.reached, loop.time()
            elif loop.time() - grown >= patience:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_LOOK)
        return True
