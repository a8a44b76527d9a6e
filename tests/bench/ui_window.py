"""The real application, which a measurement makes do things, and which counts while it does.

Run by ui.py on an X server of its own. Orders come as lines of JSON on the standard input, each is
answered by a line on the standard output; what follows the options is for the application.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from lacuna_engine.client import Connection
from lacuna_engine.worker.listing import listing
from lacuna_engine.worker.messages import decode, encode
from lacuna_gui import app
from lacuna_gui.commands.context import place_of
from lacuna_gui.hosts import Host
from lacuna_gui.models.transfers import ACTIVE, QUEUED
from lacuna_gui.models.volumes import Column
from lacuna_gui.queue import JobOptions

FRAME = 16
"""Milliseconds between two steps of scrolling: 60 in a second."""

STEP = 40
"""Pixels of each: some 2400 in a second, which is how fast a wheel is turned."""

MANY = 1000
"""More volumes than this are the large pool."""

ANSWER = 8192
"""Bytes read at once from which on it is the list of a large pool that arrives."""


class Beat(QObject):
    """Gathers the gaps between the beats of a timer of 1 ms in the window's loop.

    Beside the seconds of each stand those of the processor that the window's thread had in it: what
    it waited for because of others is the difference.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gaps: array[float] = array("d")
        self._busy: array[float] = array("d")
        self._last = self._worked = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        self._gaps, self._busy = array("d"), array("d")
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> dict[str, list[float]]:
        self._on_beat()
        self._timer.stop()
        return {
            "gaps": [round(seconds, 6) for seconds in self._gaps],
            "busy": [round(seconds, 6) for seconds in self._busy],
        }

    def _on_beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self._gaps.append(now - self._last)
        self._busy.append(worked - self._worked)
        self._last, self._worked = now, worked


class Painted(QObject):
    """Waits until a widget has been painted."""

    def __init__(self, widget: QWidget, holds: Callable[[], bool]) -> None:
        super().__init__(widget)
        self._widget, self._holds = widget, holds
        self.at: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint and self._holds() and not self.at.done():
            self._widget.removeEventFilter(self)
            # Behind this event, hence when it has been painted.
            QTimer.singleShot(0, self, self._note)
        return super().eventFilter(watched, event)

    def _note(self) -> None:
        if not self.at.done():
            self.at.set_result(time.perf_counter())


class Scroller(QObject):
    """Scrolls the table of volumes down and up, as fast as frames are shown."""

    def __init__(self, built: app.Application) -> None:
        super().__init__(built)
        self._bar = built.window.volumes.table.verticalScrollBar()
        self._step = STEP
        self.steps = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._scroll)

    def start(self) -> None:
        self.steps = 0
        self._timer.start()

    def stop(self) -> int:
        self._timer.stop()
        return self.steps

    def _scroll(self) -> None:
        if not self._bar.minimum() <= self._bar.value() + self._step <= self._bar.maximum():
            self._step = -self._step
        self._bar.setValue(self._bar.value() + self._step)
        self.steps += 1


