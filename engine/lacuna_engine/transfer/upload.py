"""Uploading a local image into a volume, proved before it is called done.

The life of an upload: look at the file, choose the destination, check the room, make or empty the
volume, send what is data, prove that it arrived, finish, look once more. Until the last step any
failure aborts the stream and removes the half-written volume.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    LacunaError,
    NotProvedError,
    SourceChangedError,
    UsageError,
    VerificationError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import Kind, Progress, file_map
from lacuna_engine.extents.source import Source, open_source
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.storage import HEAD_BYTES, read_facts
from lacuna_engine.transfer.destination import (
    CLEAN_UP_TIMEOUT,
    Destination,
    check_room,
    choose_destination,
    create_fresh,
)
from lacuna_engine.transfer.empty import empty_volume
from lacuna_engine.transfer.limit import TokenBucket
from lacuna_engine.transfer.options import TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.reader import plan_batches, read_batches
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.sender import Sender
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.streams import open_upload
from lacuna_engine.transfer.verify import compare, digest_of_file, digest_of_volume

__all__ = ["Upload"]

ACKNOWLEDGE_EVERY = 0.5
"""Seconds between looks at how much of the volume has been written."""


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    """What must not change while the file is read. Times in nanoseconds."""

    size: int
    mtime: int
    inode: int

    @classmethod
    def of(cls, source: Source) -> _Fingerprint:
        status = os.fstat(source.fd)
        if source.device:
            return cls(source.size, 0, status.st_ino)
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class Upload:
    """One upload of ``file`` to ``pool``, as the volume ``name`` or the file's own name.

    ``format`` is ``auto``, or what the file must be. Watch ``tracker`` while :meth:`run` runs;
    ``report`` is complete when it has ended, in whatever way. ``destination`` names where it goes,
    for people; the policy may change it.
    """

    def __init__(
        self,
        session: Session,
        file: Path,
        pool: str,
        name: str = "",
        *,
        format: str = "auto",  # noqa: A002 - the option's own name
        options: TransferOptions | None = None,
    ) -> None:
        self.tracker = Tracker()
        self._session = session
        self._file = file
        self._pool = pool
        self._name = name or file.name
        self.destination = f"{pool}/{self._name}"
        self._format = format
        self._options = options or TransferOptions()
        self.report = Report(str(file), f"{session.uri}#{pool}/{self._name}")
        self._owned: VolumeHandle | None = None
        self._thin = False

    async def run(self) -> Report:
        """Do it. Raises :class:`LacunaError`; then nothing half-written is left behind.

        Where that could not be achieved the error's hint says what is left.
        """
        started = time.monotonic()
        wire_before = self._session.bytes_on_wire
        try:
            with open_source(self._file) as source:
                await self._run(source)
        except BaseException as error:
            await self._clean_up(error)
            raise
        finally:
            self.tracker.phase = Phase.ENDED
            self.report.seconds = round(time.monotonic() - started, 3)
            self.report.bytes_wire = self._session.bytes_on_wire - wire_before
            self.report.count(self.tracker.map)
        return self.report

    async def _run(self, source: Source) -> None:
        before = _Fingerprint.of(source)
        self._check_format(source)
        self.tracker.phase = Phase.SCANNING
        self.tracker.map = await asyncio.to_thread(file_map, source.fd)
        storage = self._session.storage
        destination = await choose_destination(
            storage, self._pool, self._name, self._options.if_exists
        )
        self.destination = str(destination)
        self.report.destination = f"{self._session.uri}#{destination}"
        if destination.skip:
            self.report.state = State.SKIPPED
            return
        await self._check_room(source, destination)

        self.tracker.phase = Phase.CREATING
        connection = await self._session.connect()
        self.report.connections = 1
        volume, left = await self._prepare(connection, destination, source.size)
        await self._send(source, before, connection, volume, destination=destination, left=left)
        if self._options.verify or destination.is_device or self._thin:
            await self._verify(source, before, volume)
        self._owned = None
        self.report.state = State.DONE

    def _check_format(self, source: Source) -> None:
        head = bytearray(HEAD_BYTES)
        view = memoryview(head)
        facts = read_facts(bytes(view[: source.read_into(0, view)]))
        if self._format not in ("auto", "raw", facts.format):
            raise UsageError(
                f"{source.name} is not in the format {self._format}; it looks like {facts.format}",
                hint="Leave --format out, or give raw to send it as it is.",
            )
        if facts.backing_file and self._format != "raw":
            self.tracker.notes.append(
                "The image is an overlay of another file, which is not sent with it."
            )

    async def _check_room(self, source: Source, destination: Destination) -> None:
        storage, size = self._session.storage, source.size
        try:
            await check_room(storage, destination, size, self.tracker.map.bytes_of(Kind.DATA))
        except LacunaError:
            if not self._options.zero_scan or destination.is_device:
                raise
            # It may fit without its zeros; finding that out means reading it once.
            self.tracker.map = await asyncio.to_thread(file_map, source.fd, zero_scan=True)
            await check_room(storage, destination, size, self.tracker.map.bytes_of(Kind.DATA))

    async def _prepare(
        self, connection: Connection, destination: Destination, size: int
    ) -> tuple[VolumeHandle, int]:
        """Return a volume to write to, and how many bytes of unknown value it still has."""
        storage = self._session.storage
        if destination.old is None:
            self._owned = await create_fresh(storage, destination, size)
            return self._owned, 0
        volume = await storage.volume(destination.pool, destination.name)
        if destination.is_device:
            if destination.old.physical > size:
                self.tracker.notes.append(
                    f"The volume is larger than the image: its last "
                    f"{destination.old.physical - size} bytes keep their old content."
                )
            return volume, 0
        # Until this has worked the old content may still be there, and is not ours to delete.
        volume, left = await empty_volume(
            storage, connection, destination.pool, volume, destination.old, size=size
        )
        self._owned = volume
        return volume, left

    async def _send(
        self,
        source: Source,
        before: _Fingerprint,
        connection: Connection,
        volume: VolumeHandle,
        *,
        destination: Destination,
        left: int,
    ) -> None:
        self.tracker.phase = Phase.SENDING
        stream = await open_upload(connection, VolumeRange(volume))
        storage = self._session.storage
        proof = None
        if not destination.is_device:
            proof = GrowthProof(storage, volume, stream.raise_error)
        sender = Sender(
            source,
            connection,
            stream,
            self.tracker,
            source.size,
            bucket=TokenBucket(self._options.limit, asyncio.get_running_loop().time()),
            proof=proof,
            paced=destination.is_device,
            first_byte=left > 0,
        )
        kinds = list(self.tracker.map.kinds())
        watcher = asyncio.create_task(self._acknowledge(proof)) if proof else None
        try:
            batches_of = plan_batches if stream.sends_files else read_batches
            going = batches_of(source, kinds, zero_scan=self._options.zero_scan)
            async with aclosing(going) as batches:
                await sender.run(batches)
            self.tracker.phase = Phase.FINISHING
            if proof is not None:
                await proof.confirm(source.size)
            self._check_source(source, before)
            await stream.finish()
            await self._look_once_more(volume, source.size, exact=proof is not None)
        finally:
            self.report.bytes_sent += stream.bytes_sent
            if watcher is not None:
                watcher.cancel()
            await stream.abort()
        self.tracker.map.advance(0, source.size, Progress.ACKNOWLEDGED)

    async def _acknowledge(self, proof: GrowthProof) -> None:
        """Mark what the volume's size shows to have been written. Errors are the sender's."""
        done = 0
        with suppress(LacunaError):
            while True:
                await asyncio.sleep(ACKNOWLEDGE_EVERY)
                reached = min(await proof.look(), self.tracker.passed)
                if reached > done:
                    self.tracker.map.advance(done, reached, Progress.ACKNOWLEDGED)
                    done = reached

    def _check_source(self, source: Source, before: _Fingerprint) -> None:
        if _Fingerprint.of(source) != before:
            raise SourceChangedError(
                f"{source.name} was changed while it was sent",
                hint="Make sure that nothing writes to the image, and start again.",
            )

    async def _look_once_more(self, volume: VolumeHandle, size: int, *, exact: bool) -> None:
        try:
            info = await self._session.storage.volume_info(volume)
        except VolumeNotFoundError as error:
            self._owned = None
            raise NotProvedError(
                "the volume was deleted by somebody else while it was written"
            ) from error
        if (exact and info.physical != size) or info.physical < size:
            raise NotProvedError(
                f"the volume has {info.physical} bytes and not {size}: somebody else changes it"
            )
        # When somebody cuts the file, the daemon writes on where it was: the size comes out right
        # and what was before is gone. Less room than data tells (or that the file system
        # compresses), and then reading back decides.
        self._thin = info.allocation < self.tracker.map.bytes_of(Kind.DATA)

    async def _verify(self, source: Source, before: _Fingerprint, volume: VolumeHandle) -> None:
        self.tracker.phase = Phase.VERIFYING
        mine = await digest_of_file(source, source.size, self.tracker.map.kinds())
        self._check_source(source, before)
        reading = await self._session.connect(daemon_pings=False)
        try:
            theirs, received = await digest_of_volume(reading, volume, source.size)
            self.report.bytes_received += received
            self.report.digest = compare(mine, theirs)
        except VerificationError:
            # Both sides are kept, to be looked at.
            self._owned = None
            raise
        self.report.verified = True
        self.tracker.map.advance(0, source.size, Progress.VERIFIED)

    async def _clean_up(self, error: BaseException) -> None:
        """Delete the half-written volume, over a new connection if need be."""
        if self._owned is None:
            return
        try:
            async with asyncio.timeout(CLEAN_UP_TIMEOUT):
                await self._session.reopen()
                with suppress(VolumeNotFoundError):
                    await self._session.storage.delete_volume(self._owned)
        except (LacunaError, TimeoutError):
            left = f"The incomplete volume '{self._owned.name}' could not be removed; delete it."
            if isinstance(error, LacunaError):
                error.hint = f"{error.hint} {left}".strip()
            else:  # a cancellation has no words of its own
                self.tracker.notes.append(left)
