"""Upload and download streams as a coroutine sees them.

The machines of ``lacuna_engine.stream`` decide what may happen; here it is done, with back
pressure. A stream ends in exactly one way: finished, aborted, or failed with the first error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, NamedTuple, TypeVar

from lacuna_engine.errors import LacunaError, ProtocolError, RemoteWriteError
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.peer import ClientPeer
from lacuna_engine.rpc.records import VolumeRange
from lacuna_engine.stream import Download, Machine, State, Upload
from lacuna_engine.transport import Pipe

__all__ = ["ClientStream", "Data", "DownloadStream", "Hole", "UploadStream"]

SPARSE = 1
ABORT_PATIENCE = 5.0
"""Seconds to wait for the answer to an abort before the connection is closed instead."""

BLOCK_SIZE = 256 << 10
"""Downloads are gathered into blocks of this many bytes: the daemon sends 262,120 bytes and then
24, over and over (protocol.md 4.4)."""

WORTHWHILE = 64 << 10
"""Bytes of a message that are received straight into a block; shorter ones are copied, with many
around them in one read."""

ENOUGH_PIECES = 64
ENOUGH_BYTES = 64 << 10
"""Pieces, or bytes of data, for which a consumer is woken, unless the stream has ended: of a
fragmented volume each turn of the loop brings a piece or two. No more bytes, since while they are
written nothing is read, and what the system holds for us is soon full."""

MAX_PIECES = 512
MAX_BYTES = 4 << 20
"""Pieces, and bytes of data, gathered and not yet taken before reading pauses."""

MAX_EARLY = 1 << 16
MAX_EARLY_BYTES = 64 << 20
"""Pieces, and bytes of data, before the reply to the opening call. Reading cannot pause there, for
the reply would not be read either; daemons send a few packets at most (protocol.md 0.13)."""


class Data(NamedTuple):
    """Bytes at ``position`` of the range; ``view`` is valid until the next piece is asked for."""

    position: int
    view: memoryview

    @property
    def end(self) -> int:
        """Where in the range they end."""
        return self.position + len(self.view)

    def until(self, end: int) -> Data:
        """Return what of it is before ``end``."""
        return self if self.end <= end else Data(self.position, self.view[: end - self.position])


class Hole(NamedTuple):
    """``length`` bytes at ``position`` that read zero."""

    position: int
    length: int

    @property
    def end(self) -> int:
        """Where in the range they end."""
        return self.position + self.length

    def until(self, end: int) -> Hole:
        """Return what of it is before ``end``."""
        return self if self.end <= end else Hole(self.position, end - self.position)


M = TypeVar("M", bound=Machine)


class ClientStream(Generic[M]):
    """What both directions share: the end of a stream, and giving it up.

    Lengths are in bytes. A stream's error, which its methods raise, is the daemon's
    (:class:`RemoteError`) or what ended the connection (:class:`ConnectionLostError`).
    """

    def __init__(self, serial: int, peer: ClientPeer, pipe: Pipe, machine: M) -> None:
        self.serial = serial
        self.machine = machine
        self._peer = peer
        self._pipe = pipe
        self._ended = asyncio.Event()

    async def finish(self) -> None:
        """Finish and wait for the daemon to agree. Raises the stream's error.

        That the daemon agrees does not mean that the data has been written (protocol.md 0.1).
        """
        self.raise_error()
        self.machine.finish()
        self._peer.send_finish(self.serial)
        self._flush()
        await self._ended.wait()
        self.raise_error()

    async def abort(self, patience: float | None = ABORT_PATIENCE) -> None:
        """Give the stream up and wait until the daemon has, ``patience`` seconds. Never raises.

        What was written stays. A daemon that does not answer in time has its connection closed,
        which aborts the stream for sure; None leaves that to keepalive, where the connection is
        still of use: the answer comes behind all that is under way.
        """
        if self.machine.ended:
            return
        if self.machine.state in (State.OPEN, State.AT_END):
            self.machine.abort()
            self._peer.send_abort(self.serial)
            self._flush()
        self._resume()
        try:
            async with asyncio.timeout(patience):
                await self._ended.wait()
        except TimeoutError:
            self._pipe.close()

    def raise_error(self) -> None:
        """Raise the stream's error, if it has one."""
        if self.machine.error is not None:
            raise self.machine.error

    # --- called by the connection --------------------------------------------------------------

    def on_opened(self) -> None:
        """The reply to the opening call has arrived."""
        self.machine.opened()

    def on_data(self, data: memoryview) -> None:
        """Data has arrived: never on an upload. Raises :class:`ProtocolError`."""
        del data
        raise ProtocolError("the daemon sent data on an upload")

    def room(self, wanted: int) -> memoryview | None:
        """Return where the next ``wanted`` bytes of data can be put, or some of them, if at all."""
        del wanted
        return None

    def on_filled(self, count: int) -> None:
        """So many bytes of data have been put into the :meth:`room`."""

    def on_hole(self, length: int) -> None:
        """A hole has arrived: never on an upload. Raises :class:`ProtocolError`."""
        del length
        raise ProtocolError("the daemon sent a hole on an upload")

    def on_end(self) -> None:
        """The end of file has arrived: never on an upload. Raises :class:`ProtocolError`."""
        raise ProtocolError("the daemon sent an end of file on an upload")

    def on_finished(self) -> None:
        """The daemon's finish has arrived."""
        self.machine.finished()
        self._wake()

    def on_failed(self, error: LacunaError, *, cause_lost: bool) -> None:
        """The daemon's error has arrived."""
        del cause_lost
        self.machine.failed(error)
        self._wake()

    def on_lost(self, reason: LacunaError) -> None:
        """The connection has ended."""
        self.machine.lost(reason)
        self._wake()

    # --- inside --------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self.machine.ended:
            self._ended.set()

    def _resume(self) -> None:
        """Let go of whatever holds back what still arrives."""

    def _flush(self) -> None:
        self._pipe.write(*self._peer.data_to_send())


