"""A copy that the daemon makes itself, when both ends are its own (`cloning` says when and why)."""

from __future__ import annotations

from contextlib import suppress

from lacuna_engine.errors import (
    ExistsError,
    NotProvedError,
    RemoteError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_engine.extents import Progress
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Permissions
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage
from lacuna_engine.transfer.cloning import clone
from lacuna_engine.transfer.destination import Destination
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.supply import Origin, Supply

__all__ = ["ClonedCopy"]


class ClonedCopy:
    """One attempt to have the volume of ``destination`` made by cloning.

    The clone has its full length long before its content. So it is noted as worthless, to be
    deleted and begun anew after a crash, until the daemon says that it is complete. What somebody
    else makes of the same name in the moment between the note and the call would be deleted then.
    """

    def __init__(
        self, session: Session, destination: Destination, tracker: Tracker, notes: Notebook
    ) -> None:
        self._session = session
        self._destination = destination
        self._tracker = tracker
        self._notes = notes
        self.expected = VolumeHandle(destination.pool.name, destination.name, "")
        """What it makes."""
        self.begun = False
        """Whether there may be such a volume, and it is ours."""

    async def run(self, supply: Supply, permissions: Permissions | None) -> VolumeHandle | None:
        """Return the clone, None if it has to be sent. Raises :class:`LacunaError`.

        If this is cancelled the daemon goes on, and what it makes can be deleted when it is done.
        """
        destination = self._destination
        if destination.old is not None or destination.is_device:
            return None
        origin = await supply.origin(self._session)
        if origin is None:
            return None
        if permissions is None and destination.kept is not None:
            permissions = destination.kept.permissions
        self._tracker.phase = Phase.CLONING
        self._notes.begin(
            Checkpoint(
                supply.mark,
                destination.pool.name,
                destination.name,
                self._tracker.map,
                stage=Stage.CLONING,
                final=destination.final,
            )
        )
        self.begun = True
        try:
            volume = await self._clone(origin, supply.size, permissions)
        except VolumeExistsError as error:
            self.begun = False
            self._notes.forget()
            raise ExistsError(f"{destination} has just been made by somebody else") from error
        except (RemoteError, NotProvedError):
            # The daemon has removed what it began, unless that was complete and not what it
            # should be. Sending it says what is wrong, if anything is.
            with suppress(VolumeNotFoundError):
                await self._session.storage.delete_volume(self.expected)
            self.begun = False
            self._tracker.passed = 0
            return None
        await supply.check()
        self._notes.owned(volume.key)
        self._tracker.passed = supply.size
        self._tracker.map.advance(0, supply.size, Progress.ACKNOWLEDGED)
        return volume

    async def _clone(
        self, origin: Origin, size: int, permissions: Permissions | None
    ) -> VolumeHandle:
        def progress(allocated: int) -> None:
            self._tracker.passed = min(allocated, size)

        return await clone(
            self._session.storage,
            self._destination.pool,
            self._destination.name,
            origin.volume,
            size=size,
            permissions=permissions,
            progress=progress,
            only_shared=not origin.dense,
        )
