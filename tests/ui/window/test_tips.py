"""Tool tips: what servers and files say is text in them, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QTextDocument

from lacuna_engine.errors import LacunaError, RemoteError
from lacuna_engine.profiles import Profile
from lacuna_engine.storage import VolumeDescription, VolumeHandle, VolumeType
from lacuna_gui.dialogs.connection import ConnectionDialog
from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.models.connections import ConnectionsModel
from lacuna_gui.models.log import LogModel
from lacuna_gui.models.transfers import ACTIVE, Direction, RowState, TransferRow, TransfersModel
from lacuna_gui.models.volumes import VolumesModel
from lacuna_gui.settings import Preferences
from lacuna_gui.widgets import ElidedLabel
from lacuna_gui.words import plain_tip
from ui.window.driver import Driver

HOSTILE = ["<b>disk<b>.raw", "<img src='x.png'>.raw", "a&lt;b.raw", "a & b <i>.raw", "<qt><h1>x"]
TIP = Qt.ItemDataRole.ToolTipRole


def seen(tip: str) -> str:
    """Return what somebody reads who is shown a tool tip."""
    if not QtGui.Qt.mightBeRichText(tip):
        return tip
    document = QTextDocument()
    document.setHtml(tip)
    return document.toPlainText()


def first(model: QAbstractItemModel) -> str:
    return str(model.index(0, 0, QModelIndex()).data(TIP))


def of_a_line(name: str, driver: Driver) -> str:
    del driver
    model = LogModel()
    model.say(name)
    return first(model)


def of_a_transfer(name: str, driver: Driver) -> str:
    del driver
    model = TransfersModel(ACTIVE)
    state = RowState.RUNNING
    model.take([TransferRow("j", Direction.UPLOAD, name, name, "b", state, total=1, notes=("n",))])
    return first(model)


def of_a_volume(name: str, driver: Driver) -> str:
    del driver
    model = VolumesModel()
    model.show_volumes("host", "pool", [VolumeHandle("pool", name, "")])
    model.describe([VolumeDescription(name, "/p", VolumeType.FILE, 1, 1, format="raw")])
    return first(model)


def of_a_connection(name: str, driver: Driver) -> str:
    driver.host().error = RemoteError(name, code=1)
    return first(ConnectionsModel(driver.hosts))


def of_a_label(name: str, driver: Driver) -> str:
    label = ElidedLabel(name)
    driver.qtbot.addWidget(label)
    label.resize(20, 20)
    label.show()
    assert label.is_elided()
    return label.toolTip()


def of_a_file(name: str, driver: Driver) -> str:
    dialog = UploadDialog(driver.bridge, driver.hosts, Preferences(), [Path("/none") / name])
    driver.qtbot.addWidget(dialog)
    item = dialog.table.item(0, 0)
    assert item is not None
    return item.toolTip()


def of_a_check(name: str, driver: Driver) -> str:
    missing = Path("/none") / name
    dialog = UploadDialog(driver.bridge, driver.hosts, Preferences(), [missing])
    driver.qtbot.addWidget(dialog)
    item = dialog.table.item(0, 6)
    assert item is not None
    driver.until(lambda: "/none" in item.text())
    return item.toolTip()


def of_a_failed_test(name: str, driver: Driver) -> str:
    async def fails(_: Profile) -> str:
        raise LacunaError("it failed") from RemoteError(name, code=1)

    profile = Profile("x", "x", "qemu:///system")
    dialog = ConnectionDialog(driver.bridge, fails, profile)
    driver.qtbot.addWidget(dialog)
    dialog.test.click()
    driver.until(lambda: bool(dialog.outcome.toolTip()))
    return dialog.outcome.toolTip()


TIPS = [
    of_a_line, of_a_transfer, of_a_volume, of_a_connection, of_a_label, of_a_file, of_a_check,
    of_a_failed_test,
]  # fmt: skip


@pytest.mark.parametrize("tip", TIPS)
def test_no_name_is_markup(tip: Callable[[str, Driver], str], driver: Driver) -> None:
    for name in HOSTILE:
        assert name in seen(tip(name, driver))


def test_lines_stay_lines() -> None:
    assert plain_tip("one\ntwo") == "one\ntwo"
    assert seen(plain_tip("<b>\n&amp;")) == "<b>\n&amp;"


def test_only_the_tip_is_written_for_html(driver: Driver) -> None:
    driver.host().error = RemoteError("<b>", code=1)
    spoken = ConnectionsModel(driver.hosts).index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "“<b>”" in spoken
