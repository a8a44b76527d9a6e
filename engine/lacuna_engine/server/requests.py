"""The calls of one client: in their order, and only so many at once.

Calls are begun in the order they came and end in any (protocol.md 1.6).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.intake import Intake

__all__ = ["UNSENT", "Requests"]

REQUEST_WINDOW = 32
"""Calls of one client in progress before it is not read any more."""

LARGE = frozenset({p.LIST_ALL_VOLUMES.number, p.POOL_LIST_VOLUMES.number})
"""Calls whose answers have megabytes if a pool is large."""

LARGE_COUNTS = 8
"""As how many others such a call counts."""

CALLS, UNSENT = "calls", "unsent"
"""What holds the intake: calls to be answered, and answers to be taken."""


class Requests:
    """Calls that wait or are in progress; ``answer`` works on one to its end."""

    def __init__(
        self,
        intake: Intake,
        faults: Faults,
        answer: Callable[[e.CallArrived], Coroutine[Any, Any, None]],
    ) -> None:
        self._intake = intake
        self._faults = faults
        self._answer = answer
        self._waiting: deque[e.CallArrived] = deque()
        self._load = 0
        self.in_progress: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self.in_progress)

    def put(self, call: e.CallArrived) -> None:
        """A call has come."""
        self._waiting.append(call)
        self.begin()

    def begin(self) -> None:
        """Begin what may be begun; take more in when nothing waits."""
        window = self._faults.request_window or REQUEST_WINDOW
        while self._waiting and not self._intake.is_held_by(UNSENT):
            weight = LARGE_COUNTS if self._waiting[0].procedure.number in LARGE else 1
            if self._load and self._load + weight > window:
                break
            self._begin_one(self._waiting.popleft(), weight)
        if self._waiting or self._load >= window:
            self._intake.hold(CALLS)
        else:
            self._intake.release(CALLS)

    def clear(self) -> None:
        """Forget what has not been begun."""
        self._waiting.clear()

    def _begin_one(self, call: e.CallArrived, weight: int) -> None:
        task = asyncio.create_task(self._answer(call))
        self.in_progress.add(task)
        self._load += weight
        task.add_done_callback(lambda done: self._done(done, weight))

    def _done(self, task: asyncio.Task[None], weight: int) -> None:
        self.in_progress.discard(task)
        self._load -= weight
        self.begin()
