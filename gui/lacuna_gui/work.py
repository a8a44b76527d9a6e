"""The shape of all work the window starts: a coroutine, and what to do with its end.

Views and dialogs see only this; the loop behind it is `bridge.Bridge`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject

from lacuna_gui.problem import Problem

__all__ = ["Job", "Runner"]

T = TypeVar("T")


class Job(Protocol):
    """Work under way."""

    def cancel(self) -> object:
        """Stop it; neither of its callbacks is called then."""
        ...

    def done(self) -> bool:
        """Tell whether it has ended."""
        ...


class Runner(Protocol):
    """Hands work to the engine and the end of it back on the Qt side."""

    def run(
        self,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], object] | None = None,
        *,
        what: str = "",
        failed: Callable[[Problem], object] | None = None,
        owner: QObject | None = None,
    ) -> Job:
        """Start ``work``. Call ``done`` with its result, or ``failed`` with the problem.

        ``what`` says as a sentence what has failed if it fails ("The volume could not be
        created"). Without ``failed`` the problem goes to the window's message bar. When ``owner``
        is gone, nothing is called any more. Callbacks run outside of any coroutine.
        """
        ...
