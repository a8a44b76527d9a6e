"""The panel with the map: what it says of maps of which not all was kept."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from lacuna_engine.extents import ExtentMap
from lacuna_gui.format import bytes_text
from lacuna_gui.models.transfers import Direction, RowState, TransferRow
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.views.map_panel import MapPanel

ROW = TransferRow(
    "j", Direction.UPLOAD, "disk.raw", "a", "b", RowState.DONE, total=1 << 30, moved=1 << 20
)


def test_an_outline_says_how_exact_it_is(qtbot: QtBot) -> None:
    panel = MapPanel()
    qtbot.addWidget(panel)
    panel.show_job(ROW)
    panel.set_table(RunTable.from_map(ExtentMap(1 << 30)))
    assert "outline" not in panel.numbers.text()
    panel.show_grain(4 << 20)
    note = f"outline, exact to {bytes_text(4 << 20)}"
    assert panel.numbers.text().startswith(note)
    panel.show_grain(4 << 20)  # as after another start of the worker
    assert panel.numbers.text().count(note) == 1
    panel.show_row(ROW)
    assert panel.numbers.text().count(note) == 1
    panel.show_job(ROW)
    assert "outline" not in panel.numbers.text(), "that was of another map"
