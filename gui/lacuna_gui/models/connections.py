"""The sidebar's tree: groups, connections in them, and their pools.

A connection without a group stands at the top level. The tree is small (tens of rows), so a
change of its shape rebuilds the part below one connection, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont

from lacuna_engine.errors import UsageError
from lacuna_engine.storage import display_name
from lacuna_engine.transport import parse_uri
from lacuna_gui import words
from lacuna_gui.format import bytes_text
from lacuna_gui.hosts import Host, Hosts, HostState, PoolRecord
from lacuna_gui.models.roles import ACCESSIBLE, DECORATION, DISPLAY, ENTRY, FONT, TOOLTIP
from lacuna_gui.problem import problem_of
from lacuna_gui.theme import icon

__all__ = ["HOST_MIME", "ConnectionsModel", "Node", "is_unsafe", "transport_of"]

Index = QModelIndex | QPersistentModelIndex

HOST_MIME = "application/x-lacuna-host"
"""The id of a connection: dragged to put it in another place or group."""


@dataclass(eq=False)
class Node:
    """A row of the tree: a group, a host or a pool, whichever is set."""

    parent: Node | None = None
    group: str = ""
    host: Host | None = None
    pool: str = ""
    children: list[Node] = field(default_factory=list["Node"])

    @property
    def row(self) -> int:
        """Its place among its siblings."""
        return self.parent.children.index(self) if self.parent else 0

    @property
    def record(self) -> PoolRecord | None:
        """The pool's record, None for other rows or a pool that has just gone."""
        return self.host.pools.get(self.pool) if self.host and self.pool else None


