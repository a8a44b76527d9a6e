"""Downloading a volume into a local file, complete or not at all.

The daemon calls a short download a success, and does not lock what it reads. So the bytes are
counted against the volume's physical size, and the volume is looked at before and after
(protocol.md 4.4, 5.6).
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from lacuna_engine.errors import (
    InvalidOperationError,
    RemoteError,
    SourceChangedError,
    TransferError,
    VerificationError,
)
from lacuna_engine.extents import ExtentMap, Progress
from lacuna_engine.extents.source import open_source
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import PoolState, VolumeDescription, VolumeType, display_name
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.options import IfExists, TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.receiver import Receiver, ShortError
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.target import LocalTarget, choose_target
from lacuna_engine.transfer.verify import compare, digest_of_file
from lacuna_engine.transfer.writer import TargetWriter

__all__ = ["Download"]


class Download:
    """One download of the volume ``name`` of ``pool`` to ``target``, a file or a folder.

    Watch ``tracker`` while :meth:`run` runs; ``report`` is complete when it has ended, in
    whatever way. ``destination`` is the file it becomes; the policy may change it.
    """

    def __init__(
        self,
        session: Session,
        pool: str,
        name: str,
        target: Path,
        *,
        options: TransferOptions | None = None,
    ) -> None:
        self.tracker = Tracker()
        self._session = session
        self._pool = pool
        self._name = name
        self._target = target
        self.destination = str(target)
        self._options = options or TransferOptions()
        self.report = Report(f"{session.uri}#{pool}/{name}", str(target))
        self._digest: BlockDigest | None = None

    async def run(self) -> Report:
        """Do it. Raises :class:`LacunaError`; then no file is left behind."""
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
        volume, before = await self._find()
        size = await self._session.storage.physical(volume)
        path = choose_target(self._target, volume.name, self._options.if_exists)
        self.tracker.map = ExtentMap(size)
        if path is None:
            self.report.state = State.SKIPPED
            return
        self.destination = self.report.destination = str(path)
        self.tracker.phase = Phase.CREATING
        target = LocalTarget(path, size)
        try:
            if before.type == VolumeType.FILE:
                target.check_room(min(before.allocation, size))
            await self._receive(volume, target, size, before.allocation)
            await self._look_once_more(volume, before, size)
            self.tracker.phase = Phase.FINISHING
            await target.aside(target.flush)
            self.tracker.map.advance(0, size, Progress.ACKNOWLEDGED)
            await self._verify(target)
            await self._put_in_place(target)
        except VerificationError as error:
            target.keep()
            error.hint = f"What was written is kept as {target.part}. {error.hint}"
            raise
        except BaseException:
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

    async def _find(self) -> tuple[VolumeHandle, VolumeDescription]:
        storage = self._session.storage
        pool = await storage.pool(self._pool)
        if (await storage.pool_info(pool)).state == PoolState.INACTIVE:
            raise InvalidOperationError(
                f"the pool {display_name(self._pool)} is not active",
                code=55,
                hint="Start it first, for example with: "
                f"virsh pool-start {display_name(self._pool)}",
            )
        volume = await storage.volume(pool, self._name)
        description = await storage.describe_volume(volume)
        if description.type not in (VolumeType.FILE, VolumeType.BLOCK):
            raise TransferError(
                f"{display_name(self._name)} is a volume of type '{description.type}', "
                "which cannot be downloaded"
            )
        return volume, description

    async def _receive(
        self, volume: VolumeHandle, target: LocalTarget, size: int, data: int
    ) -> None:
        self.tracker.phase = Phase.RECEIVING
        if size == 0:
            return
        if self._options.verify:
            self._digest = BlockDigest(size)
        # The daemon must not ping here: while the disk holds us up we do not read, and it would
        # take that for our death (transports.md A9).
        connection = await self._session.connect(daemon_pings=False)
        self.report.connections = 1
        receiver = Receiver(connection, volume, size, data)
        try:
            await receiver.run(
                TargetWriter(self.tracker, target, self._options.limit, self._digest)
            )
        except (ShortError, RemoteError) as error:
            now = await self._session.storage.physical(volume)
            if now == size:
                raise
            raise self._changed(f"it now has {now} bytes and not {size}") from error
        finally:
            self.report.bytes_received += receiver.bytes_received

    def _changed(self, how: str) -> SourceChangedError:
        return SourceChangedError(
            f"the volume {display_name(self._name)} was changed while it was read: {how}",
            hint="Make sure that no virtual machine uses it, and start again.",
        )

    async def _look_once_more(
        self, volume: VolumeHandle, before: VolumeDescription, size: int
    ) -> None:
        storage = self._session.storage
        after = await storage.describe_volume(volume)
        same_time = (
            before.type != VolumeType.FILE
            or before.timestamps is None
            or after.timestamps is None
            or before.timestamps.modification == after.timestamps.modification
        )
        now = await storage.physical(volume)
        if now != size:
            raise self._changed(f"it now has {now} bytes and not {size}")
        if not same_time:
            raise self._changed("its time of modification is a later one")

    async def _verify(self, target: LocalTarget) -> None:
        """Compare what is in the file with what arrived."""
        if not self._options.verify:
            return
        self.tracker.phase = Phase.VERIFYING
        arrived = self._digest or BlockDigest(self.tracker.map.size)
        with open_source(target.fd) as source:
            written = await digest_of_file(source, arrived.size, self.tracker.map.kinds())
        self.report.digest = compare(arrived, written)
        self.report.verified = True
        self.tracker.map.advance(0, arrived.size, Progress.VERIFIED)
