"""Labels that give way, states of emptiness, fill bars, the legend."""

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QFont, QPalette
from pytestqt.qtbot import QtBot

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.paint.bar import Tone
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.theme import Scheme, Theme, colours
from lacuna_gui.widgets import ElidedLabel, EmptyState, FillBar, Legend, LegendEntry
from lacuna_gui.widgets.legend import entries_of
from ui.hands import click

GIB = 1 << 30
NAME = "debian-13-generic-amd64-20261120-1234-with-a-long-name.qcow2"


def test_a_label_gives_way_in_its_middle(qtbot: QtBot) -> None:
    label = ElidedLabel(NAME)
    qtbot.addWidget(label)
    label.resize(label.sizeHint())
    assert not label.is_elided()
    assert label.toolTip() == ""
    label.resize(150, 20)
    label.show()
    assert label.is_elided()
    assert label.toolTip() == label.accessibleName() == label.text() == NAME
    assert label._shown().startswith("deb")
    assert label._shown().endswith("w2")
    label.grab()
    assert label.minimumSizeHint().width() < 100
    label.setText("two\nlines")
    assert label.text() == "two lines"
    label.setText("two lines")
    label.setFont(QFont("DejaVu Sans", 30))
    assert label.sizeHint().height() > 30


def test_an_empty_state_offers_what_to_do(palette: QPalette, qtbot: QtBot) -> None:
    state = EmptyState("pool", "No pools", "Define one first.", "Define…")
    qtbot.addWidget(state)
    state.resize(500, 400)
    state.show()
    state.grab()
    assert state.accessibleName() == "No pools"
    assert state.accessibleDescription() == "Define one first."
    with qtbot.waitSignal(state.action_triggered):
        click(state.button)
    state.show_message("search", "Nothing found")
    assert not state.button.isVisible()
    assert not state._text.isVisible()
    state.resize(170, 90)
    assert not state._picture.isVisible()
    text = state._text.palette().color(QPalette.ColorRole.WindowText)
    assert text == colours(palette).muted


def test_an_empty_state_follows_the_scheme(theme: Theme, qtbot: QtBot) -> None:
    state = EmptyState("pool", "No pools", "Define one first.")
    qtbot.addWidget(state)
    state.show()
    before = state._picture.pixmap().cacheKey()
    theme.set_scheme(Scheme.DARK)
    qtbot.waitUntil(lambda: state._picture.pixmap().cacheKey() != before)


@pytest.mark.parametrize("width", [200, 40])
def test_a_fill_bar(qtbot: QtBot, palette: QPalette, width: int) -> None:
    bar = FillBar()
    qtbot.addWidget(bar)
    bar.resize(width, bar.sizeHint().height())
    assert bar.fraction is None
    assert bar.text() == ""
    bar.grab()
    bar.set_fill(71 * GIB, 100 * GIB)
    bar.set_fill(71 * GIB, 100 * GIB)
    assert bar.text() == "71%"
    assert bar.toolTip() == "71 GiB of 100 GiB in use"
    assert bar.accessibleDescription() == "71% 71 GiB of 100 GiB in use"
    image = bar.grab().toImage()
    assert image.pixelColor(6, image.height() // 2) == colours(palette).accent
    bar.set_fill(99 * GIB, 100 * GIB)
    image = bar.grab().toImage()
    assert image.pixelColor(6, image.height() // 2) == colours(palette).failed
    bar.set_fill(99 * GIB, 100 * GIB, Tone.QUIET)
    image = bar.grab().toImage()
    assert image.pixelColor(6, image.height() // 2) == colours(palette).outline
    bar.set_fill(0, 0)
    assert bar.toolTip() == "Size not known"
    bar.setFont(QFont("DejaVu Sans", 20))
    assert bar.minimumSizeHint().height() > 20


def test_a_legend_wraps(qtbot: QtBot, palette: QPalette) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    assert legend.sizeHint().width() > 0
    table = RunTable(100 * GIB)
    table.apply(
        [(0, GIB, Kind.DATA, Progress.FAILED), (GIB, 2 * GIB, Kind.ZERO, Progress.VERIFIED)]
    )
    legend.set_entries(entries_of(table))
    texts = [entry.text for entry in legend.entries]
    assert texts == [
        "Data", "Zeros", "Holes", "Pending", "In flight", "Acknowledged", "Verified", "Failed",
        "Not known yet",
    ]  # fmt: skip
    wide, narrow = legend.heightForWidth(2000), legend.heightForWidth(200)
    assert narrow >= 3 * wide
    assert legend.hasHeightForWidth()
    legend.resize(200, narrow)
    legend.show()
    legend.grab()
    assert "Not known yet 98 GiB" in legend.accessibleDescription()
    back = palette.color(QPalette.ColorRole.Base)
    assert back.isValid()


def test_entries_stand_still_while_numbers_run(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    long, short = (
        [LegendEntry(Kind.DATA, "Data", value), LegendEntry(Kind.HOLE, "Holes", "1")]
        for value in ("100 GiB", "1 GiB")
    )
    legend.set_entries(long)
    before = legend._places(500)
    legend.set_entries(short)
    assert legend._places(500) == before
    legend.set_entries(short)
    legend.setFont(QFont("DejaVu Sans", 20))
    assert legend.sizeHint().height() > 20


def test_entries_of_no_map() -> None:
    assert [entry.value for entry in entries_of(None)] == ["0 bytes"] * 6


def test_german_numbers(qtbot: QtBot, german: QLocale) -> None:
    assert german.decimalPoint() == ","
    bar = FillBar()
    qtbot.addWidget(bar)
    bar.set_fill(3 * GIB // 2, 10 * GIB)
    assert bar.toolTip() == "1,50 GiB of 10 GiB in use"
    assert bar.text() == "15 %"
