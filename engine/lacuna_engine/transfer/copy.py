"""Copying a volume into another pool or onto another host, without a file in between.

What the one daemon sends goes to the other as it comes: holes as holes, runs of zeros found on the
way, never more in memory than a few blocks.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from lacuna_engine.errors import TransferError, UsageError
from lacuna_engine.storage import VolumeType, display_name
from lacuna_engine.transfer.checkpoint import Keeper
from lacuna_engine.transfer.filling import Filling
from lacuna_engine.transfer.in_use import use_note
from lacuna_engine.transfer.limit import Limiter
from lacuna_engine.transfer.options import TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.report import Report
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.supply import VolumeSupply

__all__ = ["Copy", "RemoteVolume"]


class RemoteVolume(NamedTuple):
    """A volume in a pool of the daemon that ``session`` leads to."""

    session: Session
    pool: str
    volume: str

    def __str__(self) -> str:
        return f"{self.session.uri}#{self.pool}/{self.volume}"


class Copy:
    """One copy of a volume; the sessions of both ends may be the same one.

    Otherwise as an :class:`Upload`.
    """

    def __init__(
        self,
        source: RemoteVolume,
        target: RemoteVolume,
        *,
        options: TransferOptions | None = None,
        keeper: Keeper | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.tracker = Tracker()
        self.report = Report(str(source), str(target))
        self._source = source
        self._onto_itself = str(source) == str(target)
        self._sessions = {source.session, target.session}
        self._filling = Filling(
            target.session,
            target.pool,
            target.volume,
            options=options or TransferOptions(),
            tracker=self.tracker,
            report=self.report,
            keeper=keeper,
            limiter=limiter,
        )

    @property
    def destination(self) -> str:
        """Where it goes, for people."""
        return self._filling.destination

    async def run(self) -> Report:
        """Do it. Raises :class:`LacunaError`; what is left then is as with an upload."""
        started = time.monotonic()
        wire_before = self._bytes_on_wire
        supply: VolumeSupply | None = None
        try:
            supply = await self._find()
            await self._filling.run(supply)
        finally:
            self.tracker.phase = Phase.ENDED
            self.report.seconds = round(time.monotonic() - started, 3)
            self.report.bytes_wire = self._bytes_on_wire - wire_before
            if supply is not None:
                self.report.bytes_received += supply.bytes_received
            self.report.count(self.tracker.map)
        return self.report

    @property
    def _bytes_on_wire(self) -> int:
        return sum(session.bytes_on_wire for session in self._sessions)

    async def _find(self) -> VolumeSupply:
        session, pool, name = self._source.session, self._source.pool, self._source.volume
        if self._onto_itself:
            raise UsageError(
                f"{display_name(pool)}/{display_name(name)} cannot be copied onto itself",
                hint="Choose another pool or another name.",
            )
        storage = session.storage
        volume = await storage.volume(await storage.active_pool(pool), name)
        description = await storage.describe_volume(volume)
        if description.type not in (VolumeType.FILE, VolumeType.BLOCK):
            raise TransferError(
                f"{display_name(name)} is a volume of type '{description.type}', "
                "which cannot be read"
            )
        if note := await use_note(session, pool, description):
            self.tracker.note(note)
        size = await storage.physical(volume)
        return VolumeSupply(session, volume, description, size)
