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
    SourceChangedError,
    VerificationError,
    VolumeNotFoundError,
)
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Permissions, VolumeDescription, VolumeType
from lacuna_engine.transfer.checkpoint import Checkpoint, Keeper, Stage
from lacuna_engine.transfer.cloned_copy import ClonedCopy
from lacuna_engine.transfer.connecting import Connecting
from lacuna_engine.transfer.context import Context
from lacuna_engine.transfer.delivery import Delivery, verify_volume
from lacuna_engine.transfer.destination import (
    CLEAN_UP_TIMEOUT,
    Destination,
    check_room,
    choose_destination,
    create_fresh,
    existing_volume,
    keep_old,
)
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.empty import empty_volume
from lacuna_engine.transfer.in_use import check_unused
from lacuna_engine.transfer.limit import Limiter
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.options import IfExists, TransferOptions
from lacuna_engine.transfer.placing import Placing, discard_volume, is_intact
from lacuna_engine.transfer.plan import Deferred
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.regain import Regain
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.resume import changed, check_source, is_trusted
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.supply import Supply, VolumeSupply

__all__ = ["Filling"]


class Filling:
    """Fills the volume ``name`` of ``pool``, which the policy of ``options`` may rename.

    A volume that is made gets ``permissions``, where they are given. ``destination`` names it for
    people. Progress goes to ``tracker``, counts to ``report``.
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
        permissions: Permissions | None = None,
    ) -> None:
        self.destination = f"{pool}/{name}"
        self._context = Context(session, options, tracker, report, Notebook(keeper), limiter)
        self._session = session
        self._pool = pool
        self._name = name
        self._options = options
        self._tracker = tracker
        self._report = report
        self._notes = self._context.notes
        self._permissions = permissions
        self._delivery: Delivery | None = None
        self._digest: BlockDigest | None = None
        self._owned: VolumeHandle | None = None
        self._going_over = False
        self._sending = False

    async def run(self, supply: Supply) -> None:
        """Do it. Raises :class:`LacunaError`."""
        try:
            await self._run(supply)
        except BaseException as error:
            gone = self._delivery is not None and self._delivery.gone
            if gone or isinstance(error, VerificationError):
                self._owned = None  # nothing of ours is there, or it is kept to be looked at
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
        stage = Stage.MAKING if saved is None else saved.stage
        if saved is not None and stage is Stage.CLONING:
            await discard_volume(self._session.storage, saved)
        if saved is not None and stage is Stage.COMPLETE and not self._options.start_over:
            await self._find_complete(supply, saved)
        elif saved is not None and stage is Stage.PLACED:
            await self._tidy_up(saved)
        elif saved is not None and stage is Stage.PLACING:
            await self._go_on_placing(supply, saved)
        elif saved is not None and stage is Stage.FILLING and not self._options.start_over:
            await self._go_on(supply, saved)
        else:
            await self._begin(supply, saved)
        self._owned = None
        if self._report.state is State.SKIPPED:
            self._notes.forget()
            return
        self._report.state = State.DONE
        self._notes.finish()

    async def _find_complete(self, supply: Supply, saved: Checkpoint) -> None:
        """Only the note that it is done is missing; make sure that the volume is still there."""
        storage, size = self._session.storage, saved.map.size
        name = saved.final or saved.name
        self.destination = f"{saved.place}/{name}"
        self._report.destination = f"{self._session.uri}#{self.destination}"
        self._tracker.map = saved.map
        try:
            volume = await storage.volume(await storage.active_pool(saved.place), name)
        except VolumeNotFoundError as error:
            raise changed(self.destination, "it is gone") from error
        if not saved.final and volume.key != saved.identity:
            raise changed(self.destination, "it is another volume of that name")
        is_file = (await storage.describe_volume(volume)).type == VolumeType.FILE
        physical = await storage.physical(volume)
        if physical < size or (is_file and physical != size):
            raise changed(self.destination, f"it has {physical} bytes")
        self._tracker.passed = size
        self._report.resumed = True
        if not self._options.verify:
            return
        if saved.source == supply.mark:
            await verify_volume(self._context, supply, volume)
        else:
            self._tracker.note("It was complete; it is not compared, for the source was changed.")

    async def _begin(self, supply: Supply, saved: Checkpoint | None) -> None:
        async with aclosing(Connecting(self._session)) as connecting:
            if self._options.if_exists is not IfExists.SKIP:
                connecting.begin()
            destination = await self._prepare_destination(supply, saved)
            if destination is None:
                return
            self._tracker.phase = Phase.CREATING
            connection = await connecting.made()
        await self._fill(supply, destination, connection)

    async def _prepare_destination(
        self, supply: Supply, saved: Checkpoint | None
    ) -> Destination | None:
        """Find out where the data goes; None if none has to: it is skipped, or has been cloned."""
        self._tracker.phase = Phase.SCANNING
        self._tracker.map = await supply.survey()
        destination = await self._choose(saved)
        self._name_destination(destination)
        if destination.skip:
            self._report.state = State.SKIPPED
            return None
        await self._check_unused(destination)
        await self._check_room(supply, destination)
        if volume := await self._clone(supply, destination):
            await self._place(destination, volume, supply.size)
            return None
        return destination

    async def _fill(self, supply: Supply, destination: Destination, connection: Connection) -> None:
        """Make the volume, or empty the one that is there, and send everything."""
        self._report.connections = 1
        self._notes.begin(
            Checkpoint(
                supply.mark,
                destination.pool.name,
                destination.name,
                self._tracker.map,
                final=destination.final,
            )
        )
        volume, left = await self._prepare_volume(connection, destination, supply.size)
        self._notes.owned(volume.key, left, made=self._owned is not None)
        self._sending = True
        self._delivery = Delivery(self._context, supply, volume, is_device=destination.is_device)
        await self._delivery.run(connection, start=0, left=left)
        await self._place(destination, volume, supply.size)

    async def _clone(self, supply: Supply, destination: Destination) -> VolumeHandle | None:
        """Have the daemon copy the source, where that is possible and faster than sending it."""
        if self._context.pace().rate:
            return None
        cloned = ClonedCopy(self._session, destination, self._tracker, self._notes)
        try:
            volume = await cloned.run(supply, self._permissions)
        finally:
            if cloned.begun:
                self._owned = cloned.expected
        if volume is not None and self._options.verify:
            self._digest = await verify_volume(self._context, supply, volume)
        return volume

    async def _choose(self, saved: Checkpoint | None) -> Destination:
        """Choose where to; a try that was interrupted before has made its choice already."""
        storage, policy = self._session.storage, self._options.if_exists
        if saved is None:
            destination = await choose_destination(storage, self._pool, self._name, policy)
            self._keep_old(destination)
            return destination
        if saved.final:
            return await self._chosen_before(saved)
        name = saved.name
        old = await existing_volume(storage, await storage.pool(self._pool), name)
        ours = old is not None and old.key == saved.identity
        # What is empty may be what the interrupted try has made; there is nothing to lose in it.
        if ours or (old is not None and old.physical == 0):
            policy = IfExists.REPLACE
        self._going_over = ours
        destination = await choose_destination(storage, self._pool, name, policy)
        if not ours:
            self._keep_old(destination)
        return destination

    def _keep_old(self, destination: Destination) -> None:
        """Keep the old content until the new one is complete, if that is asked for."""
        if destination.old is None or destination.skip or destination.old.physical == 0:
            return
        if self._options.keep_until_complete:
            keep_old(destination)

    async def _chosen_before(self, saved: Checkpoint) -> Destination:
        """Find what an interrupted try had chosen."""
        storage = self._session.storage
        destination = await choose_destination(storage, self._pool, saved.name, IfExists.REPLACE)
        if saved.final:
            destination.final = saved.final
            destination.kept = await existing_volume(storage, destination.pool, saved.final)
        return destination

    async def _check_unused(self, destination: Destination) -> None:
        """Refuse to change what a running machine uses, unless forced."""
        changing = destination.kept or destination.old
        if changing is not None and not self._options.force:
            await check_unused(self._session, destination.pool.name, changing)

    async def _go_on(self, supply: Supply, saved: Checkpoint) -> None:
        """Go on where an interrupted upload was."""
        self._tracker.phase = Phase.CHECKING
        check_source(saved.source, supply.mark, supply.name)
        storage = self._session.storage
        async with aclosing(Connecting(self._session)) as connecting:
            connecting.begin()
            try:
                destination = await self._chosen_before(saved)
                volume = await storage.volume(destination.pool, saved.name)
            except VolumeNotFoundError as error:
                raise changed(f"{self._pool}/{saved.name}", "it is gone") from error
            self._name_destination(destination)
            await self._check_unused(destination)
            reached = await Regain(self._context, supply, volume, destination).run(saved)
            self._report.resumed = True
            self._owned = volume if saved.made else None
            connection = await connecting.made()
        self._report.connections = 1
        left = saved.left if reached == 0 else 0
        deferred = Deferred(saved.deferred) if reached else None
        self._sending = True
        self._delivery = Delivery(self._context, supply, volume, is_device=destination.is_device)
        await self._delivery.run(connection, start=reached, left=left, deferred=deferred)
        await self._place(destination, volume, supply.size)

    # --- taking the place of the old volume ----------------------------------------------------

    async def _place(self, destination: Destination, volume: VolumeHandle, size: int) -> None:
        """Put what is complete under a temporary name in the place of the old volume."""
        if not destination.final:
            return
        self._sending = False
        placing = Placing(
            self._session,
            destination,
            size,
            tracker=self._tracker,
            report=self._report,
            notes=self._notes,
        )

        async def by_streams(source: VolumeHandle, described: VolumeDescription) -> VolumeHandle:
            return await self._copy_by_streams(destination, source, described, size)

        try:
            await placing.run(
                volume,
                before=lambda: self._check_unused(destination),
                by_streams=by_streams,
                verify=self._options.verify,
                digest=self._delivery.digest if self._delivery else self._digest,
            )
        finally:
            if placing.begun:
                self._owned = None  # it may be all there is

    async def _copy_by_streams(
        self,
        destination: Destination,
        source: VolumeHandle,
        described: VolumeDescription,
        size: int,
    ) -> VolumeHandle:
        """Give the temporary volume its name by sending its bytes to and fro."""
        options = TransferOptions(zero_scan=self._options.zero_scan, force=True)
        report = Report("", "")
        supply = VolumeSupply(self._session, source, described, size)
        filling = Filling(
            self._session,
            self._pool,
            destination.final,
            options=options,
            tracker=Tracker(),
            report=report,
            keeper=None,
            limiter=self._context.limiter,
            permissions=described.permissions,
        )
        try:
            await filling.run(supply)
        finally:
            self._report.bytes_sent += report.bytes_sent
            self._report.bytes_received += report.bytes_received + supply.bytes_received
        return await self._session.storage.volume(destination.pool, destination.final)

    async def _go_on_placing(self, supply: Supply, saved: Checkpoint) -> None:
        """Go on where the complete image was about to take the place of the old one."""
        storage = self._session.storage
        destination = await self._chosen_before(saved)
        intact = is_intact(saved, destination.kept)
        if intact and (self._options.start_over or not is_trusted(saved)):
            # Nothing has been deleted yet, so it is as if only the upload had ended.
            if self._options.start_over:
                await self._begin(supply, saved)
            else:
                saved.stage = Stage.FILLING
                await self._go_on(supply, saved)
            return
        self._name_destination(destination)
        self._tracker.phase = Phase.CHECKING
        extents = self._tracker.map = saved.map
        size = self._tracker.passed = extents.size
        self._notes.resume(saved)
        self._report.resumed = True
        try:
            volume = await storage.volume(destination.pool, saved.name)
        except VolumeNotFoundError as error:
            if not self._options.start_over:
                raise changed(f"{self._pool}/{saved.name}", "it is gone") from error
        else:
            if not is_trusted(saved) and saved.source == supply.mark:
                await self._compare_all(supply, volume, destination)
            await self._place(destination, volume, size)
        if self._options.start_over:
            # What was complete has its name now, so it is what is kept this time.
            self._report.resumed = False
            self._tracker.passed = 0
            await self._begin(supply, None)

    async def _compare_all(
        self, supply: Supply, volume: VolumeHandle, destination: Destination
    ) -> None:
        size = self._tracker.map.size
        regain = Regain(self._context, supply, volume, destination)
        same = await regain.first_difference(0, size)
        if same < size and not self._options.start_over:
            raise changed(destination, f"it differs from the image at byte {same}")

    async def _tidy_up(self, saved: Checkpoint) -> None:
        """All is done but deleting the temporary volume."""
        self._name_destination(await self._chosen_before(saved))
        self._tracker.map = saved.map
        self._tracker.passed = saved.map.size
        self._report.resumed = True
        await discard_volume(self._session.storage, saved)

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

    async def _prepare_volume(
        self, connection: Connection, destination: Destination, size: int
    ) -> tuple[VolumeHandle, int]:
        """Return a volume to write to, and how many bytes of unknown value it still has."""
        storage = self._session.storage
        if destination.old is None:
            self._owned = await create_fresh(storage, destination, size, self._permissions)
            return self._owned, 0
        volume = await storage.volume(destination.pool, destination.name)
        if destination.is_device:
            if destination.old.physical > size:
                self._tracker.note(
                    f"The volume is larger than the image: its last "
                    f"{destination.old.physical - size} bytes keep their old content."
                )
            return volume, 0
        if destination.old.physical and not destination.final and not self._going_over:
            self._tracker.note(
                f"The old content of {destination} is given up before the new one arrives; "
                "--keep-until-complete keeps it until then."
            )
        # Until this has worked the old content may still be there, and is not ours to delete.
        volume, left = await empty_volume(
            storage, connection, destination.pool, volume, destination.old, size=size
        )
        self._owned = volume
        return volume, left

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
                self._tracker.note(left)
