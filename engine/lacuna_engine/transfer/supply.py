"""Where the bytes of an upload or a copy come from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import NamedTuple, Protocol

from lacuna_engine.client import Connection, Data
from lacuna_engine.errors import LacunaError, SourceChangedError
from lacuna_engine.extents import ExtentMap, Kind, file_map
from lacuna_engine.extents.source import Source
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.storage import VolumeDescription, VolumeType, display_name
from lacuna_engine.transfer.checkpoint import FileMark, Mark, VolumeMark
from lacuna_engine.transfer.cloning import is_cloned_alike
from lacuna_engine.transfer.digest import BLOCK, BlockDigest
from lacuna_engine.transfer.plan import NOTHING, Deferred, choose_deferred
from lacuna_engine.transfer.reader import Batch, Run, plan_batches, read_batches, zero_runs
from lacuna_engine.transfer.resume import first_difference
from lacuna_engine.transfer.sampling import has_many_zeros, last_data
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.streams import open_download
from lacuna_engine.transfer.trail import Trail
from lacuna_engine.transfer.verify import digest_of_file, digest_of_volume

__all__ = ["FileSupply", "Origin", "Supply", "VolumeSupply"]

Extent = tuple[int, int, Kind]

NO_FILE = -1

DENSE_SHARE = 0.9
"""What of a volume has to be allocated for its clone to be worth more than sending its data."""


class Supply(Protocol):
    """An image to be sent.

    ``name`` is for messages, ``size`` in bytes; ``mark`` tells whether it is still the same, and
    ``fd`` is the file to send from, or negative.
    """

    name: str
    size: int
    mark: Mark
    fd: int

    async def survey(self, *, zero_scan: bool = False) -> ExtentMap:
        """Return what is known of its extents before it is read, or after with ``zero_scan``."""
        ...

    def data(self, extents: ExtentMap) -> int:
        """Return how many bytes of data it has at most."""
        ...

    def batches(
        self, kinds: Iterable[Extent], start: int, *, zero_scan: bool, unread: bool
    ) -> AsyncGenerator[Batch, None]:
        """Yield its runs in order from ``start`` on; ``unread`` if ``fd`` may stand for data.

        ``kinds`` is what is known of them, in order and without gaps. Raises
        :class:`SourceChangedError` where the image is found to be another one.
        """
        ...

    async def long_runs(self, extents: ExtentMap) -> Deferred:
        """Return the runs that can be sent beside each other, or nothing if that is no use."""
        ...

    def witness(self, start: int, end: int) -> tuple[int, bytes] | None:
        """Return the last bytes of the range that are not all zeros, and where; blocking."""
        ...

    async def origin(self, session: Session) -> Origin | None:
        """Return what the daemon of ``session`` can clone to have the same bytes, if it can."""
        ...

    async def check(self) -> None:
        """Raise :class:`SourceChangedError` if it was changed meanwhile."""
        ...

    async def first_difference(
        self,
        connection: Connection,
        volume: VolumeHandle,
        extents: ExtentMap,
        within: tuple[int, int],
    ) -> int:
        """Return where ``volume`` differs first, the end of ``within`` if nowhere."""
        ...

    async def digest(self, extents: ExtentMap) -> BlockDigest:
        """Read it all and digest it."""
        ...


class Origin(NamedTuple):
    """A volume that a daemon can clone; ``dense`` if nearly all of it is data."""

    volume: VolumeHandle
    dense: bool


def _changed(name: str) -> SourceChangedError:
    return SourceChangedError(
        f"{name} was changed while it was sent",
        hint="Make sure that nothing writes to the image, and start again.",
    )


class FileSupply:
    """A local file or device."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        self.size = source.size
        self.mark: Mark = FileMark.of(source)
        self.fd = source.fd
        self._trail = Trail(source)

    def close(self) -> None:
        """All has been sent, or given up."""
        self._trail.end()

    async def survey(self, *, zero_scan: bool = False) -> ExtentMap:
        return await asyncio.to_thread(file_map, self.fd, zero_scan=zero_scan)

    def data(self, extents: ExtentMap) -> int:
        return extents.bytes_of(Kind.DATA)

    def batches(
        self, kinds: Iterable[Extent], start: int, *, zero_scan: bool, unread: bool
    ) -> AsyncGenerator[Batch, None]:
        del start
        reader = plan_batches if unread else read_batches
        return reader(self._source, kinds, zero_scan=zero_scan, trail=self._trail)

    async def long_runs(self, extents: ExtentMap) -> Deferred:
        chosen = choose_deferred(extents.kinds())
        if not chosen:
            return chosen
        many = await asyncio.to_thread(has_many_zeros, self._source, chosen)
        return NOTHING if many else chosen

    def witness(self, start: int, end: int) -> tuple[int, bytes] | None:
        return last_data(self._source, start, end)

    async def origin(self, session: Session) -> Origin | None:
        del session
        return None

    async def check(self) -> None:
        if FileMark.of(self._source) != self.mark:
            raise _changed(self.name)

    async def first_difference(
        self,
        connection: Connection,
        volume: VolumeHandle,
        extents: ExtentMap,
        within: tuple[int, int],
    ) -> int:
        return await first_difference(connection, volume, self._source, extents, within)

    async def digest(self, extents: ExtentMap) -> BlockDigest:
        return await digest_of_file(self._source, self.size, extents.kinds())


