"""A picture of the window at a certain moment, for the demo, the documentation and the tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from lacuna_gui.commands.context import place_of
from lacuna_gui.queue import JobOptions
from lacuna_gui.window import MainWindow

__all__ = ["Screenshot"]

LOOK_EVERY = 0.02
SETTLE = 0.4
"""Seconds for what has just changed to be painted and laid out."""


class Screenshot:
    """Waits for a condition and saves the window."""

    CONDITIONS: ClassVar[tuple[str, ...]] = ("", "shown", "listed", "moving", "done")

    def __init__(
        self, window: MainWindow, file: Path = Path(), *, uploads: Sequence[Path] = ()
    ) -> None:
        self._window, self._file, self._uploads = window, file, uploads

    async def run(self, condition: str, patience: float) -> bool:
        """Take the picture when the condition holds, or patience ends; tell which it was."""
        wanted = condition or ("done" if self._uploads else "listed")
        limit = time.monotonic() + patience
        reached = await self.begin(patience)
        test = {
            "shown": lambda: True,
            "listed": self._listed,
            "moving": self._moving,
            "done": self._done,
        }[wanted]
        reached = await self._wait(test, limit) and reached
        if wanted == "done":
            self._window.transfers.show_tab(2)
        if wanted != "moving":
            await asyncio.sleep(SETTLE)
        return self._window.grab().save(str(self._file)) and reached

    async def begin(self, patience: float) -> bool:
        """Start the uploads as soon as a pool is listed; tell whether it was in time."""
        if not self._uploads:
            return True
        reached = await self._wait(self._listed, time.monotonic() + patience)
        self._start_uploads()
        return reached

    async def _wait(self, test: Callable[[], bool], limit: float) -> bool:
        while not test():
            if time.monotonic() > limit:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True

    def _start_uploads(self) -> None:
        current = self._window.listing.current()
        if current is None:
            return
        host, pool = current
        for path in self._uploads:
            place = place_of(host, pool.name, path.name)
            self._window.context.queue.add_upload(path, place, JobOptions())

    def _listed(self) -> bool:
        """A pool is shown, and all its volumes are known."""
        current = self._window.listing.current()
        if current is None or self._window.listing.busy:
            return False
        model = self._window.volumes.model
        return not model.undescribed(0, model.rowCount() - 1)

    def _moving(self) -> bool:
        """A transfer is about in the middle."""
        return any(30 <= row.percent <= 80 for row in self._window.transfers.active.rows())

    def _done(self) -> bool:
        panel = self._window.transfers
        waiting = panel.active.rowCount() + panel.queued.rowCount()
        ended = panel.finished.rowCount() + panel.failed.rowCount()
        return not waiting and ended >= len(self._uploads) and self._listed()
