"""The volumes of one pool as a table.

Sorting and filtering are done here, in Python, and not by a proxy: for 100,000 volumes a
`QSortFilterProxyModel` needs 15 to 23 s to sort and this 0.1 s. Sizes never go through Qt as
numbers (a C int ends at 2 GiB); what is compared are Python's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon

from lacuna_engine.storage import VolumeDescription, VolumeHandle, VolumeType, display_name
from lacuna_gui.format import bytes_text, time_text
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
from lacuna_gui.theme import icon
from lacuna_gui.words import plain_tip

__all__ = ["VOLUMES_MIME", "Column", "VolumeRow", "VolumesModel"]

Index = QModelIndex | QPersistentModelIndex

VOLUMES_MIME = "application/x-lacuna-volumes"
"""Volumes that are dragged: the host's id, the pool, then the names, one a line."""

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A volume; what it is comes later than its name, and never if it went meanwhile."""

    handle: VolumeHandle
    about: VolumeDescription | None = None

    @property
    def name(self) -> str:
        """The name as the daemon has it."""
        return self.handle.name

    @property
    def capacity(self) -> int:
        """Bytes that a guest sees; -1 while unknown, so that it sorts first."""
        return self.about.capacity if self.about else -1

    @property
    def allocation(self) -> int:
        """Bytes that it takes on the daemon's host; -1 while unknown."""
        return self.about.allocation if self.about else -1

    @property
    def modified(self) -> int:
        """Nanoseconds since the epoch, 0 if not told."""
        times = self.about.timestamps if self.about else None
        return (times.modification if times else None) or 0

    @property
    def transferable(self) -> bool:
        """Whether its bytes can be read: folders and network volumes have none."""
        return self.about is None or self.about.type in (VolumeType.FILE, VolumeType.BLOCK)


class Column(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    FORMAT = 1
    CAPACITY = 2
    ALLOCATION = 3
    MODIFIED = 4


# Plain numbers for data(), which is called thousands of times.
_NAME, _FORMAT, _CAPACITY, _ALLOCATION, _MODIFIED = range(5)
_ROLES = frozenset({DISPLAY, ENTRY, ALIGNMENT, DECORATION, TOOLTIP, ACCESSIBLE})
"""What data() has an answer to: a view asks six times for each cell, twice of which for these."""

_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)

_DIGITS = re.compile(r"(\d{1,18})")
"""Longer numbers are compared in pieces: a server may send a name of thousands of digits, which
Python refuses to read as one."""


def _natural(name: str) -> tuple[list[int | str], str]:
    """Order by name as people count: disk2 before disk10."""
    # Split gives text and digits in turns, so that like is compared with like.
    parts: list[int | str] = _DIGITS.split(name.casefold())
    parts[1::2] = map(int, parts[1::2])
    return parts, name


# What rows are ordered by; those that are equal in it are in the order of their names.
_VALUES: dict[int, Callable[[VolumeRow], Any]] = {
    _FORMAT: lambda row: row.about.format if row.about else "",
    _CAPACITY: lambda row: row.capacity,
    _ALLOCATION: lambda row: row.allocation,
    _MODIFIED: lambda row: row.modified,
}


