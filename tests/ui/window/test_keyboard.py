"""Everything can be reached with the keyboard, and says its name to assistive technology."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QMenuBar,
    QScrollBar,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from lacuna_engine.profiles import Candidate, Profile
from lacuna_engine.storage import VolumeDescription, VolumeType
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion
from lacuna_gui.dialogs.about import ShortcutsDialog, about_box
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.connection import ConnectionDialog
from lacuna_gui.dialogs.details import DetailsDialog
from lacuna_gui.dialogs.importing import ImportDialog
from lacuna_gui.dialogs.pools import DefinePoolDialog
from lacuna_gui.dialogs.preferences import PreferencesDialog
from lacuna_gui.dialogs.prompts import HostKeyDialog, SecretDialog
from lacuna_gui.dialogs.targets import CopyDialog, DownloadDialog, LimitDialog
from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.dialogs.volumes import CloneDialog, NewVolumeDialog, ResizeDialog
from lacuna_gui.problem import Problem
from lacuna_gui.settings import Preferences
from ui.window.driver import Driver, Served, press

VOLUME = VolumeDescription(
    name="disk.raw", key="/p/disk.raw", path="/p/disk.raw", type=VolumeType.FILE, format="raw",
    capacity=1 << 30, allocation=0, physical=1 << 30,
)  # fmt: skip

DIALOGS: dict[str, Callable[[Driver], QDialog]] = {
    "connection": lambda d: ConnectionDialog(d.bridge, _never, Profile("1", "a", "qemu:///system")),
    "import": lambda _: ImportDialog([Candidate("a", "qemu+ssh://a/system", "libvirt.conf")], []),
    "upload": lambda d: UploadDialog(d.bridge, d.hosts, Preferences(), [Path(__file__)]),
    "download": lambda d: DownloadDialog(d.window.volumes.selected(), Preferences()),
    "copy": lambda d: CopyDialog(["a"], d.hosts, Preferences(), source=("", "")),
    "limit": lambda _: LimitDialog("Limit", "Of all:", 0),
    "new volume": lambda _: NewVolumeDialog("default", [], available=1 << 30),
    "clone": lambda _: CloneDialog("a.raw", []),
    "resize": lambda _: ResizeDialog(VOLUME),
    "details": lambda _: DetailsDialog("disk.raw", [("Name:", "disk.raw")], "<volume/>"),
    "pool": lambda _: DefinePoolDialog([]),
    "preferences": lambda _: PreferencesDialog(Preferences()),
    "password": lambda _: SecretDialog(
        SecretQuestion(SecretKind.SSH_PASSWORD, "host", "me", "Password:"), keyring=True
    ),
    "host key": lambda _: HostKeyDialog(HostKeyQuestion("host", 22, "ED25519", "SHA256:abc")),
    "shortcuts": lambda d: ShortcutsDialog(d.window.actions_),
    "about": lambda _: about_box(None),
    "question": lambda _: confirm(None, "Delete", "Delete it?", "Delete", lambda: None),
}


async def _never(_: Profile) -> str:
    return ""


def operated(top: QWidget) -> Iterator[QWidget]:
    """All widgets that somebody operates or reads, but for those inside of one."""
    for widget in top.findChildren(QWidget):
        inside = widget.parentWidget()
        if isinstance(inside, QAbstractSpinBox | QComboBox | QHeaderView | QLineEdit):
            continue
        if isinstance(widget, QScrollBar | QHeaderView | QMenu | QMenuBar):
            continue
        if isinstance(widget, QAbstractButton) and isinstance(inside, QTableView):
            continue  # the corner of a table
        if widget.window() is not top or widget.objectName().startswith("qt_"):
            continue
        takes_keys = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if takes_keys or isinstance(widget, QAbstractButton | QAbstractScrollArea):
            yield widget


def nameless(top: QWidget) -> list[str]:
    """Return what has no name that assistive technology could tell."""
    found: list[str] = []
    for widget in operated(top):
        interface: Any = QAccessible.queryAccessibleInterface(widget)
        if not interface.text(QAccessible.Text.Name).strip():
            found.append(f"{type(widget).__name__} {widget.objectName()} in {_path(widget)}")
    return found


def _path(widget: QWidget) -> str:
    names: list[str] = []
    above: QWidget | None = widget
    while above is not None:
        names.append(type(above).__name__)
        above = above.parentWidget()
    return " < ".join(names)


def in_menus(menu: QMenu | QMenuBar) -> Iterator[QAction]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from in_menus(below)
        elif not action.isSeparator():
            yield action


# --- the window ----------------------------------------------------------------------------------


def test_every_action_has_a_place_in_the_menus(driver: Driver) -> None:
    there = set(in_menus(driver.window.menuBar()))
    assert [action.objectName() for action in driver.window.actions_ if action not in there] == []


def test_every_menu_and_action_can_be_chosen_by_a_letter(driver: Driver) -> None:
    bar = driver.window.menuBar()
    menus = [action for action in bar.actions() if action.menu() is not None]
    every = [*menus, *in_menus(bar)]
    assert [one.text() for one in every if "&" not in one.text().replace("&&", "")] == []
    for title in menus:
        below = title.menu()
        assert isinstance(below, QMenu)
        letters = [_letter(action) for action in below.actions() if not action.isSeparator()]
        assert len(letters) == len(set(letters)), (title.text(), letters)


def _letter(action: QAction) -> str:
    text = action.text().replace("&&", "")
    return text[text.index("&") + 1].lower()


def test_everything_in_the_window_has_a_name(driver: Driver, served: Served) -> None:
    driver.connect()
    driver.window.problem(Problem("It failed", "why", "cure", "details"), button=("Again", print))
    assert nameless(driver.window) == []


def test_tab_goes_everywhere(driver: Driver, served: Served) -> None:
    """From the sidebar with Tab alone: each part of the window is met."""
    (served.path("default") / "a.raw").write_bytes(b"x")
    driver.connect()
    driver.until(lambda: driver.rows() == ["a.raw"])
    window = driver.window
    window.connections.setFocus()
    met: set[QWidget] = set()
    for _ in range(60):
        focus = window.focusWidget()
        if focus is not None:
            met.add(focus)
            press(focus, Qt.Key.Key_Tab)
    parts = (window.connections, window.volumes.filter, window.volumes.table)
    assert [part.objectName() for part in parts if part not in met] == []
    assert any(window.transfers.isAncestorOf(one) for one in met)
    assert any(window.map.isAncestorOf(one) for one in met)


def test_the_list_of_shortcuts_is_complete(driver: Driver, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(driver.window.actions_)
    qtbot.addWidget(dialog)
    cells = [dialog.table.item(row, 1) for row in range(dialog.table.rowCount())]
    shown = [cell.text() for cell in cells if cell is not None]
    for action in driver.window.actions_:
        keys = action.shortcut().toString()
        assert not keys or any(keys == one for one in shown), keys


# --- dialogs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIALOGS)
def test_everything_in_dialogs_has_a_name(
    driver: Driver, served: Served, qtbot: QtBot, name: str
) -> None:
    if name == "download":
        (served.path("default") / "a.raw").write_bytes(b"x")
        driver.connect()
        driver.select("a.raw")
    dialog = DIALOGS[name](driver)
    qtbot.addWidget(dialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    dialog.show()
    assert nameless(dialog) == []