class VolumeSupply:
    """A volume of ``size`` bytes on another or the same daemon; what is a hole shows as it comes.

    ``bytes_received`` counts the payload that was read from it.
    """

    def __init__(
        self, session: Session, volume: VolumeHandle, description: VolumeDescription, size: int
    ) -> None:
        self._session = session
        self._volume = volume
        self._description = description
        self.name = f"the volume {display_name(volume.name)}"
        self.size = size
        self.mark: Mark = VolumeMark.of(description, size)
        self.fd = NO_FILE
        self.bytes_received = 0

    async def survey(self, *, zero_scan: bool = False) -> ExtentMap:
        del zero_scan  # it would have to be read
        return ExtentMap(self.size)

    def data(self, extents: ExtentMap) -> int:
        del extents
        if self._description.type != VolumeType.FILE:
            return self.size
        return min(self._description.allocation, self.size)

    async def long_runs(self, extents: ExtentMap) -> Deferred:
        del extents  # holes are known only when they come
        return NOTHING

    def witness(self, start: int, end: int) -> tuple[int, bytes] | None:
        raise NotImplementedError(f"nothing of {self.name} is sent in segments: {start}, {end}")

    async def batches(
        self, kinds: Iterable[Extent], start: int, *, zero_scan: bool, unread: bool
    ) -> AsyncGenerator[Batch, None]:
        del kinds, unread
        if start == self.size:
            return  # a length of zero would mean all there is
        connection = await self._session.connect(daemon_pings=False)
        stream = await open_download(
            connection, VolumeRange(self._volume, start, self.size - start)
        )
        position = start
        try:
            async for piece in stream:
                if not isinstance(piece, Data):
                    yield [Run(position, position + piece.length, Kind.HOLE)]
                    position += piece.length
                    continue
                after = position + len(piece.view)
                if after > self.size:
                    raise _changed(self.name)
                if zero_scan:
                    yield list(zero_runs(position, piece.view))
                else:
                    yield [Run(position, after, Kind.DATA, piece.view)]
                position = after
            await stream.finish()
        except LacunaError as error:
            await self._explain(error)
            raise
        finally:
            self.bytes_received += stream.bytes_received
            await stream.abort()
        if position != self.size:
            raise _changed(self.name)

    async def _explain(self, error: LacunaError) -> None:
        """Raise what is behind an error of the stream, if the volume was changed."""
        try:
            now = await self._session.storage.physical(self._volume)
        except LacunaError:
            return
        if now != self.size:
            raise _changed(self.name) from error

    async def origin(self, session: Session) -> Origin | None:
        if str(session.uri) != str(self._session.uri):
            return None
        if not is_cloned_alike(self._description, self.size):
            return None
        storage = self._session.storage
        # It may be what was recorded before an upload that has just ended (protocol.md 5.4).
        await storage.refresh_pool(await storage.pool(self._volume.pool))
        now = await storage.describe_volume(self._volume)
        if not is_cloned_alike(now, self.size):
            return None
        return Origin(self._volume, now.allocation >= self.size * DENSE_SHARE)

    async def check(self) -> None:
        storage = self._session.storage
        description = await storage.describe_volume(self._volume)
        now = VolumeMark.of(description, await storage.physical(self._volume))
        if now != self.mark and self._description.type == VolumeType.FILE:
            raise _changed(self.name)

    async def first_difference(
        self,
        connection: Connection,
        volume: VolumeHandle,
        extents: ExtentMap,
        within: tuple[int, int],
    ) -> int:
        """Compare by blocks: both are read as digests of the same range."""
        start, end = within
        start -= start % BLOCK
        reading = await self._session.connect(daemon_pings=False)
        try:
            theirs, _ = await digest_of_volume(connection, volume, end, start=start)
            mine, received = await digest_of_volume(
                reading, self._volume, end, start=start, extents=extents
            )
        finally:
            await reading.close()
        self.bytes_received += received
        differences = mine.differences(theirs)
        return max(differences[0][0], within[0]) if differences else end

    async def digest(self, extents: ExtentMap) -> BlockDigest:
        del extents
        reading = await self._session.connect(daemon_pings=False)
        try:
            digest, received = await digest_of_volume(reading, self._volume, self.size)
        finally:
            await reading.close()
        self.bytes_received += received
        return digest
