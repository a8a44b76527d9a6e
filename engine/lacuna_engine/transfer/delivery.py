"""Bringing an image into the volume made for it, and proving that it is there."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress

from lacuna_engine.client import Connection
from lacuna_engine.errors import (
    LacunaError,
    NotProvedError,
    VerificationError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import Kind, Progress
from lacuna_engine.rpc.records import VolumeHandle, VolumeRange
from lacuna_engine.transfer.context import Context
from lacuna_engine.transfer.crew import is_crowded
from lacuna_engine.transfer.daemon_memory import ballast, is_near
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.lane_count import MOST_LANES
from lacuna_engine.transfer.lanes import Lanes
from lacuna_engine.transfer.packets import Packets
from lacuna_engine.transfer.plan import NOTHING, Deferred, segment_length
from lacuna_engine.transfer.progress import Phase
from lacuna_engine.transfer.prove import GrowthProof
from lacuna_engine.transfer.sender import Sender
from lacuna_engine.transfer.streams import open_upload
from lacuna_engine.transfer.supply import Supply
from lacuna_engine.transfer.verify import compare, digest_of_volume

__all__ = ["Delivery", "verify_volume"]

ACKNOWLEDGE_EVERY = 0.5
ACKNOWLEDGE_BYTES = 32 << 20
"""Seconds, and bytes of data, between looks at how much of the volume has been written."""

WAKE_EVERY = 0.05


class Delivery:
    """Sends what is missing of ``supply`` into ``volume``, a device or a file.

    First in one sparse stream, which sets the size and brings all that is fragmented; then the long
    runs of data in segments, several at a time (`plan`).
    """

    def __init__(
        self, context: Context, supply: Supply, volume: VolumeHandle, *, is_device: bool
    ) -> None:
        self._context = context
        self._tracker = context.tracker
        self._supply = supply
        self._volume = volume
        self._is_device = is_device
        crowded = is_crowded(context.session)
        self._connections = context.options.connections or (1 if crowded else 0)
        """How many, 0 to find out."""
        self._thin = False
        self.digest: BlockDigest | None = None
        """Of the volume, if it has been read back."""
        self.gone = False
        """Whether the volume has turned out to be deleted by somebody else."""

    async def run(
        self, connection: Connection, *, start: int, left: int, deferred: Deferred | None = None
    ) -> None:
        """Do it, beginning with ``connection``. Raises :class:`LacunaError`.

        All before ``start`` is there, but for what is ``deferred``, which is chosen here if it has
        not been before. ``left`` is how many bytes of unknown value the volume still has.
        """
        supply = self._supply
        if deferred is None:
            deferred = await self._choose(left)
        if start < supply.size or supply.size == 0:
            deferred = await self._send(connection, start, left, deferred)
        if deferred:
            await self._send_deferred(connection, deferred)
        await supply.check()
        await self._look_once_more(exact=not self._is_device)
        if self._context.options.verify or self._is_device or self._thin:
            self.digest = await verify_volume(self._context, supply, self._volume)

    async def _choose(self, left: int) -> Deferred:
        """Return what goes in segments, several at a time."""
        if self._is_device or left or self._context.options.connections == 1:
            return NOTHING
        return await self._supply.long_runs(self._tracker.map)

    async def _send(
        self, connection: Connection, start: int, left: int, deferred: Deferred
    ) -> Deferred:
        """Send all that is not deferred, in one stream; return what is deferred after all."""
        tracker, supply, size = self._tracker, self._supply, self._supply.size
        tracker.phase = Phase.SENDING
        near = self._context.session.uri.transport == "unix" and await is_near(connection)
        kinds = deferred.as_holes(tracker.map.kinds(start))
        if near and not self._context.pace().rate and (weight := ballast(kinds)):
            connection.send_ballast(weight)
        stream = await open_upload(connection, VolumeRange(self._volume, start))
        if not stream.machine.sparse:
            deferred = NOTHING  # it would have to be sent as zeros first
            kinds = list(tracker.map.kinds(start))
        proof = None
        if not self._is_device:
            proof = GrowthProof(self._context.storage, self._volume, stream.raise_error)
        packets = Packets(
            supply.fd,
            stream,
            tracker,
            self._context.pace(),
            position=start,
            deferred=deferred,
            near=near,
        )
        sender = Sender(
            connection,
            stream,
            packets,
            tracker,
            size,
            proof=proof,
            paced=self._is_device,
            first_byte=left > 0,
            deferred=deferred,
        )
        watcher = asyncio.create_task(self._acknowledge(packets, proof, deferred))
        try:
            self._context.notes.defer(deferred.ranges)
            going = supply.batches(
                kinds,
                start,
                zero_scan=self._context.options.zero_scan,
                unread=stream.sends_files,
            )
            async with aclosing(going) as batches:
                await sender.run(batches)
            if not deferred:
                tracker.phase = Phase.FINISHING
            if proof is not None:
                await proof.confirm(size)
            await supply.check()
            await stream.finish()
        finally:
            self._context.report.bytes_sent += stream.bytes_sent
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
            await stream.abort()
        for begin, until in deferred.outside(0, size):
            tracker.map.advance(begin, until, Progress.ACKNOWLEDGED)
        return deferred

    async def _send_deferred(self, connection: Connection, deferred: Deferred) -> None:
        """Send what has been left out, in segments."""
        tracker = self._tracker
        tracker.phase = Phase.SENDING
        missing = Deferred(
            tuple(
                (start, end)
                for begin, until in deferred.ranges
                for start, end, progress in tracker.map.progress(begin, until)
                if progress is Progress.PENDING
            )
        )
        # The first question after the end of a stream waits until the pool has been looked at.
        asked = time.monotonic()
        await self._context.storage.volume_info(self._volume)
        cost = time.monotonic() - asked
        length = segment_length(missing.size, self._connections or MOST_LANES, cost)
        near = connection.sends_files and await is_near(connection)
        lanes = Lanes(
            self._context,
            self._supply,
            self._volume,
            missing.segments(length),
            connection,
            asked=self._connections,
            near=near,
        )
        noting = asyncio.create_task(self._note_now_and_then())
        try:
            await lanes.run()
        finally:
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)
        if left := deferred.size - sum(
            end - start
            for begin, until in deferred.ranges
            for start, end, progress in tracker.map.progress(begin, until)
            if progress is Progress.ACKNOWLEDGED
        ):
            raise NotProvedError(f"{left} bytes of the image were never seen to arrive")
        tracker.phase = Phase.FINISHING

    async def _note_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_EVERY)
            self._context.notes.save()

    async def _acknowledge(
        self, packets: Packets, proof: GrowthProof | None, deferred: Deferred
    ) -> None:
        """Mark what the volume's size shows to have been written. Errors are the sender's."""
        clock = asyncio.get_running_loop().time
        tracker = self._tracker
        done = packets.position
        moved, at = tracker.moved, clock()
        with suppress(LacunaError):
            while True:
                await asyncio.sleep(min(WAKE_EVERY, ACKNOWLEDGE_EVERY))
                recent = clock() - at < ACKNOWLEDGE_EVERY
                if recent and tracker.moved - moved < ACKNOWLEDGE_BYTES:
                    continue
                moved, at = tracker.moved, clock()
                if proof is not None:
                    reached = max(done, min(await proof.look(), packets.position))
                    for begin, until in deferred.outside(done, reached):
                        tracker.map.advance(begin, until, Progress.ACKNOWLEDGED)
                    done = reached
                self._context.notes.save()

    async def _look_once_more(self, *, exact: bool) -> None:
        size = self._supply.size
        try:
            info = await self._context.storage.volume_info(self._volume)
        except VolumeNotFoundError as error:
            self.gone = True
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


async def verify_volume(context: Context, supply: Supply, volume: VolumeHandle) -> BlockDigest:
    """Read both sides and compare. Returns the digest of the volume.

    Raises :class:`VerificationError`; then both sides are kept, to be looked at, and the checkpoint
    is forgotten.
    """
    context.tracker.phase = Phase.VERIFYING
    mine = await supply.digest(context.tracker.map)
    await supply.check()
    reading = await context.session.connect(daemon_pings=False)
    try:
        theirs, received = await digest_of_volume(reading, volume, supply.size)
        context.report.bytes_received += received
        context.report.digest = compare(mine, theirs)
    except VerificationError:
        context.notes.forget()
        raise
    finally:
        await reading.close()
    context.report.verified = True
    context.tracker.map.advance(0, supply.size, Progress.VERIFIED)
    return theirs