class UploadStream(ClientStream[Upload]):
    """An open upload: send data and holes, then finish."""

    def __init__(self, serial: int, peer: ClientPeer, pipe: Pipe, target: VolumeRange) -> None:
        super().__init__(
            serial, peer, pipe, Upload(sparse=bool(target.flags & SPARSE), length=target.length)
        )
        self.bytes_sent = 0
        self._waiting: list[bytes | memoryview] = []

    async def send(self, data: memoryview | bytes) -> None:
        """Send data as one packet; when this returns, the buffer may be used again.

        Raises the stream's error as soon as it is known, which is at the earliest when a later
        packet is handed over (protocol.md 4.6).
        """
        self.put(data)
        await self.flush()

    def put(self, data: memoryview | bytes) -> None:
        """Have data sent as one packet with the next :meth:`flush`; it must not change until then.

        Raises the stream's error.
        """
        self.raise_error()
        size = len(data)
        self.machine.data(size)
        self._waiting += (self._peer.data_header(self.serial, size), data)
        self.bytes_sent += size

    def put_hole(self, length: int) -> None:
        """Have a hole of ``length`` bytes sent with the next :meth:`flush`.

        Raises the stream's error.
        """
        self.raise_error()
        self.machine.hole(length)
        self._waiting.append(self._peer.hole(self.serial, length))

    async def flush(self) -> None:
        """Send what was put, all in one go. Raises the stream's error."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._pipe.write(*waiting)
            await self._pipe.drain()
            self.raise_error()

    @property
    def sends_files(self) -> bool:
        """Whether :meth:`send_file` is there: not on every transport."""
        return self._pipe.sends_files

    async def send_file(self, fd: int, offset: int, size: int) -> None:
        """Send ``size`` bytes of a file as one packet, without a copy through this process.

        The bytes are those that are there when they are sent. Raises the stream's error.
        """
        await self.flush()
        self.raise_error()
        self.machine.data(size)
        self._pipe.write_file(self._peer.data_header(self.serial, size), fd, offset, size)
        self.bytes_sent += size
        await self._pipe.drain()
        self.raise_error()

    async def send_hole(self, length: int) -> None:
        """Send a hole of ``length`` bytes. Raises the stream's error."""
        self.put_hole(length)
        await self.flush()

    async def finish(self) -> None:
        """Send what was put, and finish. Raises the stream's error."""
        await self.flush()
        await super().finish()

    async def wait_error(self) -> None:
        """Wait until the stream ends by itself, which only an error does; then raise it."""
        await self._ended.wait()
        self.raise_error()

    def on_failed(self, error: LacunaError, *, cause_lost: bool) -> None:
        """Say what an empty error means: a hole met a failed write (protocol.md 4.6)."""
        if cause_lost:
            error = RemoteWriteError(
                "the daemon could not write to the volume and lost the reason",
                code=Code.INTERNAL_ERROR,
                domain=Domain.RPC,
                hint="Most likely the pool is full; look at its free space.",
            )
        super().on_failed(error, cause_lost=cause_lost)


