"""The middle of the window: where we are, a filter, and the table of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import (
    QPoint,
    QSignalBlocker,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lacuna_engine.storage import display_name, local_file_name
from lacuna_gui import words
from lacuna_gui.delegates import AllocationDelegate
from lacuna_gui.format import bytes_text
from lacuna_gui.hosts import Host, HostState, PoolRecord
from lacuna_gui.models.volumes import Column, VolumeRow, VolumesModel
from lacuna_gui.slots import ignoring
from lacuna_gui.theme import icon, space
from lacuna_gui.views.drag_out import DragOut, Whereabouts
from lacuna_gui.views.drops import Offer, offers_something, read_offer
from lacuna_gui.views.table import EntryTable
from lacuna_gui.widgets.elided_label import ElidedLabel
from lacuna_gui.widgets.empty_state import EmptyState

__all__ = ["VolumesPanel"]

FILTER_DELAY = 40
"""Milliseconds after a key until the list is filtered: keys that repeat themselves come quicker,
and the list is to be there within a tenth of a second of the last one."""


class VolumesPanel(QWidget):
    """Shows the volumes of one pool, or says what to do to see some."""

    dropped = Signal(object, object)
    """An `Offer`, and None: it was meant for the pool that is shown."""
    dragged_out = Signal(object, object)
    drag_refused = Signal()
    """Something was dragged out of the window, and there is no way to save it there."""
    """Rows that are wanted in another program, and the path of the first."""
    selection_changed = Signal()
    activated = Signal()
    scrolled = Signal()
    menu_wanted = Signal(QPoint)
    connect_wanted = Signal()
    start_wanted = Signal()
    new_connection_wanted = Signal()
    upload_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.model = VolumesModel(self)
        self.table = _Table(self.model, self)
        self.empty = EmptyState(parent=self)
        self.empty.action_triggered.connect(self._on_empty_action)
        self._empty_action = self.new_connection_wanted
        self._host: Host | None = None
        self._record: PoolRecord | None = None
        self._loading = False
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self._make_head()
        self.table.selectionModel().selectionChanged.connect(ignoring(self.selection_changed.emit))
        self.table.activated.connect(ignoring(self.activated.emit))
        self.table.customContextMenuRequested.connect(self._on_menu)
        self.table.verticalScrollBar().valueChanged.connect(ignoring(self.scrolled.emit))
        self.model.counted.connect(self._on_counted)
        self.model.modelReset.connect(self.selection_changed)
        self.show_place(None, None)

    def _make_head(self) -> None:
        self.path = ElidedLabel()
        self.path.setObjectName("path")
        font = self.path.font()
        font.setBold(True)
        self.path.setFont(font)
        self.facts = ElidedLabel(
            mode=Qt.TextElideMode.ElideRight, role=QPalette.ColorRole.PlaceholderText
        )
        self.facts.setObjectName("facts")
        self.filter = QLineEdit()
        self.filter.setObjectName("filter")
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setAccessibleName(self.tr("Filter volumes by name"))
        self.filter.setToolTip(self.tr("Part of a name, or a pattern with * and ?"))
        self.filter.setClearButtonEnabled(True)
        self.filter.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.filter.setMaximumWidth(260)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(FILTER_DELAY)
        self._typed.timeout.connect(lambda: self.model.set_filter(self.filter.text()))
        self.filter.textChanged.connect(ignoring(self._typed.start))
        self.filter.returnPressed.connect(self._on_filtered)
        head = QHBoxLayout()
        head.setContentsMargins(space.GAP, space.SMALL, space.GAP, space.SMALL)
        head.setSpacing(space.LARGE)
        head.addWidget(self.path, 0)
        head.addWidget(self.facts, 1)
        head.addWidget(self.filter, 1)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(head)
        body.addWidget(self._stack, 1)

    # --- what is shown -------------------------------------------------------------------------

    def show_place(self, host: Host | None, record: PoolRecord | None) -> None:
        """Say where we are, and why there is nothing to be seen if there is not."""
        other = (host, record and record.name) != (self._host, self._record and self._record.name)
        self._host, self._record = host, record
        if other:
            with QSignalBlocker(self.filter):
                self.filter.clear()
            self._typed.stop()
            self.model.set_filter("")
        parts = [host.title] if host is not None else []
        if record is not None:
            parts.append(display_name(record.name))
        self.path.setText("  \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}  ".join(parts))
        self.filter.setVisible(record is not None)
        self._show_facts()
        self._show_empty()

    def set_loading(self, loading: bool) -> None:  # noqa: FBT001 - as Qt's own setters
        """Say that the list is under way."""
        self._loading = loading
        self._show_empty()

    def _show_facts(self) -> None:
        record = self._record
        if record is None:
            self.facts.setText("")
            return
        parts = [words.pool_state_text(record.state)] if not record.active else []
        total = self.model.total
        shown = self.model.rowCount()
        if record.active:
            parts.append(
                self.tr("{0} of %n volume(s)", "", total).format(shown)
                if shown != total
                else self.tr("%n volume(s)", "", total)
            )
        if record.capacity:
            parts.append(self.tr("{0} free").format(bytes_text(record.available)))
        if record.path:
            parts.append(display_name(record.path))
        self.facts.setText("   ".join(parts))

    def _on_counted(self, _shown: int, _total: int) -> None:
        self._show_facts()
        self._show_empty()

    def _show_empty(self) -> None:
        """Show the table, or a picture with the next thing to do."""
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.table)
            return
        picture, title, text, button = self._what_to_do()
        self.empty.show_message(picture, title, text, button)
        self._stack.setCurrentWidget(self.empty)

    def _what_to_do(self) -> tuple[str, str, str, str]:  # noqa: PLR0911 - one for each case
        """Return icon, title, text and button for what is not there."""
        host, record = self._host, self._record
        if host is None:
            self._empty_action = self.new_connection_wanted
            return (
                "host",
                self.tr("No connection"),
                self.tr("Connect to a libvirt daemon to see its pools and volumes."),
                self.tr("New connection…"),
            )
        if not host.online:
            self._empty_action = self.connect_wanted
            if host.state is HostState.CONNECTING:
                return "connect", self.tr("Connecting to {0}…").format(host.title), "", ""
            why = str(host.error) if host.error is not None else ""
            return "disconnect", self.tr("Not connected"), why, self.tr("Connect")
        if record is None:
            return "pool", self.tr("Choose a pool"), self.tr("Its volumes are shown here."), ""
        if not record.active:
            self._empty_action = self.start_wanted
            return (
                "pool",
                self.tr("The pool is stopped"),
                self.tr("Its volumes can be seen and used when it is started."),
                self.tr("Start"),
            )
        if self._loading:
            return "refresh", self.tr("Listing volumes…"), "", ""
        if self.filter.text():
            return "search", self.tr("No volume matches"), self.filter.text(), ""
        self._empty_action = self.upload_wanted
        return (
            "upload",
            self.tr("The pool is empty"),
            self.tr("Drop images here to upload them."),
            self.tr("Upload…"),
        )

    def _on_menu(self, where: QPoint) -> None:
        self.menu_wanted.emit(self.table.viewport().mapToGlobal(where))

    def _on_empty_action(self) -> None:
        self._empty_action.emit()

    # --- selection -----------------------------------------------------------------------------

    def selected(self) -> list[VolumeRow]:
        """Return the selected volumes in the order of the table."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.row_at(self.model.index(row, 0)) for row in rows]

    def select(self, names: Sequence[str]) -> None:
        """Select volumes by name."""
        self.table.clearSelection()
        selection = self.table.selectionModel()
        flag = selection.SelectionFlag
        places = [place for name in names if (place := self.model.place_of(name)) is not None]
        for place in places:
            selection.select(self.model.index(place, 0), flag.Select | flag.Rows)
        if places:
            selection.setCurrentIndex(self.model.index(places[0], 0), flag.NoUpdate)

    def visible_rows(self) -> tuple[int, int]:
        """Return the first and the last row on the screen."""
        first = self.table.rowAt(0)
        last = self.table.rowAt(self.table.viewport().height() - 1)
        return max(first, 0), last if last >= 0 else self.model.rowCount() - 1

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def _on_filtered(self) -> None:
        """Return in the filter goes to the first match."""
        self._typed.stop()
        self.model.set_filter(self.filter.text())
        if self.model.rowCount():
            self.table.setFocus()
            self.table.selectRow(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() == Qt.Key.Key_Escape and self.filter.text():
            self.filter.clear()
            self.table.setFocus()
            return
        super().keyPressEvent(event)

    # --- drops ---------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102, N802
        _consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: D102, N802
        _consider(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102, N802
        offer: Offer = read_offer(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(offer, None)


def _consider(event: QDragMoveEvent) -> None:
    """Accept what could be dropped; what cannot work says so when it is dropped."""
    if offers_something(event.mimeData()):
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.ignore()


class _Table(EntryTable):
    """The table; drops on it are the panel's."""

    def __init__(self, model: VolumesModel, panel: VolumesPanel) -> None:
        super().__init__(model, panel, stretched=Column.NAME)
        self._panel = panel
        self.setObjectName("volumes")
        self.setAccessibleName(self.tr("Volumes"))
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        header = self.horizontalHeader()
        header.setSortIndicator(int(Column.NAME), Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.setItemDelegateForColumn(int(Column.ALLOCATION), AllocationDelegate(self))
        self.set_widths(
            (
                (Column.FORMAT, 10), (Column.CAPACITY, 13), (Column.ALLOCATION, 26),
                (Column.MODIFIED, 23),
            )
        )  # fmt: skip

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        _consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        _consider(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        self._panel.dropEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:  # noqa: N802
        rows = self._panel.selected()
        if not rows or not all(row.transferable for row in rows):
            return
        inner = self.model().mimeData(self.selectionModel().selectedRows())
        data = DragOut(inner, local_file_name(rows[0].name, windows=False))
        can_leave = data.can_leave  # which is gone with the drag
        data.dropped.connect(partial(self._panel.dragged_out.emit, rows))
        drag = QDrag(self)
        drag.setMimeData(data)
        where = Whereabouts(self.window().windowHandle())
        done = drag.exec(actions)
        if done == Qt.DropAction.IgnoreAction and where.is_outside and not can_leave:
            self._panel.drag_refused.emit()
        where.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        # Elsewhere Return edits; here it shows the details, on every platform.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        below = self.rowViewportPosition(self.model().rowCount() - 1) + self.rowHeight(0)
        room = self.viewport().height() - below
        if self.model().rowCount() and room > 3 * self.fontMetrics().height():
            area = self.viewport().rect().adjusted(0, below, 0, 0)
            self.paint_hint(area, self.tr("Drop images here to upload"))
