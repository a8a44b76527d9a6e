"""The bottom of the window: the extent map of one transfer, its totals, and the speed of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from lacuna_engine.storage import display_name
from lacuna_gui.format import bytes_text, ratio_text
from lacuna_gui.models.transfers import ACTIVE, FAILED, FINISHED, TransferRow
from lacuna_gui.paint.runs import Range, RunTable
from lacuna_gui.queue import QueueTotals
from lacuna_gui.theme import space
from lacuna_gui.widgets.elided_label import ElidedLabel
from lacuna_gui.widgets.extent_map import ExtentMapWidget
from lacuna_gui.widgets.speed_graph import SpeedGraph

__all__ = ["MapPanel"]

ENDED = FINISHED | FAILED


class MapPanel(QWidget):
    """Shows the map of the transfer that is watched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map = ExtentMapWidget()
        self.numbers = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.numbers.setObjectName("numbers")
        self.graph = SpeedGraph()
        self.graph.setAccessibleName(self.tr("Data speed of all transfers"))
        left = QWidget()
        body = QVBoxLayout(left)
        body.setContentsMargins(space.GAP, space.SMALL, space.SMALL, space.SMALL)
        body.setSpacing(space.SMALL)
        body.addWidget(self.map, 1)
        body.addWidget(self.numbers)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(space.SMALL)
        self.split.addWidget(left)
        self.split.addWidget(self.graph)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([820, 280])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.split)
        self._grain = 0
        self._row: TransferRow | None = None
        self.show_job(None)

    def show_job(self, row: TransferRow | None) -> None:
        """Show another transfer, of whose map nothing is known yet; None for none."""
        self._grain = 0
        self._row = row
        if row is None:
            self.map.clear()
            self.numbers.setText("")
            return
        if row.state in ENDED:
            # If it is remembered after all, it is told next.
            self.map.clear(self.tr("No map of this transfer was kept"))
        elif row.total:
            self.map.set_size(row.total)
        else:
            self.map.clear(self.tr("The image has not been looked at yet"))
        self.map.set_name(display_name(row.name))
        self.show_row(row)

    def show_row(self, row: TransferRow) -> None:
        """Show the numbers of the transfer."""
        self._row = row
        parts = [self.tr("moved {0}").format(bytes_text(row.moved))]
        if self._grain:
            parts.insert(0, self.tr("outline, exact to {0}").format(bytes_text(self._grain)))
        if row.state in ACTIVE:
            parts.append(self.tr("in flight {0}").format(bytes_text(row.in_flight)))
        if row.wire:
            parts.append(self.tr("wire {0}").format(bytes_text(row.wire)))
        if row.total:
            share = ratio_text(row.saved, row.total)
            parts.append(self.tr("saved {0} ({1})").format(bytes_text(row.saved), share))
        if row.error is not None:
            parts.append(row.error.what)
        self.numbers.setText("     ".join(parts))

    def show_grain(self, grain: int) -> None:
        """Say that of the map just set only an outline was kept, in cells of ``grain`` bytes."""
        self._grain = grain
        if self._row is not None:
            self.show_row(self._row)

    def set_table(self, table: RunTable) -> None:
        """Show what a map says now, in the same view if it is the same image."""
        self.map.set_table(table)

    def change_map(self, changes: object) -> None:
        """Say what ranges are now."""
        self.map.apply(cast("Iterable[Range]", changes))

    def show_totals(self, totals: QueueTotals) -> None:
        """Take the speed of all transfers."""
        self.graph.add(totals.rate)
        self.graph.set_limit(totals.limit)

    def focus(self) -> None:
        """Put the focus onto the map."""
        self.map.setFocus(Qt.FocusReason.ShortcutFocusReason)
