"""The border between Qt and asyncio: one loop for both, work in, results and problems out.

The only module that imports qasync. What must never happen here: bulk data (qasync pays a Qt timer
for each callback) and a nested Qt loop inside a coroutine (``dialog.exec()``), which leaves other
tasks hanging for ever. Dialogs are opened with ``open()`` and awaited as a future (`finished`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import qasync  # type: ignore[import-untyped]
import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal

from lacuna_engine.logs import error_fields, log_event
from lacuna_gui.problem import Problem, problem_of

__all__ = ["Bridge", "make_loop"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

CLOSE_PATIENCE = 5.0
"""Seconds that work may take to end when the application does."""


def make_loop(
    application: QCoreApplication, *, already_running: bool = False
) -> asyncio.AbstractEventLoop:
    """Return asyncio's loop on top of Qt's; ``already_running`` if somebody else runs Qt's."""
    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(
        application, already_running=already_running
    )
    asyncio.set_event_loop(loop)
    return loop


class Bridge(QObject):
    """Runs coroutines on the shared loop; implements `work.Runner`."""

    problem = Signal(object)
    """A `Problem` of work that brought no ``failed`` of its own."""

    busy = Signal(int)
    """How many pieces of work are under way now."""

    def __init__(self, loop: asyncio.AbstractEventLoop, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = loop
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    def run(
        self,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], object] | None = None,
        *,
        what: str = "",
        failed: Callable[[Problem], object] | None = None,
        owner: QObject | None = None,
    ) -> asyncio.Task[T]:
        """Start ``work``; see `work.Runner.run`."""
        assert QThread.currentThread() is self.thread(), "work is started on the window's thread"  # noqa: S101
        task = self._loop.create_task(work)
        if self._closing:
            task.cancel()
        self._tasks.add(task)
        self.busy.emit(len(self._tasks))

        def ended(task: asyncio.Task[T]) -> None:
            self._tasks.discard(task)
            if not self._closing:
                self.busy.emit(len(self._tasks))
            if task.cancelled():
                return
            error = task.exception()
            if self._closing or (owner is not None and not shiboken6.isValid(owner)):
                return
            if error is None:
                if done is not None:
                    done(task.result())
                return
            problem = problem_of(error, what)
            log_event(_log, logging.WARNING, "work failed", **error_fields(error))
            (failed or self.problem.emit)(problem)

        task.add_done_callback(ended)
        return task

    async def close(self) -> None:
        """Cancel what is under way and wait for it, but not for ever."""
        self._closing = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_PATIENCE)
