"""Sending an image's runs down one upload stream, in order.

The last message is held back until all before it has been seen in the volume, or the volume has
stopped growing: if the daemon's writer has failed, that message brings the error to light, which a
finish would not (protocol.md 4.6, 4.7).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from lacuna_engine.client import Connection, UploadStream
from lacuna_engine.extents import Kind
from lacuna_engine.transfer.packets import Packets
from lacuna_engine.transfer.plan import NOTHING, Deferred
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.reader import Batch, Run

__all__ = ["Sender"]

PACED_HOLE = 16 << 20
"""Longest hole for a block volume: the daemon writes its zeros while it serves nobody (4.8)."""

ZEROS = bytes(1 << 20)
BLOCK = 4096


class Sender:
    """Sends an image of ``size`` bytes through ``packets``, from their position on.

    ``paced`` is for block volumes: short holes, each followed by a ping whose answer is awaited.
    ``first_byte`` makes the image begin with a byte of data (see ``empty.py``). Without ``proof``
    the arrival has to be shown by reading back. What is ``deferred`` is among the holes here, but
    stays what it is in the map.
    """

    def __init__(
        self,
        connection: Connection,
        stream: UploadStream,
        packets: Packets,
        tracker: Tracker,
        size: int,
        *,
        proof: GrowthProof | None,
        paced: bool = False,
        first_byte: bool = False,
        deferred: Deferred = NOTHING,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._packets = packets
        self._tracker = tracker
        self._size = size
        self._proof = proof
        self._paced = paced
        self._first_byte = first_byte
        self._deferred = deferred
        self._is_plain = stream.machine.sparse and not paced and not first_byte
        self._hole = 0

    async def run(self, batches: AsyncIterator[Batch]) -> None:
        """Send everything. Raises the stream's error or the reader's."""
        async for batch in batches:
            for run in batch:
                if not run.is_known:
                    for start, end in self._deferred.outside(run.start, run.end):
                        self._tracker.map.classify(start, end, run.kind)
                if run.kind is not Kind.DATA:
                    self._hole += run.length
                elif not self._gather(run):
                    await self._send_run(run)
            await self._packets.flush()  # what a batch holds is only lent
        await self._last_hole()

    def _gather(self, run: Run) -> bool:
        """Have a run and the hole before it sent with others, if it is short and needs no care."""
        if run.view is None or run.end == self._size or not self._is_plain:
            return False
        gathered = self._packets.gather(self._hole, run.view)
        if gathered:
            self._hole = 0
        return gathered

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
            await self._packets.flush()
            await self._proof.settle(tail_from)
        await self._send_part(run, tail_from, run.end)

    async def _send_part(self, run: Run, start: int, end: int) -> None:
        view = None if run.view is None else run.view[start - run.start : end - run.start]
        await self._packets.data(end - start, view)

    async def _last_hole(self) -> None:
        if self._proof is not None and self._hole and self._size > 1:
            await self._send_hole(self._hole - 1)
            await self._packets.flush()
            await self._proof.settle(self._size - 1)
            self._hole = 1
        await self._send_hole(self._hole)
        await self._packets.flush()

    async def _send_hole(self, length: int) -> None:
        """Send a hole; as zeros where the daemon knows no holes."""
        self._hole = 0
        if length and self._first_byte and self._packets.position == 0:
            await self._packets.data(1, ZEROS[:1])
            self._tracker.map.classify(0, 1, Kind.DATA)
            length -= 1
        limit = PACED_HOLE if self._paced else self._size
        while length:
            if not self._stream.machine.sparse:
                piece = min(length, len(ZEROS))
                await self._packets.data(piece, ZEROS[:piece])
            else:
                piece = min(length, limit)
                await self._packets.hole(piece)
                if self._paced:
                    await self._packets.flush()
                    await self._connection.ping()
            length -= piece
