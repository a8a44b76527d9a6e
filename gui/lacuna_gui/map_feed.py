"""The map of the job that is watched, on its way from the worker to the window."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.queue import QueueSignals

__all__ = ["MapFeed"]

AT_ONCE = 20_000
"""Numbers of a record that are taken in while the window waits, in some 5 ms. More of them, up to
millions, are read in a thread."""

Ranges = list[tuple[int, int, Kind, Progress]]

_KINDS = {kind.value: kind for kind in Kind}
_PROGRESS = {progress.value: progress for progress in Progress}


class MapFeed:
    """Tells of one job's map with ``signals``: all of it, then what changes, in this order."""

    def __init__(self, loop: asyncio.AbstractEventLoop, signals: QueueSignals) -> None:
        self._loop = loop
        self._signals = signals
        self._job: str | None = None
        self._reading: asyncio.Task[None] | None = None
        self._meanwhile: Ranges = []

    def watch(self, job: str | None) -> None:
        """Say which job's map is to be told."""
        self.close()
        self._job = job

    def replace(self, job: str, record: Any, grain: int = 0) -> None:
        """Take the whole map; ``grain`` is the bytes within which its order is not known.

        Raises ``ValueError`` if it is no map.
        """
        if job != self._job:
            return
        self.close()
        if len(record["kinds"]) + len(record["progress"]) > AT_ONCE:
            self._reading = self._loop.create_task(self._read(job, record))
        else:
            self._signals.map_replaced.emit(job, RunTable.from_record(record))
            if grain:
                self._signals.map_outlined.emit(job, grain)

    def change(self, job: str, ranges: list[tuple[int, int, int, int]]) -> None:
        """Take what has changed since."""
        if job != self._job:
            return
        found = [
            (start, end, _KINDS[kind], _PROGRESS[progress]) for start, end, kind, progress in ranges
        ]
        if self._reading is None:
            self._signals.map_changed.emit(job, found)
        else:
            self._meanwhile += found

    def close(self) -> None:
        """Drop what is being read."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._meanwhile = []

    async def _read(self, job: str, record: Any) -> None:
        with suppress(ValueError):
            table = await asyncio.to_thread(RunTable.from_record, record)
            self._signals.map_replaced.emit(job, table)
        self._reading = None
        meanwhile, self._meanwhile = self._meanwhile, []
        if meanwhile:
            self._signals.map_changed.emit(job, meanwhile)
