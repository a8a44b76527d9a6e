"""Cells that are drawings: with any record, selected or not, wide or narrow."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemDelegate, QTableView
from pytestqt.qtbot import QtBot

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_gui.delegates import (
    AllocationDelegate,
    CellDelegate,
    ExtentStripDelegate,
    ProgressDelegate,
    ProgressValue,
)
from lacuna_gui.paint.bar import Tone
from lacuna_gui.paint.strip import Drawable, Strip
from lacuna_gui.paint.thumbnail import thumbnail_of
from lacuna_gui.theme import colours

GIB = 1 << 30


@dataclass
class Record:
    strip: Drawable | None = None
    allocation: int = 0
    capacity: int = 0


def half_done() -> ExtentMap:
    extents = ExtentMap(8 * GIB)
    extents.advance(0, 4 * GIB, Progress.ACKNOWLEDGED)
    extents.classify(6 * GIB, 8 * GIB, Kind.HOLE)
    return extents


def strip() -> Strip:
    made = Strip()
    made.set_map(half_done())
    return made


class Table(QTableView):
    """One column of records."""

    def __init__(self, qtbot: QtBot, rows: list[tuple[object, str]]) -> None:
        super().__init__()
        qtbot.addWidget(self)
        self.items = QStandardItemModel(len(rows), 1)
        for row, (record, text) in enumerate(rows):
            item = QStandardItem(text)
            item.setData(record, Qt.ItemDataRole.UserRole)
            self.items.setItem(row, 0, item)
        self.setModel(self.items)
        self.resize(400, 200)

    def drawn(self, delegate: QAbstractItemDelegate, width: int = 300) -> QImage:
        self.setItemDelegate(delegate)
        self.setColumnWidth(0, width)
        self.show()
        return self.viewport().grab().toImage()

    def count(self, image: QImage, row: int, color: object) -> int:
        place = self.visualRect(self.items.index(row, 0))
        return sum(
            image.pixelColor(x, y) == color
            for x in range(place.left(), min(place.right(), image.width()))
            for y in range(place.top(), place.bottom())
        )


@pytest.mark.parametrize("width", [300, 60, 12])
def test_strips(qtbot: QtBot, palette: QPalette, width: int) -> None:
    rows: list[tuple[object, str]] = [
        (Record(strip()), "50 %"),
        (Record(thumbnail_of(half_done())), "50 %"),
        (Record(None), ""),
        (None, ""),
    ]
    table = Table(qtbot, rows)
    image = table.drawn(ExtentStripDelegate(table), width)
    data = colours(palette).data
    if width == 300:
        assert table.count(image, 0, data) > 100
        assert table.count(image, 1, data) == pytest.approx(table.count(image, 0, data), rel=0.1)
        assert table.count(image, 2, data) == table.count(image, 3, data) == 0
        table.selectRow(0)
        selected = table.viewport().grab().toImage()
        assert table.count(selected, 0, data) > 100


def test_strips_of_a_function(qtbot: QtBot) -> None:
    table = Table(qtbot, [(None, ""), (None, "")])
    shown = strip()
    delegate = ExtentStripDelegate(
        table, strip=lambda index: shown if index.row() == 1 else None, room=""
    )
    image = table.drawn(delegate)
    data = colours(table.palette()).data
    assert table.count(image, 0, data) == 0
    assert table.count(image, 1, data) > 100


@pytest.mark.parametrize("width", [300, 90, 30])
def test_allocation(qtbot: QtBot, palette: QPalette, width: int) -> None:
    rows: list[tuple[object, str]] = [
        (Record(None, GIB, 4 * GIB), "1 GiB"),
        (Record(None, 4 * GIB, 4 * GIB), "4 GiB"),
        (Record(None, 0, 0), ""),
        (Record(None, 5, 0), "5 bytes"),
    ]
    table = Table(qtbot, rows)
    image = table.drawn(AllocationDelegate(table), width)
    if width == 300:
        accent = colours(palette).accent
        some, full = (table.count(image, row, accent) for row in (0, 1))
        assert 0 < some < full / 2
        assert table.count(image, 2, accent) == table.count(image, 3, accent) == 0
    table.selectRow(0)
    table.viewport().grab()


def test_allocation_of_a_function(qtbot: QtBot) -> None:
    table = Table(qtbot, [(None, "1 GiB")])
    image = table.drawn(AllocationDelegate(table, amounts=lambda _: (1, 2)))
    assert table.count(image, 0, colours(table.palette()).accent) > 50


def test_progress(qtbot: QtBot, palette: QPalette) -> None:
    values = [
        ProgressValue(0.5, "50 %"),
        ProgressValue(None, "", Tone.QUIET),
        ProgressValue(1.0, "100 %", Tone.GOOD),
        None,
    ]
    table = Table(qtbot, [(None, "")] * 4)
    image = table.drawn(ProgressDelegate(lambda index: values[index.row()], table))
    meant = colours(palette)
    assert table.count(image, 0, meant.accent) > 50
    assert table.count(image, 2, meant.verified) > table.count(image, 0, meant.accent)
    assert table.count(image, 1, meant.accent) == table.count(image, 3, meant.accent) == 0
    table.drawn(ProgressDelegate(lambda index: values[index.row()], table), 40)


def test_columns_know_how_wide_they_want_to_be(qtbot: QtBot) -> None:
    table = Table(qtbot, [(None, "")])
    for delegate in (
        ExtentStripDelegate(table),
        AllocationDelegate(table),
        ProgressDelegate(lambda _: None, table),
    ):
        table.setItemDelegate(delegate)
        table.resizeColumnsToContents()
        assert table.columnWidth(0) > 80
        table.resizeRowsToContents()
        assert table.rowHeight(0) >= 14


def test_a_cell_without_a_drawing(qtbot: QtBot) -> None:
    table = Table(qtbot, [(None, "")])
    with pytest.raises(NotImplementedError):
        CellDelegate().paint_cell(None, None, table.items.index(0, 0))  # type: ignore[arg-type]
