"""The icon in the tray: on a desktop with a tray, and on one without."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QSystemTrayIcon

from lacuna_gui import tray as tray_module
from lacuna_gui.dialogs.preferences import PreferencesDialog
from lacuna_gui.format import bytes_text, percent_text, rate_text
from lacuna_gui.models.transfers import Direction, RowState, TransferRow
from lacuna_gui.queue import QueueTotals
from lacuna_gui.settings import Preferences, Settings
from lacuna_gui.tray import Tray
from ui.window.driver import Driver, ScriptedQueue
from ui.window.telling import Telling

ICON = (1424, 74)
APART = 1.0
"""Seconds after which a second click is one of its own."""

Reason = QSystemTrayIcon.ActivationReason


@pytest.fixture
def tray(driver: Driver) -> Tray:
    window = driver.window
    made = Tray(window, window.actions_, window.transfers.active, driver.queue.signals)
    made.wanted.connect(window.come_to_front)
    return made


def row(job: str, passed: int) -> TransferRow:
    return TransferRow(
        job, Direction.UPLOAD, job, "a", "b", RowState.RUNNING, total=4 << 30, passed=passed
    )


def test_it_tells_what_is_under_way(tray: Tray, scripted: ScriptedQueue) -> None:
    assert tray.text() == "Lacuna"
    scripted.signals.rows_added.emit([row("one", 1 << 30), row("two", 2 << 30)])
    scripted.signals.totals.emit(QueueTotals(rate=5e6))
    name, count, share, rate = tray.text().split("\n")
    assert (name, count[:1], rate) == ("Lacuna", "2", rate_text(5e6))
    assert share.startswith(percent_text(3, 8))
    assert share.endswith(bytes_text(8 << 30))
    scripted.signals.rows_changed.emit([row("one", 4 << 30), row("two", 4 << 30)])
    assert percent_text(1, 1) not in tray.text(), "never all of it before they are done"
    scripted.signals.row_removed.emit("one")
    scripted.signals.row_removed.emit("two")
    scripted.signals.totals.emit(QueueTotals(paused=True))
    assert tray.text() == "Lacuna\nTransfers are paused"


def test_it_is_there_only_if_wanted(tray: Tray) -> None:
    seen = [tray.icon]
    for on in (True, False):
        tray.show(on=on)
        seen.append(tray.icon)
    assert [one is not None for one in seen] == [False, True, False]
    menu = seen[1].contextMenu() if seen[1] is not None else None
    assert menu is not None
    texts = [action.text() for action in menu.actions()]
    assert texts == ["&Hide window", "Pause &all", "&Quit"]


def test_without_a_tray_the_window_is_not_hidden(
    tray: Tray, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable()
    tray.show(on=True)
    tray.toggle()
    assert driver.window.isVisible()
    monkeypatch.setattr(tray_module, "has_tray", lambda: True)
    tray.toggle()
    assert not driver.window.isVisible()
    # Who does not want the icon any more still wants the window.
    tray.show(on=False)
    assert driver.window.isVisible()


def test_a_double_click_is_one(tray: Tray, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_module, "has_tray", lambda: True)
    tray.show(on=True)
    assert tray.icon is not None
    for shown in (False, True):
        tray.icon.activated.emit(Reason.Trigger)
        tray.icon.activated.emit(Reason.DoubleClick)
        assert driver.window.isVisible() is shown


def test_where_a_click_opens_the_menu_it_does_no_more(
    tray: Tray, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tray_module, "has_tray", lambda: True)
    monkeypatch.setattr(sys, "platform", "darwin")
    tray.show(on=True)
    assert tray.icon is not None
    tray.icon.activated.emit(Reason.Trigger)
    assert driver.window.isVisible()


def test_the_menu_says_what_it_does(tray: Tray, driver: Driver) -> None:
    texts = [tray._toggle.text()]
    driver.window.overrideWindowState(Qt.WindowState.WindowMinimized)  # as the desktop does it
    texts.append(tray._toggle.text())
    driver.window.come_to_front()
    texts.append(tray._toggle.text())
    assert texts == ["&Hide window", "&Show window", "&Hide window"]


def test_a_tray_that_goes_gives_the_window_back(
    tray: Tray, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [True]
    monkeypatch.setattr(tray_module, "has_tray", lambda: there[0])
    tray._looks.setInterval(20)
    tray.show(on=True)
    tray.toggle()
    driver.pause()
    assert not driver.window.isVisible()
    there[0] = False
    driver.until(driver.window.isVisible)
    assert not tray._looks.isActive()
    there[0] = True
    tray.toggle()
    tray.close()
    there[0] = False
    driver.pause()
    assert not driver.window.isVisible(), "it ends"


@pytest.mark.parametrize("how", ["hidden", "minimised", "shown"])
def test_quitting_asks_once_and_where_it_is_seen(
    driver: Driver, scripted: ScriptedQueue, how: str
) -> None:
    scripted.signals.rows_added.emit([row("one", 1 << 30)])
    window = driver.window
    {"hidden": window.hide, "minimised": window.showMinimized, "shown": window.show}[how]()
    for _ in range(3):
        driver.do("app.quit")
        assert window.isVisible()
        assert not window.isMinimized()
        assert len(window.findChildren(QMessageBox)) == 1
    box = driver.dialog(QMessageBox)
    box.reject()
    driver.do("app.quit")
    assert driver.dialog(QMessageBox).isVisible(), "another time it is asked again"


@pytest.mark.parametrize("there", [True, False])
def test_the_preferences_say_whether_there_is_a_tray(driver: Driver, *, there: bool) -> None:
    dialog = PreferencesDialog(Preferences(tray=True), driver.window, tray_there=there)
    assert dialog.tray.isEnabled() is there
    assert ("no tray" in dialog.tray.text()) is not there
    told: list[Preferences] = []
    dialog.wanted.connect(told.append)
    dialog.accept()
    assert told[0].tray, "what was chosen elsewhere stays"


@pytest.fixture
def screen(display: str, tmp_path: Path) -> Iterator[Telling]:
    settings = Settings(tmp_path / "window.ini")
    settings.set_preferences(replace(settings.preferences, tray=True))
    with ExitStack() as stack:
        # No session bus: there the tray would be another one, not on this screen.
        yield Telling(
            tmp_path, stack, DISPLAY=display, QT_QPA_PLATFORM="xcb",
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/none",
        )  # fmt: skip


def windows(screen: Telling, *which: str) -> str:
    return subprocess.run(
        ["xdotool", "search", *which], env=screen.environment,
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_click_on_the_icon_hides_and_shows(screen: Telling, tmp_path: Path) -> None:
    host = screen.start("tray_host.py")
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    screen.watch(
        screen.start(
            "observed.py", "--size", "900x600", "--settings", str(tmp_path / "window.ini"),
            "--profiles", str(tmp_path / "profiles.json"),
        )
    )  # fmt: skip
    assert host.stdout.readline() == "docked\n"
    screen.until(lambda seen: seen["table"])
    shown = ("--onlyvisible", "--name", "^Lacuna$")
    until(lambda: windows(screen, *shown))

    def click() -> None:
        subprocess.run(
            ["xdotool", "mousemove", *map(str, ICON), "click", "1"],
            env=screen.environment, check=True, timeout=20,
        )  # fmt: skip

    click()
    until(lambda: not windows(screen, *shown))
    time.sleep(APART)
    click()
    until(lambda: windows(screen, *shown))
