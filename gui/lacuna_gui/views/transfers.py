"""The transfers: tabs for active, queued, finished and failed ones, and the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QTableView,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lacuna_gui.actions import Actions
from lacuna_gui.delegates import StripDelegate
from lacuna_gui.format import rate_text
from lacuna_gui.models.log import LogModel
from lacuna_gui.models.transfers import (
    ACTIVE,
    FAILED,
    FINISHED,
    QUEUED,
    Column,
    TransferRow,
    TransfersModel,
)
from lacuna_gui.queue import QueueTotals
from lacuna_gui.slots import ignoring
from lacuna_gui.theme import space
from lacuna_gui.views.table import EntryTable, PlainTable

__all__ = ["TransfersPanel"]


class TransfersPanel(QWidget):
    """Tabs with tables, and beside the tabs what concerns all transfers."""

    selection_changed = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.active = TransfersModel(ACTIVE, self)
        self.queued = TransfersModel(QUEUED, self, reorder=True)
        self.finished = TransfersModel(FINISHED, self, latest_first=True)
        self.failed = TransfersModel(FAILED, self, latest_first=True)
        self.log = LogModel(self)
        self._models = (self.active, self.queued, self.finished, self.failed)
        hints = (
            self.tr("Nothing is being transferred"),
            self.tr("Nothing waits"),
            self.tr("Nothing has been finished yet"),
            self.tr("Nothing has failed"),
        )
        self._tables = tuple(
            _TransferTable(model, hint, self)
            for model, hint in zip(self._models, hints, strict=True)
        )
        for table in self._tables:
            table.customContextMenuRequested.connect(self._on_menu)
            table.selectionModel().selectionChanged.connect(ignoring(self.selection_changed.emit))
        self._log_table = _LogTable(self.log, self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Transfers"))
        self._titles: tuple[Callable[[], str], ...] = (
            lambda: self.tr("Active"),
            lambda: self.tr("Queued"),
            lambda: self.tr("Finished"),
            lambda: self.tr("Failed"),
        )
        for number, table in enumerate(self._tables):
            self.tabs.addTab(table, "")
            self._models[number].counted.connect(ignoring(self._show_counts))
        self.tabs.addTab(self._log_table, self.tr("Log"))
        self.tabs.currentChanged.connect(ignoring(self.selection_changed.emit))
        self._make_corner(actions)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(self.tabs)
        self._show_counts()

    def _make_corner(self, actions: Actions) -> None:
        corner = QWidget()
        layout = QHBoxLayout(corner)
        layout.setContentsMargins(0, 0, space.SMALL, 0)
        layout.setSpacing(space.SMALL)
        self._limit = QToolButton()
        for name, button in (
            ("queue.pause", QToolButton()),
            ("queue.limit", self._limit),
            ("queue.forget", QToolButton()),
        ):
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            layout.addWidget(button)
        self.tabs.setCornerWidget(corner)
        self._buttons = corner.findChildren(QToolButton)
        self._full_width = corner.sizeHint().width() + space.WIDE

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        # The tabs come first: where they need the room, buttons have only their icons.
        wanted = self.tabs.tabBar().sizeHint().width() + self._full_width
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        if wanted > self.width():
            style = Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self._buttons:
            if button.toolButtonStyle() != style:
                button.setToolButtonStyle(style)

    def _show_counts(self) -> None:
        for number, model in enumerate(self._models):
            count = model.rowCount()
            title = self._titles[number]()
            self.tabs.setTabText(number, f"{title} ({count})" if count else title)

    # --- what the queue says -------------------------------------------------------------------

    def take(self, rows: Sequence[TransferRow]) -> None:
        """Bring rows into the tab of their state."""
        for model in self._models:
            model.take(rows)

    def forget(self, job: str) -> None:
        """Take a row out."""
        for model in self._models:
            model.forget(job)

    def row_of(self, job: str) -> TransferRow | None:
        """Return a row, whichever tab it is in."""
        found = (model.row_of(job) for model in self._models)
        return next((row for row in found if row is not None), None)

    def show_totals(self, totals: QueueTotals) -> None:
        """Say what limit holds."""
        limit = rate_text(totals.limit) if totals.limit else self.tr("off")
        self._limit.setText(self.tr("Limit: {0}").format(limit))

    # --- selection -----------------------------------------------------------------------------

    def selected(self) -> list[TransferRow]:
        """Return the selected rows of the tab that is shown."""
        number = self.tabs.currentIndex()
        if number >= len(self._tables):
            return []
        chosen = sorted(i.row() for i in self._tables[number].selectionModel().selectedRows())
        rows = self._models[number].rows()
        return [rows[place] for place in chosen if place < len(rows)]

    def reselect(self, jobs: Sequence[str]) -> None:
        """Select jobs in the tab of what waits, where they have just been moved."""
        table = self._tables[1]
        table.clearSelection()
        model = table.selectionModel()
        for place, row in enumerate(self.queued.rows()):
            if row.id in jobs:
                model.select(
                    self.queued.index(place, 0),
                    model.SelectionFlag.Select | model.SelectionFlag.Rows,
                )

    def show_tab(self, number: int) -> None:
        """Show active, queued, finished, failed or the log (0 to 4)."""
        self.tabs.setCurrentIndex(number)

    def focus(self) -> None:
        """Put the focus into the tab that is shown."""
        self.tabs.currentWidget().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_menu(self, where: QPoint) -> None:
        table = self.tabs.currentWidget()
        if isinstance(table, QTableView):
            self.menu_wanted.emit(table.viewport().mapToGlobal(where))

    # --- columns -------------------------------------------------------------------------------

    def save_columns(self) -> QByteArray:
        """Return widths and order of the columns; all tabs have the same."""
        return self._tables[0].horizontalHeader().saveState()

    def restore_columns(self, state: QByteArray) -> None:
        """Bring widths and order back."""
        for table in self._tables:
            table.horizontalHeader().restoreState(state)


class _TransferTable(EntryTable):
    """A table of transfers."""

    def __init__(self, model: TransfersModel, hint: str, parent: QWidget) -> None:
        super().__init__(model, parent, stretched=Column.ROUTE)
        self._hint = hint
        self.setAccessibleName(self.tr("Transfers"))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(True)
        self.setItemDelegateForColumn(int(Column.PROGRESS), StripDelegate(self))
        self.set_widths(
            (
                (Column.NAME, 27), (Column.PROGRESS, 34), (Column.STATE, 18), (Column.RATE, 13),
                (Column.ETA, 11), (Column.SIZE, 11), (Column.SAVED, 11),
            )
        )  # fmt: skip

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if not self.model().rowCount():
            self.paint_hint(self.viewport().rect(), self._hint)


class _LogTable(PlainTable):
    """The log; what is selected can be copied."""

    def __init__(self, model: LogModel, parent: QWidget) -> None:
        super().__init__(model, parent, padding=6)
        self._log = model
        self.setAccessibleName(self.tr("Log"))
        self.horizontalHeader().setStretchLastSection(True)
        self.set_widths(((0, 10), (1, 10)))
        model.rowsInserted.connect(ignoring(self._keep_at_end))

    def _keep_at_end(self) -> None:
        bar = self.verticalScrollBar()
        if bar.value() >= bar.maximum() - 1:
            self.scrollToBottom()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
            QGuiApplication.clipboard().setText(self._log.text(rows or None))
            return
        super().keyPressEvent(event)
