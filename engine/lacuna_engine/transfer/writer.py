"""Writing what arrives of a volume to the local file."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from lacuna_engine.client import Data, Hole
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.transfer.digest import BlockDigest, Section
from lacuna_engine.transfer.limit import Limiter, allowance
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.target import LocalTarget

__all__ = ["TargetWriter"]

SAY_EVERY = 0.1
"""Seconds after which the map is told what has been written: it takes the same time for a little as
for many runs that have become one."""

Runs = list[tuple[int, int, Kind]]


class TargetWriter:
    """The sink of a download: writes to ``target``, keeps the map, digests if wanted.

    What has been written is in flight in the map, until somebody has made sure of it.
    """

    def __init__(
        self, tracker: Tracker, target: LocalTarget, limiter: Limiter, digest: BlockDigest | None
    ) -> None:
        self._tracker = tracker
        self._target = target
        self._limiter = limiter
        self._digest = digest
        self._sections: dict[int, Section] = {}
        self._written: dict[int, Runs] = {}
        """What the map has not been told yet of each segment, in order."""
        self._said = 0.0

    async def begin(self, segment: int) -> None:
        """A segment begins; segments arrive at the same time."""
        self._written[segment] = []
        if self._digest is not None:
            self._sections[segment] = self._digest.section(segment)

    async def take(self, segment: int, pieces: list[Data | Hole]) -> None:
        """Something has arrived; when this returns it is written, and its memory free again."""
        if not self._limiter.rate:
            await self._put(segment, pieces)
            return
        for piece in pieces:  # so that it goes on evenly
            if isinstance(piece, Data):
                await self._wait(len(piece.view))
            await self._put(segment, [piece])

    async def _put(self, segment: int, pieces: list[Data | Hole]) -> None:
        """Write consecutive pieces, and say so in the map, then or soon."""
        self._tracker.moved += sum(len(one.view) for one in pieces if isinstance(one, Data))
        if self._digest is None:
            runs = await self._target.promptly(partial(self._write, segment, pieces))
        else:
            runs = await self._target.aside(partial(self._digest_and_write, segment, pieces))
        _extend(self._written[segment], runs)
        self._tracker.passed += runs[-1][1] - runs[0][0]
        now = time.monotonic()
        if now - self._said >= SAY_EVERY:
            self._said = now
            self.settle()

    async def end(self, segment: int) -> None:
        """The segment is complete."""
        self._say(self._written.pop(segment))
        if self._digest is not None:
            self._sections.pop(segment).end()

    def settle(self) -> None:
        """Tell the map of all that has been written."""
        for written in self._written.values():
            self._say(written)

    def _say(self, written: Runs) -> None:
        if written:
            self._tracker.map.describe(written, Progress.IN_FLIGHT)
            written.clear()

    async def _wait(self, size: int) -> None:
        """Wait until ``size`` bytes are allowed."""
        for pause in allowance(self._limiter, size, asyncio.get_running_loop().time()):
            await asyncio.sleep(pause)

    def _digest_and_write(self, segment: int, pieces: list[Data | Hole]) -> Runs:
        section = self._sections[segment]
        for piece in pieces:
            if isinstance(piece, Hole):
                section.hole(piece.length)
            else:
                section.data(piece.view)
        return self._write(segment, pieces)

    def _write(self, segment: int, pieces: list[Data | Hole]) -> Runs:
        """Write consecutive pieces and return what they are, zeros left out; blocking."""
        runs: Runs = []
        for piece in pieces:
            position = segment + piece.position
            if isinstance(piece, Hole):
                runs.append((position, position + piece.length, Kind.HOLE))
                continue
            end = position + len(piece.view)
            for start, until in self._target.write(position, piece.view):
                if position < start:
                    runs.append((position, start, Kind.DATA))
                runs.append((start, until, Kind.ZERO))
                position = until
            if position < end:
                runs.append((position, end, Kind.DATA))
        return runs


def _extend(runs: Runs, more: Runs) -> None:
    """Append runs that follow; what goes on with the last kind becomes one run with it."""
    if runs and runs[-1][2] is more[0][2]:
        runs[-1] = (runs[-1][0], more[0][1], more[0][2])
        more = more[1:]
    runs += more
