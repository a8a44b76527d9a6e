"""Filling a volume with an image, proved before it is called done.

What uploads and copies share, whose images differ only in where they come from: choose the
destination, check the room, make or empty the volume, send what is data, prove that it arrived,
finish, look once more. Until the last step any failure aborts the stream and removes the
half-written volume, or leaves it to be gone on with if somebody keeps a checkpoint.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    LacunaError,
    NotProvedError,
    SourceChangedError,
    VerificationError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transfer.checkpoint import Checkpoint, Keeper, Stage
from lacuna_engine.transfer.destination import (
    CLEAN_UP_TIMEOUT,
    Destination,
    check_room,
    choose_destination,
    create_fresh,
    existing_volume,
)
from lacuna_engine.transfer.empty import empty_volume
from lacuna_engine.transfer.limit import Limiter, TokenBucket
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.options import IfExists, TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.resume import (
    changed,
    check_source,
    is_trusted,
    reached_by,
    seam_before,
)
from lacuna_engine.transfer.sender import Sender
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.streams import open_upload
from lacuna_engine.transfer.supply import Supply
from lacuna_engine.transfer.verify import compare, digest_of_volume

__all__ = ["Filling"]

ACKNOWLEDGE_EVERY = 0.5
ACKNOWLEDGE_BYTES = 32 << 20
"""Seconds, and bytes of data, between looks at how much of the volume has been written."""

WAKE_EVERY = 0.05


class Filling:
    """Fills the volume ``name`` of ``pool``, which the policy of ``options`` may rename.

    ``destination`` names it for people. Progress goes to ``tracker``, counts to ``report``.
    """

    def __init__(
        self,
        session: Session,
        pool: str,
        name: str,
        *,
        options: TransferOptions,
        tracker: Tracker,
        report: Report,
        keeper: Keeper | None,
        limiter: Limiter | None,
    ) -> None:
        self.destination = f"{pool}/{name}"
        self._session = session
        self._pool = pool
        self._name = name
        self._options = options
        self._tracker = tracker
        self._report = report
        self._notes = Notebook(keeper)
        self._limiter = limiter
        self._owned: VolumeHandle | None = None
        self._thin = False
        self._sending = False

    async def run(self, supply: Supply) -> None:
        """Do it. Raises :class:`LacunaError`."""
        try:
            await self._run(supply)
        except BaseException as error:
            if self._is_spoilt(error) or not self._notes.keep():
                await self._clean_up(error)
            raise

    def _is_spoilt(self, error: BaseException) -> bool:
        """Whether what has arrived is of no use; forget it then."""
        spoilt = isinstance(error, SourceChangedError) and self._sending
        if spoilt:
            self._notes.forget()
        return spoilt

    async def _run(self, supply: Supply) -> None:
        saved = self._notes.load()
        if saved is not None and saved.stage is Stage.FILLING and not self._options.start_over:
            await self._go_on(supply, saved)
        else:
            await self._begin(supply, saved)
        self._owned = None
        self._notes.forget()
        if self._report.state is not State.SKIPPED:
            self._report.state = State.DONE

    async def _begin(self, supply: Supply, saved: Checkpoint | None) -> None:
        self._tracker.phase = Phase.SCANNING
        self._tracker.map = await supply.survey()
        destination = await self._choose(saved)
        self._name_destination(destination)
        if destination.skip:
            self._report.state = State.SKIPPED
            return
        await self._check_room(supply, destination)

        self._tracker.phase = Phase.CREATING
        connection = await self._session.connect()
        self._report.connections = 1
        self._notes.begin(
            Checkpoint(supply.mark, destination.pool.name, destination.name, self._tracker.map)
        )
        volume, left = await self._prepare(connection, destination, supply.size)
        self._notes.owned(volume.key, left, made=self._owned is not None)
        await self._fill(supply, connection, volume, destination=destination, left=left)

    async def _choose(self, saved: Checkpoint | None) -> Destination:
        """Choose where to; a try that was interrupted before has made its choice already."""
        storage, policy = self._session.storage, self._options.if_exists
        if saved is None:
            return await choose_destination(storage, self._pool, self._name, policy)
        name = saved.name
        old = await existing_volume(storage, await storage.pool(self._pool), name)
        ours = old is not None and old.key == saved.identity
        # What is empty may be what the interrupted try has made; there is nothing to lose in it.
        if ours or (old is not None and old.physical == 0):
            policy = IfExists.REPLACE
        return await choose_destination(storage, self._pool, name, policy)

    async def _go_on(self, supply: Supply, saved: Checkpoint) -> None:
        """Go on where an interrupted upload was."""
        self._tracker.phase = Phase.CHECKING
        check_source(saved.source, supply.mark, supply.name)
        storage = self._session.storage
        try:
            destination = await choose_destination(
                storage, self._pool, saved.name, IfExists.REPLACE
            )
            volume = await storage.volume(destination.pool, saved.name)
        except VolumeNotFoundError as error:
            raise changed(f"{self._pool}/{saved.name}", "it is gone") from error
        self._name_destination(destination)
        extents = self._tracker.map = saved.map
        reached = await reached_by(storage, destination, volume, saved)
        known = extents.size - extents.bytes_at(Progress.PENDING)
        extents.advance(0, extents.size, Progress.PENDING)
        self._notes.begin(saved)
        reading = await self._session.connect(daemon_pings=False)
        trusted = is_trusted(saved) and not destination.is_device
        # What arrived after the checkpoint is not classified yet; comparing it does that.
        compare_from = min(seam_before(reached), known) if trusted else 0
        same = await supply.first_difference(reading, volume, extents, (compare_from, reached))
        await reading.close()
        if same < reached and not destination.is_device:
            raise changed(destination, f"it differs from the image at byte {same}")
        extents.advance(0, same, Progress.ACKNOWLEDGED)
        self._tracker.passed = same
        self._report.resumed = True
        self._owned = volume if saved.made else None
        connection = await self._session.connect()
        self._report.connections = 1
        left = saved.left if same == 0 else 0
        await self._fill(supply, connection, volume, destination=destination, left=left)

    def _name_destination(self, destination: Destination) -> None:
        self.destination = str(destination)
        self._report.destination = f"{self._session.uri}#{destination}"

    async def _check_room(self, supply: Supply, destination: Destination) -> None:
        storage, size = self._session.storage, supply.size
        try:
            await check_room(storage, destination, size, supply.data(self._tracker.map))
        except LacunaError:
            if not self._options.zero_scan or destination.is_device:
                raise
            # It may fit without its zeros; finding that out means reading it once.
            self._tracker.map = await supply.survey(zero_scan=True)
            await check_room(storage, destination, size, supply.data(self._tracker.map))

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
                self._tracker.notes.append(
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

    async def _fill(
        self,
        supply: Supply,
        connection: Connection,
        volume: VolumeHandle,
        *,
        destination: Destination,
        left: int,
    ) -> None:
        """Bring over what is missing, and prove it."""
        self._sending = True
        if self._tracker.passed < supply.size or supply.size == 0:
            await self._send(supply, connection, volume, destination=destination, left=left)
        else:
            await supply.check()
            await self._look_once_more(volume, supply.size, exact=not destination.is_device)
        if self._options.verify or destination.is_device or self._thin:
            await self._verify(supply, volume)

    async def _send(
        self,
        supply: Supply,
        connection: Connection,
        volume: VolumeHandle,
        *,
        destination: Destination,
        left: int,
    ) -> None:
        self._tracker.phase = Phase.SENDING
        start = self._tracker.passed
        stream = await open_upload(connection, VolumeRange(volume, start))
        storage = self._session.storage
        proof = None
        if not destination.is_device:
            proof = GrowthProof(storage, volume, stream.raise_error)
        sender = Sender(
            supply.fd,
            connection,
            stream,
            self._tracker,
            supply.size,
            limiter=self._limiter
            or TokenBucket(self._options.limit, asyncio.get_running_loop().time()),
            proof=proof,
            paced=destination.is_device,
            first_byte=left > 0,
        )
        watcher = asyncio.create_task(self._acknowledge(proof))
        try:
            going = supply.batches(
                self._tracker.map,
                start,
                zero_scan=self._options.zero_scan,
                unread=stream.sends_files,
            )
            async with aclosing(going) as batches:
                await sender.run(batches)
            self._tracker.phase = Phase.FINISHING
            if proof is not None:
                await proof.confirm(supply.size)
            await supply.check()
            await stream.finish()
            await self._look_once_more(volume, supply.size, exact=proof is not None)
        finally:
            self._report.bytes_sent += stream.bytes_sent
            watcher.cancel()
            await stream.abort()
        self._tracker.map.advance(0, supply.size, Progress.ACKNOWLEDGED)

    async def _acknowledge(self, proof: GrowthProof | None) -> None:
        """Mark what the volume's size shows to have been written. Errors are the sender's."""
        clock = asyncio.get_running_loop().time
        done = self._tracker.passed
        moved, at = self._tracker.moved, clock()
        with suppress(LacunaError):
            while True:
                await asyncio.sleep(min(WAKE_EVERY, ACKNOWLEDGE_EVERY))
                recent = clock() - at < ACKNOWLEDGE_EVERY
                if recent and self._tracker.moved - moved < ACKNOWLEDGE_BYTES:
                    continue
                moved, at = self._tracker.moved, clock()
                if proof is not None:
                    reached = max(done, min(await proof.look(), self._tracker.passed))
                    self._tracker.map.advance(done, reached, Progress.ACKNOWLEDGED)
                    done = reached
                self._notes.save()

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
        self._thin = info.allocation < self._tracker.map.bytes_of(Kind.DATA)

    async def _verify(self, supply: Supply, volume: VolumeHandle) -> None:
        self._tracker.phase = Phase.VERIFYING
        mine = await supply.digest(self._tracker.map)
        await supply.check()
        reading = await self._session.connect(daemon_pings=False)
        try:
            theirs, received = await digest_of_volume(reading, volume, supply.size)
            self._report.bytes_received += received
            self._report.digest = compare(mine, theirs)
        except VerificationError:
            # Both sides are kept, to be looked at.
            self._owned = None
            self._notes.forget()
            raise
        self._report.verified = True
        self._tracker.map.advance(0, supply.size, Progress.VERIFIED)

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
                self._tracker.notes.append(left)