class Probe:
    """Does what it is told, one order after the other."""

    def __init__(self, built: app.Application) -> None:
        self._built = built
        self._window = built.window
        self._beat = Beat(built)
        self._scroller = Scroller(built)
        self._orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._ready = asyncio.Event()
        taking = built.queue._events["ready"]

        def take(message: dict[str, Any]) -> None:
            taking(message)
            self._ready.set()

        built.queue._events["ready"] = take
        self._do: dict[str, Callable[..., Awaitable[Any]]] = {
            "connected": self._connected,
            "open": self._open,
            "filter": self._filter,
            "sort": self._sort,
            "upload": self._upload,
            "forget": self._forget,
            "rows": self._rows,
            "worker": self._worker,
        }
        threading.Thread(target=self._read, daemon=True).start()
        self._task = built.loop.create_task(self._serve())

    def _read(self) -> None:
        for line in sys.stdin:
            self._built.loop.call_soon_threadsafe(self._orders.put_nowait, json.loads(line))

    async def _serve(self) -> None:
        while True:
            order = await self._orders.get()
            answer = await self._do[order.pop("do")](**order)
            print(json.dumps(answer), flush=True)

    def _host(self) -> Host:
        return next(iter(self._built.hosts))

    # --- orders --------------------------------------------------------------------------------

    async def _connected(self, pool: str) -> bool:
        while pool not in self._host().pools:
            await asyncio.sleep(0.02)
        return True

    async def _worker(self) -> int | None:
        return self._built.queue.pid

    async def _open(self, pool: str) -> dict[str, Any]:
        """Open a large pool: from the daemon's answer to the list on the screen, and behind it."""
        read: list[tuple[float, int]] = []
        received = Connection.received

        def noting(self: Connection, data: memoryview) -> None:
            read.append((time.perf_counter(), len(data)))
            received(self, data)

        panel, host = self._window.volumes, self._host()
        # A widget that is hidden as long as there is nothing to be shown.
        painted = Painted(panel.table.viewport(), lambda: panel.model.rowCount() > MANY)
        Connection.received = noting  # type: ignore[method-assign]
        busy = time.process_time()
        self._beat.start()
        try:
            assert self._window.connections.choose_pool(host.id, pool)
            shown = await painted.at
            while self._window.listing.busy:
                await asyncio.sleep(0.05)
        finally:
            Connection.received = received  # type: ignore[method-assign]
        answered = next(at for at, count in read if count >= ANSWER)
        return {
            "shown": shown - answered,
            "rows": panel.model.rowCount(),
            "described": time.perf_counter() - answered,
            "cpu": time.process_time() - busy,
            **self._beat.stop(),
        }

    async def _filter(self, texts: list[str]) -> list[float]:
        """Type into the filter; seconds from each key to the painted list."""
        panel = self._window.volumes
        found: list[float] = []
        for text in texts:
            before = panel.model.rowCount()
            painted = Painted(panel.table.viewport(), partial(self._differs, before))
            begun = time.perf_counter()
            panel.filter.setText(text)
            found.append(await painted.at - begun)
            await asyncio.sleep(0.1)
        return found

    def _differs(self, count: int) -> bool:
        return self._window.volumes.model.rowCount() != count

    async def _sort(self, columns: list[int]) -> list[float]:
        """Click on headers; seconds from each to the painted list."""
        table = self._window.volumes.table
        found: list[float] = []
        for column in columns:
            painted = Painted(table.viewport(), lambda: True)
            begun = time.perf_counter()
            table.sortByColumn(Column(column), Qt.SortOrder.DescendingOrder)
            found.append(await painted.at - begun)
            await asyncio.sleep(0.1)
        table.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        return found

    async def _upload(self, files: list[str], pool: str, scroll: bool) -> dict[str, Any]:
        """Upload files all at once, and count from the first order to the last end."""
        queue, host = self._built.queue, self._host()
        queue.set_concurrency(len(files))
        self._window.transfers.show_tab(0)
        if scroll:
            self._scroller.start()
        busy, begun = time.process_time(), time.perf_counter()
        self._beat.start()
        jobs = [
            queue.add_upload(Path(file), place_of(host, pool, Path(file).name), JobOptions())
            for file in files
        ]
        while self._going(jobs):
            await asyncio.sleep(0.02)
        beats, steps = self._beat.stop(), self._scroller.stop()
        seconds = time.perf_counter() - begun
        rows = [self._window.transfers.row_of(job) for job in jobs]
        return {
            **beats,
            "seconds": seconds,
            "cpu": (time.process_time() - busy) / seconds,
            "steps": steps / seconds,
            "states": [str(row.state) if row is not None else "" for row in rows],
        }

    def _going(self, jobs: list[str]) -> bool:
        rows = [self._window.transfers.row_of(job) for job in jobs]
        return any(row is None or row.state in ACTIVE | QUEUED for row in rows)

    async def _forget(self) -> bool:
        self._built.queue.forget_finished()
        while self._window.transfers.finished.rowCount():
            await asyncio.sleep(0.02)
        return True

    async def _rows(self, count: int, moving: int, seconds: float) -> dict[str, Any]:
        """Have the queue hear of many jobs, of which some move: the share of one core it takes."""
        await self._ready.wait()  # whose list is not to replace this one
        hear = self._built.queue._hear  # as if the worker had told it
        records = [record(number, running=number < moving) for number in range(count)]
        self._window.transfers.show_tab(0)
        pages = [encode(event) for event in listing(records, "")]
        self._beat.start()
        for page in pages:
            hear(decode(page))
            await asyncio.sleep(0)
        while self._window.transfers.active.rowCount() < count:
            await asyncio.sleep(0.05)
        shown = self._beat.stop()
        await asyncio.sleep(1)
        lines = [progress(moving, step, outlined=step % 10 == 0) for step in range(40)]
        self._beat.start()
        busy, begun = time.process_time(), time.perf_counter()
        step = 0
        while (now := time.perf_counter()) - begun < seconds:
            hear(decode(lines[step % len(lines)]))
            step += 1
            await asyncio.sleep(max(0.0, begun + step * 0.05 - now))
        took = time.perf_counter() - begun
        return {
            "share": (time.process_time() - busy) / took,
            "updates": step / took,
            "shown": shown,
            **self._beat.stop(),
        }


def record(number: int, *, running: bool) -> dict[str, Any]:
    """A job as the worker tells it."""
    name = f"image-{number:05}.qcow2"
    return {
        "id": f"{number:032x}", "kind": "upload", "state": "running" if running else "waiting",
        "source_place": {"path": f"/images/{name}"},
        "destination_place": {
            "uri": "qemu+ssh://user@lab.example/system", "pool": "default", "volume": name,
        },
        "options": {"limit": 0}, "priority": 0, "position": float(number), "attempts": 1,
        "created": 1.0, "ended": None, "error": None, "notes": [], "verified": False,
        "not_before": None, "total": 1 << 36, "data": 1 << 35, "hole": 1 << 35, "zero": 0,
        "saved": 1 << 35, "wire": 0, "sent": 0, "received": 0,
    }  # fmt: skip


def progress(moving: int, step: int, *, outlined: bool) -> bytes:
    """A line as the worker sends it twenty times a second; now and then with the outlines."""
    jobs: list[dict[str, Any]] = []
    for number in range(moving):
        done = ((step + number) % 40) << 30
        sample: dict[str, Any] = {
            "id": f"{number:032x}", "phase": "sending", "total": 1 << 36, "data": 1 << 35,
            "hole": 1 << 35, "zero": 0, "passed": done, "moved": done // 2, "wire": done // 2,
            "acknowledged": done // 2, "in_flight": 1 << 24, "left": (1 << 35) - done // 2,
            "saved": 1 << 35, "rate": 2e8 + step, "stalled": 0.0, "notes": [],
        }  # fmt: skip
        if outlined:
            cells = 128
            sample["outline"] = [
                value
                for cell in range(cells)
                for value in ((1 << 36) // cells, cell % 2, 2 if cell * 40 < step * cells else 0)
            ]
        jobs.append(sample)
    return encode({"event": "progress", "jobs": jobs})


def main() -> int:
    class Probed(app.Application):
        def start(self, uris: Sequence[str] = (), files: Sequence[Path] = ()) -> None:
            super().start(uris, files)
            self.probe = Probe(self)

    app.Application = Probed  # type: ignore[misc]
    return app.main(sys.argv[1:])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the thread that reads orders waits for one more
