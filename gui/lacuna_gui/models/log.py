"""The log: what happened, latest last, bounded, and able to be copied."""

from __future__ import annotations

import logging
import time
from collections import deque

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from lacuna_gui import words
from lacuna_gui.models.roles import DISPLAY, ENTRY, TOOLTIP
from lacuna_gui.queue import LogLine

__all__ = ["LogModel"]

Index = QModelIndex | QPersistentModelIndex

KEPT = 5000
"""Lines kept: a week of ordinary work, and some megabytes."""


class LogModel(QAbstractTableModel):
    """Lines with their time and level."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: deque[LogLine] = deque()

    def add(self, line: LogLine) -> None:
        """Append a line; the oldest leaves when there are too many."""
        if len(self._lines) >= KEPT:
            self.beginRemoveRows(QModelIndex(), 0, 0)
            self._lines.popleft()
            self.endRemoveRows()
        place = len(self._lines)
        self.beginInsertRows(QModelIndex(), place, place)
        self._lines.append(line)
        self.endInsertRows()

    def say(self, text: str, level: int = logging.INFO) -> None:
        """Append a line of the window's own."""
        self.add(LogLine(time.time(), level, text))

    def clear(self) -> None:
        """Forget all lines."""
        self.beginResetModel()
        self._lines.clear()
        self.endResetModel()

    def text(self, rows: list[int] | None = None) -> str:
        """Return lines as text, all of them by default."""
        chosen = range(len(self._lines)) if rows is None else rows
        return "\n".join(
            f"{_time(self._lines[row])}  {_level(self._lines[row])}  {self._lines[row].text}"
            for row in chosen
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else 3

    def headerData(  # noqa: D102, N802
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or role != DISPLAY:
            return None
        return (self.tr("Time"), self.tr("Level"), self.tr("Message"))[section]

    def data(self, index: Index, role: int = DISPLAY) -> object:  # noqa: D102
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == DISPLAY:
            column = index.column()
            if column == 2:
                return " ".join(line.text.splitlines())
            return _level(line) if column else _time(line)
        if role == TOOLTIP:
            return words.plain_tip(line.text)
        if role == ENTRY:
            return line
        return None


def _time(line: LogLine) -> str:
    return time.strftime("%H:%M:%S", time.localtime(line.time))


def _level(line: LogLine) -> str:
    return logging.getLevelName(line.level).lower()
