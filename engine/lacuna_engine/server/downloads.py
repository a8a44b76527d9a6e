"""Sending a file as a download, holes as holes (protocol.md 4.4)."""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator

from lacuna_engine.errors import LacunaError, ProtocolError
from lacuna_engine.rpc.failure import Domain
from lacuna_engine.rpc.records import WireError
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.refusal import Refusal, system, unexpected
from lacuna_engine.stream import DownloadSender, State
from lacuna_engine.transport import Pipe

__all__ = ["DownloadJob", "Wire"]

log = logging.getLogger(__name__)

PACKET = 1 << 20
"""Bytes of a data packet; libvirt's client takes any size up to 32 MiB."""


class Wire:
    """How a download's messages go out."""

    def __init__(
        self,
        pipe: Pipe,
        *,
        header: Callable[[int], bytes],
        hole: Callable[[int], None],
        end: Callable[[], None],
        confirm: Callable[[], None],
        fail: Callable[[WireError], None],
    ) -> None:
        self.pipe = pipe
        self.header = header
        self.hole = hole
        self.end = end
        self.confirm = confirm
        self.fail = fail


class DownloadJob:
    """One download of an open file, which it owns and closes.

    ``over`` is called once, when the file is closed.
    """

    def __init__(
        self,
        descriptor: int,
        machine: DownloadSender,
        offset: int,
        *,
        faults: Faults,
        wire: Wire,
        over: Callable[[], None],
    ) -> None:
        self.machine = machine
        self._fd = descriptor
        self._offset = offset
        self._faults = faults
        self._wire = wire
        self._over = over
        self._sent = 0
        self._wanted = asyncio.Event()
        sizes = faults.packets or (PACKET,)
        self._sizes = itertools.cycle(sizes)
        self._buffer = memoryview(bytearray(max(sizes)))
        self.task = asyncio.create_task(self._work())

    def finished(self) -> None:
        """The client's finish."""
        self.machine.finished()
        self._wanted.set()

    def aborted(self) -> None:
        """The client gives up."""
        self.machine.aborted()
        self._wanted.set()

    def lost(self, reason: LacunaError) -> None:
        """The connection has ended."""
        self.machine.lost(reason)
        self._wanted.set()

    async def _work(self) -> None:
        try:
            await self._send_all()
            if self.machine.state is State.OPEN:
                self.machine.end()
                self._wire.end()
            while self.machine.state is State.AT_END:
                self._wanted.clear()
                await self._wanted.wait()
            if self.machine.state in (State.FINISHING, State.ABORTING):
                self.machine.finish()
                self._wire.confirm()
        except OSError as error:
            number = error.errno or errno.EIO
            self._fail(system(number, "Unable to read from the volume", domain=Domain.STREAMS))
        except LacunaError:
            pass  # the connection has ended, and the machine knows
        except Exception:  # a mistake of ours must not leave the client waiting
            log.exception("a download failed")
            self._fail(unexpected())
        finally:
            os.close(self._fd)
            self._over()

    async def _send_all(self) -> None:
        async for start, end, is_data in self._sections():
            if is_data:
                await self._send_data(start, end)
            elif self._is_open:
                self.machine.hole(end - start)
                self._wire.hole(end - start)
                await self._wire.pipe.drain()
            if not self._is_open:
                return

    @property
    def _is_open(self) -> bool:
        limit = self._faults.short_download
        return self.machine.state is State.OPEN and (limit is None or self._sent < limit)

    async def _send_data(self, start: int, end: int) -> None:
        while start < end and self._is_open:
            wanted = min(next(self._sizes), end - start)
            if self._faults.short_download is not None:
                wanted = min(wanted, self._faults.short_download - self._sent)
            view = self._buffer[:wanted]
            count = await asyncio.to_thread(os.preadv, self._fd, [view], start)
            if count == 0 or self.machine.state is not State.OPEN:
                return
            self.machine.data(count)
            self._wire.pipe.write(self._wire.header(count), view[:count])
            await self._wire.pipe.drain()
            self._sent += count
            start += count

    async def _sections(self) -> AsyncIterator[tuple[int, int, bool]]:
        """Yield the data and holes of the range, as the file system tells them."""
        size = os.fstat(self._fd).st_size
        length = self.machine.length
        end = min(size, self._offset + length) if length else size
        if not self.machine.sparse or self._faults.no_holes:
            if self._offset < end:
                yield self._offset, end, True
            return
        sections = _data_and_holes(self._fd, self._offset, end)
        while (section := await asyncio.to_thread(next, sections, None)) is not None:
            if self._faults.no_trailing_hole and not section[2] and section[1] == end:
                return
            yield section

    def _fail(self, refusal: Refusal) -> None:
        if self.machine.state in (State.OPEN, State.AT_END, State.FINISHING):
            self.machine.fail(ProtocolError(str(refusal)))
            self._wire.fail(refusal.error)


def _data_and_holes(fd: int, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    while start < end:
        try:
            data = min(os.lseek(fd, start, os.SEEK_DATA), end)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            data = end
        if data > start:
            yield start, data, False
        if data == end:
            return
        try:
            start = min(os.lseek(fd, data, os.SEEK_HOLE), end)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return  # the file has just become shorter, which ends a download quietly (4.4)
        yield data, start, True
