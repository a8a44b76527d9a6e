"""An event loop whose time passes only when nobody has anything to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_000_000.0


class _Selector(selectors.SelectSelector):
    """Does not wait: the time that it was to wait has passed at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits for something that does not come")
        if not ready and timeout:
            # Never less than the loop's own grain, or it would ask for the rest for ever.
            self.now += max(timeout, 1e-6)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; its time is also the time of day."""

    def __init__(self) -> None:
        self.waiting = _Selector()
        super().__init__(self.waiting)

    def time(self) -> float:
        return self.waiting.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()
