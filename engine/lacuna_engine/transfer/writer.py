"""Writing what arrives of a volume to the local file.

Each hand-over to a writing thread costs as much as writing some 100 KiB, so small pieces of data
are gathered, with the holes between them, and written together.
"""

from __future__ import annotations

import asyncio

from lacuna_engine.client import Data, Hole
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.transfer.digest import BlockDigest, Section
from lacuna_engine.transfer.limit import Limiter, allowance
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.target import LocalTarget

__all__ = ["TargetWriter"]

SMALL = 64 * 1024
"""Data shorter than this is gathered; it is copied, since its memory is only lent."""

GATHERED_PIECES = 512
GATHERED_BYTES = 1 << 20
"""How much is gathered at most before it is written."""

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
        self._digest = digest
        self._segments: dict[int, _Segment] = {}
        self._limiter = limiter

    async def begin(self, segment: int) -> None:
        """A segment begins; segments arrive at the same time."""
        section = None if self._digest is None else self._digest.section(segment)
        self._segments[segment] = _Segment(self._target, section, segment)

    async def take(self, segment: int, pieces: list[Data | Hole]) -> None:
        """Something has arrived; when this returns its memory may be used again."""
        part = self._segments[segment]
        for piece in pieces:
            if isinstance(piece, Hole):
                part.gather(piece.length)
            else:
                await self._wait(len(piece.view))
                self._tracker.moved += len(piece.view)
                is_small = len(piece.view) < SMALL
                part.gather(bytes(piece.view) if is_small else piece.view)
                if not is_small:
                    await self._write(part)
            if part.is_full:
                await self._write(part)

    async def _wait(self, size: int) -> None:
        """Wait until ``size`` bytes are allowed."""
        if self._limiter.rate:
            for pause in allowance(self._limiter, size, asyncio.get_running_loop().time()):
                await asyncio.sleep(pause)

    async def end(self, segment: int) -> None:
        """The segment is complete."""
        part = self._segments.pop(segment)
        await self._write(part)
        part.end()

    async def _write(self, part: _Segment) -> None:
        """Write what has been gathered, and only then say so in the map."""
        runs = await self._target.aside(part.write)
        if runs:
            self._tracker.map.describe(runs, Progress.IN_FLIGHT)
            self._tracker.passed += runs[-1][1] - runs[0][0]


class _Segment:
    """Consecutive pieces of one segment that wait to be written."""

    def __init__(self, target: LocalTarget, section: Section | None, start: int) -> None:
        self._target = target
        self._section = section
        self._pieces: list[bytes | memoryview | int] = []
        self._start = start
        self._bytes = 0

    def gather(self, piece: bytes | memoryview | int) -> None:
        """Put data, or the length of a hole, behind what there is."""
        self._pieces.append(piece)
        if not isinstance(piece, int):
            self._bytes += len(piece)

    @property
    def is_full(self) -> bool:
        """Whether enough has been gathered."""
        return len(self._pieces) >= GATHERED_PIECES or self._bytes >= GATHERED_BYTES

    def write(self) -> Runs:
        """Write the pieces and return what they are, zeros left out. Runs in a thread."""
        runs: Runs = []
        position = self._start
        for piece in self._pieces:
            if isinstance(piece, int):
                if self._section is not None:
                    self._section.hole(piece)
                runs.append((position, position + piece, Kind.HOLE))
                position += piece
                continue
            if self._section is not None:
                self._section.data(piece)
            end = position + len(piece)
            for start, until in self._target.write(position, memoryview(piece)):
                if position < start:
                    runs.append((position, start, Kind.DATA))
                runs.append((start, until, Kind.ZERO))
                position = until
            if position < end:
                runs.append((position, end, Kind.DATA))
            position = end
        self._pieces.clear()
        self._bytes = 0
        self._start = position
        return runs

    def end(self) -> None:
        """The segment ends here."""
        if self._section is not None:
            self._section.end()
