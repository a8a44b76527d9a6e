"""The sidebar: connections with their state and transport, pools with their fill."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from lacuna_gui.hosts import Hosts
from lacuna_gui.models.connections import HOST_MIME, ConnectionsModel, Node
from lacuna_gui.views.drops import Offer, offers_something, read_offer
from lacuna_gui.views.sidebar_delegate import SidebarDelegate

__all__ = ["ConnectionsView"]


class ConnectionsView(QTreeView):
    """The tree of connections. Files and volumes can be dropped onto a pool."""

    chosen = Signal(object)
    """The current `Node`, None if there is none."""
    activated_node = Signal(object)
    """A `Node` was double-clicked, or Return was pressed on it."""
    menu_wanted = Signal(object, QPoint)
    """A `Node` or None, and where on the screen."""
    dropped = Signal(object, object)
    """An `Offer` and the `Node` that it was dropped onto, None for empty space."""

    def __init__(self, hosts: Hosts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("connections")
        self.setAccessibleName(self.tr("Connections and pools"))
        self._model = ConnectionsModel(hosts, self)
        self._collapsed: set[str] = set()
        self._kept: tuple[str, str] | None = None
        self.setModel(self._model)
        self.setItemDelegate(SidebarDelegate(self))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setAnimated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.doubleClicked.connect(self._on_activated)
        self.selectionModel().currentChanged.connect(self._on_current)
        self._model.modelAboutToBeReset.connect(self._keep_current)
        self._model.modelReset.connect(self._restore_current)
        self._model.rowsInserted.connect(self._on_inserted)
        self.expandAll()

    @property
    def tree(self) -> ConnectionsModel:
        """The model behind it."""
        return self._model

    def current(self) -> Node | None:
        """Return the current row, None if there is none."""
        index = self.currentIndex()
        return self._model.node(index) if index.isValid() else None

    def choose_pool(self, host: str, pool: str) -> bool:
        """Make a pool the current row; returns whether it is there."""
        index = self._model.index_of_pool(host, pool)
        if index.isValid():
            self.setCurrentIndex(index)
        return index.isValid()

    def choose_host(self, host: str) -> None:
        """Make a connection the current row."""
        index = self._model.index_of_host(host)
        if index.isValid():
            self.setCurrentIndex(index)

    # --- following the model -------------------------------------------------------------------

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        self.chosen.emit(self._model.node(current) if current.isValid() else None)

    def _keep_current(self) -> None:
        node = self.current()
        self._kept = (node.host.id, node.pool) if node is not None and node.host else None

    def _restore_current(self) -> None:
        self.expandAll()
        if self._kept is not None:
            host, pool = self._kept
            if not (pool and self.choose_pool(host, pool)):
                self.choose_host(host)

    def _on_inserted(self, parent: QModelIndex, _first: int, _last: int) -> None:
        if parent.isValid():
            self.expand(parent)

    # --- what the user does --------------------------------------------------------------------

    def _on_activated(self, index: QModelIndex) -> None:
        self.activated_node.emit(self._model.node(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._on_activated(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _on_menu(self, where: QPoint) -> None:
        index = self.indexAt(where)
        if index.isValid():
            self.setCurrentIndex(index)
        node = self._model.node(index) if index.isValid() else None
        self.menu_wanted.emit(node, self.viewport().mapToGlobal(where))

    # --- drops ---------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102, N802
        if offers_something(event.mimeData()):
            event.acceptProposedAction()
            return
        super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: D102, N802
        if event.mimeData().hasFormat(HOST_MIME):
            super().dragMoveEvent(event)
            return
        # Also where it cannot work: a forbidden cursor does not say why, the drop does.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102, N802
        if event.mimeData().hasFormat(HOST_MIME):
            super().dropEvent(event)
            return
        index = self.indexAt(event.position().toPoint())
        node = self._model.node(index) if index.isValid() else None
        offer: Offer = read_offer(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(offer, cast("object", node))
