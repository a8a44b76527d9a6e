"""The extent map shows its runs, and mouse and keys move it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPalette
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.theme import colours
from lacuna_gui.widgets import ExtentMapWidget, ExtentStrip, MapMode
from lacuna_gui.widgets.extent_hands import ExtentHands
from ui.hands import click, drag, leave, move, press, wheel

GIB = 1 << 30
Key = Qt.Key


def sample(size: int = 64 * GIB) -> ExtentMap:
    """A quarter data, a quarter hole, a quarter zeros, a quarter data; an eighth is done."""
    q = size // 4
    kinds = [(0, q, Kind.DATA), (q, 2 * q, Kind.HOLE), (2 * q, 3 * q, Kind.ZERO)]
    extents = ExtentMap.from_kinds(size, [*kinds, (3 * q, size, Kind.DATA)])
    extents.advance(0, size // 8, Progress.ACKNOWLEDGED)
    return extents


@pytest.fixture
def widget(qtbot: QtBot) -> ExtentMapWidget:
    made = ExtentMapWidget()
    qtbot.addWidget(made)
    made.resize(800, 200)
    made.set_name("disk.raw")
    made.set_map(sample())
    made.show()
    return made


@pytest.fixture
def canvas(widget: ExtentMapWidget) -> ExtentHands:
    return widget.canvas


def color_at(widget: QWidget, x: int, y: int) -> QColor:
    return widget.grab().toImage().pixelColor(x, y)


def test_columns_have_the_colours_of_their_bytes(
    palette: QPalette, canvas: ExtentHands, qtbot: QtBot
) -> None:
    meant = colours(palette)
    qtbot.waitUntil(lambda: colours(canvas.palette()) is meant)
    body = canvas._layout().body
    assert color_at(canvas, body.left() + 5, body.top() + 1) == meant.data
    assert color_at(canvas, body.left() + 5, body.bottom()) == meant.acknowledged
    assert color_at(canvas, body.center().x() + 9, body.top() + 1) != meant.data


def test_changes_are_seen(canvas: ExtentHands, widget: ExtentMapWidget) -> None:
    canvas.grab()
    body = canvas._layout().body
    widget.apply([(60 * GIB, 60 * GIB + 1, Kind.DATA, Progress.FAILED)])
    image = canvas.grab().toImage()
    red = colours(canvas.palette()).failed
    row = [image.pixelColor(x, body.bottom()) == red for x in range(image.width())]
    assert sum(row) == 2  # one byte of 64 GiB


def test_text_says_what_is_there(canvas: ExtentHands) -> None:
    body = canvas._layout().body
    assert canvas.text_at(body.topLeft()) == (
        "Data, acknowledged\n0 to 8 GiB\n8 GiB (8,589,934,592 bytes)"
    )
    column = body.left() + body.width() // 8
    assert canvas.text_at(QPoint(column, body.top())).startswith(("Data, ", "7.", "8"))
    assert canvas.text_at(QPoint(0, 0)) == ""
    canvas.apply([(0, 4096, Kind.ZERO, Progress.FAILED)])
    mixed = canvas.text_at(body.topLeft()).splitlines()
    assert mixed[2] == ">99% Data, acknowledged (" + mixed[2].partition("(")[2]
    assert mixed[3] == "<1% Zeros, failed (4 KiB)"


def test_the_wheel_zooms_at_the_pointer(canvas: ExtentHands) -> None:
    body = canvas._layout().body
    x = body.left() + body.width() * 3 // 4
    before = canvas.offset_at(QPoint(x, 20))
    for _ in range(10):
        wheel(canvas, QPoint(x, 20), 120)
    assert canvas.view.zoom == pytest.approx(1.25**10, rel=0.01)
    after = canvas.offset_at(QPoint(x, 20))
    assert before is not None
    assert after is not None
    assert abs(after - before) < canvas.view.span // 100
    wheel(canvas, QPoint(x, 20), 0, sideways=-120)
    assert canvas.offset_at(QPoint(x, 20)) != after
    for _ in range(12):
        wheel(canvas, QPoint(x, 20), -120)
    assert canvas.view.is_whole


def test_dragging_moves(canvas: ExtentHands, qtbot: QtBot) -> None:
    canvas.zoom_by(4)
    start = canvas.view.start
    body = canvas._layout().body
    drag(canvas, body.center(), body.center() - QPoint(body.width() // 2, 0))
    assert canvas.view.start - start == pytest.approx(canvas.view.span / 2, rel=0.02)


def test_the_overview_leads_to_any_place(canvas: ExtentHands, qtbot: QtBot) -> None:
    canvas.zoom_by(8)
    strip = canvas._layout().overview_rect
    click(canvas, QPoint(strip.right() - 1, strip.center().y()))
    assert canvas.view.end == canvas.view.size
    click(canvas, QPoint(strip.left(), strip.center().y()))
    assert canvas.view.start == 0


def test_hovering_marks_a_column(canvas: ExtentHands) -> None:
    body = canvas._layout().body
    move(canvas, body.center())
    assert canvas._hover == pytest.approx(canvas._coverage.columns // 2, abs=1)
    canvas.grab()
    leave(canvas)
    assert canvas._hover is None


@pytest.mark.parametrize("mode", MapMode)
def test_keys(canvas: ExtentHands, qtbot: QtBot, mode: MapMode) -> None:
    canvas.set_mode(mode)
    canvas.setFocus()
    canvas.grab()
    press(canvas, Key.Key_Right)
    assert canvas.cursor_offset == 0
    assert canvas.accessibleDescription().startswith("Data, acknowledged")
    press(canvas, Key.Key_Right)
    assert canvas.cursor_offset == canvas._coverage.edges[1]
    press(canvas, Key.Key_End)
    assert canvas.cursor_offset == 64 * GIB - 1
    press(canvas, Key.Key_Right)
    assert canvas.cursor_offset == 64 * GIB - 1
    press(canvas, Key.Key_Home)
    for _ in range(4):
        press(canvas, Key.Key_Plus)
    assert canvas.view.zoom > 4
    assert canvas.view.start == 0
    offsets = []
    for _ in range(3):
        press(canvas, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        offsets.append(canvas.cursor_offset)
    assert offsets == [8 * GIB, 16 * GIB, 32 * GIB]
    assert canvas.view.start <= 32 * GIB < canvas.view.end
    press(canvas, Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.cursor_offset == 16 * GIB
    press(canvas, Key.Key_PageDown)
    press(canvas, Key.Key_PageUp)
    assert canvas.cursor_offset == pytest.approx(16 * GIB, abs=2)
    if mode is MapMode.GRID:
        before = canvas._column_of(canvas.cursor_offset or 0)
        press(canvas, Key.Key_Down)
        assert canvas.cursor_offset is not None
        after = canvas._column_of(canvas.cursor_offset)
        press(canvas, Key.Key_Up)
        assert before is None or after is None or after > before
    press(canvas, Key.Key_Minus)
    press(canvas, Key.Key_0)
    assert canvas.view.is_whole
    canvas.grab()


def test_keys_that_mean_nothing_go_on(canvas: ExtentHands, qtbot: QtBot) -> None:
    class Outer(QWidget):
        heard = 0

        def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: ARG002, N802
            self.heard += 1

    outer = Outer()
    qtbot.addWidget(outer)
    canvas.setParent(outer)
    press(canvas, Key.Key_A)
    press(canvas, Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    press(canvas, Key.Key_Down)
    assert outer.heard == 4  # Control is a key too
    press(canvas, Key.Key_0)
    assert outer.heard == 4


def test_buttons_do_what_they_say(widget: ExtentMapWidget, qtbot: QtBot) -> None:
    canvas = widget.canvas
    assert not widget._fit.isEnabled()
    click(widget._closer)
    assert canvas.view.zoom > 1.5
    assert "×" in widget._size.text()  # noqa: RUF001
    click(widget._back)
    assert canvas.view.is_whole
    click(widget._closer)
    click(widget._fit)
    assert canvas.view.is_whole
    click(widget._mode)
    assert canvas.mode is MapMode.GRID
    widget.set_mode(MapMode.STRIP)
    assert not widget._mode.isChecked()


def test_numbers_run_along(widget: ExtentMapWidget, qtbot: QtBot) -> None:
    def shown() -> dict[str, str]:
        return {entry.text: entry.value for entry in widget._legend.entries}

    assert shown()["Data"] == "32 GiB"
    assert shown()["Holes"] == shown()["Zeros"] == "16 GiB"
    assert "Failed" not in shown()
    widget.apply([(0, GIB, Kind.DATA, Progress.FAILED)])
    qtbot.waitUntil(lambda: shown().get("Failed") == "1 GiB")
    assert "Acknowledged 7 GiB" in widget._legend.accessibleDescription()


def test_assistive_technology_is_told(widget: ExtentMapWidget, qtbot: QtBot) -> None:
    canvas = widget.canvas
    assert canvas.accessibleName() == "Extent map of disk.raw"
    assert "Data 32 GiB" in canvas.accessibleDescription()
    assert widget.focusProxy() is canvas
    widget.apply([(0, GIB, Kind.DATA, Progress.FAILED)])
    qtbot.waitUntil(lambda: "Failed 1 GiB" in canvas.accessibleDescription(), timeout=3000)
    for button in (widget._mode, widget._fit, widget._back, widget._closer):
        assert button.accessibleName()
        assert button.focusPolicy() != Qt.FocusPolicy.NoFocus


def test_no_map_an_empty_one_and_an_unknown_one(widget: ExtentMapWidget, qtbot: QtBot) -> None:
    canvas = widget.canvas
    widget.clear()
    assert widget.table is None
    assert canvas.accessibleDescription() == "Select a transfer to see its extents"
    canvas.grab()
    widget.apply([(0, 5, Kind.DATA, Progress.FAILED)])
    press(canvas, Key.Key_Right)
    wheel(canvas, QPoint(50, 20), 120)
    assert canvas.cursor_offset is None
    widget.clear("Nothing was sent")
    assert canvas.accessibleDescription() == "Nothing was sent"
    widget.set_size(0)
    canvas.grab()
    canvas.zoom_by(2)
    assert canvas.accessibleDescription() == "No extents"
    widget.set_size(100)
    body = canvas._layout().body
    canvas.grab()
    assert canvas.text_at(body.center()).startswith("Not known yet")
    assert "100 bytes not known yet" in canvas.accessibleDescription()


def test_an_image_of_few_bytes(widget: ExtentMapWidget, qtbot: QtBot) -> None:
    widget.set_size(3)
    widget.apply([(1, 2, Kind.DATA, Progress.PENDING)])
    canvas = widget.canvas
    canvas.grab()
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Right, Key.Key_Plus):
        press(canvas, key)
    assert canvas.cursor_offset == 2
    widget.set_mode(MapMode.GRID)
    canvas.grab()


def test_a_range_can_be_shown(canvas: ExtentHands) -> None:
    canvas.show_range(8 * GIB, 9 * GIB)
    assert canvas.view.start <= 8 * GIB
    assert canvas.view.end >= 9 * GIB
    assert canvas.view.span <= 2 * GIB


def test_maps_of_rows_and_tables(qtbot: QtBot) -> None:
    strip = ExtentStrip()
    qtbot.addWidget(strip)
    strip.set_map(sample())
    strip.apply([(0, GIB, Kind.DATA, Progress.FAILED)])
    assert "Failed 1 GiB" in strip.toolTip()
    assert strip.accessibleDescription() == strip.toolTip()
    strip.resize(100, 14)
    image = strip.grab().toImage()
    assert image.pixelColor(2, 2) != image.pixelColor(99, 13)
    strip.set_table(RunTable(10))
    strip.set_size(4)
    assert strip.strip.table.size == 4
    assert strip.minimumSizeHint().height() == strip.sizeHint().height()
