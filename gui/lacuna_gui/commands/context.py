"""What commands work with: handed to each of them by the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from lacuna_gui.actions import Actions
from lacuna_gui.hosts import Host, Hosts
from lacuna_gui.problem import Problem
from lacuna_gui.queue import Place, TransferQueue
from lacuna_gui.settings import Settings
from lacuna_gui.work import Runner

__all__ = ["Button", "Context", "Messages", "place_of"]

Button = tuple[str, Callable[[], object]]
"""A text, and what happens when it is clicked."""


class Messages(Protocol):
    """Where people are told something without being stopped in what they do."""

    def problem(self, problem: Problem, *, button: Button | None = None, key: str = "") -> None:
        """Tell of a failure; ``button`` does something about it.

        Of messages with the same ``key`` only the last one is shown.
        """
        ...

    def settled(self, key: str) -> None:
        """Take away what was told under ``key``: it no longer holds."""
        ...

    def note(self, text: str, *, key: str = "") -> None:
        """Tell of something that is no failure."""
        ...

    def done(self, text: str) -> None:
        """Tell that something has worked; it goes away by itself."""
        ...


@dataclass(frozen=True)
class Context:
    """The services of the window. ``window`` is the parent of dialogs."""

    window: QWidget
    runner: Runner
    hosts: Hosts
    settings: Settings
    actions: Actions
    queue: TransferQueue
    messages: Messages


def place_of(host: Host, pool: str, volume: str = "") -> Place:
    """Return a volume or pool as the queue wants it."""
    return Place(host.id, host.profile.uri, host.title, pool, volume)
