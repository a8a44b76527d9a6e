"""Every action of the window: text, shortcut, icon. One place, so that no shortcut is given twice.

What an action does is connected by the window; whether it can be done now is set there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from lacuna_gui.slots import ignoring
from lacuna_gui.theme import icon
from lacuna_gui.words import plain_text

__all__ = ["ActionSpec", "Actions"]

translate = QCoreApplication.translate

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action's looks. A text that ends in an ellipsis asks before it does anything."""

    name: str
    text: str
    shortcut: str = ""
    icon: str = ""
    tip: str = ""
    checkable: bool = False


def _specs() -> Iterator[ActionSpec]:
    yield from _connection_specs()
    yield from _pool_specs()
    yield from _volume_specs()
    yield from _transfer_specs()
    yield from _other_specs()


def _connection_specs() -> Iterator[ActionSpec]:
    yield ActionSpec(
        "connection.new",
        translate("Actions", "&New connection…"),
        "Ctrl+N",
        "add-connection",
        translate("Actions", "Add a connection to a libvirt daemon"),
    )
    yield ActionSpec("connection.open", translate("Actions", "&Connect"), "Ctrl+O", "connect")
    yield ActionSpec(
        "connection.close", translate("Actions", "&Disconnect"), "Ctrl+Shift+O", "disconnect"
    )
    yield ActionSpec("connection.edit", translate("Actions", "&Edit…"), "F4", "edit")
    yield ActionSpec("connection.duplicate", translate("Actions", "D&uplicate…"), "", "duplicate")
    yield ActionSpec("connection.delete", translate("Actions", "De&lete connection…"), "", "delete")
    yield ActionSpec(
        "connection.import", translate("Actions", "&Import connections…"), "", "import"
    )


def _pool_specs() -> Iterator[ActionSpec]:
    yield ActionSpec("pool.define", translate("Actions", "De&fine pool…"), "", "new-pool")
    yield ActionSpec("pool.start", translate("Actions", "&Start"), "", "start")
    yield ActionSpec("pool.stop", translate("Actions", "S&top…"), "", "stop")
    yield ActionSpec(
        "pool.refresh",
        translate("Actions", "&Refresh"),
        "F5",
        "refresh",
        translate("Actions", "Have the daemon read the pool again"),
    )
    yield ActionSpec("pool.autostart", translate("Actions", "Start with the &host"), checkable=True)
    yield ActionSpec("pool.details", translate("Actions", "Pool &details…"), "Ctrl+I", "info")
    yield ActionSpec("pool.undefine", translate("Actions", "&Undefine…"), "", "delete")


def _volume_specs() -> Iterator[ActionSpec]:
    yield ActionSpec(
        "volume.upload",
        translate("Actions", "&Upload…"),
        "Ctrl+U",
        "upload",
        translate("Actions", "Send image files to this pool"),
    )
    yield ActionSpec(
        "volume.download",
        translate("Actions", "&Download…"),
        "Ctrl+D",
        "download",
        translate("Actions", "Save the selected volumes as files"),
    )
    yield ActionSpec(
        "volume.new",
        translate("Actions", "&New volume…"),
        "Ctrl+Shift+N",
        "new-volume",
        translate("Actions", "Create an empty volume"),
    )
    yield ActionSpec("volume.clone", translate("Actions", "&Clone…"), "Ctrl+Shift+C", "clone")
    yield ActionSpec("volume.copy_to", translate("Actions", "Copy &to pool…"), "Ctrl+T", "transfer")
    yield ActionSpec("volume.resize", translate("Actions", "&Resize…"), "Ctrl+R", "resize")
    yield ActionSpec("volume.wipe", translate("Actions", "&Wipe…"), "", "wipe")
    yield ActionSpec("volume.delete", translate("Actions", "De&lete…"), "Del", "delete")
    yield ActionSpec(
        "volume.details", translate("Actions", "Volume d&etails…"), "Alt+Return", "info"
    )
    yield ActionSpec("volume.copy_name", translate("Actions", "Copy na&me"), "Ctrl+C", "copy")
    yield ActionSpec("volume.paste", translate("Actions", "&Paste files"), "Ctrl+V", "paste")
    yield ActionSpec("volume.filter", translate("Actions", "&Filter volumes"), "Ctrl+F", "search")


