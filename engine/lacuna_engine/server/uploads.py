"""Receiving an upload into a file, better than the daemon does (protocol.md 6.4).

Every error is sent as the stream's own and no later than the answer to the finish; a hole is
punched, so it neither keeps old bytes nor cuts off what other streams have written.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import deque
from collections.abc import Callable

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.extents import punch_hole
from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.rpc.records import WireError
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.refusal import system, unexpected
from lacuna_engine.stream import State, UploadReceiver

__all__ = ["UploadJob"]

log = logging.getLogger(__name__)

BLOCK = 1 << 20
"""Data is gathered into blocks of this many bytes before it is written."""

MAX_BLOCKS = 8
"""Blocks waiting to be written before the connection is not read any more."""

KEPT = 1 << 15
"""Bytes from which on a piece is kept as it came, and not copied into a block."""

ZEROS = bytes(BLOCK)


class _Refused(Exception):  # noqa: N818 - what a client sent, in its turn among the rest
    """Something that cannot be written came, as a hole or as data."""

    def __init__(self, error: WireError, *, hole: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.hole = hole


Release = Callable[[], None]
"""Gives back memory that was kept."""

Work = tuple[int, memoryview | int | _Refused, Release | None]
"""At a position of the stream: bytes to write, the length of a hole, or the end of it all."""


class UploadJob:
    """One upload into an open file, which it owns and closes.

    ``confirm`` sends the finish, ``fail`` the error; ``hold`` tells the connection to read or not;
    ``keep`` keeps the memory of a piece of data if that can be; ``over`` is called once, when the
    file is closed.
    """

    def __init__(
        self,
        descriptor: int,
        machine: UploadReceiver,
        offset: int,
        *,
        faults: Faults,
        confirm: Callable[[], None],
        fail: Callable[[WireError, bool], None],
        hold: Callable[[bool], None],
        keep: Callable[[memoryview], Release | None],
        over: Callable[[], None],
    ) -> None:
        self.machine = machine
        self._fd = descriptor
        self._offset = offset
        self._faults = faults
        self._confirm = confirm
        self._send_failure = fail
        self._hold = hold
        self._keep = keep
        self._over = over
        self._waiting: deque[Work] = deque()
        self._unwritten = 0
        self._arrived = asyncio.Event()
        self._free: list[memoryview] = []
        self._block = memoryview(bytearray(BLOCK))
        self._filled = 0
        self._filled_from = 0
        self._written = 0
        self._ends_in_hole = False
        self._late: WireError | None = None
        self.task = asyncio.create_task(self._work())

    # --- what arrives ----------------------------------------------------------------------------

    def data(self, view: memoryview) -> None:
        """A piece of a packet; kept or copied."""
        if self._answer_late_error(hole=False):
            return
        verdict = self.machine.data(len(view))
        self._take(verdict.position, view[: verdict.size])
        self._arrived.set()
        if verdict.refusal is not None:
            # What came before it is written first (4.3).
            self._hand_over()
            refused = _Refused(verdict.refusal.wire_error(), hole=False)
            self._put(verdict.position, refused)

    def hole(self, length: int, flags: int) -> None:
        """A hole. Raises ProtocolError on a stream that was not opened for holes."""
        if self._answer_late_error(hole=True):
            return
        verdict = self.machine.hole(length, flags)
        self._hand_over()
        if verdict.refusal is not None:
            refused = _Refused(verdict.refusal.wire_error(), hole=True)
            self._put(verdict.position, refused)
        elif verdict.size:
            self._put(verdict.position, verdict.size)

    def end(self) -> None:
        """An empty packet, which no client should send."""
        self.machine.end()

    def finished(self) -> None:
        """The client has sent everything."""
        self.machine.finished()
        self._hand_over()
        self._arrived.set()

    def aborted(self) -> None:
        """The client gives up."""
        self.machine.aborted()
        self._drop_waiting()
        self._arrived.set()

    def lost(self, reason: LacunaError) -> None:
        """The connection has ended."""
        self.machine.lost(reason)
        self._drop_waiting()
        self._arrived.set()

    # --- gathering -------------------------------------------------------------------------------

    def _take(self, position: int, view: memoryview) -> None:
        release = self._keep(view) if len(view) >= KEPT else None
        if release is None:
            self._gather(position, view)
        else:
            self._hand_over()
            self._put(position, view, release)

    def _gather(self, position: int, view: memoryview) -> None:
        offset = 0
        while offset < len(view):
            if not self._filled:
                self._filled_from = position + offset
            count = min(BLOCK - self._filled, len(view) - offset)
            self._block[self._filled : self._filled + count] = view[offset : offset + count]
            self._filled += count
            offset += count
            if self._filled == BLOCK:
                self._hand_over()

    def _hand_over(self) -> None:
        if not self._filled:
            return
        piece = self._block[: self._filled]
        if self._filled <= BLOCK // 4:
            # A client that sends crumbs must not get a block for each of them.
            self._put(self._filled_from, memoryview(bytes(piece)))
        else:
            block = self._block
            self._put(self._filled_from, piece, lambda: self._free.append(block))
            # New memory has to be cleared by the system, which costs as much as filling it.
            self._block = self._free.pop() if self._free else memoryview(bytearray(BLOCK))
        self._filled = 0

    def _put(
        self, position: int, piece: memoryview | int | _Refused, release: Release | None = None
    ) -> None:
        if self.machine.ended:
            if release is not None:
                release()
            return
        self._waiting.append((position, piece, release))
        # Anything costs something, however short it is.
        self._unwritten += max(len(piece) if isinstance(piece, memoryview) else 0, KEPT)
        self._arrived.set()
        if self._unwritten >= MAX_BLOCKS * BLOCK:
            self._hold(True)  # noqa: FBT003

    def _drop_waiting(self) -> None:
        """Write no more of what has come."""
        dropped = list(self._waiting)
        self._waiting.clear()
        self._take_back(dropped)

    # --- writing ---------------------------------------------------------------------------------

    async def _work(self) -> None:
        """Write in order until the stream ends one way or another; then close the file."""
        try:
            while not self.machine.ended:
                if not self._waiting:
                    if self._end_if_done():
                        break
                    self._arrived.clear()
                    if self._filled:
                        # The client pauses: what it has sent becomes visible.
                        self._hand_over()
                        continue
                    await self._arrived.wait()
                    continue
                # All at once: handing work to a thread costs as much as writing some 100 KiB.
                batch = list(self._waiting)
                self._waiting.clear()
                self._unwritten = 0
                if self._late is None:
                    await self._write(batch)
                self._take_back(batch)
                self._hold(False)  # noqa: FBT003
        except Exception:  # a mistake of ours must not leave the client waiting
            log.exception("an upload failed")
            self._fail(unexpected().error)
        finally:
            self._hold(False)  # noqa: FBT003
            os.close(self._fd)
            self._over()

    async def _write(self, batch: list[Work]) -> None:
        try:
            await asyncio.to_thread(self._write_all, batch)
        except _Refused as refused:
            self._fail(refused.error, hole=refused.hole)
        except (OSError, OverflowError) as error:
            failure = _failure(error)
            if self._faults.swallow_last_error:
                self._late = failure
            else:
                self._fail(failure)

    def _take_back(self, batch: list[Work]) -> None:
        """Keep the memory of what has been written for what comes."""
        for _, _, release in batch:
            if release is not None:
                release()

    def _write_all(self, batch: list[Work]) -> None:
        """Runs in a thread."""
        for position, piece, _ in batch:
            if isinstance(piece, _Refused):
                raise piece
            self._write_now(self._offset + position, piece)

    def _write_now(self, position: int, piece: memoryview | int) -> None:
        self._ends_in_hole = isinstance(piece, int)
        if isinstance(piece, int):
            self._make_hole(position, position + piece)
            return
        limit = self._faults.no_space_after
        room = len(piece) if limit is None else max(0, min(limit - self._written, len(piece)))
        done = 0
        while done < room:
            done += os.pwrite(self._fd, piece[done:room], position + done)
        self._written += done
        if room < len(piece):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _make_hole(self, start: int, end: int) -> None:
        size = os.fstat(self._fd).st_size
        if self._faults.hole_truncates:
            os.ftruncate(self._fd, end)
            return
        if self._faults.no_holes:
            self._write_zeros(start, end)
            return
        if start < size and not punch_hole(self._fd, start, min(end, size)):
            self._write_zeros(start, min(end, size))
        if end > size:
            os.ftruncate(self._fd, end)

    def _write_zeros(self, start: int, end: int) -> None:
        while start < end:
            start += os.pwrite(self._fd, ZEROS[: end - start], start)

    # --- the end ---------------------------------------------------------------------------------

    def _end_if_done(self) -> bool:
        """Answer a finish or an abort when nothing is left to write."""
        state = self.machine.state
        if state not in (State.FINISHING, State.ABORTING):
            return False
        try:
            if state is State.FINISHING and self._late is None:
                self._set_size()
        except OSError as error:
            self._fail(_failure(error))
        else:
            self.machine.finish()
            self._confirm()
        return True

    def _set_size(self) -> None:
        """A hole at the end of an image cuts off what the volume had beyond it (4.3).

        Not of a segment: what lies beyond belongs to other streams.
        """
        if self._ends_in_hole and not self.machine.length and not self._faults.no_holes:
            end = self._offset + self.machine.position
            if os.fstat(self._fd).st_size > end:
                os.ftruncate(self._fd, end)

    def _answer_late_error(self, *, hole: bool) -> bool:
        """As the daemon: a failed write is noticed when the next message is handed over (4.6)."""
        if self._late is None or self.machine.ended:
            return False
        error, self._late = self._late, None
        self._fail(error, hole=hole)
        return True

    def _fail(self, error: WireError, *, hole: bool = False) -> None:
        if self.machine.ended or self.machine.state is State.ABORTING:
            return  # an abort is confirmed even after a failed write (4.5)
        self.machine.fail(ProtocolError(error.message or ""))
        as_reply = hole and self._faults.error_as_reply
        if as_reply:
            text = "Library function returned error but did not set virError"
            error = WireError(Code.INTERNAL_ERROR, Domain.RPC, text, int1=0, int2=0)
        self._drop_waiting()
        self._send_failure(error, as_reply)
        self._arrived.set()


def _failure(error: OSError | OverflowError) -> WireError:
    """Return what to tell; a position beyond 2^63-1 is one that no file can have."""
    number = (error.errno or errno.EIO) if isinstance(error, OSError) else errno.EFBIG
    return system(number, "Unable to write to the volume", domain=Domain.STREAMS).error
