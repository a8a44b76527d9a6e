"""What becomes a job: sheets, drops, what is pasted. The queue is scripted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QWidget

from lacuna_engine.transfer import IfExists
from lacuna_gui.dialogs.targets import CopyDialog, DownloadDialog
from lacuna_gui.dialogs.upload import UploadDialog
from ui.window.driver import Driver, ScriptedQueue, Served, click


def drop(target: QWidget, data: QMimeData, where: QPoint | None = None) -> None:
    """Drop as Qt delivers it. The real thing, from another program, is in test_drop.py."""
    place = where or target.rect().center()
    actions = Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, actions, data, buttons, keys)
    QGuiApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QGuiApplication.sendEvent(target, QDropEvent(QPointF(place), actions, data, buttons, keys))


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_uploading_through_the_sheet(
    driver: Driver, scripted: ScriptedQueue, served: Served, tmp_path: Path
) -> None:
    image, other = tmp_path / "a b.raw", tmp_path / "other.iso"
    image.write_bytes(b"\0" * 8192 + b"x" * 4096)
    other.write_bytes(b"y" * 100)
    (served.path("default") / "other.iso").write_bytes(b"there already")
    driver.connect()
    drop(driver.window.volumes.table, files(image, other))
    sheet = driver.dialog(UploadDialog)
    driver.until(lambda: sheet.table.item(1, 6).text() == "exists already")
    assert not sheet.ok.isEnabled()
    assert sheet.table.item(0, 2).text() == "12 KiB"
    sheet.table.item(1, 5).setText("new.iso")
    driver.until(sheet.ok.isEnabled)
    sheet.fields.verify.setChecked(True)
    click(sheet.ok)
    added = [one for one in scripted.commands if one[0] == "add_upload"]
    assert [(one[1], one[2].pool, one[2].volume) for one in added] == [
        (image, "default", "a b.raw"),
        (other, "default", "new.iso"),
    ]
    assert added[0][2].uri == served.uri
    assert added[0][3].verify
    assert added[0][3].if_exists is IfExists.FAIL


def test_a_drop_on_a_pool_goes_there(driver: Driver, tmp_path: Path) -> None:
    image = tmp_path / "a.raw"
    image.write_bytes(b"x")
    driver.connect()
    view = driver.window.connections
    fast = view.visualRect(view.tree.index_of_pool(driver.host().id, "fast")).center()
    drop(view.viewport(), files(image), fast)
    sheet = driver.dialog(UploadDialog)
    assert sheet.chosen() == (driver.host(), "fast")


def test_a_drop_of_a_folder(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    (folder / "deeper").mkdir(parents=True)
    for name in ("b.raw", "a.raw", ".hidden"):
        (folder / name).write_bytes(b"x")
    driver.connect()
    drop(driver.window, files(folder))
    sheet = driver.dialog(UploadDialog)
    assert [sheet.table.item(place, 0).text() for place in range(2)] == ["a.raw", "b.raw"]
    assert sheet.table.rowCount() == 2
    assert "left out" in driver.messages()[0]


def test_a_drop_that_cannot_work_says_why(
    driver: Driver, scripted: ScriptedQueue, tmp_path: Path
) -> None:
    image = tmp_path / "a.raw"
    image.write_bytes(b"x")
    drop(driver.window.volumes, files(image))
    assert "Connect to a daemon first" in driver.messages()[0]
    web = QMimeData()
    web.setUrls([QUrl("https://example.org/image.raw")])
    drop(driver.window, web)
    assert "example.org/image.raw is not on this computer" in driver.messages()[0]
    drop(driver.window, files(tmp_path / "gone.raw"))
    assert "gone.raw cannot be read" in driver.messages()[0]
    driver.connect()
    driver.do("pool.stop")
    driver.agree()
    driver.until(lambda: not driver.host().pools["default"].active)
    drop(driver.window.volumes, files(image))
    assert "default is stopped" in driver.messages()[0]
    assert not [one for one in scripted.commands if one[0] == "add_upload"]


def test_pasting_files(driver: Driver, tmp_path: Path) -> None:
    image = tmp_path / "a.raw"
    image.write_bytes(b"x")
    driver.connect()
    clipboard = QGuiApplication.clipboard()
    clipboard.setMimeData(files(image))
    driver.do("volume.paste")
    # What is of Python must not be left there: the clipboard outlives the interpreter.
    clipboard.clear()
    sheet = driver.dialog(UploadDialog)
    assert sheet.table.item(0, 0).text() == "a.raw"


def test_downloading(
    driver: Driver, scripted: ScriptedQueue, served: Served, tmp_path: Path
) -> None:
    (served.path("default") / "disk.raw").write_bytes(b"x" * 5000)
    driver.connect()
    driver.select("disk.raw")
    driver.do("volume.download")
    dialog = driver.dialog(DownloadDialog)
    dialog.folder.setText(str(tmp_path / "nowhere"))
    assert not dialog.ok.isEnabled()
    dialog.folder.setText(str(tmp_path))
    (tmp_path / "disk.raw").write_bytes(b"")
    dialog.recheck()
    assert "exists already" in dialog.problem.text()
    dialog.name.setText("copy.raw")
    click(dialog.ok)
    command = scripted.last()
    assert command[0] == "add_download"
    assert (command[1].volume, command[2]) == ("disk.raw", tmp_path / "copy.raw")


def test_dragging_volumes_onto_another_pool_copies_them(
    driver: Driver, scripted: ScriptedQueue, served: Served
) -> None:
    (served.path("default") / "disk.raw").write_bytes(b"x" * 5000)
    driver.connect()
    driver.select("disk.raw")
    model = driver.window.volumes.model
    data = model.mimeData([model.index(0, 0)])
    view = driver.window.connections
    tree = view.tree
    # Onto its own pool there is nothing to do, and that is said.
    own = view.visualRect(tree.index_of_pool(driver.host().id, "default")).center()
    drop(view.viewport(), data, own)
    assert "in this pool already" in driver.messages()[0]
    other = view.visualRect(tree.index_of_pool(driver.host().id, "fast")).center()
    drop(view.viewport(), data, other)
    dialog = driver.dialog(CopyDialog)
    click(dialog.ok)
    command = scripted.last()
    assert command[0] == "add_copy"
    assert (command[1].pool, command[1].volume) == ("default", "disk.raw")
    assert (command[2].pool, command[2].volume) == ("fast", "disk.raw")
