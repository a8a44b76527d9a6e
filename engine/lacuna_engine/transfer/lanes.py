"""Sending long runs of data in segments, over several connections at once.

The volume has its full size already and nothing but zeros where the segments go, and nobody sends
a hole any more (protocol.md 5.2). A daemon's writer works in order and stops at its first error;
so when the last bytes of a segment that are not zero can be read in the volume, all before them
have been written. They are looked for before the stream is finished, since a finish that follows
the last packet at once can lose the error of that packet (4.7).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import aclosing

from lacuna_engine.client import Connection, Data, UploadStream
from lacuna_engine.errors import LacunaError, NotProvedError
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transfer.connecting import Connecting
from lacuna_engine.transfer.context import Context
from lacuna_engine.transfer.crew import Crew
from lacuna_engine.transfer.packets import Packets
from lacuna_engine.transfer.plan import Range
from lacuna_engine.transfer.reader import Run
from lacuna_engine.transfer.streams import open_download, open_segment
from lacuna_engine.transfer.supply import Supply

__all__ = ["Lanes"]

SKIPPED = 1 << 20
"""Bytes of a run of zeros inside a segment that is worth ending the stream and opening another
behind it. Shorter ones are sent, as long as they are no more than one in ``SENT_SHARE`` bytes."""

SENT_SHARE = 100

ZEROS = bytes(SKIPPED)

ABREAST = 3
"""Segments of a connection that are sent at the same time to a daemon that is near, taking turns
with their packets. While it writes a packet it can take in those of other streams, but not of the
same one, whose lock the writing thread holds: 2 GiB took 1.36 s with one, 1.22 s with two, 1.14 s
with three and 1.20 s with four (medians of seven)."""

WAITING = 1
"""Further ones, which are proved or wait with an open stream: else the way to a far host is empty
for two round trips at each segment's end."""

FIRST_LOOK = 0.01
SLOWEST_LOOK = 0.1
"""Seconds between looks for the last bytes of a segment, doubling."""

PATIENCE = 30.0
"""Seconds in which nothing more of the volume is written, after which it counts as lost."""


