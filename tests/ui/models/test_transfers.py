"""Rows of transfers in the model of one tab."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex
from pytestqt.modeltest import ModelTester

from lacuna_engine.transfer import Phase
from lacuna_gui.models.transfers import (
    ACTIVE,
    FINISHED,
    QUEUED,
    Column,
    Direction,
    RowState,
    TransferRow,
    TransfersModel,
)
from ui.window.driver import check_model


def row(number: int, state: RowState = RowState.RUNNING) -> TransferRow:
    return TransferRow(
        f"j{number}", Direction.UPLOAD, f"n{number}", "here", "there", state, position=number
    )


def ids(model: TransfersModel) -> list[str]:
    return [one.id for one in model.rows()]


def test_it_is_a_proper_model(qtmodeltester: ModelTester) -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(1), row(2)])
    check_model(qtmodeltester, model)


def test_many_changes_are_one_signal() -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(number) for number in range(50)])
    told: list[tuple[int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.append((first.row(), last.row()))

    model.dataChanged.connect(note)
    model.take([replace(row(number), moved=1) for number in (10, 30, 20)])
    assert told == [(10, 30)]


@pytest.mark.parametrize(
    "changes",
    [
        {"moved": 1, "passed": 7},
        {"phase": Phase.VERIFYING},
        {"rate": 5e6, "eta": 3.0},
        {"total": 900},
        {"saved": 5},
        {"name": "other"},
        {"source": "elsewhere"},
        {"destination": "elsewhere"},
        {"direction": Direction.DOWNLOAD},
    ],
)
def test_no_column_that_looks_different_is_left_out(changes: dict[str, Any]) -> None:
    model = TransfersModel(ACTIVE)
    before = replace(row(1), total=1000, rate=1e6, eta=9.0)
    model.take([before])

    def texts() -> list[object]:
        return [model.index(0, column).data() for column in Column]

    told: list[range] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.append(range(first.column(), last.column() + 1))

    model.dataChanged.connect(note)
    old = texts()
    model.take([replace(before, **changes)])
    different = {n for n, pair in enumerate(zip(old, texts(), strict=True)) if pair[0] != pair[1]}
    assert different <= set(told[0])
    assert Column.PROGRESS in told[0]


def test_what_stays_the_same_while_a_job_runs_is_not_painted_again() -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(1)])
    told: list[tuple[int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.append((first.column(), last.column()))

    model.dataChanged.connect(note)
    model.take([replace(row(1), moved=1, passed=1, rate=1.0)])
    assert told == [(Column.PROGRESS, Column.ETA)]


def test_rows_of_other_states_are_not_taken_and_leave() -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(1), row(2, RowState.QUEUED)])
    assert ids(model) == ["j1"]
    model.take([row(1, RowState.DONE)])
    assert ids(model) == []
    assert model.row_of("j1") is None


def test_the_queue_is_in_the_order_of_positions() -> None:
    model = TransfersModel(QUEUED, reorder=True)
    model.take([row(number, RowState.QUEUED) for number in (3, 1, 2)])
    assert ids(model) == ["j1", "j2", "j3"]
    model.take([replace(row(1, RowState.QUEUED), position=9)])
    assert ids(model) == ["j2", "j3", "j1"]


def test_what_has_ended_is_latest_first() -> None:
    model = TransfersModel(FINISHED, latest_first=True)
    for number in range(3):
        model.take([row(number, RowState.DONE)])
    assert ids(model) == ["j2", "j1", "j0"]


def test_a_hundred_percent_only_when_it_is_done() -> None:
    running = replace(row(1), total=1000, passed=1000)
    assert running.percent == 99
    assert replace(running, state=RowState.DONE).percent == 100
    assert replace(running, total=0, passed=0).percent == 0


def test_what_is_not_known_is_not_shown() -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(1)])
    for column in (Column.RATE, Column.ETA, Column.SIZE, Column.SAVED):
        assert model.index(0, column).data() == ""


def test_ten_thousand_rows() -> None:
    model = TransfersModel(ACTIVE)
    model.take([row(number) for number in range(10_000)])
    model.take([replace(row(number), moved=7) for number in range(10_000)])
    assert model.rows()[9_999].moved == 7


def test_many_rows_come_as_one_block() -> None:
    for made in (
        TransfersModel(ACTIVE),
        TransfersModel(ACTIVE, latest_first=True),
        TransfersModel(ACTIVE, reorder=True),
    ):
        told: list[tuple[int, int]] = []
        counts: list[int] = []
        made.rowsInserted.connect(lambda _, first, last, told=told: told.append((first, last)))
        made.counted.connect(counts.append)
        made.take([row(number) for number in range(1000)])
        assert told == [(0, 999)]
        assert counts == [1000]
        assert len(ids(made)) == 1000


def test_each_block_of_new_rows_finds_its_place() -> None:
    model = TransfersModel(QUEUED, reorder=True)
    model.take([row(number, RowState.QUEUED) for number in (10, 20)])
    told: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _, first, last: told.append((first, last)))
    model.take([row(number, RowState.QUEUED) for number in (15, 30, 5, 16, 10)])
    assert ids(model) == ["j5", "j10", "j15", "j16", "j20", "j30"]
    assert told == [(2, 2), (1, 2), (0, 0)]
    assert model.row_of("j16") == row(16, RowState.QUEUED)


def test_of_rows_that_come_together_the_last_is_the_latest() -> None:
    model = TransfersModel(FINISHED, latest_first=True)
    model.take([row(number, RowState.DONE) for number in range(3)])
    assert ids(model) == ["j2", "j1", "j0"]