def _transfer_specs() -> Iterator[ActionSpec]:
    yield ActionSpec("transfer.start", translate("Actions", "&Start now"), "", "start")
    yield ActionSpec("transfer.pause", translate("Actions", "&Pause"), "Ctrl+P", "pause")
    yield ActionSpec("transfer.resume", translate("Actions", "&Resume"), "Ctrl+Shift+P", "resume")
    yield ActionSpec("transfer.cancel", translate("Actions", "&Cancel"), "Ctrl+Del", "cancel")
    yield ActionSpec("transfer.retry", translate("Actions", "Re&try"), "Ctrl+Shift+R", "retry")
    yield ActionSpec(
        "transfer.remove", translate("Actions", "Re&move from list"), "Shift+Del", "remove"
    )
    yield ActionSpec("transfer.up", translate("Actions", "Move &up"), "Alt+Up", "arrow-up")
    yield ActionSpec("transfer.down", translate("Actions", "Move &down"), "Alt+Down", "arrow-down")
    yield ActionSpec("transfer.top", translate("Actions", "Mo&ve to the top"), "Alt+Home", "top")
    yield ActionSpec(
        "transfer.bottom", translate("Actions", "Move to the &bottom"), "Alt+End", "bottom"
    )
    yield ActionSpec(
        "transfer.priority_up", translate("Actions", "&Higher priority"), "Ctrl+Alt+Up"
    )
    yield ActionSpec(
        "transfer.priority_down", translate("Actions", "Lo&wer priority"), "Ctrl+Alt+Down"
    )
    yield ActionSpec("transfer.limit", translate("Actions", "&Limit speed…"), "Ctrl+L", "limit")
    yield ActionSpec(
        "transfer.open_folder", translate("Actions", "Open &folder"), "Ctrl+Shift+F", "folder-open"
    )
    yield ActionSpec(
        "transfer.copy_details", translate("Actions", "Cop&y details"), "Ctrl+Shift+D", "copy"
    )
    yield ActionSpec(
        "queue.pause",
        translate("Actions", "Pause &all"),
        "Ctrl+Shift+Space",
        "pause",
        translate("Actions", "Stop all transfers and start none until this is switched off"),
        checkable=True,
    )
    yield ActionSpec(
        "queue.limit",
        translate("Actions", "Limit total sp&eed…"),
        "Ctrl+Shift+L",
        "limit",
        translate("Actions", "Limit the speed of all transfers together"),
    )
    yield ActionSpec(
        "queue.forget", translate("Actions", "Clear fi&nished"), "Ctrl+Shift+K", "clear"
    )


def _other_specs() -> Iterator[ActionSpec]:
    yield ActionSpec("view.connections", translate("Actions", "Go to &connections"), "Ctrl+1")
    yield ActionSpec("view.volumes", translate("Actions", "Go to &volumes"), "Ctrl+2")
    yield ActionSpec("view.transfers", translate("Actions", "Go to &transfers"), "Ctrl+3")
    yield ActionSpec("view.map", translate("Actions", "Go to the extent &map"), "Ctrl+4")
    yield ActionSpec(
        "view.show_sidebar", translate("Actions", "Show &sidebar"), "F9", checkable=True
    )
    yield ActionSpec(
        "view.show_transfers", translate("Actions", "Show t&ransfers"), "F10", checkable=True
    )
    yield ActionSpec(
        "view.show_map", translate("Actions", "Show &extent map"), "F11", checkable=True
    )
    yield ActionSpec("app.preferences", translate("Actions", "&Preferences…"), "Ctrl+,", "settings")
    yield ActionSpec("app.quit", translate("Actions", "&Quit"), "Ctrl+Q", "quit")
    yield ActionSpec("app.shortcuts", translate("Actions", "&Keyboard shortcuts"), "F1", "keyboard")
    yield ActionSpec(
        "app.diagnostics",
        translate("Actions", "Copy &diagnostics"),
        "",
        "copy",
        translate("Actions", "Copy versions and the last errors, without any names"),
    )
    yield ActionSpec("app.about", translate("Actions", "&About Lacuna"), "", "about")


class Actions(QObject):
    """The actions by name; all belong to ``window``, so that shortcuts work in it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        for spec in _specs():
            action = QAction(spec.text, self)
            action.setObjectName(spec.name)
            if spec.shortcut:
                action.setShortcut(QKeySequence(spec.shortcut))
            if spec.icon:
                action.setIcon(icon(spec.icon))
            if spec.tip:
                action.setStatusTip(spec.tip)
            action.setIconText(plain_text(spec.text))
            tip = spec.tip or action.iconText()
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{tip} ({keys})" if keys else tip)
            action.setCheckable(spec.checkable)
            self._actions[spec.name] = action
            window.addAction(action)

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
