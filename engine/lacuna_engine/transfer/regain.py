"""Finding out what of an interrupted upload is in the volume, and is the image."""

from __future__ import annotations

from lacuna_engine.errors import DestinationChangedError
from lacuna_engine.extents import Progress
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer.checkpoint import Checkpoint
from lacuna_engine.transfer.context import Context
from lacuna_engine.transfer.destination import Destination
from lacuna_engine.transfer.plan import Deferred
from lacuna_engine.transfer.resume import changed, is_trusted, reached_by, seam_before
from lacuna_engine.transfer.supply import Supply

__all__ = ["Regain"]


class Regain:
    """Compares ``volume`` with ``supply`` as far as the checkpoint and the volume's size tell."""

    def __init__(
        self, context: Context, supply: Supply, volume: VolumeHandle, destination: Destination
    ) -> None:
        self._context = context
        self._supply = supply
        self._volume = volume
        self._destination = destination

    async def run(self, saved: Checkpoint) -> int:
        """Return where the sparse stream goes on; the tracker's map says what else is there.

        Raises :class:`DestinationChangedError` if what should be there is not.
        """
        extents = self._context.tracker.map = saved.map
        deferred = Deferred(saved.deferred)
        reached = await reached_by(self._context.storage, self._destination, self._volume, saved)
        known = next(
            (
                start
                for begin, until in deferred.outside(0, extents.size)
                for start, _, progress in extents.progress(begin, until)
                if progress is Progress.PENDING
            ),
            extents.size,
        )
        self._mark(deferred, extents.size, Progress.PENDING)
        self._context.notes.begin(saved)
        trusted = is_trusted(saved) and not self._destination.is_device
        # What arrived after the checkpoint is not classified yet; comparing it does that.
        compare_from = min(seam_before(reached), known) if trusted else 0
        for start, end in deferred.outside(compare_from, reached):
            same = await self.first_difference(start, end)
            if same < end:
                if not self._destination.is_device:
                    raise self._differs(same)
                reached = same
                break
        self._mark(deferred, reached, Progress.ACKNOWLEDGED)
        for start, end in deferred.ranges:
            await self._regain_segments(start, end, trusted=trusted)
        self._context.tracker.passed = extents.size - extents.bytes_at(Progress.PENDING)
        return reached

    def _mark(self, deferred: Deferred, end: int, progress: Progress) -> None:
        for begin, until in deferred.outside(0, end):
            self._context.tracker.map.advance(begin, until, progress)

    async def _regain_segments(self, begin: int, until: int, *, trusted: bool) -> None:
        """Look at what has been sent of a range out of turn."""
        extents = self._context.tracker.map
        for start, end, progress in list(extents.progress(begin, until)):
            if progress is Progress.PENDING:
                continue
            proved = progress is not Progress.IN_FLIGHT
            compare_from = max(seam_before(end), start) if proved and trusted else start
            same = await self.first_difference(compare_from, end)
            if same < end and proved:
                raise self._differs(same)
            extents.advance(start, same, Progress.ACKNOWLEDGED)
            extents.advance(same, end, Progress.PENDING)

    def _differs(self, position: int) -> DestinationChangedError:
        return changed(self._destination, f"it differs from the image at byte {position}")

    async def first_difference(self, start: int, end: int) -> int:
        """Return where the volume differs from the image first, ``end`` if nowhere."""
        reading = await self._context.session.connect(daemon_pings=False)
        try:
            return await self._supply.first_difference(
                reading, self._volume, self._context.tracker.map, (start, end)
            )
        finally:
            await reading.close()
