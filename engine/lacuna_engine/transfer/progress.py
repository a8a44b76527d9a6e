"""How far a transfer is, for whoever shows it. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from lacuna_engine.extents import ExtentMap

__all__ = ["Phase", "Tracker"]


class Phase(StrEnum):
    """What a transfer is doing."""

    STARTING = "starting"
    SCANNING = "scanning"
    CHECKING = "checking"
    CREATING = "creating"
    SENDING = "sending"
    RECEIVING = "receiving"
    CLONING = "cloning"
    FINISHING = "finishing"
    VERIFYING = "verifying"
    PLACING = "placing"
    ENDED = "ended"


def _empty_map() -> ExtentMap:
    return ExtentMap(0)


@dataclass(slots=True)
class Tracker:
    """The state of a running transfer; read it as often as you like.

    ``map`` is the one account of the image's bytes. ``passed`` is how many of them have been dealt
    with, holes included. ``moved`` counts stream payload in bytes,
    which is the speed of data and not the progress of the image. ``notes`` are things the user
    should know though nothing failed; ``on_note`` is told of each as it is made.
    """

    phase: Phase = Phase.STARTING
    map: ExtentMap = field(default_factory=_empty_map)
    passed: int = 0
    moved: int = 0
    notes: list[str] = field(default_factory=list[str])
    on_note: Callable[[str], None] | None = None

    def note(self, text: str) -> None:
        """Note something the user should know."""
        self.notes.append(text)
        if self.on_note is not None:
            self.on_note(text)
