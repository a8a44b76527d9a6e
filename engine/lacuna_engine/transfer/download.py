"""Downloading a volume into a local file, complete or not at all.

The daemon calls a short download a success, and does not lock what it reads. So the bytes are
counted against the volume's physical size, and the volume is looked at before and after
(protocol.md 4.4, 5.6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

from lacuna_engine.client import Connection
from lacuna_engine.client.together import together
from lacuna_engine.errors import (
    NotProvedError,
    RemoteError,
    SourceChangedError,
    TransferError,
    VerificationError,
)
from lacuna_engine.extents import ExtentMap, Progress
from lacuna_engine.extents.source import open_source
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import VolumeDescription, VolumeType, display_name
from lacuna_engine.transfer.checkpoint import Checkpoint, Keeper, Stage, VolumeMark
from lacuna_engine.transfer.connecting import Connecting
from lacuna_engine.transfer.crew import Crew, is_crowded
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.in_use import use_note
from lacuna_engine.transfer.limit import Limiter, TokenBucket
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.options import IfExists, TransferOptions
from lacuna_engine.transfer.parts import (
    clear_unsure,
    compare_seams,
    discard_part,
    gaps,
    is_in_place,
    keep_safe,
    reopen,
)
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.receiver import LANES, LANES_EACH, SEGMENT, Receiver, ShortError
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.resume import check_source
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.target import LocalTarget, choose_target
from lacuna_engine.transfer.verify import compare, digest_of_file, digest_of_volume
from lacuna_engine.transfer.writer import TargetWriter

__all__ = ["Download"]

NOTE_PATIENCE = 5.0
"""Seconds to wait, once all has arrived, for the answer whether a machine uses the volume."""


class Download:
    """One download of the volume ``name`` of ``pool`` to ``target``, a file or a folder.

    With a ``keeper`` the download goes on from the checkpoint it loads, if any, and what has
    arrived stays beside the target when it fails or is cancelled, as long as it can be gone on
    with. ``limiter`` replaces the limit of the options. Watch ``tracker`` while :meth:`run` runs;
    ``report`` is complete when it has ended, in whatever way. ``destination`` is the file it
    becomes; the policy may change it.
    """

    def __init__(
        self,
        session: Session,
        pool: str,
        name: str,
        target: Path,
        *,
        options: TransferOptions | None = None,
        keeper: Keeper | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.tracker = Tracker()
        self._session = session
        self._pool = pool
        self._name = name
        self._target = target
        self.destination = str(target)
        self._options = options or TransferOptions()
        self._limiter = limiter
        self.report = Report(f"{session.uri}#{pool}/{name}", str(target))
        self._digest: BlockDigest | None = None
        self._notes = Notebook(keeper)
        self._noting: asyncio.Task[None] | None = None

    async def run(self) -> Report:
        """Do it. Raises :class:`LacunaError`.

        Then no file is left behind, unless there is a keeper and it can be gone on with.
        """
        started = time.monotonic()
        wire_before = self._session.bytes_on_wire
        try:
            await self._run()
        finally:
            self.tracker.phase = Phase.ENDED
            self.report.seconds = round(time.monotonic() - started, 3)
            self.report.bytes_wire = self._session.bytes_on_wire - wire_before
            self.report.count(self.tracker.map)
        return self.report

    async def _run(self) -> None:
        # The daemon must not ping here: while the disk holds us up we do not read, and it would
        # take that for our death (transports.md A9).
        async with aclosing(Connecting(self._session, daemon_pings=False)) as connecting:
            if self._options.if_exists is not IfExists.SKIP:
                connecting.begin()
            await self._download(connecting)

    async def _download(self, connecting: Connecting) -> None:
        volume, before, size = await self._find()
        self._noting = asyncio.create_task(self._note_use(before))
        try:
            await self._bring(volume, before, size, connecting)
        except SourceChangedError:
            await self._noted()  # it may say why
            raise
        finally:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)

    async def _note_use(self, volume: VolumeDescription) -> None:
        """Say so if a running machine uses it; asking may take a login of its own."""
        if note := await use_note(self._session, self._pool, volume):
            self.tracker.note(note)

    async def _noted(self) -> None:
        """Wait for that, but not for ever: a hypervisor may be stuck that storage does without."""
        if self._noting is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(NOTE_PATIENCE):
                    await asyncio.shield(self._noting)

    async def _bring(
        self, volume: VolumeHandle, before: VolumeDescription, size: int, connecting: Connecting
    ) -> None:
        """Bring the volume here, or what was missing of it when an earlier try ended."""
        mark = VolumeMark.of(before, size)
        saved = self._notes.load()
        if saved is not None and self._options.start_over:
            discard_part(saved)
            saved = None
        if saved is None or saved.stage is Stage.MAKING:
            target = self._begin(mark, before, saved)
        else:
            target = await self._go_on(volume, mark, saved)
        if target is not None:
            await self._fill(target, volume, before, size, connecting)
        if self.report.state is State.SKIPPED:
            self._notes.forget()
        else:
            self._notes.finish()

    def _begin(
        self, mark: VolumeMark, before: VolumeDescription, saved: Checkpoint | None
    ) -> LocalTarget | None:
        """Make the file; None if there is nothing to do."""
        self.tracker.map = ExtentMap(mark.size)
        path = choose_target(self._target, before.name, self._options.if_exists)
        if path is None:
            self.report.state = State.SKIPPED
            return None
        self._name_destination(path)
        self.tracker.phase = Phase.CREATING
        if saved is not None:
            discard_part(saved)
        target = LocalTarget(path, mark.size)
        try:
            if before.type == VolumeType.FILE:
                target.check_room(min(before.allocation, mark.size))
            self._notes.begin(Checkpoint(mark, str(path), str(target.part), self.tracker.map))
            self._notes.owned(target.identity)
        except BaseException:
            target.discard()
            raise
        return target

    async def _go_on(
        self, volume: VolumeHandle, mark: VolumeMark, saved: Checkpoint
    ) -> LocalTarget | None:
        """Go on where an interrupted download was; None if only its last step was not noted."""
        self.tracker.phase = Phase.CHECKING
        check_source(saved.source, mark, f"the volume {display_name(self._name)}")
        self._name_destination(Path(saved.place))
        self.tracker.map = saved.map
        self.report.resumed = True
        if is_in_place(saved):
            self.report.state = State.DONE
            return None
        target = reopen(saved)
        try:
            await clear_unsure(target, saved)
            self._notes.begin(saved)
            reading = await self._session.connect(daemon_pings=False)
            await compare_seams(reading, volume, target, saved.map)
            await reading.close()
        except BaseException:
            target.keep()
            raise
        self.tracker.passed = mark.size - saved.map.bytes_at(Progress.PENDING)
        return target

    def _name_destination(self, path: Path) -> None:
        self.destination = self.report.destination = str(path)

    async def _fill(
        self,
        target: LocalTarget,
        volume: VolumeHandle,
        before: VolumeDescription,
        size: int,
        connecting: Connecting,
    ) -> None:
        """Bring over what is missing, prove it, and give the file its name."""
        try:
            await self._receive(volume, target, before.allocation, connecting)
            await together(self._look_once_more(volume, before, size), self._noted())
            self.tracker.phase = Phase.FINISHING
            await target.aside(target.flush)
            self.tracker.map.advance(0, size, Progress.ACKNOWLEDGED)
            await self._verify(target, volume)
            self._notes.advance(Stage.COMPLETE)
            await self._put_in_place(target)
        except VerificationError as error:
            target.keep()
            self._notes.forget()
            error.hint = f"What was written is kept as {target.part}. {error.hint}"
            raise
        except SourceChangedError:
            target.discard()
            self._notes.forget()
            raise
        except BaseException:
            if self._notes.keep():
                target.keep()
            else:
                target.discard()
            raise
        self.report.state = State.DONE

    async def _put_in_place(self, target: LocalTarget) -> None:
        """Give the file its name. A cancellation comes too late here: it waits for the end."""
        replace = self._options.if_exists is IfExists.REPLACE
        placing = asyncio.ensure_future(asyncio.to_thread(target.complete, replace=replace))
        try:
            await asyncio.shield(placing)
        finally:
            await asyncio.gather(placing, return_exceptions=True)

    async def _find(self) -> tuple[VolumeHandle, VolumeDescription, int]:
        """Return the volume, what is said of it, and its length in bytes."""
        storage = self._session.storage
        pool = await storage.pool(self._pool)
        _, volume = await together(storage.active_pool_info(pool), storage.volume(pool, self._name))
        description, size = await together(self._describe(volume), storage.physical(volume))
        return volume, description, size

    async def _describe(self, volume: VolumeHandle) -> VolumeDescription:
        """Return what is said of a volume. Raises :class:`TransferError` if it has no content."""
        description = await self._session.storage.describe_volume(volume)
        if description.type not in (VolumeType.FILE, VolumeType.BLOCK):
            raise TransferError(
                f"{display_name(self._name)} is a volume of type '{description.type}', "
                "which cannot be downloaded"
            )
        return description

    async def _receive(
        self, volume: VolumeHandle, target: LocalTarget, data: int, connecting: Connecting
    ) -> None:
        self.tracker.phase = Phase.RECEIVING
        missing = gaps(self.tracker.map)
        if not missing:
            return
        if self._options.verify and not self.report.resumed:
            self._digest = BlockDigest(self.tracker.map.size)
        connection = await connecting.made()
        limiter = self._limiter or TokenBucket(
            self._options.limit, asyncio.get_running_loop().time()
        )
        sink = TargetWriter(self.tracker, target, limiter, self._digest)
        receiver = Receiver(volume, missing, sink, data)
        size = sum(end - start for start, end in missing)
        asked = self._options.connections or (1 if is_crowded(self._session) else 0)
        if size <= SEGMENT:
            asked = 1

        async def receive(by: Connection, is_enough: Callable[[], bool]) -> None:
            lanes = LANES if by is connection and asked <= 1 else LANES_EACH
            await receiver.receive(by, lanes, is_enough)

        crew = Crew(
            self._session,
            self.tracker,
            self.report,
            receive,
            lambda: receiver.has_more,
            asked=asked,
            first=connection,
            daemon_pings=False,
        )
        watcher = asyncio.create_task(keep_safe(target, self.tracker, self._notes))
        try:
            await crew.run()
        except (ShortError, RemoteError) as error:
            now, size = await self._session.storage.physical(volume), self.tracker.map.size
            if now == size:
                raise
            raise self._changed(f"it now has {now} bytes and not {size}") from error
        finally:
            sink.settle()
            self.report.bytes_received += receiver.bytes_received
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        if left := sum(end - start for start, end in gaps(self.tracker.map)):
            raise NotProvedError(f"{left} bytes of the volume never arrived")

    def _changed(self, how: str) -> SourceChangedError:
        return SourceChangedError(
            f"the volume {display_name(self._name)} was changed while it was read: {how}",
            hint="Make sure that no virtual machine uses it, and start again.",
        )

    async def _look_once_more(
        self, volume: VolumeHandle, before: VolumeDescription, size: int
    ) -> None:
        storage = self._session.storage
        after, now = await together(storage.describe_volume(volume), storage.physical(volume))
        same_time = (
            before.type != VolumeType.FILE
            or before.timestamps is None
            or after.timestamps is None
            or before.timestamps.modification == after.timestamps.modification
        )
        if now != size:
            raise self._changed(f"it now has {now} bytes and not {size}")
        if not same_time:
            raise self._changed("its time of modification is a later one")

    async def _verify(self, target: LocalTarget, volume: VolumeHandle) -> None:
        """Compare what is in the file with what arrived, or with the volume if that is not known.

        It is not after a resume: what arrived before was not noted, so it is read once more.
        """
        if not self._options.verify:
            return
        self.tracker.phase = Phase.VERIFYING
        size = self.tracker.map.size
        arrived = self._digest or BlockDigest(size)
        if self.report.resumed and size:
            reading = await self._session.connect(daemon_pings=False)
            arrived, received = await digest_of_volume(reading, volume, size)
            self.report.bytes_received += received
        with open_source(target.fd) as source:
            written = await digest_of_file(source, arrived.size, self.tracker.map.kinds())
        self.report.digest = compare(arrived, written)
        self.report.verified = True
        self.tracker.map.advance(0, arrived.size, Progress.VERIFIED)
