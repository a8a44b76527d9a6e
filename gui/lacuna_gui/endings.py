"""Which ends of transfers are worth telling somebody who looks elsewhere, and in which words.

Ends that come together are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from lacuna_engine.storage import display_name
from lacuna_gui.format import bytes_text
from lacuna_gui.models.transfers import RowState, TransferRow

__all__ = ["Endings"]

LONG_JOB = 10.0
"""Seconds from which on nobody is expected to have kept looking."""

TOGETHER = 1500
"""Milliseconds in which further ends are waited for."""

NAMED = 5
"""Names listed; of more only the number is told."""

_TOLD = frozenset({RowState.DONE, RowState.SKIPPED, RowState.FAILED})


class Endings(QObject):
    """Gathers ends; ``away`` tells whether the user is to be told outside of the window."""

    told = Signal(str, str)
    """A title and a text."""

    def __init__(self, away: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._away = away
        self._rows: list[TransferRow] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TOGETHER)
        self._timer.timeout.connect(self._tell)

    def add(self, row: TransferRow, seconds: float) -> None:
        """Take the end of a job that ran for some seconds. What was cancelled is known."""
        if seconds >= LONG_JOB and row.state in _TOLD and self._away():
            self._rows.append(row)
            if not self._timer.isActive():
                self._timer.start()

    def _tell(self) -> None:
        rows, self._rows = self._rows, []
        if rows and self._away():
            title, text = self._about_one(rows[0]) if len(rows) == 1 else self._about_all(rows)
            self.told.emit(title, text)

    def _about_one(self, row: TransferRow) -> tuple[str, str]:
        name = display_name(row.name)
        if row.state is RowState.FAILED:
            why = "" if row.error is None else row.error.what
            return self.tr("{0} could not be transferred").format(name), why
        if row.state is RowState.SKIPPED:
            return self.tr("{0} was skipped").format(name), self.tr("It exists already.")
        moved, saved = bytes_text(row.moved), bytes_text(row.saved)
        text = self.tr("Moved {0}, saved {1}").format(moved, saved)
        return self.tr("{0} has been transferred").format(name), text

    def _about_all(self, rows: Sequence[TransferRow]) -> tuple[str, str]:
        failed = [row for row in rows if row.state is RowState.FAILED]
        title = self.tr("%n transfer(s) ended", "", len(rows))
        if failed:
            title = self.tr("%n transfer(s) ended, {0} of them failed", "", len(rows)).format(
                len(failed)
            )
        # Those that failed want something done.
        ordered = failed + [row for row in rows if row not in failed]
        names = [display_name(row.name) for row in ordered[:NAMED]]
        if len(ordered) > NAMED:
            names.append(self.tr("and {0} more").format(len(ordered) - NAMED))
        return title, "\n".join(names)
