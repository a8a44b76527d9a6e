"""The window against a real libvirtd: browsing, its events, transfers there and back."""

from __future__ import annotations

import asyncio
import filecmp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from integration.conftest import PoolFactory
from integration.images import make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from lacuna_gui.dialogs.prompts import WindowPrompter
from lacuna_gui.dialogs.targets import DownloadDialog
from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.dialogs.volumes import NewVolumeDialog
from lacuna_gui.hosts import HostState
from lacuna_gui.models.volumes import Column
from lacuna_gui.worker_queue import WorkerQueue
from ui.window.driver import Driver, click, end_loop, start_loop


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    qapp.setQuitOnLastWindowClosed(False)
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


@pytest.fixture
def driver(
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
    daemon: PrivateLibvirtd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Driver]:
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    daemon.start()
    prompter = WindowPrompter()
    made = Driver(
        qtbot, loop, tmp_path, WorkerQueue(loop, lambda _: prompter), ("real", daemon.uri)
    )
    made.queue.attach()
    yield made
    made.close()


def test_pools_and_volumes(driver: Driver, pool: Pool, daemon: PrivateLibvirtd) -> None:
    daemon.virsh("vol-create-as", pool.name, "disk.qcow2", "3G", "--format", "qcow2")
    driver.connect(pool=pool.name)
    driver.until(lambda: driver.cell("disk.qcow2", Column.CAPACITY) == "3 GiB")
    assert driver.cell("disk.qcow2", Column.FORMAT) == "qcow2"
    record = driver.host().pools[pool.name]
    assert 0 < record.capacity <= 64 * MIB


def test_a_volume_is_made_and_deleted(driver: Driver, pool: Pool) -> None:
    driver.connect(pool=pool.name)
    driver.do("volume.new")
    dialog = driver.dialog(NewVolumeDialog)
    dialog.name.setText("new.raw")
    dialog.capacity.setText("8 MiB")
    click(dialog.ok)
    driver.until(lambda: driver.cell("new.raw", Column.CAPACITY) == "8 MiB")
    assert pool.file("new.raw").stat().st_size == 8 * MIB
    driver.select("new.raw")
    driver.do("volume.delete")
    driver.agree()
    driver.until(lambda: driver.rows() == [])
    assert not pool.file("new.raw").exists()


def test_what_virsh_does_is_seen(
    driver: Driver, pool_factory: PoolFactory, daemon: PrivateLibvirtd
) -> None:
    pool = pool_factory()
    driver.connect(pool=pool.name)
    daemon.virsh("pool-destroy", pool.name)
    driver.until(lambda: not driver.host().pools[pool.name].active)
    driver.until(driver.window.volumes.empty.isVisible)
    daemon.virsh("pool-start", pool.name)
    driver.until(lambda: driver.host().pools[pool.name].active)
    pool.file("found.raw").write_bytes(b"x" * 4096)
    daemon.virsh("pool-refresh", pool.name)
    driver.until(lambda: driver.rows() == ["found.raw"])
    other = pool_factory()
    driver.until(lambda: other.name in driver.host().pools)


def test_there_and_back(driver: Driver, pool: Pool, tmp_path: Path) -> None:
    source = tmp_path / "image.raw"
    make_image(source)
    driver.connect(pool=pool.name)
    driver.window.moving_commands.ask_upload([source])
    sheet = driver.dialog(UploadDialog)
    driver.until(sheet.ok.isEnabled)
    click(sheet.ok)
    panel = driver.window.transfers
    driver.until(lambda: panel.finished.rowCount() == 1)
    assert filecmp.cmp(source, pool.file("image.raw"), shallow=False)
    driver.select("image.raw")
    driver.do("volume.download")
    dialog = driver.dialog(DownloadDialog)
    dialog.folder.setText(str(tmp_path))
    dialog.name.setText("back.raw")
    click(dialog.ok)
    driver.until(lambda: panel.finished.rowCount() == 2)
    assert filecmp.cmp(source, tmp_path / "back.raw", shallow=False)


def test_owner_and_mode(driver: Driver, pool: Pool, tmp_path: Path) -> None:
    source = tmp_path / "image.raw"
    source.write_bytes(os.urandom(MIB))
    driver.connect(pool=pool.name)
    driver.window.moving_commands.ask_upload([source])
    sheet = driver.dialog(UploadDialog)
    sheet.fields.permissions.owner.setEditText("107:108")
    sheet.fields.permissions.mode.setEditText("0640")
    driver.until(sheet.ok.isEnabled)
    click(sheet.ok)
    driver.until(lambda: driver.window.transfers.finished.rowCount() == 1)
    about = pool.file("image.raw").stat()
    assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (107, 108, 0o640)


def test_a_pool_that_is_full(driver: Driver, small_pool: Pool, tmp_path: Path) -> None:
    source = tmp_path / "large.raw"
    source.write_bytes(os.urandom(6 * MIB))
    driver.connect(pool=small_pool.name)
    driver.window.moving_commands.ask_upload([source])
    sheet = driver.dialog(UploadDialog)
    driver.until(sheet.ok.isEnabled)
    click(sheet.ok)
    driver.until(lambda: driver.window.transfers.failed.rowCount() == 1)
    driver.until(lambda: any("could not be transferred" in text for text in driver.messages()))
    assert "room" in driver.messages()[0]
    assert not small_pool.file("large.raw").exists()


def test_a_daemon_that_is_killed(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, own_daemon: PrivateLibvirtd, tmp_path: Path
) -> None:
    prompter = WindowPrompter()
    driver = Driver(
        qtbot, loop, tmp_path, WorkerQueue(loop, lambda _: prompter), ("real", own_daemon.uri)
    )
    try:
        driver.connect(pool="")
        own_daemon.kill()
        driver.until(lambda: driver.host().state is HostState.LOST)
        driver.until(lambda: any("has ended" in text for text in driver.messages()))
        own_daemon.start()
        driver.connect(pool="")
        assert driver.host().online
        driver.until(lambda: driver.messages() == [])
    finally:
        driver.close()