class Lanes:
    """Sends ``segments`` of ``supply`` into ``volume``, each over one of some connections.

    ``asked`` is how many of these, 0 to find out. To a daemon that is ``near``, each of them sends
    several segments at the same time.
    """

    def __init__(
        self,
        context: Context,
        supply: Supply,
        volume: VolumeHandle,
        segments: Iterable[Range],
        first: Connection,
        *,
        asked: int,
        near: bool,
    ) -> None:
        self._context = context
        self._tracker = context.tracker
        self._supply = supply
        self._volume = volume
        self._segments = deque(segments)
        """Those that nobody has begun, or what is left of them."""
        self._first = first
        self._asked = asked
        self._abreast = ABREAST if near else 1
        self._is_cold = near and context.session.uri.transport == "unix"
        """Whether the first packet is to be a large one, for the daemon's memory: through a network
        that might take long, however soon a ping is answered."""
        self._reading = Connecting(context.session, daemon_pings=False)
        self._opening = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._stretches: set[_Stretch] = set()
        """Whose streams are open."""
        self._zeros_sent = 0

    async def run(self) -> None:
        """Send them all; the first error stops everything and is raised.

        Raises :class:`NotProvedError` and the errors of the streams and of the image.
        """
        context = self._context
        crew = Crew(
            context.session,
            context.tracker,
            context.report,
            self._lane,
            lambda: bool(self._segments),
            asked=self._asked,
            first=self._first,
        )
        self._reading.begin()
        try:
            await crew.run()
        finally:
            await asyncio.gather(*(self._close(stretch) for stretch in set(self._stretches)))
            await self._reading.give_up()

    async def _lane(self, connection: Connection, is_enough: Callable[[], bool]) -> None:
        """Send segments over one connection, as many at a time as go abreast.

        While one is proved the next one is sent, whose stream has been opened before.
        """
        turn = asyncio.Semaphore(self._abreast)

        async def take_turns() -> None:
            while self._segments and not is_enough():
                start, end = self._segments.popleft()
                await self._segment(connection, start, end, turn, is_enough)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._abreast + WAITING):
                    group.create_task(take_turns())
        except BaseExceptionGroup as errors:
            first = errors.exceptions[0]  # it has stopped the others
            raise first from first.__cause__

    async def _segment(
        self,
        connection: Connection,
        start: int,
        end: int,
        turn: asyncio.Semaphore,
        is_enough: Callable[[], bool],
    ) -> None:
        """Send a segment when it is its turn; where it has long runs of zeros, in several streams.

        What is left of it when it is enough goes back to the others, before the proof of what has
        been sent. An error leaves the turn taken: it ends the lane, and who waits for it.
        """
        reached, is_over = start, False
        going = self._supply.batches(
            [(start, end, Kind.DATA)],
            start,
            zero_scan=self._context.options.zero_scan,
            unread=connection.sends_files,
        )
        stretch: _Stretch | None = None
        async with aclosing(going) as batches:
            async for batch in batches:
                for run in batch:
                    self._tracker.map.classify(run.start, run.end, run.kind)
                    if run.kind is Kind.DATA:
                        if stretch is None:
                            stretch = await self._open(connection, run.start, end)
                            await turn.acquire()
                            if is_over := is_enough():
                                break  # nothing has been sent through it
                        await stretch.packets.data(run.length, run.view)
                        stretch.end = run.end
                    elif stretch is not None and self._is_cheap(run):
                        await stretch.packets.data(run.length, ZEROS[: run.length])
                    else:
                        if stretch is not None:
                            await stretch.packets.flush()
                            turn.release()
                            await self._complete(stretch, run.start)
                            stretch = None
                        self._tracker.map.advance(run.start, run.end, Progress.ACKNOWLEDGED)
                        self._tracker.passed += run.length
                    reached = run.end
                if stretch is not None:
                    await stretch.packets.flush()  # what a batch holds is only lent
                if is_over := is_over or is_enough():
                    break
        if reached < end:
            self._segments.appendleft((reached, end))
        if stretch is not None:
            turn.release()
            await self._complete(stretch, reached)

    def _is_cheap(self, run: Run) -> bool:
        """Whether to send these zeros rather than begin another stream behind them."""
        allowed = self._tracker.map.bytes_of(Kind.DATA) // SENT_SHARE
        if run.length >= SKIPPED or self._zeros_sent + run.length > allowed:
            return False
        self._zeros_sent += run.length
        return True

    async def _open(self, connection: Connection, start: int, end: int) -> _Stretch:
        # Of two that open the same volume at the same moment one is refused (protocol.md 5.6).
        async with self._opening:
            stream = await open_segment(connection, VolumeRange(self._volume, start, end - start))
        packets = Packets(
            self._supply.fd,
            stream,
            self._tracker,
            self._context.pace(),
            position=start,
            near=self._is_cold,
        )
        self._is_cold = False
        stretch = _Stretch(start, stream, packets)
        self._stretches.add(stretch)
        return stretch

    async def _close(self, stretch: _Stretch) -> None:
        """Give up the stream unless it has ended."""
        self._stretches.remove(stretch)
        self._context.report.bytes_sent += stretch.stream.bytes_sent
        await stretch.stream.abort()

    async def _complete(self, stretch: _Stretch, until: int) -> None:
        """Prove what has been sent, up to ``until``, and end the stream."""
        last = await asyncio.to_thread(self._supply.witness, stretch.start, stretch.end)
        if last is not None:
            await self._see(stretch.stream, *last)
        await stretch.stream.finish()
        await self._close(stretch)
        self._tracker.map.advance(stretch.start, until, Progress.ACKNOWLEDGED)

    async def _see(self, stream: UploadStream, offset: int, expected: bytes) -> None:
        """Wait until these bytes are in the volume."""
        clock = asyncio.get_running_loop().time
        pause, grown, allocated = FIRST_LOOK, clock(), -1
        while await self._read_back(offset, len(expected)) != expected:
            stream.raise_error()
            now = (await self._context.storage.volume_info(self._volume)).allocation
            if now > allocated:
                allocated, grown = now, clock()
            elif clock() - grown >= PATIENCE:
                await self._supply.check()
                raise NotProvedError(
                    f"what was sent up to byte {offset + len(expected)} is not in the volume, "
                    "and the daemon reported no error",
                    hint="Most likely the pool is full; look at its free space.",
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_LOOK)
        stream.raise_error()

    async def _reader(self) -> Connection:
        """Return what is read over: a connection of its own, or that for questions if need be.

        The daemon, or ssh's, may admit no more; what is read is a page.
        """
        try:
            return await self._reading.made()
        except LacunaError:
            return self._context.storage.connection

    async def _read_back(self, offset: int, length: int) -> bytes:
        content = bytearray()
        reader = await self._reader()
        async with self._looking, self._opening:
            stream = await open_download(reader, VolumeRange(self._volume, offset, length))
        try:
            async for piece in stream:
                content += piece.view if isinstance(piece, Data) else bytes(piece.length)
            await stream.finish()
        finally:
            self._context.report.bytes_received += stream.bytes_received
            await stream.abort()
        return bytes(content)


class _Stretch:
    """Data without long runs of zeros, from ``start`` to ``end`` so far, and its stream."""

    def __init__(self, start: int, stream: UploadStream, packets: Packets) -> None:
        self.start = self.end = start
        self.stream = stream
        self.packets = packets
