"""Copy diagnostics, as a user does it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from lacuna_engine.errors import AuthenticationError
from lacuna_engine.log_file import recording
from ui.window.driver import Driver, Served


def connect(driver: Driver) -> None:
    driver.window.connection_commands.connect_host(driver.host("lab"))
    driver.until(lambda: driver.host("lab").online)


def copied(driver: Driver) -> str:
    """Choose the action in the menu and return what is in the clipboard then."""
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    help_menu = driver.window.menuBar().actions()[-1].menu()
    assert isinstance(help_menu, QMenu)
    next(action for action in help_menu.actions() if "diagnostics" in action.text()).trigger()
    driver.until(lambda: bool(clipboard.text()))
    return clipboard.text()


def test_copied_are_versions_and_daemons_and_no_names(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LACUNA_DATA", f"{tmp_path}/data")

    async def refused() -> None:
        raise AuthenticationError("wrong password 'hunter22' for lab")

    connect(driver)
    with recording("test"):
        driver.bridge.run(refused())
        driver.until(lambda: bool(driver.messages()))
        text = copied(driver)
    assert f"Qt: {qVersion()}" in text
    assert f"Python: {sys.version.split()[0]}" in text
    assert "unix, online, libvirt 9.0.0" in text
    assert "event=work failed error=AuthenticationError" in text
    for name in ("hunter22", "lab", "default", "fast", str(tmp_path)):
        assert name not in text
    assert "Diagnostics copied" in driver.window.statusBar().currentMessage()


def test_a_lost_connection_is_told(driver: Driver, served: Served) -> None:
    connect(driver)
    served.stop()
    driver.until(lambda: driver.host().error is not None)
    assert "unix, lost, ConnectionLostError" in copied(driver)
