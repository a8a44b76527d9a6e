"""The server's pings, as the daemon sends them (protocol.md 1.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lacuna_engine.errors import PeerSilentError
from lacuna_engine.transport import Pipe

__all__ = ["ServerKeepalive"]

INTERVAL = 5.0
"""Seconds without traffic from the client before each ping."""

COUNT = 5
"""Pings without any answer; one interval after the last the connection is closed."""


class ServerKeepalive:
    """Pings a client that has asked for it; does nothing before :meth:`start`."""

    def __init__(self, pipe: Pipe, ping: Callable[[], None]) -> None:
        self._pipe = pipe
        self._ping = ping
        self._unanswered = 0
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to ping."""
        if self._timer is None:
            self._wait()

    def stop(self) -> None:
        """Ping no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self) -> None:
        """Any message counts as an answer. Called for all that comes: the timer is left alone."""
        self._unanswered = 0
        self._heard = self._loop.time()

    def _wait(self, seconds: float | None = None) -> None:
        delay = INTERVAL if seconds is None else seconds
        self._timer = self._loop.call_later(delay, self._look)

    def _look(self) -> None:
        left = self._heard + INTERVAL - self._loop.time()
        if self._pipe.is_paused:
            # We are the ones who do not listen.
            self._unanswered = 0
        elif left > 0:
            self._wait(left)
            return
        elif self._unanswered >= COUNT:
            self._pipe.close(PeerSilentError("the client does not answer pings"))
            return
        else:
            self._unanswered += 1
            self._ping()
        self._wait()