class DownloadStream(ClientStream[Download]):
    """An open download: take its pieces, many or one at a time, then finish.

    Data is gathered into blocks so that small packets cost nothing, and reading pauses when the
    consumer falls behind; memory stays below twice ``MAX_BYTES`` and some blocks. Several pieces
    may share a block, so that a fragmented volume takes no more memory.
    """

    def __init__(self, serial: int, peer: ClientPeer, pipe: Pipe, source: VolumeRange) -> None:
        super().__init__(
            serial, peer, pipe, Download(sparse=bool(source.flags & SPARSE), length=source.length)
        )
        self.bytes_received = 0
        self._ready: deque[Data | Hole] = deque()
        self._taken: deque[Data | Hole] = deque()  # of those, what goes one at a time
        self._free: list[memoryview] = []
        self._block = memoryview(bytearray(BLOCK_SIZE))
        self._filled = 0
        self._handed = 0  # how much of the block is in pieces
        self._start = 0
        self._rest = 0  # bytes of a long message that are still to come
        self._arrived = asyncio.Event()
        self._full: list[memoryview] = []  # blocks whose pieces are ready or were taken
        self._lent: list[memoryview] = []  # the same, of the pieces taken last
        self._held = 0  # bytes of data that are ready
        self._paused = False

    def __aiter__(self) -> DownloadStream:
        return self

    async def abort(self, patience: float | None = ABORT_PATIENCE) -> None:
        """Give the stream up; what has arrived and was not taken is dropped."""
        if not self.machine.ended:
            self._ready.clear()
            self._taken.clear()
            self._held = 0
        await super().abort(patience)

    async def __anext__(self) -> Data | Hole:
        """Return the next piece, in order; ends at the end of file. Raises the stream's error."""
        if not self._taken:
            self._taken.extend(await self._take())
        if not self._taken:
            raise StopAsyncIteration
        piece = self._taken.popleft()
        if not self._taken:
            self._resume()
        return piece

    async def take(self) -> list[Data | Hole]:
        """Return all pieces that are there, in order; none at the end of file.

        Waits until it is worth it. All are valid until the next are asked for. Raises the stream's
        error.
        """
        pieces = list(self._taken) or await self._take()
        self._taken.clear()
        self._resume()
        return pieces

    async def _take(self) -> list[Data | Hole]:
        self._free += self._lent
        self._lent = []
        await self._gather()
        pieces = list(self._ready)
        self._ready.clear()
        self._held = 0
        self._lent, self._full = self._full, []
        return pieces

    async def _gather(self) -> None:
        """Wait for enough pieces, or for all there will be. Raises the error if there are none."""
        while not self._has_enough:
            if self.machine.state is State.AT_END or self.machine.ended:
                if not self._ready:
                    self.raise_error()
                return
            self._arrived.clear()
            await self._arrived.wait()

    @property
    def _has_enough(self) -> bool:
        return self._held >= ENOUGH_BYTES or len(self._ready) >= ENOUGH_PIECES

    def on_data(self, data: memoryview) -> None:
        """Copy into the block at hand; the view is the pipe's."""
        size = len(data)
        self.machine.data(size)
        if self.machine.state is State.ABORTING:
            return
        self.bytes_received += size
        while size > (room := BLOCK_SIZE - self._filled):
            self._block[self._filled :] = data[:room]
            self._filled = BLOCK_SIZE
            self._hand_over()
            data, size = data[room:], size - room
        end = self._filled + size
        self._block[self._filled : end] = data
        self._filled = end
        if end == BLOCK_SIZE:
            self._hand_over()

    def room(self, wanted: int) -> memoryview | None:
        """Return the free part of the block at hand, if it is worth a call of its own."""
        is_long = wanted >= WORTHWHILE or wanted == self._rest
        if not is_long or self.machine.state is not State.OPEN:
            return None
        self._rest = wanted
        return self._block[self._filled : self._filled + min(BLOCK_SIZE - self._filled, wanted)]

    def on_filled(self, count: int) -> None:
        """Data has arrived in the block at hand."""
        self.machine.data(count)
        self.bytes_received += count
        self._filled += count
        self._rest -= count
        if self._filled == BLOCK_SIZE:
            self._hand_over()

    def on_hole(self, length: int) -> None:
        """A hole ends the piece at hand."""
        position = self.machine.position
        self.machine.hole(length)
        if self.machine.state is not State.ABORTING:
            self._hand_over()
            self._start += length
            self._put(Hole(position, length))

    def on_end(self) -> None:
        """End of file; it may come before the reply, then the reply makes it official."""
        self.machine.end()
        if self.machine.state is not State.ABORTING:
            self._hand_over()
        self._arrived.set()

    def on_opened(self) -> None:
        """The reply has arrived, perhaps behind the end of a small volume."""
        super().on_opened()
        self._arrived.set()
        self._hold_back()

    def _wake(self) -> None:
        super()._wake()
        self._arrived.set()
        if self.machine.ended:
            self._resume()

    def _hand_over(self) -> None:
        """Have what is in the block taken, and another block if it is full."""
        size = self._filled - self._handed
        if size:
            self._held += size
            self._put(Data(self._start, self._block[self._handed : self._filled]))
            self._start += size
            self._handed = self._filled
        if self._filled == BLOCK_SIZE:
            self._full.append(self._block)
            self._block = self._free.pop() if self._free else memoryview(bytearray(BLOCK_SIZE))
            self._filled = self._handed = 0

    def _put(self, piece: Data | Hole) -> None:
        self._ready.append(piece)
        if self._has_enough:
            self._arrived.set()
            self._hold_back()

    def _hold_back(self) -> None:
        """Pause reading if the consumer is behind, but never before the reply has been read."""
        if self.machine.state in (State.OPENING, State.EARLY_END):
            if len(self._ready) > MAX_EARLY or self.bytes_received > MAX_EARLY_BYTES:
                raise ProtocolError(
                    "the daemon sends a volume without an answer to the call for it"
                )
        elif not self._paused and (self._held >= MAX_BYTES or len(self._ready) >= MAX_PIECES):
            self._paused = True
            self._pipe.hold_reading(self)

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._pipe.release_reading(self)
