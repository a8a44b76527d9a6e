"""The transfers as a queue tells them: tabs, map, commands. The queue is scripted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QWidget

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_engine.transfer import Phase
from lacuna_gui import endings
from lacuna_gui.dialogs.targets import LimitDialog
from lacuna_gui.models.transfers import Direction, RowState, TransferRow
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.problem import Problem
from lacuna_gui.queue import LogLine, QueueTotals
from ui.window.driver import Driver, ScriptedQueue, Served, click

GIB = 1 << 30
ACTIVE, QUEUED, FINISHED, FAILED, LOG = range(5)


def row(number: int, state: RowState = RowState.QUEUED, **values: object) -> TransferRow:
    made = TransferRow(
        id=f"job{number}",
        direction=Direction.UPLOAD,
        name=f"disk{number}.raw",
        source=f"/home/me/disk{number}.raw",
        destination=f"lab/default/disk{number}.raw",
        state=state,
        position=number,
        total=10 * GIB,
        data=2 * GIB,
        hole=8 * GIB,
        saved=8 * GIB,
    )
    return replace(made, **values)  # type: ignore[arg-type]


def show(driver: Driver, queue: ScriptedQueue, *rows: TransferRow) -> None:
    queue.signals.rows_added.emit(rows)


def select(driver: Driver, tab: int, *places: int) -> None:
    panel = driver.window.transfers
    panel.show_tab(tab)
    table = panel.tabs.currentWidget()
    model = table.selectionModel()  # type: ignore[attr-defined]
    model.clear()
    flag = model.SelectionFlag
    for place in places:
        index = table.model().index(place, 0)  # type: ignore[attr-defined]
        model.select(index, flag.Select | flag.Rows)


def has_focus(window: QWidget, widget: QWidget) -> bool:
    return window.focusWidget() is widget


# --- what the queue says -------------------------------------------------------------------------


def test_rows_are_in_the_tab_of_their_state(driver: Driver, scripted: ScriptedQueue) -> None:
    states = (
        RowState.RUNNING, RowState.STALLED, RowState.QUEUED, RowState.PAUSED, RowState.DONE,
        RowState.SKIPPED, RowState.FAILED, RowState.CANCELLED,
    )  # fmt: skip
    show(driver, scripted, *(row(number, state) for number, state in enumerate(states)))
    tabs = driver.window.transfers.tabs
    assert [tabs.tabText(number) for number in range(4)] == [
        "Active (2)", "Queued (2)", "Finished (2)", "Failed (2)",
    ]  # fmt: skip


def test_a_row_wanders_from_tab_to_tab(driver: Driver, scripted: ScriptedQueue) -> None:
    panel = driver.window.transfers
    show(driver, scripted, row(1))
    assert panel.queued.rowCount() == 1
    scripted.signals.rows_changed.emit([row(1, RowState.RUNNING, phase=Phase.SENDING)])
    assert (panel.queued.rowCount(), panel.active.rowCount()) == (0, 1)
    scripted.signals.rows_changed.emit([row(1, RowState.DONE)])
    assert (panel.active.rowCount(), panel.finished.rowCount()) == (0, 1)
    scripted.signals.row_removed.emit("job1")
    assert panel.finished.rowCount() == 0


def test_a_failure_is_told_with_a_button_to_retry(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.RUNNING))
    error = Problem("The pool is full", "No space left on device", "Make room.", "errno 28")
    scripted.signals.rows_changed.emit([row(1, RowState.FAILED, error=error)])
    text = driver.messages()[0]
    assert "disk1.raw could not be transferred" in text
    assert "Make room." in text
    assert "errno 28" in text
    retry = next(
        button
        for button in driver.window.messages.findChildren(QPushButton)
        if button.text() == "Try again"
    )
    click(retry)
    assert ("retry", "job1") in scripted.commands


def test_progress_and_speed_are_two_numbers(driver: Driver, scripted: ScriptedQueue) -> None:
    one = row(1, RowState.RUNNING, phase=Phase.SENDING, passed=5 * GIB, rate=100 * 2**20, eta=10.0)
    show(driver, scripted, one)
    model = driver.window.transfers.active
    texts = [str(model.index(0, column).data()) for column in range(model.columnCount())]
    assert "50%" in texts
    assert "100 MiB/s" in texts
    assert "sending" in texts
    assert "0:10" in texts
    # All bytes are on their way, but the daemon has not agreed.
    scripted.signals.rows_changed.emit([replace(one, passed=10 * GIB, phase=Phase.FINISHING)])
    assert model.index(0, 2).data() == "99%"


def test_totals_and_log(driver: Driver, scripted: ScriptedQueue) -> None:
    totals = QueueTotals(saved_session=3 * GIB, saved_ever=2048 * GIB, limit=50 * 2**20)
    scripted.signals.totals.emit(totals)
    saved = driver.window.statusBar().findChild(QLabel, "saved")
    assert isinstance(saved, QLabel)
    assert "3 GiB in this session, 2 TiB ever" in saved.text()
    assert driver.window.actions_["queue.limit"].isEnabled()
    scripted.signals.log.emit(LogLine(0, 20, "disk1.raw: start"))
    assert "disk1.raw: start" in driver.window.transfers.log.text()


def test_the_map_follows_the_job_that_is_chosen(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.RUNNING), row(2, RowState.RUNNING))
    assert ("watch", "job1") in scripted.commands
    select(driver, ACTIVE, 1)
    assert scripted.last() == ("watch", "job2")
    shown = driver.window.map.map
    extents = ExtentMap.from_kinds(100, [(0, 40, Kind.DATA), (40, 100, Kind.HOLE)])
    scripted.signals.map_replaced.emit("job2", RunTable.from_map(extents))
    assert shown.table is not None
    assert shown.table.bytes_of(Kind.HOLE) == 60
    scripted.signals.map_changed.emit("job2", [(0, 30, Kind.DATA, Progress.ACKNOWLEDGED)])
    assert shown.table.bytes_at(Progress.ACKNOWLEDGED) == 30
    # What still comes of the other one is not meant for this map.
    scripted.signals.map_changed.emit("job1", [(0, 40, Kind.DATA, Progress.FAILED)])
    assert shown.table.bytes_at(Progress.FAILED) == 0


def test_a_job_of_an_earlier_session_has_no_map(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.DONE, moved=2 * GIB))
    select(driver, FINISHED, 0)
    panel = driver.window.map
    assert panel.map.table is None
    assert panel.map.canvas._note == "No map of this transfer was kept"
    assert "saved 8 GiB" in panel.numbers.text()
    # One that ended a moment ago is remembered.
    extents = ExtentMap.from_kinds(100, [(0, 100, Kind.DATA)])
    scripted.signals.map_replaced.emit("job1", RunTable.from_map(extents))
    assert panel.map.table is not None


def test_the_end_of_a_long_job_is_told_elsewhere(
    driver: Driver, scripted: ScriptedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "LONG_JOB", 0.0)
    told: list[str] = []
    driver.window.endings.told.connect(lambda title, _: told.append(title))
    driver.window.endings._timer.setInterval(10)

    def run(number: int) -> None:
        show(driver, scripted, row(number))
        scripted.signals.rows_changed.emit([row(number, RowState.RUNNING)])
        scripted.signals.rows_changed.emit([row(number, RowState.DONE)])

    driver.until(driver.window.isActiveWindow)
    run(1)
    driver.pause()
    assert told == [], "who looks at the window sees it"
    monkeypatch.setattr(QApplication, "activeWindow", lambda: None)
    run(2)
    driver.until(lambda: told == ["disk2.raw has been transferred"])
    preferences = driver.settings.preferences
    driver.settings.set_preferences(replace(preferences, notify=False))
    run(3)
    driver.pause()
    assert len(told) == 1


# --- commands ------------------------------------------------------------------------------------


Command = tuple[int, RowState, str, str]


@pytest.mark.parametrize(
    "case",
    [
        (ACTIVE, RowState.RUNNING, "transfer.pause", "pause"),
        (QUEUED, RowState.QUEUED, "transfer.start", "start"),
        (QUEUED, RowState.PAUSED, "transfer.resume", "resume"),
        (QUEUED, RowState.QUEUED, "transfer.cancel", "cancel"),
        (FAILED, RowState.FAILED, "transfer.retry", "retry"),
        (FAILED, RowState.FAILED, "transfer.remove", "remove"),
        (FINISHED, RowState.DONE, "transfer.remove", "remove"),
    ],
)
def test_commands_reach_the_queue(driver: Driver, scripted: ScriptedQueue, case: Command) -> None:
    tab, state, action, command = case
    show(driver, scripted, row(1, state), row(2, state))
    assert not driver.is_enabled(action)
    select(driver, tab, 0, 1)
    driver.do(action)
    sent = next(one for one in scripted.commands if one[0] == command)
    assert set(sent[1:]) == {"job1", "job2"}


def test_cancelling_what_has_moved_asks_first(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.RUNNING, moved=GIB))
    select(driver, ACTIVE, 0)
    driver.do("transfer.cancel")
    driver.dialog(QMessageBox)
    assert ("cancel", "job1") not in scripted.commands
    driver.agree()
    assert ("cancel", "job1") in scripted.commands


def test_another_order(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, *(row(number) for number in range(4)))
    select(driver, QUEUED, 2)
    driver.do("transfer.up")
    assert scripted.last() == ("move", ("job2",), "job1")
    select(driver, QUEUED, 1)
    driver.do("transfer.down")
    assert scripted.last() == ("move", ("job1",), "job3")
    select(driver, QUEUED, 3)
    driver.do("transfer.top")
    assert scripted.last() == ("move", ("job3",), "job0")
    select(driver, QUEUED, 0)
    driver.do("transfer.bottom")
    assert scripted.last() == ("move", ("job0",), None)
    # The queue answers with other positions, and the rows follow.
    scripted.signals.rows_changed.emit([row(0, position=9)])
    assert [one.id for one in driver.window.transfers.queued.rows()][-1] == "job0"


def test_priorities(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1), row(2, priority=3, limit=5 << 20))
    select(driver, QUEUED, 1)
    driver.do("transfer.priority_up")
    assert scripted.last() == ("set_priority", ("job2",), 4)
    driver.do("transfer.priority_down")
    assert scripted.last() == ("set_priority", ("job2",), 2)
    model = driver.window.transfers.queued
    tip = str(model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "Priority 3" in tip
    assert "Limit 5 MiB/s" in tip
    driver.do("transfer.copy_details")
    assert "Priority 3" in QGuiApplication.clipboard().text()


def test_dragging_rows_asks_the_queue(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, *(row(number) for number in range(3)))
    model = driver.window.transfers.queued
    data = model.mimeData([model.index(2, 0)])
    model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, model.index(-1, -1))
    assert scripted.last() == ("move", ("job2",), "job0")
    assert [one.id for one in model.rows()] == ["job0", "job1", "job2"]


def test_limits_and_pause(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.RUNNING))
    driver.do("queue.limit")
    dialog = driver.dialog(LimitDialog)
    dialog.limit.setValue(50)
    click(dialog.ok)
    assert scripted.last() == ("set_limit", 50 << 20, None)
    select(driver, ACTIVE, 0)
    driver.do("transfer.limit")
    dialog = driver.dialog(LimitDialog)
    dialog.limit.setValue(5)
    click(dialog.ok)
    assert scripted.last() == ("set_limit", 5 << 20, "job1")
    driver.do("queue.pause")
    assert scripted.last() == ("pause_all",)
    scripted.signals.totals.emit(QueueTotals(paused=True))
    assert driver.window.actions_["queue.pause"].isChecked()
    driver.do("queue.pause")
    assert scripted.last() == ("resume_all",)


def test_details_can_be_copied(driver: Driver, scripted: ScriptedQueue) -> None:
    error = Problem("It failed", "the disk is full", "", "errno 28")
    show(driver, scripted, row(1, RowState.FAILED, error=error))
    select(driver, FAILED, 0)
    driver.do("transfer.copy_details")
    text = QGuiApplication.clipboard().text()
    assert "/home/me/disk1.raw" in text
    assert "errno 28" in text


# --- the window itself ---------------------------------------------------------------------------


def test_quitting_asks_once_while_something_runs(driver: Driver, scripted: ScriptedQueue) -> None:
    show(driver, scripted, row(1, RowState.RUNNING))
    asked: list[bool] = []
    driver.window.closing.connect(lambda: asked.append(True))
    driver.window.close()
    driver.dialog(QMessageBox)
    assert not asked
    driver.agree()
    assert asked == [True]


def test_geometry_and_columns_are_remembered(driver: Driver) -> None:
    window = driver.window
    window.resize(1000, 700)
    window.volumes.table.setColumnWidth(1, 133)
    window.actions_["view.show_map"].trigger()
    assert not window.map.isVisible()
    window.remember()
    assert not driver.settings.state("geometry").isEmpty()
    assert driver.settings.text("view.show_map") == "hidden"
    header = window.volumes.table.horizontalHeader()
    window.volumes.table.setColumnWidth(1, 90)
    header.restoreState(driver.settings.state("volumes"))
    assert window.volumes.table.columnWidth(1) == 133


def test_every_shortcut_is_given_once_and_every_action_is_in_a_menu(driver: Driver) -> None:
    keys = [
        action.shortcut().toString()
        for action in driver.window.actions_
        if not action.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys))
    in_menus = {
        action
        for menu in driver.window.menuBar().actions()
        for action in menu.menu().actions()  # type: ignore[attr-defined]
    }
    assert {
        action.objectName() for action in driver.window.actions_ if action not in in_menus
    } == set()


def test_the_areas_are_reached_by_keyboard(driver: Driver, served: Served) -> None:
    (served.path("default") / "disk.raw").write_bytes(b"x" * 5000)
    driver.connect()
    driver.select("disk.raw")
    window = driver.window
    window.activateWindow()
    for action, widget in (
        ("view.volumes", window.volumes.table),
        ("view.connections", window.connections),
        ("view.transfers", window.transfers.tabs.currentWidget()),
    ):
        driver.do(action)
        driver.until(partial(has_focus, window, widget))


def test_custom_widgets_have_accessible_names(driver: Driver) -> None:
    window = driver.window
    for widget in (
        window.connections, window.volumes.table, window.volumes.filter, window.map.graph,
        window.transfers.tabs, window.messages,
    ):  # fmt: skip
        assert widget.accessibleName()
