"""The extent map with its title, its buttons and its legend."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lacuna_engine.extents import ExtentMap
from lacuna_gui.format import bytes_text, number_text
from lacuna_gui.paint.runs import Range, RunTable
from lacuna_gui.theme import icon, space
from lacuna_gui.widgets.elided_label import ElidedLabel
from lacuna_gui.widgets.extent_hands import ZOOM_STEP, ExtentHands
from lacuna_gui.widgets.extent_layout import MapMode
from lacuna_gui.widgets.legend import Legend, entries_of

__all__ = ["ExtentMapWidget", "MapMode"]

_LEAST_WITH_LEGEND = 110
_COUNT_EVERY = 150
"""Milliseconds between new numbers in the legend: quicker ones cannot be read."""


class ExtentMapWidget(QWidget):
    """Shows what each byte of an image is and how far it is.

    Fed with a size or a map to begin with, and with ranges as they change. Without either it says
    why there is nothing to be seen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._canvas = ExtentHands(self)
        self._title = ElidedLabel(parent=self)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._size = ElidedLabel(
            parent=self,
            mode=Qt.TextElideMode.ElideRight,
            alignment=Qt.AlignmentFlag.AlignRight,
            role=QPalette.ColorRole.WindowText,
        )
        self._legend = Legend(self)
        self._mode = self._button("grid", self.tr("Show as a grid"))
        self._mode.setCheckable(True)
        self._fit = self._button("fit", self.tr("Show all (0)"))
        self._back = self._button("minus", self.tr("Zoom out (-)"))
        self._closer = self._button("plus", self.tr("Zoom in (+)"))
        self._build()
        self._count = QTimer(self)
        self._count.setSingleShot(True)
        self._count.timeout.connect(self._on_numbers)
        self._mode.toggled.connect(self._on_mode)
        self._fit.clicked.connect(self._canvas.fit)
        self._back.clicked.connect(lambda: self._canvas.zoom_by(ZOOM_STEP**-2))
        self._closer.clicked.connect(lambda: self._canvas.zoom_by(ZOOM_STEP**2))
        self._canvas.view_changed.connect(self._on_view)
        self._canvas.mode_changed.connect(self._on_mode_changed)
        self.setFocusProxy(self._canvas)
        self.clear()

    @property
    def canvas(self) -> ExtentHands:
        """The drawing: its view, its mode, what is where."""
        return self._canvas

    @property
    def table(self) -> RunTable | None:
        """What is shown; None if there is no map."""
        return self._canvas.table

    def set_name(self, name: str) -> None:
        """Say of which image this is the map."""
        self._name = name
        title = self.tr("Extent map of {0}").format(name) if name else self.tr("Extent map")
        self._title.setText(title)
        self._canvas.setAccessibleName(title)

    def set_size(self, size: int) -> None:
        """Begin anew: an image of ``size`` bytes of which nothing is known."""
        self.set_table(RunTable(size))

    def set_map(self, extents: ExtentMap) -> None:
        """Begin anew with what a map says now; see `RunTable.from_map` for large ones."""
        self.set_table(RunTable.from_map(extents))

    def set_table(self, table: RunTable) -> None:
        """Begin anew with runs read elsewhere, which are this widget's from now on."""
        self._canvas.set_table(table)
        self._on_numbers()

    def apply(self, ranges: Iterable[Range]) -> None:
        """Say what ranges are now: ``(start, end, kind, progress)``, in the order it happened."""
        self._canvas.apply(ranges)
        if not self._count.isActive():
            self._count.start(_COUNT_EVERY)

    def clear(self, note: str = "") -> None:
        """Show no map, and why: nothing is chosen, or what is chosen has none."""
        self._canvas.set_note(note or self.tr("Select a transfer to see its extents"))
        self._canvas.set_table(None)
        self.set_name("")
        self._on_numbers()

    def set_mode(self, mode: MapMode) -> None:
        """Draw as a strip or a grid."""
        self._canvas.set_mode(mode)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(space.HAIR)
        self._title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._size.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        head.addWidget(self._title, 1)
        head.addWidget(self._size)
        head.addSpacing(space.GAP)
        for button in (self._mode, self._fit, self._back, self._closer):
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(space.SMALL)
        layout.addLayout(head)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._legend)

    def _button(self, name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(space.ICON, space.ICON))
        button.setAutoRaise(True)
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    def _on_mode(self, grid: bool) -> None:  # noqa: FBT001 - a slot
        self._canvas.set_mode(MapMode.GRID if grid else MapMode.STRIP)

    def _on_mode_changed(self) -> None:
        self._mode.setChecked(self._canvas.mode is MapMode.GRID)

    def _on_view(self) -> None:
        view = self._canvas.view
        known = view.size > 0
        self._mode.setEnabled(known)
        self._fit.setEnabled(known and not view.is_whole)
        self._back.setEnabled(known and not view.is_whole)
        self._closer.setEnabled(known)
        text = bytes_text(view.size) if self._canvas.table is not None else ""
        if known and not view.is_whole:
            shown = self.tr("{0} of {1} ({2})")
            zoom = number_text(view.zoom, 1 if view.zoom < 10 else 0)
            text = shown.format(bytes_text(view.span), text, f"{zoom}\N{MULTIPLICATION SIGN}")
        self._size.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self._show_legend()

    def _show_legend(self) -> None:
        """Show the legend where it leaves room for the map."""
        self._legend.setVisible(self._canvas.view.size > 0 and self.height() >= _LEAST_WITH_LEGEND)

    def _on_numbers(self) -> None:
        table = self._canvas.table
        self._show_legend()
        if table is not None:
            self._legend.set_entries(entries_of(table))
        self._on_view()
