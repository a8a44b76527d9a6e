"""Writing what arrives of a volume to the local file.

Each hand-over to a writing thread costs as much as writing some 100 KiB, so small pieces of data
are gathered, with the holes between them, and written together.
"""

from __future__ import annotations

import asyncio

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

Ranges = list[tuple[int, int]]


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

    async def data(self, segment: int, start: int, view: memoryview) -> None:
        """Data has arrived; when this returns its memory may be used again."""
        for pause in allowance(self._limiter, len(view), asyncio.get_running_loop().time()):
            await asyncio.sleep(pause)
        self._tracker.moved += len(view)
        part = self._segments[segment]
        if len(view) < SMALL:
            part.gather(start, bytes(view))
            if part.is_full:
                await self._write(part)
            return
        part.gather(start, view)
        await self._write(part)

    async def hole(self, segment: int, start: int, length: int) -> None:
        """A hole has arrived: nothing to write."""
        part = self._segments[segment]
        part.gather(start, length)
        if part.is_full:
            await self._write(part)

    async def end(self, segment: int) -> None:
        """The segment is complete."""
        part = self._segments.pop(segment)
        await self._write(part)
        part.end()

    async def _write(self, part: _Segment) -> None:
        """Write what has been gathered, and only then say so in the map."""
        start, end, holes = part.extent
        zeros = await self._target.aside(part.write)
        extents = self._tracker.map
        extents.advance(start, end, Progress.IN_FLIGHT)  # first: while it is all of one kind
        extents.classify(start, end, Kind.DATA)
        for hole_start, hole_end in holes:
            extents.classify(hole_start, hole_end, Kind.HOLE)
        for zero_start, zero_end in zeros:
            extents.classify(zero_start, zero_end, Kind.ZERO)
        self._tracker.passed += end - start


class _Segment:
    """Consecutive pieces of one segment that wait to be written."""

    def __init__(self, target: LocalTarget, section: Section | None, start: int) -> None:
        self._target = target
        self._section = section
        self._pieces: list[tuple[int, bytes | memoryview | int]] = []
        self._start = self._end = start
        self._bytes = 0

    def gather(self, start: int, piece: bytes | memoryview | int) -> None:
        """Put data, or the length of a hole, behind what there is."""
        length = piece if isinstance(piece, int) else len(piece)
        self._pieces.append((start, piece))
        self._end = start + length
        self._bytes += 0 if isinstance(piece, int) else length

    @property
    def is_full(self) -> bool:
        """Whether enough has been gathered."""
        return len(self._pieces) >= GATHERED_PIECES or self._bytes >= GATHERED_BYTES

    @property
    def extent(self) -> tuple[int, int, Ranges]:
        """Where the gathered pieces start and end, and the holes among them."""
        holes = [(start, start + piece) for start, piece in self._pieces if isinstance(piece, int)]
        return self._start, self._end, holes

    def write(self) -> Ranges:
        """Write the pieces and return the runs of zeros left out. Runs in a thread."""
        left_out: Ranges = []
        for start, piece in self._pieces:
            if isinstance(piece, int):
                if self._section is not None:
                    self._section.hole(piece)
                continue
            if self._section is not None:
                self._section.data(piece)
            left_out += self._target.write(start, memoryview(piece))
        self._pieces.clear()
        self._bytes = 0
        self._start = self._end
        return left_out

    def end(self) -> None:
        """The segment ends here."""
        if self._section is not None:
            self._section.end()
