"""Progress on standard error: a live bar on a terminal, plain lines elsewhere if asked for.

Two numbers that are never mixed: how far through the image (holes included), and how fast data
moves. There is no 100 % before the daemon has agreed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lacuna_engine.cli.show import bytes_text, duration_text
from lacuna_engine.extents import Kind
from lacuna_engine.transfer import Phase, Tracker

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ProgressView"]

BAR_INTERVAL = 0.1
LINE_INTERVAL = 2.0
SPEED_WINDOW = 5.0
"""Seconds over which the speed is taken."""

_MOVING = frozenset({Phase.SENDING, Phase.RECEIVING})


class ProgressView:
    """Shows the tracker that ``current`` gives while the ``async with`` block runs.

    ``wanted`` is True for lines even without a terminal, False for nothing at all, None for a bar
    where there is a terminal.
    """

    def __init__(
        self,
        current: Callable[[], Tracker],
        title: str,
        wanted: bool | None,  # noqa: FBT001
    ) -> None:
        self._current = current
        self._title = title
        terminal = sys.stderr.isatty()
        self._bar = _make_bar() if terminal and wanted is not False else None
        self._lines = bool(wanted) and not terminal
        self._samples: list[tuple[float, int]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            row = self._bar.add_task(self._title, total=1, facts="")
            self._task = asyncio.create_task(self._draw(self._bar, row))
        elif self._lines:
            self._task = asyncio.create_task(self._print())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._bar is not None:
            self._bar.stop()

    async def _draw(self, bar: Progress, row: TaskID) -> None:
        while True:
            bar.update(row, completed=self._share(), facts=self._facts())
            await asyncio.sleep(BAR_INTERVAL)

    async def _print(self) -> None:
        while True:
            await asyncio.sleep(LINE_INTERVAL)
            if self._tracker.phase is Phase.ENDED:
                continue
            line = f"{self._title}: {int(self._share() * 100)} % {self._facts()}\n"
            sys.stderr.write(line)
            sys.stderr.flush()

    @property
    def _tracker(self) -> Tracker:
        return self._current()

    def _share(self) -> float:
        """Return how far it is, below 1 until it has ended."""
        size = self._tracker.map.size
        if self._tracker.phase is Phase.ENDED:
            return 1.0
        return min(self._tracker.passed / size, 0.99) if size else 0.0

    def _facts(self) -> str:
        tracker = self._tracker
        if tracker.phase not in _MOVING:
            return tracker.phase.value
        speed = self._speed()
        left = tracker.map.size - tracker.passed
        through = tracker.passed / max(tracker.moved, 1)
        eta = duration_text(left / max(through, 1) / speed) if speed and left else ""
        passed_data = tracker.map.bytes_of(Kind.DATA) if tracker.passed else 0
        saved = max(tracker.passed - min(tracker.moved, passed_data), 0)
        parts = [f"{bytes_text(speed)}/s", eta, f"saved {bytes_text(saved)}"]
        return "  ".join(part for part in parts if part)

    def _speed(self) -> float:
        """Return bytes of data a second over the last seconds."""
        now = time.monotonic()
        self._samples.append((now, self._tracker.moved))
        while len(self._samples) > 2 and now - self._samples[0][0] > SPEED_WINDOW:
            self._samples.pop(0)
        since, moved = self._samples[0]
        return (self._tracker.moved - moved) / (now - since) if now > since else 0.0


def _make_bar() -> Progress:
    # Here, so that a run without a terminal does not pay for them.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[facts]}", markup=False),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
