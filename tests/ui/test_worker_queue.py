"""The queue of the worker process, as the window sees it: commands in, signals out."""

from __future__ import annotations

import asyncio
import filecmp
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lacuna_engine.extents import Kind, Progress
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion
from lacuna_engine.worker import client
from lacuna_gui.models.transfers import FINISHED, RowState, TransferRow
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.queue import JobOptions, LogLine, Place, QueueTotals
from lacuna_gui.worker_queue import WorkerQueue
from ui.window.driver import Served, end_loop, start_loop

MIB = 1 << 20
SLOW = JobOptions(limit=2 * MIB)


class Asked:
    """Answers with a user name and a password."""

    def __init__(self) -> None:
        self.connections: list[str] = []

    def of(self, host: str) -> Asked:
        self.connections.append(host)
        return self

    async def secret(self, question: SecretQuestion) -> str | None:
        return {SecretKind.SASL_USER: "ann", SecretKind.SASL_PASSWORD: "secret"}[question.kind]

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        raise AssertionError(question)


class Desk:
    """A queue, and all that it has told."""

    def __init__(self, qtbot: QtBot, loop: asyncio.AbstractEventLoop) -> None:
        self._qtbot, self._loop = qtbot, loop
        self.asked = Asked()
        self.queue = WorkerQueue(loop, self.asked.of)
        self.rows: dict[str, TransferRow] = {}
        self.states: dict[str, list[RowState]] = {}
        self.totals = QueueTotals()
        self.log: list[LogLine] = []
        self.maps: dict[str, RunTable] = {}
        self.grains: dict[str, int] = {}
        self.changes = 0
        signals = self.queue.signals
        signals.rows_added.connect(self._on_added)
        signals.rows_changed.connect(self._on_rows)
        signals.row_removed.connect(self.rows.pop)
        signals.totals.connect(self._on_totals)
        signals.log.connect(self.log.append)
        signals.map_replaced.connect(self.maps.__setitem__)
        signals.map_outlined.connect(self.grains.__setitem__)
        signals.map_changed.connect(self._on_changes)
        self.queue.attach()

    def _on_added(self, rows: list[TransferRow]) -> None:
        assert not any(row.id in self.rows for row in rows)
        self._on_rows(rows)

    def _on_rows(self, rows: list[TransferRow]) -> None:
        for row in rows:
            self.rows[row.id] = row
            states = self.states.setdefault(row.id, [])
            if states[-1:] != [row.state]:
                states.append(row.state)

    def _on_totals(self, totals: QueueTotals) -> None:
        self.totals = totals

    def _on_changes(self, job: str, ranges: list[tuple[int, int, Kind, Progress]]) -> None:
        self.changes += 1
        self.maps[job].apply(ranges)

    def state(self, job: str) -> RowState | None:
        return self.rows[job].state if job in self.rows else None

    def until(self, condition: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(condition, timeout=30_000)

    def until_state(self, job: str, *states: RowState) -> None:
        self.until(lambda: self.state(job) in states)

    def until_moved(self, job: str, size: int = MIB) -> None:
        self.until(lambda: self.state(job) is RowState.RUNNING and self.rows[job].moved >= size)

    def order(self) -> list[str]:
        return sorted(self.rows, key=lambda job: self.rows[job].position)

    def close(self) -> None:
        task = self._loop.create_task(self.queue.close())
        self.until(task.done)
        task.result()


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    qapp.setQuitOnLastWindowClosed(False)
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "served"
    folder.mkdir()
    server = Served(folder)
    yield server
    server.close()


@pytest.fixture
def open_desk(
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Desk]]:
    """Make queues, all on the same journal."""
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(client, "RESTART_DELAY", 0.2)
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(qtbot, loop))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    return open_desk()


@pytest.fixture
def there(served: Served) -> Place:
    return Place("lab-id", served.uri, "lab", "default")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """4 MiB of data, 4 MiB of hole, 4 MiB of data."""
    path = tmp_path / "disk.raw"
    content = random.Random(1).randbytes(4 * MIB)
    with path.open("wb") as file:
        file.write(content)
        file.seek(8 * MIB)
        file.write(content)
    return path


