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

from lacuna_engine.journal import (
    Endpoint,
    Job,
    JobKind,
    JobState,
    Journal,
    LocalFile,
    journal_path,
)
from lacuna_engine.worker.listing import PAGE, listing
from lacuna_engine.worker.messages import Message, encode, job_record
from lacuna_gui.models.transfers import TransferRow
from lacuna_gui.worker_queue import WorkerQueue
from ui.window.driver import Driver, ScriptedQueue, Served, end_loop, start_loop

COUNT = 5 * PAGE + 7
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


def pages(jobs: list[Job]) -> list[Message]:
    return list(listing([job_record(one) for one in jobs], ""))


def test_a_long_queue_comes_in_pages(loop: asyncio.AbstractEventLoop) -> None:
    heard = Heard(loop)
    jobs = [job(number) for number in range(COUNT)]
    for page in pages(jobs):
        assert len(encode(page)) < 1 << 19
        heard.hear(page)
    assert heard.parts == [PAGE] * 5 + [7]
    assert [row.id for row in heard.rows.values()] == [one.id for one in jobs]


def test_between_pages_the_window_does_something_else(
    loop: asyncio.AbstractEventLoop, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they all have arrived at once, through the pipe of a real process."""
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    with Journal(journal_path()) as journal:
        for number in range(PAGE + 7):
            journal.add(replace(job(number), state=JobState.PAUSED))
    heard = Heard(loop)
    turns: list[int] = []
    heard.queue.signals.rows_added.connect(lambda _: turns.append(heard.turns))
    heard.queue.attach()
    qtbot.waitUntil(lambda: len(heard.rows) == PAGE + 7, timeout=60_000)
    assert heard.parts == [PAGE, 7]
    assert len(set(turns)) == len(turns)
    task = loop.create_task(heard.queue.close())
    qtbot.waitUntil(task.done, timeout=60_000)


def test_another_process_lists_what_there_is(loop: asyncio.AbstractEventLoop) -> None:
    """A job on no page is gone; pages of a process that has died before the end do not count."""
    heard = Heard(loop)
    jobs = [job(number) for number in range(COUNT)]
    for page in pages(jobs):
        heard.hear(page)
    heard.hear(pages(jobs)[0])
    heard.hear({"event": "died"})
    for page in pages(jobs[PAGE:]):
        heard.hear(page)
    assert set(heard.rows) == {one.id for one in jobs[PAGE:]}


def test_what_has_stopped_comes_last(loop: asyncio.AbstractEventLoop) -> None:
    del loop
    ended = [replace(job(number), ended=100.0 - number) for number in range(3)]
    (ready,) = pages([*ended, job(7), job(8)])
    assert [record["position"] for record in ready["jobs"]] == [7.0, 8.0, 2.0, 1.0, 0.0]


def test_a_page_that_makes_no_sense_keeps_nothing_back(loop: asyncio.AbstractEventLoop) -> None:
    heard = Heard(loop)
    told: list[str] = []
    heard.queue.signals.log.connect(lambda line: told.append(line.text))
    jobs = [job(number) for number in range(COUNT)]
    first, second, *others = pages(jobs)
    del second["jobs"][3]["kind"]
    for page in (first, second, *others):
        heard.hear(page)
    assert len(heard.rows) == COUNT - PAGE
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
