"""Writing what arrives of a volume to the local file."""

from __future__ import annotations

import asyncio
from functools import partial

from lacuna_engine.client import Data, Hole
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.transfer.digest import BlockDigest, Section
from lacuna_engine.transfer.limit import Limiter, allowance
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.target import LocalTarget

__all__ = ["TargetWriter"]

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

    async def begin(self, segment: int) -> None:
        """A segment begins; segments arrive at the same time."""
        if self._digest is not None:
            self._sections[segment] = self._digest.section(segment)

    async def take(self, segment: int, pieces: list[Data | Hole]) -> None:
        """Something has arrived; when this returns it is written, and its memory free again."""
        size = sum(len(piece.view) for piece in pieces if isinstance(piece, Data))
        await self._wait(size)
        self._tracker.moved += size
        if self._digest is None:
            runs = await self._target.promptly(partial(self._write, segment, pieces))
        else:
            runs = await self._target.aside(partial(self._digest_and_write, segment, pieces))
        self._tracker.map.describe(runs, Progress.IN_FLIGHT)
        self._tracker.passed += runs[-1][1] - runs[0][0]

    async def end(self, segment: int) -> None:
        """The segment is complete."""
        if self._digest is not None:
            self._sections.pop(segment).end()

    async def _wait(self, size: int) -> None:
        """Wait until ``size`` bytes are allowed."""
        if self._limiter.rate:
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
