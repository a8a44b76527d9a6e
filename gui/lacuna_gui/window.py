"""The main window: where everything is, its menus, and what it remembers. It does nothing itself.

Commands act (`commands`), views show (`views`), and this puts them together.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QSplitter,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from lacuna_engine.profiles import ProfileStore
from lacuna_engine.storage import display_name
from lacuna_gui.actions import Actions
from lacuna_gui.commands.connections import ConnectionCommands, SessionOpener
from lacuna_gui.commands.context import Button, Context
from lacuna_gui.commands.diagnostics import DiagnosticsCommands
from lacuna_gui.commands.listing import Listing
from lacuna_gui.commands.moving import MovingCommands
from lacuna_gui.commands.pools import PoolCommands
from lacuna_gui.commands.transfers import TransferCommands
from lacuna_gui.commands.volumes import VolumeCommands
from lacuna_gui.dialogs.about import ShortcutsDialog, about_box
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.preferences import PreferencesDialog
from lacuna_gui.endings import Endings
from lacuna_gui.format import bytes_text
from lacuna_gui.hosts import Host, Hosts
from lacuna_gui.models.connections import Node
from lacuna_gui.models.transfers import RowState, TransferRow
from lacuna_gui.problem import Problem, ended
from lacuna_gui.queue import QueueTotals, TransferQueue
from lacuna_gui.settings import Preferences, Settings
from lacuna_gui.slots import ignoring
from lacuna_gui.theme import Severity, app_icon, space
from lacuna_gui.tray import has_tray
from lacuna_gui.views.connections import ConnectionsView
from lacuna_gui.views.drops import Offer, offers_something, read_offer
from lacuna_gui.views.map_panel import MapPanel
from lacuna_gui.views.transfers import TransfersPanel
from lacuna_gui.views.volumes import VolumesPanel
from lacuna_gui.widgets.message_bar import Message, MessageAction, MessageBar
from lacuna_gui.work import Runner

__all__ = ["MainWindow"]

_QUESTION = "quit"
"""What the question of quitting is called among the window's children."""

_MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "connection",
        (
            "connection.new", "connection.import", "", "connection.open", "connection.close", "",
            "connection.edit", "connection.duplicate", "connection.up", "connection.down",
            "connection.delete", "", "app.preferences", "", "app.quit",
        ),
    ),
    (
        "pool",
        (
            "pool.refresh", "pool.start", "pool.stop", "pool.autostart", "", "pool.details", "",
            "pool.define", "pool.undefine",
        ),
    ),
    (
        "volume",
        (
            "volume.upload", "volume.download", "volume.copy_to", "", "volume.new", "volume.clone",
            "volume.resize", "", "volume.wipe", "volume.delete", "", "volume.details",
            "volume.copy_name", "volume.paste", "", "volume.filter",
        ),
    ),
    (
        "transfer",
        (
            "transfer.start", "transfer.pause", "transfer.resume", "transfer.cancel",
            "transfer.retry", "transfer.remove", "", "transfer.top", "transfer.up",
            "transfer.down", "transfer.bottom", "transfer.priority_up", "transfer.priority_down",
            "", "transfer.limit", "transfer.open_folder", "transfer.copy_details", "",
            "queue.pause", "queue.limit", "queue.forget",
        ),
    ),
    (
        "view",
        (
            "view.connections", "view.volumes", "view.transfers", "view.map", "",
            "view.show_sidebar", "view.show_transfers", "view.show_map",
        ),
    ),
    ("help", ("app.shortcuts", "app.diagnostics", "", "app.about")),
)  # fmt: skip


