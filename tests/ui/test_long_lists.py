"""Long lists come in parts, and the window may do something else between them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.worker.messages import Message, job_record
from lacuna_gui.models.transfers import TransferRow
from lacuna_gui.worker_queue import AT_ONCE, WorkerQueue
from ui.window.driver import Driver, ScriptedQueue, Served, end_loop, start_loop

COUNT = 5 * AT_ONCE + 7
VOLUMES = 500


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


def job(number: int) -> Job:
    return Job(
        JobKind.UPLOAD,
        LocalFile(f"/images/{number}.raw"),
        Endpoint("qemu:///system", "default", f"{number}.raw"),
        position=float(number),
    )


class Heard:
    """A queue without a worker, and what it has told."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.queue = WorkerQueue(loop, lambda _: pytest.fail("nobody is asked"))
        self.parts: list[int] = []
        self.rows: dict[str, TransferRow] = {}
        self.turns = 0
        self.queue.signals.rows_added.connect(self._on_added)
        self.queue.signals.rows_changed.connect(self._take)
        self.queue.signals.row_removed.connect(self.rows.pop)
        self._timer = QTimer()
        self._timer.timeout.connect(self._on_turn)
        self._timer.start(0)

    def _on_added(self, rows: list[TransferRow]) -> None:
        self.parts.append(len(rows))
        self._take(rows)

    def _take(self, rows: list[TransferRow]) -> None:
        self.rows |= {row.id: row for row in rows}

    def _on_turn(self) -> None:
        self.turns += 1

    def hear(self, message: Message) -> None:
        self.queue._hear(message)


def ready(jobs: list[Job]) -> Message:
    return {"event": "ready", "version": "", "jobs": [job_record(one) for one in jobs]}


def test_a_long_queue_comes_in_parts(loop: asyncio.AbstractEventLoop, qtbot: QtBot) -> None:
    heard = Heard(loop)
    jobs = [job(number) for number in range(COUNT)]
    heard.hear(ready(jobs))
    assert heard.parts == []
    qtbot.waitUntil(lambda: len(heard.rows) == COUNT)
    assert heard.parts == [AT_ONCE] * 5 + [7]
    assert heard.turns >= 5
    assert [row.id for row in heard.rows.values()] == [one.id for one in jobs]


def test_what_is_told_meanwhile_is_taken_in_behind_it(
    loop: asyncio.AbstractEventLoop, qtbot: QtBot
) -> None:
    heard = Heard(loop)
    jobs = [job(number) for number in range(COUNT)]
    heard.hear(ready(jobs))
    heard.hear({"event": "job", "job": job_record(replace(jobs[-1], priority=3))})
    heard.hear({"event": "removed", "job": jobs[0].id})
    qtbot.waitUntil(lambda: len(heard.rows) == COUNT - 1 and len(heard.parts) == 6)
    qtbot.waitUntil(lambda: heard.rows[jobs[-1].id].priority == 3)
    assert jobs[0].id not in heard.rows


def test_a_part_that_makes_no_sense_keeps_nothing_back(
    loop: asyncio.AbstractEventLoop, qtbot: QtBot
) -> None:
    heard = Heard(loop)
    told: list[str] = []
    heard.queue.signals.log.connect(lambda line: told.append(line.text))
    jobs = [job(number) for number in range(COUNT)]
    message = ready(jobs)
    del message["jobs"][AT_ONCE]["kind"]
    heard.hear(message)
    heard.hear({"event": "job", "job": job_record(jobs[-1])})
    qtbot.waitUntil(lambda: jobs[-1].id in heard.rows)
    assert any("'kind'" in text for text in told)


@pytest.fixture
def driver(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> Iterator[tuple[Driver, Served]]:
    folder = tmp_path / "served"
    folder.mkdir()
    served = Served(folder)
    for number in range(VOLUMES):
        (served.path("default") / f"disk{number}.raw").touch()
    made = Driver(qtbot, loop, tmp_path, ScriptedQueue(), ("lab", served.uri))
    yield made, served
    made.close()
    served.close()


def test_a_large_pool_is_described_in_small_parts(driver: tuple[Driver, Served]) -> None:
    window, _ = driver
    model = window.window.volumes.model
    parts: list[int] = []
    turns = [0]

    def turn() -> None:
        turns[0] += 1

    timer = QTimer()
    timer.timeout.connect(turn)
    describe = model.describe

    def noting(found: list[object]) -> None:
        parts.append(len(found))
        describe(found)  # type: ignore[arg-type]

    model.describe = noting  # type: ignore[assignment, method-assign]
    timer.start(0)
    window.connect()
    window.until(lambda: not model.undescribed(0, VOLUMES))
    assert model.rowCount() == VOLUMES
    assert sum(parts) >= VOLUMES
    assert max(parts) <= 64
    # Between any two parts the window could do something else.
    assert turns[0] >= len(parts)
