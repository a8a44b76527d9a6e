"""Transfers as rows: the record of one, and the model of those in certain states.

Nothing is worked out here: every number comes from the queue. One model holds one tab's rows; a
row that changes to a state of another tab leaves by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import groupby
from operator import itemgetter

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from lacuna_engine.storage import display_name
from lacuna_engine.transfer import Phase
from lacuna_gui import words
from lacuna_gui.format import bytes_text, duration_text, percent_text, rate_text
from lacuna_gui.models.roles import (
    ACCESSIBLE,
    ALIGNMENT,
    DECORATION,
    DISPLAY,
    ENTRY,
    LEFT,
    RIGHT,
    TOOLTIP,
)
from lacuna_gui.paint.strip import Drawable
from lacuna_gui.problem import Problem
from lacuna_gui.theme import icon

__all__ = [
    "ACTIVE",
    "FAILED",
    "FINISHED",
    "JOBS_MIME",
    "QUEUED",
    "Column",
    "Direction",
    "RowState",
    "TransferRow",
    "TransfersModel",
    "direction_text",
]

Index = QModelIndex | QPersistentModelIndex

JOBS_MIME = "application/x-lacuna-jobs"
"""Ids of jobs, one a line: dragged to put them in another order."""


class Direction(StrEnum):
    """Which way the bytes go."""

    UPLOAD = "upload"
    DOWNLOAD = "download"
    COPY = "copy"


_SIGNS = {
    Direction.UPLOAD: "upload",
    Direction.DOWNLOAD: "download",
    Direction.COPY: "transfer",
}
"""The drawings in front of names."""


def direction_text(direction: Direction) -> str:
    """Return which way the bytes go, in words."""
    return {
        Direction.UPLOAD: QCoreApplication.translate("TransferCommands", "Upload"),
        Direction.DOWNLOAD: QCoreApplication.translate("TransferCommands", "Download"),
        Direction.COPY: QCoreApplication.translate("TransferCommands", "Copy"),
    }[direction]


class RowState(StrEnum):
    """What a job is doing, as the queue says."""

    QUEUED = "queued"
    RUNNING = "running"
    STALLED = "stalled"
    """Under way, but nothing has moved for a while: slow, not failed."""
    WAITING = "waiting"
    """Between two tries."""
    PAUSED = "paused"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({RowState.RUNNING, RowState.STALLED, RowState.WAITING})
QUEUED = frozenset({RowState.QUEUED, RowState.PAUSED})
FINISHED = frozenset({RowState.DONE, RowState.SKIPPED})
FAILED = frozenset({RowState.FAILED, RowState.CANCELLED})


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One job as it is now. All counts are bytes, times seconds since the epoch.

    ``total`` is the image's length and ``data``, ``hole``, ``zero`` what it consists of; they are
    0 until they are known. ``passed`` is how much of the image has been dealt with, holes included
    (logical progress), ``moved`` how much stream payload has gone (data speed): two numbers,
    never mixed. ``saved`` is what need not move. ``strip`` is one code for each cell of the thin
    map, made by the queue.
    """

    id: str
    direction: Direction
    name: str
    source: str
    destination: str
    state: RowState = RowState.QUEUED
    phase: Phase = Phase.STARTING
    total: int = 0
    data: int = 0
    hole: int = 0
    zero: int = 0
    passed: int = 0
    moved: int = 0
    acknowledged: int = 0
    in_flight: int = 0
    wire: int = 0
    rate: float = 0.0
    eta: float | None = None
    saved: int = 0
    limit: int = 0
    priority: int = 0
    position: int = 0
    attempt: int = 1
    added: float = 0.0
    ended: float = 0.0
    error: Problem | None = None
    notes: tuple[str, ...] = ()
    local: str = ""
    """The local file or folder, to be shown in the file manager."""
    host: str = ""
    """The id of the connection that is written to, or read from."""
    pool: str = ""
    strip: Drawable | None = None
    verified: bool = False

    @property
    def percent(self) -> int:
        """Logical progress; 100 only when the daemon has agreed and all is done."""
        if self.state is RowState.DONE:
            return 100
        if not self.total:
            return 0
        return min(99, 100 * self.passed // self.total)


class Column(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    ROUTE = 1
    PROGRESS = 2
    STATE = 3
    RATE = 4
    ETA = 5
    SIZE = 6
    SAVED = 7


# Plain numbers for data(), which is called thousands of times.
_NAME, _ROUTE, _PROGRESS, _STATE, _RATE, _ETA, _SIZE, _SAVED = range(8)
_NUMBERS = frozenset({_RATE, _ETA, _SIZE, _SAVED})
_ROLES = frozenset({DISPLAY, DECORATION, ENTRY, ALIGNMENT, TOOLTIP, ACCESSIBLE})
"""What data() has an answer to: a view asks six times for each cell, twice of which for these."""

_USUAL = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_MOVABLE = _USUAL | Qt.ItemFlag.ItemIsDragEnabled


def _position(row: TransferRow) -> int:
    return row.position


def _columns_changed(before: TransferRow, now: TransferRow) -> tuple[int, int]:
    """Return the first and the last column that may look different.

    Painting is what costs: while a job runs its name, its places and its size stay.
    """
    about = (before.direction, before.name, before.source, before.destination)
    if about != (now.direction, now.name, now.source, now.destination):
        return _NAME, _SAVED
    if before.total != now.total or before.saved != now.saved:
        return _PROGRESS, _SAVED
    return _PROGRESS, _ETA


class TransfersModel(QAbstractTableModel):
    """The jobs in certain states, in the queue's order or, for ended ones, the latest first."""

    counted = Signal(int)
    """How many rows there are now."""
    moved = Signal(list, object)
    """Rows were dragged: their ids, and the id before which they go (None: the end)."""

    def __init__(
        self,
        states: Iterable[RowState],
        parent: QObject | None = None,
        *,
        latest_first: bool = False,
        reorder: bool = False,
    ) -> None:
        super().__init__(parent)
        self._states = frozenset(states)
        self._latest_first = latest_first
        self._reorder = reorder
        self._rows: list[TransferRow] = []
        self._places: dict[str, int] = {}

    # --- what the queue says -------------------------------------------------------------------

    def take(self, rows: Sequence[TransferRow]) -> None:
        """Take rows as they are now: new ones come, changed ones change, others leave.

        Whatever the number of rows, views are told of one range, with no more columns than changed.
        """
        first, last = len(self._rows), -1
        left, right = len(Column), -1
        fresh: list[TransferRow] = []
        for row in rows:
            place = self._places.get(row.id)
            if row.state not in self._states:
                if place is not None:
                    self._remove(place)
                    first, last = 0, len(self._rows) - 1
                    left, right = 0, len(Column) - 1
            elif place is None:
                fresh.append(row)
            elif self._rows[place].position != row.position and self._reorder:
                self._remove(place)
                fresh.append(row)
            else:
                some, more = _columns_changed(self._rows[place], row)
                left, right = min(left, some), max(right, more)
                self._rows[place] = row
                first, last = min(first, place), max(last, place)
        if fresh:
            self._insert(fresh)
        if last >= first:
            self.dataChanged.emit(
                self.index(first, left), self.index(last, right), [DISPLAY, ENTRY]
            )

    def forget(self, job: str) -> None:
        """Remove a row."""
        if (place := self._places.get(job)) is not None:
            self._remove(place)

    def row_of(self, job: str) -> TransferRow | None:
        """Return the row of a job, None if it is in another state."""
        place = self._places.get(job)
        return None if place is None else self._rows[place]

    def rows(self) -> tuple[TransferRow, ...]:
        """Return all rows in order."""
        return tuple(self._rows)

    def _insert(self, rows: list[TransferRow]) -> None:
        """Insert rows, as one block for each place."""
        if self._latest_first:
            self._insert_at(0, rows[::-1])
        elif self._reorder:
            rows.sort(key=_position)
            places = (bisect_right(self._rows, _position(row), key=_position) for row in rows)
            blocks = groupby(zip(places, rows, strict=True), itemgetter(0))
            # From the last one on, so that the places of the others stay what they are.
            for place, block in reversed([(place, list(block)) for place, block in blocks]):
                self._insert_at(place, [row for _, row in block])
        else:
            self._insert_at(len(self._rows), rows)
        self.counted.emit(len(self._rows))

    def _insert_at(self, place: int, rows: list[TransferRow]) -> None:
        self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
        self._rows[place:place] = rows
        self._number(place)
        self.endInsertRows()

    def _remove(self, place: int) -> None:
        self.beginRemoveRows(QModelIndex(), place, place)
        del self._places[self._rows.pop(place).id]
        self._number(place)
        self.endRemoveRows()
        self.counted.emit(len(self._rows))

    def _number(self, start: int) -> None:
        for place in range(start, len(self._rows)):
            self._places[self._rows[place].id] = place

    # --- what views ask ------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: D102, N802
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == ALIGNMENT:
            return RIGHT if section in _NUMBERS else LEFT
        if role != DISPLAY:
            return None
        return (
            self.tr("Name"),
            self.tr("From and to"),
            self.tr("Progress"),
            self.tr("State"),
            self.tr("Data speed"),
            self.tr("Time left"),
            self.tr("Size"),
            self.tr("Saved"),
        )[section]

    def data(self, index: Index, role: int = DISPLAY) -> object:  # noqa: D102, PLR0911
        if role not in _ROLES or not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == DISPLAY:
            return self._text(row, index.column())
        if role == DECORATION:
            return icon(_SIGNS[row.direction]) if index.column() == _NAME else None
        if role == ENTRY:
            return row
        if role == ALIGNMENT:
            return RIGHT if index.column() in _NUMBERS else LEFT
        if role == TOOLTIP:
            return words.plain_tip(self._tip(row))
        if role == ACCESSIBLE:
            return self._spoken(row, index.column())
        return None

    def _text(self, row: TransferRow, column: int) -> str:  # noqa: PLR0911
        if column == _NAME:
            return display_name(row.name)
        if column == _ROUTE:
            return f"{row.source} → {row.destination}"
        if column == _PROGRESS:
            return percent_text(row.percent, 100)
        if column == _STATE:
            return words.state_text(row.state, row.phase, row.attempt)
        if column == _RATE:
            return rate_text(row.rate) if row.state in ACTIVE and row.rate else ""
        if column == _ETA:
            return duration_text(row.eta) if row.eta is not None and row.state in ACTIVE else ""
        if column == _SIZE:
            return bytes_text(row.total) if row.total else ""
        return bytes_text(row.saved) if row.total else ""

    def _spoken(self, row: TransferRow, column: int) -> str:
        if column == _NAME:
            return f"{direction_text(row.direction)}: {display_name(row.name)}"
        if column != _PROGRESS:
            return self._text(row, column)
        return self.tr("{0} percent of {1}, {2} saved").format(
            row.percent, bytes_text(row.total), bytes_text(row.saved)
        )

    def _tip(self, row: TransferRow) -> str:
        lines = [f"{direction_text(row.direction)}: {row.source} → {row.destination}"]
        if row.total:
            lines.append(
                self.tr("Image {0}: data {1}, holes {2}, zeros {3}").format(
                    *map(bytes_text, (row.total, row.data, row.hole, row.zero))
                )
            )
            lines.append(
                self.tr("Moved {0}, saved {1}").format(bytes_text(row.moved), bytes_text(row.saved))
            )
        if row.priority:
            lines.append(self.tr("Priority {0}").format(row.priority))
        if row.limit:
            lines.append(self.tr("Limit {0}").format(rate_text(row.limit)))
        if row.error is not None:
            lines += [row.error.what, row.error.why, row.error.cure]
        return "\n".join(line for line in (*lines, *row.notes) if line)

    # --- another order by dragging -------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled if self._reorder else Qt.ItemFlag.NoItemFlags
        return _MOVABLE if self._reorder else _USUAL

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: D102, N802
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: D102, N802
        return [JOBS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: D102, N802
        places = sorted({index.row() for index in indexes})
        data = QMimeData()
        data.setData(JOBS_MIME, "\n".join(self._rows[place].id for place in places).encode())
        return data

    def canDropMimeData(  # noqa: D102, N802
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        del action, row, column, parent
        return self._reorder and data.hasFormat(JOBS_MIME)

    def dropMimeData(  # noqa: D102, N802
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        jobs = bytes(data.data(JOBS_MIME).data()).decode().split("\n")
        place = row if row >= 0 else parent.row() if parent.isValid() else len(self._rows)
        before = next((one.id for one in self._rows[place:] if one.id not in jobs), None)
        self.moved.emit(jobs, before)
        # The queue decides, and its answer moves the rows; the view must not remove any.
        return False
