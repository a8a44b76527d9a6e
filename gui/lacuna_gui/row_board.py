"""The rows there are, and telling of those that changed, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from lacuna_gui.models.transfers import TransferRow
from lacuna_gui.queue import QueueSignals

__all__ = ["RowBoard"]

TELL_EVERY = 0.05
"""Seconds in which changes are gathered."""


class RowBoard:
    """Tells with ``signals``. New rows come and go at once; every state a row was in is told."""

    def __init__(self, loop: asyncio.AbstractEventLoop, signals: QueueSignals) -> None:
        self._loop = loop
        self._signals = signals
        self._rows: dict[str, TransferRow] = {}
        self._changed: dict[str, TransferRow] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, job: str) -> bool:
        return job in self._rows

    def __iter__(self) -> Iterator[TransferRow]:
        return iter(list(self._rows.values()))

    def get(self, job: str) -> TransferRow | None:
        """Return the row of a job."""
        return self._rows.get(job)

    def put(self, row: TransferRow) -> None:
        """Take in what a row is now."""
        self.put_all([row])

    def put_all(self, rows: Iterable[TransferRow]) -> None:
        """Take in what rows are now. New ones are told of together."""
        added: list[TransferRow] = []
        for row in rows:
            if row.id in self._rows:
                self._change(row)
            else:
                added.append(row)
            self._rows[row.id] = row
        if added:
            self._signals.rows_added.emit(added)

    def _change(self, row: TransferRow) -> None:
        gathered = self._changed.get(row.id)
        if gathered is not None and gathered.state is not row.state:
            # Who listens wants to see that it ran, also if that was short.
            self.tell()
        self._changed[row.id] = row
        if self._timer is None:
            self._timer = self._loop.call_later(TELL_EVERY, self.tell)

    def remove(self, job: str) -> None:
        """Take a row out, if there is one."""
        if self._rows.pop(job, None) is not None:
            self._changed.pop(job, None)
            self._signals.row_removed.emit(job)

    def tell(self) -> None:
        """Tell what has been gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        changed, self._changed = self._changed, {}
        if changed:
            self._signals.rows_changed.emit(list(changed.values()))

    def attach(self) -> None:
        """Tell all rows anew."""
        self.tell()
        if self._rows:
            self._signals.rows_added.emit(list(self._rows.values()))
