"""Browsing: what one sees of a daemon, and what one can do to its pools and volumes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from lacuna_engine.errors import RemoteError
from lacuna_engine.storage import PoolState
from lacuna_engine.transfer import Session
from lacuna_gui.dialogs.details import DetailsDialog
from lacuna_gui.dialogs.pools import DefinePoolDialog
from lacuna_gui.dialogs.volumes import CloneDialog, NewVolumeDialog, ResizeDialog
from lacuna_gui.hosts import HostState
from lacuna_gui.models.volumes import Column
from lacuna_gui.problem import problem_of
from ui.window.driver import Driver, Served, click, type_text

MIB = 1 << 20


def make(served: Served, name: str, size: int = MIB, pool: str = "default") -> Path:
    path = served.path(pool) / name
    with path.open("wb") as file:
        file.truncate(size)
    served.elsewhere(lambda session: _refresh(session, pool))
    return path


async def _refresh(session: Session, pool: str) -> None:
    await session.storage.refresh_pool(await session.storage.pool(pool))


def test_nothing_is_connected_at_first(driver: Driver) -> None:
    assert driver.host().state is HostState.OFFLINE
    assert driver.rows() == []
    assert driver.window.volumes.empty.isVisible()
    driver.window.connections.choose_host(driver.host().id)
    assert driver.window.volumes.path.text() == "lab"
    assert driver.is_enabled("connection.open")
    assert not driver.is_enabled("pool.define")


def test_connecting_shows_pools_and_volumes(driver: Driver, served: Served) -> None:
    make(served, "small.raw", 3 * MIB)
    make(served, "disk10.raw")
    make(served, "disk2.raw")
    driver.connect()
    tree = driver.window.connections.tree
    host = tree.index_of_host(driver.host().id)
    assert [tree.index(row, 0, host).data() for row in range(2)] == ["default", "fast"]
    driver.until(lambda: driver.cell("small.raw", Column.CAPACITY) == "3 MiB")
    assert driver.rows() == ["disk2.raw", "disk10.raw", "small.raw"]
    assert driver.cell("small.raw", Column.FORMAT) == "raw"
    assert "default" in driver.window.volumes.path.text()


def test_connecting_chooses_the_first_active_pool(driver: Driver, served: Served) -> None:
    make(served, "a.raw")
    driver.connect(pool="")
    driver.until(lambda: driver.rows() == ["a.raw"])


def test_a_daemon_that_is_not_there(driver: Driver, served: Served) -> None:
    served.stop()
    driver.connect()
    driver.until(lambda: bool(driver.messages()))
    assert "Cannot connect to lab" in driver.messages()[0]
    assert driver.host().state is HostState.LOST
    assert driver.window.volumes.empty.isVisible()
    # The message brings the button that tries again.
    served.start()
    again = next(
        button
        for button in driver.window.messages.findChildren(QPushButton)
        if button.text() == "Try again"
    )
    click(again)
    driver.until(lambda: driver.host().online)
    driver.until(lambda: not driver.messages())


def test_a_connection_that_ends(driver: Driver, served: Served) -> None:
    make(served, "a.raw")
    driver.connect()
    driver.until(lambda: driver.rows() == ["a.raw"])
    served.stop()
    driver.until(lambda: driver.host().state is HostState.LOST)
    driver.until(lambda: any("has ended" in text for text in driver.messages()))
    assert driver.rows() == []
    assert driver.is_enabled("connection.open")


def test_disconnecting_says_nothing(driver: Driver) -> None:
    driver.connect()
    driver.do("connection.close")
    driver.until(lambda: driver.host().state is HostState.OFFLINE)
    assert driver.messages() == []
    tree = driver.window.connections.tree
    assert tree.rowCount(tree.index_of_host(driver.host().id)) == 0


def test_what_others_do_to_pools_is_seen(driver: Driver, served: Served) -> None:
    make(served, "a.raw")
    driver.connect()
    driver.until(lambda: driver.rows() == ["a.raw"])
    make(served, "b.raw")  # and a refresh by another client
    driver.until(lambda: driver.rows() == ["a.raw", "b.raw"])

    async def stop(session: Session) -> None:
        await session.storage.stop_pool(await session.storage.pool("default"))

    served.elsewhere(stop)
    driver.until(lambda: driver.host().pools["default"].state == PoolState.INACTIVE)
    driver.until(driver.window.volumes.empty.isVisible)
    assert driver.is_enabled("pool.start")
    driver.do("pool.start")
    driver.until(lambda: driver.rows() == ["a.raw", "b.raw"])


def test_stopping_a_pool_asks_first(driver: Driver) -> None:
    driver.connect()
    driver.do("pool.stop")
    box = driver.dialog(QMessageBox)
    # Return is the safe answer.
    driver.key(Qt.Key.Key_Return, box)
    driver.until(lambda: not driver.dialogs())
    assert driver.host().pools["default"].active
    driver.do("pool.stop")
    driver.agree()
    driver.until(lambda: not driver.host().pools["default"].active)
    assert not driver.is_enabled("pool.stop")


def test_refresh_finds_new_files(driver: Driver, served: Served) -> None:
    driver.connect()
    (served.path("default") / "new.raw").write_bytes(b"x" * 4096)
    driver.do("pool.refresh")
    driver.until(lambda: driver.rows() == ["new.raw"])


def test_autostart_is_a_tick(driver: Driver) -> None:
    driver.connect()
    action = driver.window.actions_["pool.autostart"]
    assert action.isChecked()
    action.trigger()
    driver.until(lambda: not driver.host().pools["default"].autostart)
    assert not action.isChecked()


def test_defining_and_undefining_a_pool(driver: Driver, served: Served) -> None:
    driver.connect()
    driver.do("pool.define")
    dialog = driver.dialog(DefinePoolDialog)
    assert not dialog.ok.isEnabled()
    dialog.name.setText("default")
    assert "already" in dialog.problem.text()
    dialog.name.setText("more")
    dialog.path.setText(str(served.folder / "more"))
    click(dialog.ok)
    driver.until(lambda: "more" in driver.host().pools)
    driver.until(lambda: driver.host().pools["more"].active)
    assert (served.folder / "more").is_dir()
    driver.until(lambda: "more" in driver.window.volumes.path.text())
    driver.do("pool.stop")
    driver.agree()
    driver.until(lambda: not driver.host().pools["more"].active)
    driver.do("pool.undefine")
    driver.agree()
    driver.until(lambda: "more" not in driver.host().pools)


def test_details_of_a_pool(driver: Driver, served: Served) -> None:
    driver.connect()
    driver.do("pool.details")
    dialog = driver.dialog(DetailsDialog)
    assert "default" in dialog.windowTitle()
    assert str(served.path("default")) in dialog.xml.toPlainText()


def test_creating_a_volume(driver: Driver, served: Served) -> None:
    make(served, "taken.qcow2")
    driver.connect()
    driver.do("volume.new")
    dialog = driver.dialog(NewVolumeDialog)
    dialog.name.setText("taken.qcow2")
    assert not dialog.ok.isEnabled()
    dialog.name.setText("new.raw")
    assert dialog.image_format.currentText() == "raw"
    dialog.capacity.setText("8 MiB")
    click(dialog.ok)
    driver.until(lambda: driver.cell("new.raw", Column.CAPACITY) == "8 MiB")
    assert (served.path("default") / "new.raw").stat().st_size == 8 * MIB


def test_cloning_resizing_and_deleting(driver: Driver, served: Served) -> None:
    path = make(served, "disk.raw")
    path.write_bytes(b"content" * 1000)
    driver.connect()
    driver.select("disk.raw")
    driver.do("volume.clone")
    clone = driver.dialog(CloneDialog)
    assert clone.name.text() == "disk-1.raw"
    click(clone.ok)
    driver.until(lambda: driver.rows() == ["disk.raw", "disk-1.raw"] or len(driver.rows()) == 2)
    assert (served.path("default") / "disk-1.raw").read_bytes()[:7000] == b"content" * 1000

    driver.select("disk-1.raw")
    driver.until(lambda: driver.cell("disk-1.raw", Column.CAPACITY) not in ("", "…"))
    driver.do("volume.resize")
    resize = driver.dialog(ResizeDialog)
    resize.capacity.setText("4 MiB")
    click(resize.ok)
    driver.until(lambda: driver.cell("disk-1.raw", Column.CAPACITY) == "4 MiB")

    driver.select("disk.raw", "disk-1.raw")
    driver.do("volume.delete")
    driver.agree()
    driver.until(lambda: driver.rows() == [])
    assert list(served.path("default").iterdir()) == []


def test_details_of_a_volume(driver: Driver, served: Served) -> None:
    make(served, "disk.raw")
    driver.connect()
    driver.select("disk.raw")
    driver.key(Qt.Key.Key_Return, driver.window.volumes.table)
    dialog = driver.dialog(DetailsDialog)
    assert "<name>disk.raw</name>" in dialog.xml.toPlainText()


def test_a_failure_says_what_and_why(driver: Driver, served: Served) -> None:
    path = make(served, "disk.raw")
    driver.connect()
    driver.select("disk.raw")
    path.unlink()  # behind everybody's back
    driver.do("volume.details")
    driver.until(lambda: bool(driver.messages()))
    text = driver.messages()[0]
    assert "disk.raw cannot be read" in text
    assert "code" in text, "the daemon's own words, with its number"


def test_filter_and_selection(driver: Driver, served: Served) -> None:
    for name in ("debian.qcow2", "fedora.qcow2", "win11.raw"):
        (served.path("default") / name).write_bytes(b"x")
    make(served, "windows.iso")
    driver.connect()
    driver.until(lambda: len(driver.rows()) == 4)
    panel = driver.window.volumes
    driver.do("volume.filter")
    type_text(panel.filter, "win")
    driver.until(lambda: driver.rows() == ["win11.raw", "windows.iso"])
    driver.key(Qt.Key.Key_Return, panel.filter)
    assert [row.name for row in panel.selected()] == ["win11.raw"]
    driver.key(Qt.Key.Key_Escape, panel)
    driver.until(lambda: len(driver.rows()) == 4)
    panel.filter.setText("*.qcow2")
    driver.until(lambda: driver.rows() == ["debian.qcow2", "fedora.qcow2"])


def test_sorting_by_size_keeps_the_selection(driver: Driver, served: Served) -> None:
    make(served, "large.raw", 5 << 30)
    make(served, "small.raw", 4096)
    make(served, "middle.raw", 3 << 30)
    driver.connect()
    driver.until(lambda: driver.cell("small.raw", Column.CAPACITY) == "4 KiB")
    driver.select("middle.raw")
    header = driver.window.volumes.table.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(Column.CAPACITY) + 10, header.height() // 2)
    click(header.viewport(), where)
    driver.until(lambda: driver.rows() == ["small.raw", "middle.raw", "large.raw"])
    assert [row.name for row in driver.window.volumes.selected()] == ["middle.raw"]


def test_a_refused_command_leaves_the_list_right(driver: Driver, served: Served) -> None:
    make(served, "disk.raw")
    driver.connect()
    driver.do("volume.new")
    dialog = driver.dialog(NewVolumeDialog)
    dialog.name.setText("late.raw")
    dialog.capacity.setText("1 MiB")

    async def faster(session: Session) -> None:
        storage = session.storage
        await storage.create_volume(await storage.pool("default"), "late.raw", capacity=1)

    served.elsewhere(faster)
    click(dialog.ok)
    driver.until(lambda: any("could not be created" in text for text in driver.messages()))
    driver.until(lambda: "late.raw" in driver.rows())


def test_problem_without_a_server_error() -> None:
    problem = problem_of(RemoteError("went wrong", code=1, domain=2), "It failed")
    assert problem.what == "It failed"
    assert problem.why == "The daemon says: “went wrong”."
    assert "code 1, domain 2" in problem.details
