"""What the calls know of the connection they came on, and what they answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.guesses import Guesses
from lacuna_engine.server.logins import Login

__all__ = ["Answer", "Caller", "OpenedStream"]


def _nobody(procedure: Procedure[Void, Any], payload: Record) -> None:
    del procedure, payload


@dataclass(eq=False, slots=True)
class Caller:
    """A connection as the calls see it."""

    faults: Faults
    on_event: Callable[[Procedure[Void, Any], Record], None] = _nobody
    secure: bool = False
    let_in: bool = False
    opened: bool = False
    read_only: bool = False
    connected: bool = True
    login: Login | None = None
    guesses: Guesses = field(default_factory=Guesses)
    registrations: dict[int, r.RegisterPoolEvent] = field(
        default_factory=dict[int, r.RegisterPoolEvent]
    )


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A call opened a file to stream; ``over`` is to be called when the stream has ended."""

    descriptor: int
    target: VolumeRange
    over: Callable[[], None]

    def close(self) -> None:
        """Give it up unused."""
        os.close(self.descriptor)
        self.over()


Answer = Record | OpenedStream
