"""Every action of the window: text, shortcut, icon. One place, so that no shortcut is given twice.

What an action does is connected by the window; whether it can be done now is set there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from lacuna_gui.slots import ignoring
from lacuna_gui.theme import icon
from lacuna_gui.words import plain_text

__all__ = ["Actions"]

Command = Callable[..., Any]


class Actions(QObject):
    """The actions by name; all belong to ``window``, so that shortcuts work in it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        self._window = window
        self._make_connection_actions()
        self._make_pool_actions()
        self._make_volume_actions()
        self._make_transfer_actions()
        self._make_other_actions()

    def __getitem__(self, name: str) -> QAction:
        """Return an action by name."""
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        """Iterate in the order of the menus."""
        return iter(self._actions.values())

    def perform(
        self, commands: Mapping[str, Command], how: Callable[[Any], object] | None = None
    ) -> None:
        """Have actions do their commands: call them, or call ``how`` with them."""
        for name, command in commands.items():
            call = command if how is None else partial(how, command)
            # What the signal brings is whether it is checked, which few want to know.
            self._actions[name].triggered.connect(ignoring(call))

    def enable(self, allowed: bool, *names: str) -> None:  # noqa: FBT001 - as Qt's own setEnabled
        """Say whether actions can be used now."""
        for name in names:
            self._actions[name].setEnabled(allowed)

    # --- each of them --------------------------------------------------------------------------

    def _add(
        self,
        name: str,
        text: str,
        keys: str = "",
        sign: str = "",
        tip: str = "",
        *,
        checkable: bool = False,
    ) -> None:
        """Make an action. A ``text`` that ends in an ellipsis asks before it does anything."""
        action = QAction(text, self)
        action.setObjectName(name)
        action.setShortcut(QKeySequence(keys))
        if sign:
            action.setIcon(icon(sign))
        action.setStatusTip(tip)
        action.setIconText(plain_text(text))
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = tip or action.iconText()
        action.setToolTip(f"{tip} ({shown})" if shown else tip)
        action.setCheckable(checkable)
        self._actions[name] = action
        self._window.addAction(action)

    def _make_connection_actions(self) -> None:
        self._add(
            "connection.new",
            self.tr("&New connection…"),
            "Ctrl+N",
            "add-connection",
            self.tr("Add a connection to a libvirt daemon"),
        )
        self._add("connection.open", self.tr("&Connect"), "Ctrl+O", "connect")
        self._add("connection.close", self.tr("&Disconnect"), "Ctrl+Shift+O", "disconnect")
        self._add("connection.edit", self.tr("&Edit…"), "F4", "edit")
        self._add("connection.duplicate", self.tr("D&uplicate…"), "", "duplicate")
        self._add("connection.up", self.tr("Mo&ve up"), "", "arrow-up")
        self._add("connection.down", self.tr("Move d&own"), "", "arrow-down")
        self._add("connection.delete", self.tr("De&lete connection…"), "", "delete")
        self._add("connection.import", self.tr("&Import connections…"), "", "import")

    def _make_pool_actions(self) -> None:
        self._add("pool.define", self.tr("De&fine pool…"), "", "new-pool")
        self._add("pool.start", self.tr("&Start"), "", "start")
        self._add("pool.stop", self.tr("S&top…"), "", "stop")
        self._add(
            "pool.refresh",
            self.tr("&Refresh"),
            "F5",
            "refresh",
            self.tr("Have the daemon read the pool again"),
        )
        self._add("pool.autostart", self.tr("Start with the &host"), checkable=True)
        self._add("pool.details", self.tr("Pool &details…"), "Ctrl+I", "info")
        self._add("pool.undefine", self.tr("&Undefine…"), "", "delete")

    def _make_volume_actions(self) -> None:
        self._add(
            "volume.upload",
            self.tr("&Upload…"),
            "Ctrl+U",
            "upload",
            self.tr("Send image files to this pool"),
        )
        self._add(
            "volume.download",
            self.tr("&Download…"),
            "Ctrl+D",
            "download",
            self.tr("Save the selected volumes as files"),
        )
        self._add(
            "volume.new",
            self.tr("&New volume…"),
            "Ctrl+Shift+N",
            "new-volume",
            self.tr("Create an empty volume"),
        )
        self._add("volume.clone", self.tr("&Clone…"), "Ctrl+Shift+C", "clone")
        self._add("volume.copy_to", self.tr("Copy &to pool…"), "Ctrl+T", "transfer")
        self._add("volume.resize", self.tr("&Resize…"), "Ctrl+R", "resize")
        self._add("volume.wipe", self.tr("&Wipe…"), "", "wipe")
        self._add("volume.delete", self.tr("De&lete…"), "Del", "delete")
        self._add("volume.details", self.tr("Volume d&etails…"), "Alt+Return", "info")
        self._add("volume.copy_name", self.tr("Copy na&me"), "Ctrl+C", "copy")
        self._add("volume.paste", self.tr("&Paste files"), "Ctrl+V", "paste")
        self._add("volume.filter", self.tr("&Filter volumes"), "Ctrl+F", "search")

    def _make_transfer_actions(self) -> None:
        self._add("transfer.start", self.tr("&Start now"), "", "start")
        self._add("transfer.pause", self.tr("&Pause"), "Ctrl+P", "pause")
        self._add("transfer.resume", self.tr("&Resume"), "Ctrl+Shift+P", "resume")
        self._add("transfer.cancel", self.tr("&Cancel"), "Ctrl+Del", "cancel")
        self._add("transfer.retry", self.tr("Re&try"), "Ctrl+Shift+R", "retry")
        self._add("transfer.remove", self.tr("Re&move from list"), "Shift+Del", "remove")
        self._add("transfer.up", self.tr("Move &up"), "Alt+Up", "arrow-up")
        self._add("transfer.down", self.tr("Move &down"), "Alt+Down", "arrow-down")
        self._add("transfer.top", self.tr("Mo&ve to the top"), "Alt+Home", "top")
        self._add("transfer.bottom", self.tr("Move to the &bottom"), "Alt+End", "bottom")
        self._add("transfer.priority_up", self.tr("&Higher priority"), "Ctrl+Alt+Up")
        self._add("transfer.priority_down", self.tr("Lo&wer priority"), "Ctrl+Alt+Down")
        self._add("transfer.limit", self.tr("&Limit speed…"), "Ctrl+L", "limit")
        self._add("transfer.open_folder", self.tr("Open &folder"), "Ctrl+Shift+F", "folder-open")
        self._add("transfer.copy_details", self.tr("Cop&y details"), "Ctrl+Shift+D", "copy")
        self._add(
            "queue.pause",
            self.tr("Pause &all"),
            "Ctrl+Shift+Space",
            "pause",
            self.tr("Stop all transfers and start none until this is switched off"),
            checkable=True,
        )
        self._add(
            "queue.limit",
            self.tr("Limit total sp&eed…"),
            "Ctrl+Shift+L",
            "limit",
            self.tr("Limit the speed of all transfers together"),
        )
        self._add("queue.forget", self.tr("Clear fi&nished"), "Ctrl+Shift+K", "clear")

    def _make_other_actions(self) -> None:
        self._add("view.connections", self.tr("Go to &connections"), "Ctrl+1")
        self._add("view.volumes", self.tr("Go to &volumes"), "Ctrl+2")
        self._add("view.transfers", self.tr("Go to &transfers"), "Ctrl+3")
        self._add("view.map", self.tr("Go to the extent &map"), "Ctrl+4")
        self._add("view.show_sidebar", self.tr("Show &sidebar"), "F9", checkable=True)
        self._add("view.show_transfers", self.tr("Show t&ransfers"), "F10", checkable=True)
        self._add("view.show_map", self.tr("Show &extent map"), "F11", checkable=True)
        self._add("app.preferences", self.tr("&Preferences…"), "Ctrl+,", "settings")
        self._add("app.quit", self.tr("&Quit"), "Ctrl+Q", "quit")
        self._add("app.shortcuts", self.tr("&Keyboard shortcuts"), "F1", "keyboard")
        self._add(
            "app.diagnostics",
            self.tr("Copy &diagnostics"),
            "",
            "copy",
            self.tr("Copy versions and the last errors, without any names"),
        )
        self._add("app.about", self.tr("&About Lacuna"), "", "about")
