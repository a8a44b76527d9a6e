"""Transfers for real, from the sheet to the bytes in the pool and back."""

from __future__ import annotations

import asyncio
import filecmp
import random
from pathlib import Path

from pytestqt.qtbot import QtBot

from lacuna_engine.extents import Kind, Progress, allocated_bytes
from lacuna_gui.dialogs.prompts import WindowPrompter
from lacuna_gui.dialogs.targets import CopyDialog, DownloadDialog
from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.worker_queue import WorkerQueue
from ui.window.driver import Driver, Served, click

MIB = 1 << 20


def image(path: Path, *, size: int = 8 * MIB, data: int = 2 * MIB) -> Path:
    """A file with data at its beginning and a hole behind."""
    with path.open("wb") as file:
        file.write(random.Random(1).randbytes(data))
        file.truncate(size)
    return path


def accept(driver: Driver, dialog: object) -> None:
    button = dialog.ok  # type: ignore[attr-defined]
    driver.until(button.isEnabled)
    click(button)


def upload(driver: Driver, *files: Path) -> None:
    driver.window.moving_commands.ask_upload(files)
    accept(driver, driver.dialog(UploadDialog))


def test_there_and_back(moving: Driver, served: Served, tmp_path: Path) -> None:
    source = image(tmp_path / "disk.raw")
    moving.connect()
    upload(moving, source)
    panel = moving.window.transfers
    moving.until(lambda: panel.finished.rowCount() == 1)
    arrived = served.path("default") / "disk.raw"
    assert filecmp.cmp(source, arrived, shallow=False)
    # The list shows it without being asked, and the map says what it was.
    moving.until(lambda: "disk.raw" in moving.rows())
    table = moving.window.map.map.table
    assert table is not None
    assert table.bytes_of(Kind.HOLE) == 6 * MIB
    assert table.bytes_at(Progress.ACKNOWLEDGED) == 8 * MIB
    row = panel.finished.rows()[0]
    assert (row.percent, row.saved, row.data) == (100, 6 * MIB, 2 * MIB)

    back = tmp_path / "back"
    back.mkdir()
    moving.select("disk.raw")
    moving.do("volume.download")
    dialog = moving.dialog(DownloadDialog)
    dialog.folder.setText(str(back))
    dialog.fields.verify.setChecked(True)
    accept(moving, dialog)
    moving.until(lambda: panel.finished.rowCount() == 2)
    assert filecmp.cmp(source, back / "disk.raw", shallow=False)
    assert allocated_bytes(back / "disk.raw") < 4 * MIB
    assert panel.finished.rows()[0].verified


def test_a_copy_to_another_pool(moving: Driver, served: Served) -> None:
    source = image(served.path("default") / "disk.raw")
    moving.connect()
    moving.select("disk.raw")
    moving.do("volume.copy_to")
    dialog = moving.dialog(CopyDialog)
    dialog.name.setText("copy.raw")
    accept(moving, dialog)
    moving.until(lambda: moving.window.transfers.finished.rowCount() == 1)
    assert filecmp.cmp(source, served.path("fast") / "copy.raw", shallow=False)


def test_a_transfer_that_fails_and_is_retried(
    moving: Driver, served: Served, tmp_path: Path
) -> None:
    source = image(tmp_path / "disk.raw")
    moving.connect()
    served.faults.no_space_after = MIB
    upload(moving, source)
    panel = moving.window.transfers
    moving.until(lambda: panel.failed.rowCount() == 1)
    moving.until(lambda: any("could not be transferred" in text for text in moving.messages()))
    # What has arrived waits for the next try.
    assert (served.path("default") / "disk.raw").exists()
    served.faults.no_space_after = None
    panel.show_tab(3)
    panel.tabs.currentWidget().selectAll()  # type: ignore[attr-defined]
    moving.do("transfer.retry")
    moving.until(lambda: panel.finished.rowCount() == 1)
    assert filecmp.cmp(source, served.path("default") / "disk.raw", shallow=False)


def test_pausing_all_and_going_on(moving: Driver, served: Served, tmp_path: Path) -> None:
    moving.connect()
    moving.do("queue.pause")
    upload(moving, image(tmp_path / "a.raw"), image(tmp_path / "b.raw"))
    panel = moving.window.transfers
    moving.pause()
    assert panel.queued.rowCount() == 2
    moving.do("queue.pause")
    moving.until(lambda: panel.finished.rowCount() == 2)


def test_closing_in_the_middle_and_opening_again(
    moving: Driver,
    served: Served,
    tmp_path: Path,
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
) -> None:
    source = image(tmp_path / "big.raw", size=64 * MIB, data=64 * MIB)
    moving.connect()
    moving.queue.set_limit(4 * MIB)
    upload(moving, source)
    panel = moving.window.transfers
    moving.until(lambda: bool(panel.active.rows()) and panel.active.rows()[0].moved > 0)
    asked: list[bool] = []
    moving.window.closing.connect(lambda: asked.append(True))
    moving.window.close()
    moving.agree()
    assert asked == [True]
    moving.close()
    # The fixture closes once more, which must do no harm.
    moving.close = lambda: None  # type: ignore[method-assign]
    prompter = WindowPrompter()
    queue = WorkerQueue(loop, lambda _: prompter)
    again = Driver(qtbot, loop, tmp_path, queue)
    try:
        queue.attach()
        again.until(lambda: again.window.transfers.finished.rowCount() == 1)
    finally:
        again.close()
    assert filecmp.cmp(source, served.path("default") / "big.raw", shallow=False)