def test_there_and_back(
    desk: Desk, served: Served, there: Place, image: Path, tmp_path: Path
) -> None:
    up = desk.queue.add_upload(image, there, JobOptions(limit=6 * MIB))
    assert desk.state(up) is RowState.QUEUED, "it is shown at once"
    desk.queue.watch(up)
    desk.until_state(up, RowState.DONE)
    assert desk.states[up] == [RowState.QUEUED, RowState.RUNNING, RowState.DONE]
    row = desk.rows[up]
    assert (row.name, row.destination, row.host) == ("disk.raw", "lab/default/disk.raw", "lab-id")
    assert (row.total, row.hole, row.saved, row.moved) == (12 * MIB, 4 * MIB, 4 * MIB, 8 * MIB)
    assert row.strip is not None
    assert not row.strip.is_empty
    assert filecmp.cmp(image, served.path("default") / "disk.raw", shallow=False)
    desk.until(lambda: desk.maps[up].bytes_at(Progress.ACKNOWLEDGED) == 12 * MIB)
    assert desk.changes > 1
    assert desk.maps[up].bytes_of(Kind.HOLE) == 4 * MIB
    desk.until(lambda: desk.totals.saved_ever == 4 * MIB)
    assert desk.totals.saved_session == 4 * MIB

    source = Place("lab-id", served.uri, "lab", "default", "disk.raw")
    back = tmp_path / "back.raw"
    down = desk.queue.add_download(source, back, JobOptions(verify=True))
    other = Place("lab-id", served.uri, "lab", "fast", "copy.raw")
    copy = desk.queue.add_copy(source, other, JobOptions())
    desk.until(lambda: desk.state(down) in FINISHED and desk.state(copy) in FINISHED)
    assert desk.rows[down].verified
    assert desk.rows[copy].moved == 8 * MIB
    assert filecmp.cmp(image, back, shallow=False)
    assert filecmp.cmp(image, served.path("fast") / "copy.raw", shallow=False)
    assert any("disk.raw: upload" in line.text for line in desk.log)

    desk.queue.forget_finished()
    desk.until(lambda: not desk.rows)
    assert desk.totals.saved_ever == 12 * MIB, "what was saved stays saved"


def test_pausing_keeps_and_cancelling_removes(
    desk: Desk, served: Served, there: Place, image: Path
) -> None:
    job = desk.queue.add_upload(image, there, SLOW)
    desk.until_moved(job)
    desk.queue.pause([job])
    desk.until_state(job, RowState.PAUSED)
    moved = desk.rows[job].moved
    assert moved >= MIB
    desk.queue.resume([job])
    desk.until_moved(job, 1)
    desk.queue.cancel([job])
    desk.until_state(job, RowState.CANCELLED)
    desk.until(lambda: list(served.path("default").iterdir()) == [])
    desk.queue.set_limit(0, job)
    desk.until(lambda: desk.rows[job].limit == 0)
    desk.queue.retry([job])
    desk.until_state(job, RowState.DONE)
    assert filecmp.cmp(image, served.path("default") / "disk.raw", shallow=False)


def test_removing_what_runs_and_what_is_paused(
    desk: Desk, served: Served, there: Place, image: Path
) -> None:
    runs = desk.queue.add_upload(image, there, SLOW)
    desk.until_moved(runs)
    waits = desk.queue.add_upload(image, there, JobOptions(start=False))
    desk.until_state(waits, RowState.PAUSED)
    desk.queue.remove([runs, waits])
    desk.until(lambda: not desk.rows)
    assert list(served.path("default").iterdir()) == []