class MainWindow(QMainWindow):
    """The window; `closing` asks whoever built it to end the application."""

    closing = Signal()

    def __init__(
        self,
        runner: Runner,
        *,
        hosts: Hosts,
        store: ProfileStore,
        opener: SessionOpener,
        settings: Settings,
        queue: TransferQueue,
    ) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle("Lacuna")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self._settings = settings
        self._agreed_to_close = False
        self.actions_ = Actions(self)
        self.endings = Endings(self._is_away, self)
        self._make_parts(hosts)
        self.context = Context(self, runner, hosts, settings, self.actions_, queue, self)
        self.listing = Listing(self.context, self.connections, self.volumes)
        self.connection_commands = ConnectionCommands(self.context, self.connections, store, opener)
        self.pool_commands = PoolCommands(self.context, self.connections)
        self.volume_commands = VolumeCommands(self.context, self.volumes, self.listing)
        self.moving_commands = MovingCommands(self.context, self.volumes, self.listing)
        self.transfer_commands = TransferCommands(self.context, self.transfers, self.map)
        self.diagnostics_commands = DiagnosticsCommands(self.context)
        self._make_menus()
        self._make_toolbar()
        self._make_status()
        self._connect(hosts)
        self._restore()
        self._update_actions()

    # --- parts ---------------------------------------------------------------------------------

    def _make_parts(self, hosts: Hosts) -> None:
        self.connections = ConnectionsView(hosts)
        self.volumes = VolumesPanel()
        self.transfers = TransfersPanel(self.actions_)
        self.map = MapPanel()
        self.messages = MessageBar()
        self.upper = QSplitter(Qt.Orientation.Horizontal)
        self.upper.addWidget(self.connections)
        self.upper.addWidget(self.volumes)
        self.upper.setStretchFactor(0, 0)
        self.upper.setStretchFactor(1, 1)
        self.upper.setSizes([270, 910])
        self.whole = QSplitter(Qt.Orientation.Vertical)
        for number, part in enumerate((self.upper, self.transfers, self.map)):
            self.whole.addWidget(part)
            self.whole.setStretchFactor(number, 3 if number == 0 else 1)
        self.whole.setSizes([360, 190, 200])
        for splitter in (self.upper, self.whole):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(space.SMALL)
        self.connections.setMinimumWidth(120)
        self.connections.setFrameShape(ConnectionsView.Shape.NoFrame)
        middle = QWidget()
        body = QVBoxLayout(middle)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.messages)
        body.addWidget(self.whole, 1)
        self.setCentralWidget(middle)

    def _make_menus(self) -> None:
        titles = {
            "connection": self.tr("&Connection"),
            "pool": self.tr("&Pool"),
            "volume": self.tr("&Volume"),
            "transfer": self.tr("&Transfer"),
            "view": self.tr("V&iew"),
            "help": self.tr("&Help"),
        }
        self._menus: dict[str, QMenu] = {}
        for key, names in _MENUS:
            menu = self.menuBar().addMenu(titles[key])
            self._menus[key] = menu
            for name in names:
                if name:
                    menu.addAction(self.actions_[name])
                else:
                    menu.addSeparator()

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Toolbar"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        texts = {
            "connection.new": self.tr("New connection"),
            "volume.upload": self.tr("Upload"),
            "volume.download": self.tr("Download"),
            "volume.new": self.tr("New volume"),
            "pool.refresh": self.tr("Refresh"),
        }
        for name, text in texts.items():
            # The menu's text has an ellipsis; on a button it is only long.
            self.actions_[name].setIconText(text)
            bar.addAction(self.actions_[name])
        stretch = QWidget()
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(stretch)
        bar.addAction(self.actions_["app.preferences"])
        self.actions_["app.preferences"].setIconText(self.tr("Preferences"))
        self.addToolBar(bar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def _make_status(self) -> None:
        self._busy = QLabel()
        self._saved = QLabel()
        self._saved.setObjectName("saved")
        self.statusBar().addPermanentWidget(self._busy)
        self.statusBar().addPermanentWidget(self._saved)

    def _connect(self, hosts: Hosts) -> None:
        self.connections.chosen.connect(ignoring(self._update_actions))
        self.connections.menu_wanted.connect(self._on_sidebar_menu)
        self.connections.dropped.connect(self._on_sidebar_drop)
        for host in hosts:
            self._watch(host)
        hosts.added.connect(self._watch)
        panel, actions = self.volumes, self.actions_
        panel.menu_wanted.connect(self._on_volume_menu)
        panel.connect_wanted.connect(actions["connection.open"].trigger)
        panel.start_wanted.connect(actions["pool.start"].trigger)
        panel.new_connection_wanted.connect(actions["connection.new"].trigger)
        panel.upload_wanted.connect(actions["volume.upload"].trigger)
        self.transfers.menu_wanted.connect(self._on_transfer_menu)
        self.transfer_commands.finished.connect(self._on_finished)
        self.transfer_commands.finished.connect(self.endings.add)
        self.context.queue.signals.totals.connect(self._on_totals)
        for name, part in self._hideable().items():
            actions[name].setChecked(True)
            actions[name].toggled.connect(part.setVisible)
        actions.perform(
            {
                "view.connections": self.connections.setFocus,
                "view.volumes": self.volumes.table.setFocus,
                "view.transfers": self.transfers.focus,
                "view.map": self.map.focus,
                "app.preferences": self._ask_preferences,
                "app.shortcuts": lambda: ShortcutsDialog(self.actions_, self).open(),
                "app.about": lambda: about_box(self).open(),
                "app.quit": self.close,
            }
        )

    def _hideable(self) -> dict[str, QWidget]:
        return {
            "view.show_sidebar": self.connections,
            "view.show_transfers": self.transfers,
            "view.show_map": self.map,
        }

    def _watch(self, host: Host) -> None:
        host.changed.connect(self._update_actions)
        host.pools_changed.connect(self._update_actions)
        host.pool_changed.connect(ignoring(self._update_actions))

    def _update_actions(self) -> None:
        self.connection_commands.update_actions()
        self.pool_commands.update_actions()
        self.volume_commands.update_actions()
        self.moving_commands.update_actions()
        self.transfer_commands.update_actions()

    # --- messages ------------------------------------------------------------------------------

    def problem(self, problem: Problem, *, button: Button | None = None, key: str = "") -> None:
        """Tell of a failure: in the message bar, and in the log."""
        actions = (MessageAction(*button),) if button is not None else ()
        self.messages.show_message(
            Message(
                Severity.BAD,
                problem.what,
                problem.why,
                problem.cure,
                problem.details,
                actions=actions,
                key=key,
            )
        )
        self.transfers.log.say(problem.text(), logging.ERROR)

    def settled(self, key: str) -> None:
        """Take away what no longer holds."""
        self.messages.dismiss(key)

    def note(self, text: str, *, key: str = "") -> None:
        """Tell of something that is no failure."""
        self.messages.show_message(Message(Severity.WARNING, text, key=key))
        self.transfers.log.say(text, logging.WARNING)

    def done(self, text: str) -> None:
        """Tell that something has worked."""
        self.statusBar().showMessage(text, 6000)
        self.transfers.log.say(text)

    def show_busy(self, count: int) -> None:
        """Say that something is under way."""
        self._busy.setText(self.tr("working…") if count else "")

    def _on_totals(self, totals: QueueTotals) -> None:
        self._saved.setText(
            self.tr("Saved: {0} in this session, {1} ever").format(
                bytes_text(totals.saved_session), bytes_text(totals.saved_ever)
            )
        )

    def _on_finished(self, row: TransferRow, _: float) -> None:
        name = display_name(row.name)
        if row.state is RowState.FAILED and row.error is not None:
            what = self.tr("{0} could not be transferred").format(name)
            error = row.error
            problem = replace(error, what=what, why=f"{ended(error.what)} {error.why}".strip())
            again = (self.tr("Try again"), lambda: self.context.queue.retry([row.id]))
            self.problem(problem, button=again, key=row.id)
        elif row.state is RowState.DONE:
            self.done(self.tr("{0}: done, {1} saved").format(name, bytes_text(row.saved)))
        elif row.state is RowState.SKIPPED:
            self.done(self.tr("{0} exists already and was skipped").format(name))
        host = self.context.hosts.get(row.host)
        if host is not None and host.online and row.state is RowState.DONE:
            self.context.runner.run(self.listing.look_again(host, row.pool, [row.name]))

    def _is_away(self) -> bool:
        """Tell whether nobody looks at the window, and wants to be told elsewhere."""
        return self._settings.preferences.notify and QApplication.activeWindow() is None

    def come_to_front(self) -> None:
        """Show the window, wherever it is, above others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # --- menus and drops -----------------------------------------------------------------------

    def _on_sidebar_menu(self, node: Node | None, where: QPoint) -> None:
        if node is not None and node.pool:
            self._menus["pool"].popup(where)
        else:
            self._menus["connection"].popup(where)

    def _on_volume_menu(self, where: QPoint) -> None:
        self._menus["volume"].popup(where)

    def _on_transfer_menu(self, where: QPoint) -> None:
        self._menus["transfer"].popup(where)

    def _on_sidebar_drop(self, offer: Offer, node: Node | None) -> None:
        if node is None or node.host is None:
            self.moving_commands.take(offer, None)
            return
        pool = node.pool
        if not pool:
            # Onto a connection: if it has one active pool there is no doubt which is meant.
            active = [name for name, record in node.host.pools.items() if record.active]
            pool = active[0] if len(active) == 1 else ""
        self.moving_commands.take(offer, (node.host.id, pool))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102, N802
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: D102, N802
        if offers_something(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102, N802
        offer = read_offer(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.moving_commands.take(offer, None)

    # --- preferences ---------------------------------------------------------------------------

    def _ask_preferences(self) -> None:
        dialog = PreferencesDialog(self._settings.preferences, self, tray_there=has_tray())
        dialog.wanted.connect(self._take_preferences)
        dialog.open()

    def _take_preferences(self, preferences: Preferences) -> None:
        before = self._settings.preferences
        self._settings.set_preferences(preferences)
        if preferences.limit != before.limit:
            self.context.queue.set_limit(preferences.limit)
        if preferences.concurrency != before.concurrency:
            self.context.queue.set_concurrency(preferences.concurrency)

    # --- remembering ---------------------------------------------------------------------------

    def _restore(self) -> None:
        state = self._settings.state
        if not self.restoreGeometry(state("geometry")):
            self.resize(1180, 800)
        for name, splitter in (
            ("upper", self.upper),
            ("whole", self.whole),
            ("lower", self.map.split),
        ):
            saved = state(name)
            if not saved.isEmpty():
                splitter.restoreState(saved)
        columns = state("volumes")
        if not columns.isEmpty():
            self.volumes.table.horizontalHeader().restoreState(columns)
        columns = state("transfers")
        if not columns.isEmpty():
            self.transfers.restore_columns(columns)
        for name, part in self._hideable().items():
            if self._settings.text(name) == "hidden":
                self.actions_[name].setChecked(False)
                part.hide()

    def remember(self) -> None:
        """Write down how everything is arranged."""
        self._settings.set_state("geometry", self.saveGeometry())
        self._settings.set_state("upper", self.upper.saveState())
        self._settings.set_state("whole", self.whole.saveState())
        self._settings.set_state("lower", self.map.split.saveState())
        header = self.volumes.table.horizontalHeader()
        self._settings.set_state("volumes", header.saveState())
        self._settings.set_state("transfers", self.transfers.save_columns())
        for name in self._hideable():
            shown = self.actions_[name].isChecked()
            self._settings.set_text(name, "shown" if shown else "hidden")
        self._settings.sync()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102, N802
        event.ignore()
        running = self.transfer_commands.running()
        if running and not self._agreed_to_close:
            if not self.isVisible() or self.isMinimized():
                self.come_to_front()  # with the question
            self._ask_to_quit(running)
            return
        self.remember()
        self.closing.emit()

    def _ask_to_quit(self, running: Sequence[TransferRow]) -> None:
        """Ask, or point at the question that is open already."""
        asked = self.findChild(QMessageBox, _QUESTION)
        if asked is not None and asked.isVisible():
            asked.raise_()
            asked.activateWindow()
            return
        question = confirm(
            self,
            self.tr("Quit"),
            self.tr("%n transfer(s) are running. Quit anyway?", "", len(running)),
            self.tr("Quit"),
            self._close_anyway,
            names=[row.name for row in running],
        )
        question.setObjectName(_QUESTION)

    def _close_anyway(self) -> None:
        self._agreed_to_close = True
        self.close()