class VolumesModel(QAbstractTableModel):
    """All volumes of a pool, those that pass the filter shown, in the order of one column."""

    counted = Signal(int, int)
    """How many are shown, and how many there are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: dict[str, VolumeRow] = {}
        self._shown: list[VolumeRow] = []
        self._places: dict[str, int] = {}
        # Places of all names in their own order: comparing numbers is ten times quicker.
        self._ranks: dict[str, int] = {}
        self._filter = ""
        self._column, self._order = _NAME, Qt.SortOrder.AscendingOrder
        self._host = self._pool = ""
        self._icons = {name: icon(name) for name in ("volume", "block-device", "iso", "folder")}

    # --- content -------------------------------------------------------------------------------

    def clear(self) -> None:
        """Show nothing."""
        self.show_volumes("", "", ())

    def show_volumes(self, host: str, pool: str, handles: Sequence[VolumeHandle]) -> None:
        """Show the volumes of a pool; what was known of those that stay is kept."""
        same = (host, pool) == (self._host, self._pool)
        known = self._all if same else {}
        fresh: dict[str, VolumeRow] = {}
        for handle in handles:
            old = known.get(handle.name)
            fresh[handle.name] = VolumeRow(handle, old.about if old else None)
        unchanged = same and fresh.keys() == self._all.keys()
        self._host, self._pool, self._all = host, pool, fresh
        if not unchanged:
            ordered = sorted(fresh, key=_natural)
            self._ranks = {name: rank for rank, name in enumerate(ordered)}
        if unchanged:
            self._shown = [fresh[row.name] for row in self._shown]
            self._tell(0, len(self._shown) - 1)
            return
        self._reset()

    def describe(self, descriptions: Sequence[VolumeDescription]) -> None:
        """Fill in what volumes are. One narrow signal for all of them."""
        first, last = len(self._shown), -1
        for about in descriptions:
            old = self._all.get(about.name)
            if old is None:
                continue
            row = VolumeRow(old.handle, about)
            self._all[about.name] = row
            if (place := self._places.get(about.name)) is not None:
                self._shown[place] = row
                first, last = min(first, place), max(last, place)
        self._tell(first, last)

    def settle(self) -> None:
        """Bring rows into their order after what they are sorted by has been filled in."""
        if self._column != _NAME:
            self.sort(self._column, self._order)

    def drop(self, name: str) -> None:
        """Take out a volume that is gone."""
        if self._all.pop(name, None) is None:
            return
        if (place := self._places.get(name)) is not None:
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._shown[place]
            self._number()
            self.endRemoveRows()
        self.counted.emit(len(self._shown), len(self._all))

    def row_at(self, index: Index) -> VolumeRow:
        """Return the volume of a row."""
        return self._shown[index.row()]

    def place_of(self, name: str) -> int | None:
        """Return the row of a volume, None if it is not shown."""
        return self._places.get(name)

    def names(self) -> frozenset[str]:
        """Return the names of all volumes, shown or not."""
        return frozenset(self._all)

    @property
    def total(self) -> int:
        """How many volumes there are, shown or not."""
        return len(self._all)

    def undescribed(self, first: int, last: int) -> list[VolumeHandle]:
        """Return the volumes of these rows of which only the name is known."""
        return [row.handle for row in self._shown[max(first, 0) : last + 1] if row.about is None]

    # --- order and filter ----------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only names with ``text`` in them, whatever the case; or matching ``*`` and ``?``."""
        if text != self._filter:
            self._filter = text
            self._reset()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:  # noqa: D102
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names = [self._shown[index.row()].name for index in before]
        self._arrange()
        after = [
            self.index(self._places[name], index.column())
            for name, index in zip(names, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _reset(self) -> None:
        self.beginResetModel()
        self._shown = list(self._all.values())
        if self._filter:
            matches = _matcher(self._filter)
            self._shown = [row for row in self._shown if matches(row.handle.name)]
        self._arrange()
        self.endResetModel()
        self.counted.emit(len(self._shown), len(self._all))

    def _arrange(self) -> None:
        backwards = self._order == Qt.SortOrder.DescendingOrder
        ranks = self._ranks
        value = _VALUES.get(self._column)
        self._shown.sort(key=lambda row: ranks[row.handle.name], reverse=backwards)
        if value is not None:
            # Sorting is stable, also backwards.
            self._shown.sort(key=value, reverse=backwards)
        self._number()

    def _number(self) -> None:
        self._places = {row.handle.name: place for place, row in enumerate(self._shown)}

    def _tell(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(
                self.index(first, 0), self.index(last, len(Column) - 1), [DISPLAY, ENTRY]
            )

    # --- what views ask ------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: D102, N802
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == ALIGNMENT:
            return RIGHT if section == _CAPACITY else LEFT
        if role != DISPLAY:
            return None
        return (
            self.tr("Name"),
            self.tr("Format"),
            self.tr("Capacity"),
            self.tr("Allocated"),
            self.tr("Modified"),
        )[section]

    def data(self, index: Index, role: int = DISPLAY) -> object:  # noqa: PLR0911, D102
        if role not in _ROLES or not index.isValid():
            return None
        row = self._shown[index.row()]
        if role == DISPLAY:
            return _text(row, index.column())
        if role == ENTRY:
            return row
        if role == ALIGNMENT:
            return RIGHT if index.column() == _CAPACITY else LEFT
        if role == DECORATION and index.column() == _NAME:
            return self._icon_of(row)
        if role == TOOLTIP:
            return plain_tip(self._tip(row))
        if role == ACCESSIBLE:
            return self._spoken(row, index.column())
        return None

    def _icon_of(self, row: VolumeRow) -> QIcon:
        if row.about is None or row.about.type == VolumeType.FILE:
            iso = row.about is not None and row.about.format == "iso"
            return self._icons["iso" if iso else "volume"]
        block = row.about.type == VolumeType.BLOCK
        return self._icons["block-device" if block else "folder"]

    def _spoken(self, row: VolumeRow, column: int) -> str:
        if column == _ALLOCATION and row.about is not None:
            return self.tr("{0} of {1} allocated").format(
                bytes_text(row.allocation), bytes_text(row.capacity)
            )
        return _text(row, column)

    def _tip(self, row: VolumeRow) -> str:
        lines = [display_name(row.name)]
        if (about := row.about) is not None:
            lines.append(display_name(about.path))
            lines.append(self._spoken(row, _ALLOCATION))
            if about.backing is not None:
                lines.append(self.tr("Overlay of {0}").format(display_name(about.backing.path)))
        return "\n".join(lines)

    # --- dragging out --------------------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        return _FLAGS if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:  # noqa: D102, N802
        return [VOLUMES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: D102, N802
        places = sorted({index.row() for index in indexes})
        lines = [self._host, self._pool, *(self._shown[place].name for place in places)]
        data = QMimeData()
        # A name may hold a newline, and bytes that are not UTF-8.
        data.setData(VOLUMES_MIME, "\0".join(lines).encode("utf-8", "surrogateescape"))
        return data


def _text(row: VolumeRow, column: int) -> str:  # noqa: PLR0911 - one for each column
    if column == _NAME:
        return display_name(row.name)
    about = row.about
    if about is None:
        return "…"
    if column == _FORMAT:
        return about.format
    if column == _CAPACITY:
        return bytes_text(about.capacity)
    if column == _ALLOCATION:
        return bytes_text(about.allocation)
    if not row.modified:
        return ""
    return time_text(row.modified / _NANOSECONDS)


def _matcher(text: str) -> Callable[[str], bool]:
    wanted = text.casefold()
    if not any(mark in wanted for mark in "*?"):
        return lambda name: wanted in name.casefold()
    pattern = re.compile(
        "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in wanted), re.DOTALL
    )
    return lambda name: pattern.fullmatch(name.casefold()) is not None