def test_more_than_may_run_if_it_is_wanted_now(desk: Desk, served: Served, image: Path) -> None:
    desk.queue.set_concurrency(1)
    places = [Place("", served.uri, "lab", "default", name) for name in ("a", "b", "c")]
    jobs = [desk.queue.add_upload(image, place, SLOW) for place in places]
    desk.until_moved(jobs[0], 1)
    assert [desk.state(job) for job in jobs[1:]] == [RowState.QUEUED] * 2
    desk.queue.start([jobs[2]])
    desk.until_moved(jobs[2], 1)
    assert (desk.state(jobs[0]), desk.state(jobs[1])) == (RowState.RUNNING, RowState.QUEUED)
    desk.queue.pause_all()
    desk.until(lambda: {desk.state(job) for job in jobs} == {RowState.QUEUED})
    assert desk.totals.paused
    desk.queue.set_limit(0)
    for job in jobs:
        desk.queue.set_limit(0, job)
    desk.queue.resume_all()
    desk.until(lambda: {desk.state(job) for job in jobs} == {RowState.DONE})


def test_another_order(desk: Desk, served: Served, image: Path) -> None:
    desk.queue.pause_all()
    places = [Place("", served.uri, "lab", "default", name) for name in ("a", "b", "c", "d")]
    a, b, c, d = (desk.queue.add_upload(image, place, JobOptions()) for place in places)
    assert desk.order() == [a, b, c, d]
    desk.queue.move([c, d], a)
    desk.until(lambda: desk.order() == [c, d, a, b])
    desk.queue.move([c], None)
    desk.until(lambda: desk.order() == [d, a, b, c])
    desk.queue.set_priority([b], 1)
    desk.until(lambda: desk.order() == [b, d, a, c])
    assert desk.rows[b].priority == 1


def test_a_worker_that_is_killed(desk: Desk, served: Served, there: Place, image: Path) -> None:
    done = desk.queue.add_upload(image, Place("", served.uri, "lab", "fast"), JobOptions())
    desk.until_state(done, RowState.DONE)
    desk.until(lambda: desk.totals.saved_session == 4 * MIB)
    job = desk.queue.add_upload(image, there, JobOptions(limit=4 * MIB))
    desk.until_moved(job, 3 * MIB)
    pid = desk.queue.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    desk.until_state(job, RowState.WAITING)
    error = desk.rows[job].error
    assert error is not None
    assert "ended unexpectedly" in error.what
    assert any("ended unexpectedly" in line.text for line in desk.log)
    # What is ordered meanwhile is not lost.
    late = desk.queue.add_upload(image, Place("", served.uri, "lab", "fast", "late"), JobOptions())
    desk.until_state(job, RowState.DONE)
    desk.until_state(late, RowState.DONE)
    assert filecmp.cmp(image, served.path("default") / "disk.raw", shallow=False)
    desk.until(lambda: desk.totals.saved_session == 12 * MIB)
    assert len(desk.rows) == 3


def test_the_queue_comes_back(open_desk: Callable[[], Desk], served: Served, image: Path) -> None:
    desk = open_desk()
    places = [Place("", served.uri, "lab", "default", name) for name in "abcd"]
    done = desk.queue.add_upload(image, places[0], JobOptions())
    desk.until_state(done, RowState.DONE)
    paused, runs = (desk.queue.add_upload(image, place, SLOW) for place in places[1:3])
    desk.until_moved(paused)
    desk.queue.pause([paused])
    desk.until_state(paused, RowState.PAUSED)
    # So far as it is known to be in the journal.
    desk.until_moved(runs)
    desk.close()

    again = open_desk()
    again.until(lambda: len(again.rows) == 3)
    assert again.state(done) is RowState.DONE
    assert again.rows[done].saved == 4 * MIB
    assert again.rows[done].destination.endswith("/default/a")
    again.until(lambda: 0 < again.rows[paused].percent < 100)
    assert again.rows[paused].strip is not None
    again.until_moved(runs, 1)
    again.queue.set_limit(0, runs)
    again.until_state(runs, RowState.DONE)
    assert again.totals.saved_session == 4 * MIB
    assert again.totals.saved_ever == 8 * MIB


