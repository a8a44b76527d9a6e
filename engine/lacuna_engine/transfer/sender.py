"""Sending an image's runs down one upload stream, in order.

The last message is held back until all before it has been seen in the volume, or the volume has
stopped growing: if the daemon's writer has failed, that message brings the error to light, which a
finish would not (protocol.md 4.6, 4.7).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.transfer.limit import Limiter, allowance
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.reader import BATCH_BYTES, Batch, Run

__all__ = ["Sender"]

PACED_HOLE = 16 << 20
"""Longest hole for a block volume: the daemon writes its zeros while it serves nobody (4.8)."""

ZEROS = bytes(1 << 20)
BLOCK = 4096

PACKET = BATCH_BYTES

FIRST_PACKET = 4 << 20
"""Bytes of the first packet that comes straight from the file. The daemon takes memory for each
message and gives it back; when it has once given back a message of 4 MiB, the C library keeps what
messages of 1 MiB need instead of returning it to the system each time. 2 GiB then cost 4,000 to
8,000 page faults instead of 420,000, and 1.5 s instead of 2.5 s (medians, tmpfs; 2 MiB: 50,000)."""


class Sender:
    """Sends an image of ``size`` bytes; data that comes without its bytes is in the file ``fd``.

    ``paced`` is for block volumes: short holes, each followed by a ping whose answer is awaited.
    ``first_byte`` makes the image begin with a byte of data (see ``empty.py``). Without ``proof``
    the arrival has to be shown by reading back.
    """

    def __init__(
        self,
        fd: int,
        connection: Connection,
        stream: UploadStream,
        tracker: Tracker,
        size: int,
        *,
        limiter: Limiter,
        proof: GrowthProof | None,
        paced: bool = False,
        first_byte: bool = False,
    ) -> None:
        self._fd = fd
        self._connection = connection
        self._stream = stream
        self._tracker = tracker
        self._size = size
        self._limiter = limiter
        self._proof = proof
        self._paced = paced
        self._first_byte = first_byte
        self._hole = 0

    async def run(self, batches: AsyncIterator[Batch]) -> None:
        """Send everything. Raises the stream's error or the reader's."""
        async for batch in batches:
            for run in batch:
                self._tracker.map.classify(run.start, run.end, run.kind)
                if run.kind is Kind.DATA:
                    await self._send_run(run)
                else:
                    self._hole += run.length
        await self._last_hole()

    async def _send_run(self, run: Run) -> None:
        await self._send_hole(self._hole)
        if run.end < self._size or self._proof is None:
            await self._send_part(run, run.start, run.end)
            return
        # The tail's block must have been allocated by what came before it, or the tail itself
        # could be what does not fit.
        tail = 1 if (self._size - 1) % BLOCK else 2
        tail_from = max(run.start, self._size - tail)
        await self._send_part(run, run.start, tail_from)
        if tail_from:
            await self._proof.settle(tail_from)
        await self._send_part(run, tail_from, run.end)

    async def _send_part(self, run: Run, start: int, end: int) -> None:
        """Send a part of a run of data in packets, from the file if it has not been read."""
        while start < end:
            size = min(PACKET, end - start)
            if run.view is not None:
                await self._send(run.view[start - run.start :][:size])
            else:
                if not self._tracker.moved and not self._limiter.rate:
                    size = min(FIRST_PACKET, end - start)
                await self._wait(size)
                await self._stream.send_file(self._fd, start, size)
                self._sent(size)
            start += size

    async def _last_hole(self) -> None:
        if self._proof is not None and self._hole and self._size > 1:
            await self._send_hole(self._hole - 1)
            await self._proof.settle(self._size - 1)
            self._hole = 1
        await self._send_hole(self._hole)

    async def _send(self, view: memoryview | bytes) -> None:
        await self._wait(len(view))
        await self._stream.send(view)
        self._sent(len(view))

    async def _wait(self, size: int) -> None:
        """Wait for the rate limit."""
        for pause in allowance(self._limiter, size, asyncio.get_running_loop().time()):
            await asyncio.sleep(pause)

    def _sent(self, size: int) -> None:
        self._tracker.moved += size
        self._moved(size)

    async def _send_hole(self, length: int) -> None:
        """Send a hole; as zeros where the daemon knows no holes."""
        self._hole = 0
        if length and self._first_byte and self._stream.machine.position == 0:
            await self._send(ZEROS[:1])
            self._tracker.map.classify(0, 1, Kind.DATA)
            length -= 1
        limit = PACED_HOLE if self._paced else self._size
        while length:
            if not self._stream.machine.sparse:
                piece = min(length, len(ZEROS))
                await self._send(ZEROS[:piece])
            else:
                piece = min(length, limit)
                await self._stream.send_hole(piece)
                self._moved(piece)
                if self._paced:
                    await self._connection.ping()
            length -= piece

    def _moved(self, length: int) -> None:
        position = self._tracker.passed
        self._tracker.map.advance(position, position + length, Progress.IN_FLIGHT)
        self._tracker.passed = position + length