class ConnectionsModel(QAbstractItemModel):
    """Groups, hosts and pools; follows the signals of `Hosts`."""

    dropped = Signal(str, str, object)
    """A connection was dragged: its id, its new group, the id before which it goes or None."""

    def __init__(self, hosts: Hosts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hosts = hosts
        self._root = Node()
        self._nodes: dict[str, Node] = {}
        self._icons = {name: icon(name) for name in ("pool", "folder", "host", *_ICONS.values())}
        for host in hosts:
            self._watch(host)
        hosts.added.connect(self._on_added)
        hosts.removed.connect(self._rebuild)
        hosts.reordered.connect(self._rebuild)
        self._rebuild()

    # --- following -----------------------------------------------------------------------------

    def _watch(self, host: Host) -> None:
        host.changed.connect(lambda: self._on_host(host))
        host.pools_changed.connect(lambda: self._on_pools(host))
        host.pool_changed.connect(partial(self._on_pool, host))

    def _on_added(self, host: Host) -> None:
        self._watch(host)
        self._rebuild()

    def _rebuild(self, *_: object) -> None:
        """Make the tree anew; views keep their expansion by the hosts' ids."""
        self.beginResetModel()
        self._root = Node()
        self._nodes = {}
        groups: dict[str, Node] = {}
        for host in self._hosts:
            parent = self._root
            if name := host.profile.group:
                if name not in groups:
                    groups[name] = Node(self._root, group=name)
                    self._root.children.append(groups[name])
                parent = groups[name]
            node = Node(parent, host=host)
            node.children = [Node(node, host=host, pool=pool) for pool in host.pools]
            parent.children.append(node)
            self._nodes[host.id] = node
        self.endResetModel()

    def _on_host(self, host: Host) -> None:
        node = self._nodes.get(host.id)
        if node is None:
            return
        group = node.parent.group if node.parent else ""
        if host.profile.group != group:
            self._rebuild()
            return
        index = self._index_of(node)
        self.dataChanged.emit(index, index)

    def _on_pools(self, host: Host) -> None:
        node = self._nodes.get(host.id)
        if node is None:
            return
        parent = self._index_of(node)
        wanted = list(host.pools)
        for row in reversed(range(len(node.children))):
            if node.children[row].pool not in host.pools:
                self.beginRemoveRows(parent, row, row)
                del node.children[row]
                self.endRemoveRows()
        for row, name in enumerate(wanted):
            if row < len(node.children) and node.children[row].pool == name:
                continue
            self.beginInsertRows(parent, row, row)
            node.children.insert(row, Node(node, host=host, pool=name))
            self.endInsertRows()
        self.dataChanged.emit(parent, parent)

    def _on_pool(self, host: Host, name: str) -> None:
        node = self._nodes.get(host.id)
        for child in node.children if node else ():
            if child.pool == name:
                index = self._index_of(child)
                self.dataChanged.emit(index, index)

    # --- finding -------------------------------------------------------------------------------

    def node(self, index: Index) -> Node:
        """Return the row behind an index; the root for an invalid one."""
        return cast("Node", index.internalPointer()) if index.isValid() else self._root

    def index_of_host(self, host_id: str) -> QModelIndex:
        """Return where a host is; invalid if it is not there."""
        node = self._nodes.get(host_id)
        return self._index_of(node) if node else QModelIndex()

    def index_of_pool(self, host_id: str, pool: str) -> QModelIndex:
        """Return where a pool is; invalid if it is not there."""
        node = self._nodes.get(host_id)
        for child in node.children if node else ():
            if child.pool == pool:
                return self._index_of(child)
        return QModelIndex()

    def _index_of(self, node: Node) -> QModelIndex:
        return QModelIndex() if node is self._root else self.createIndex(node.row, 0, node)

    # --- what views ask ------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008, D102
        children = self.node(parent).children
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # noqa: D102
        above = self.node(index).parent
        return QModelIndex() if above is None else self._index_of(above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102, N802
        return len(self.node(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: ARG002, B008, D102, N802
        return 1

    def data(self, index: Index, role: int = DISPLAY) -> object:  # noqa: D102, PLR0911
        if not index.isValid():
            return None
        node = self.node(index)
        if role == DISPLAY:
            return _title(node)
        if role == ENTRY:
            return node
        if role == DECORATION:
            return self._icon(node)
        if role == TOOLTIP:
            return words.plain_tip(self._tip(node))
        if role == ACCESSIBLE:
            return f"{_title(node)}, {self._tip(node)}"
        if role == FONT and node.group:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def _icon(self, node: Node) -> object:
        if node.pool:
            return self._icons["pool"]
        if node.host is None:
            return self._icons["folder"]
        return self._icons[_ICONS.get(transport_of(node.host.profile.uri), "host")]

    def _tip(self, node: Node) -> str:
        if node.host is None:
            return self.tr("Group of connections")
        if not node.pool:
            lines = [self.host_text(node.host), node.host.profile.uri]
            if is_unsafe(node.host.profile.uri):
                lines.append(self.tr("Not safe: somebody may listen, or pretend to be the server"))
            if node.host.error is not None:
                lines.append(problem_of(node.host.error).what)
            return "\n".join(lines)
        record = node.record
        if record is None:
            return ""
        lines = [words.pool_state_text(record.state)]
        if record.capacity:
            lines.append(
                self.tr("{0} of {1} used, {2} free").format(
                    *map(bytes_text, (record.allocation, record.capacity, record.available))
                )
            )
        if record.path:
            lines.append(display_name(record.path))
        return "\n".join(lines)

    def host_text(self, host: Host) -> str:
        """Return how a connection is, in words."""
        return {
            HostState.OFFLINE: self.tr("not connected"),
            HostState.CONNECTING: self.tr("connecting"),
            HostState.ONLINE: self.tr("connected"),
            HostState.LOST: self.tr("connection failed"),
        }[host.state]

    # --- another order by dragging -------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        node = self.node(index)
        if node.host is not None and not node.pool:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags | Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: D102, N802
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: D102, N802
        return [HOST_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: D102, N802
        data = QMimeData()
        hosts = [node.host.id for index in indexes if (node := self.node(index)).host is not None]
        data.setData(HOST_MIME, "\n".join(hosts).encode())
        return data

    def dropMimeData(  # noqa: D102, N802
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        del action, column
        if not data.hasFormat(HOST_MIME):
            return False
        moved = bytes(data.data(HOST_MIME).data()).decode().split("\n")[0]
        onto = self.node(parent)
        while onto.pool and onto.parent is not None:
            onto = onto.parent
        before: str | None = None
        if onto.host is not None:
            group, before = onto.host.profile.group, onto.host.id
        else:
            group = onto.group
            after = onto.children[row:] if row >= 0 else []
            before = next((one.host.id for one in after if one.host is not None), None)
        if before != moved:
            self.dropped.emit(moved, group, before)
        return False


_ICONS = {"local": "host-local", "ssh": "host-ssh", "tls": "host-tls", "tcp": "host-tcp"}


def transport_of(uri: str) -> str:
    """Return the transport of a URI as text: ssh, tls, tcp, local; empty for no URI at all."""
    try:
        name = parse_uri(uri).transport
    except UsageError:
        return ""
    return "local" if name == "unix" else name


def is_unsafe(uri: str) -> bool:
    """Tell whether a connection made with a URI may be listened to, or misled."""
    try:
        return bool(parse_uri(uri).unsafe)
    except UsageError:
        return False  # it leads nowhere


def _title(node: Node) -> str:
    if node.pool:
        return display_name(node.pool)
    return node.host.title if node.host else node.group