def test_the_map_of_a_finished_job_comes_back(
    open_desk: Callable[[], Desk], there: Place, image: Path, tmp_path: Path
) -> None:
    """As it was, if it is of few pieces; of many only an outline, with all sums exact."""
    pieces = tmp_path / "pieces.raw"
    with pieces.open("wb") as file:
        for number in range(600):
            file.seek(number * 8192)
            file.write(bytes([1]) * 4096)
        file.truncate(600 * 8192)
    first = open_desk()
    jobs = [first.queue.add_upload(path, there, JobOptions()) for path in (image, pieces)]
    first.until(lambda: all(first.state(job) is RowState.DONE for job in jobs))
    first.close()
    desk = open_desk()
    desk.until(lambda: all(job in desk.rows and desk.rows[job].strip for job in jobs))
    plain, many = jobs
    row = desk.rows[plain]
    assert (row.passed, row.acknowledged, row.moved) == (12 * MIB, 12 * MIB, 8 * MIB)
    assert (row.state, row.percent, row.hole) == (RowState.DONE, 100, 4 * MIB)
    desk.queue.watch(plain)
    desk.until(lambda: plain in desk.maps)
    assert desk.maps[plain].bytes_of(Kind.HOLE) == 4 * MIB
    assert desk.maps[plain].run_at(5 * MIB)[:2] == (4 * MIB, 8 * MIB)
    desk.queue.watch(many)
    desk.until(lambda: many in desk.grains)
    assert desk.grains == {many: 600 * 8192 / 256}
    assert desk.maps[many].bytes_of(Kind.DATA) == 600 * 4096
    assert desk.maps[many].bytes_at(Progress.ACKNOWLEDGED) == 600 * 8192


def test_a_journal_that_cannot_be(
    open_desk: Callable[[], Desk],
    there: Place,
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "RESTARTS", 1)
    (tmp_path / "data").write_text("in the way")
    desk = open_desk()
    job = desk.queue.add_upload(image, there, JobOptions())
    desk.until(lambda: any("again and again" in line.text for line in desk.log))
    assert "data" in desk.log[0].text
    assert desk.state(job) is RowState.QUEUED
    (tmp_path / "data").unlink()
    desk.queue.set_concurrency(1)
    desk.until_state(job, RowState.DONE)
    assert len(desk.rows) == 1


def test_an_order_that_is_refused(desk: Desk, there: Place, image: Path) -> None:
    desk.queue.pause_all()
    job = desk.queue.add_upload(image, there, JobOptions())
    # No disk is full here: this is what the worker would say.
    error = {"name": "LocalFileError", "message": "the disk is full", "hint": ""}
    desk.queue._hear({"event": "refused", "job": job, "error": error})
    desk.until_state(job, RowState.FAILED)
    shown = desk.rows[job].error
    assert shown is not None
    assert shown.what == "The disk is full"
    desk.queue.retry([job])
    desk.until_state(job, RowState.QUEUED)


def test_events_that_make_no_sense(desk: Desk) -> None:
    desk.queue._hear({"event": "surprise"})
    desk.queue._hear({"event": "job", "job": {}})
    assert len(desk.log) == 2


def test_a_line_of_the_log_is_never_left_out(desk: Desk) -> None:
    line = {"event": "log", "text": "the daemon says: use --force", "level": 30, "job": ""}
    desk.queue._hear({**line, "time": 1.0})
    assert [said.text for said in desk.log] == ["the daemon says: use --force"]


def test_a_list_that_was_broken_off_counts_for_nothing(desk: Desk) -> None:
    desk.queue._listed.add("half told")
    desk.queue._hear({"event": "given_up"})
    assert not desk.queue._listed


def test_questions_are_asked_for_the_connection(desk: Desk, image: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool"
    pool.mkdir()
    users = tmp_path / "users"
    users.write_text("ann:secret\n")
    users.chmod(0o600)
    socket = tmp_path / "auth"
    server = subprocess.Popen(
        [
            sys.executable, "-m", "lacuna_engine.cli", "serve", "--pool", f"default={pool}",
            "--listen", f"unix:{socket}", "--auth", str(users),
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        uri = server.stdout.readline().strip()
        job = desk.queue.add_upload(image, Place("id", uri, "lab", "default"), JobOptions())
        desk.until_state(job, RowState.DONE)
    finally:
        server.terminate()
        server.communicate()
    assert desk.asked.connections
    assert filecmp.cmp(image, pool / "disk.raw", shallow=False)
