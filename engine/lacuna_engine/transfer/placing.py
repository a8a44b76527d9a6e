"""Putting a complete volume in the place of the one it replaces, which is kept until then.

libvirt cannot rename. So when the new content is complete and proved under a temporary name, the
old volume is deleted, the daemon clones the new one to its name, and the temporary one is deleted.
Where the daemon's clone would be another file (`cloning`), its bytes are copied through us.

Each step is noted before it is taken. At any moment a complete version is there: the old one until
the note ``PLACING``, the temporary volume from then on until the note ``PLACED``, which is made
when the final one has been proved. (A daemon never flushes what was uploaded, only its clones: if
its whole host loses power in the seconds between, the temporary volume may not have its content.)

The new volume has the old one's owner and mode, but is another file: who had the old one open keeps
that, and where the old one was a link the link is replaced.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from lacuna_engine.errors import LacunaError, NotProvedError, TransferError, VolumeNotFoundError
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.storage import Storage, VolumeDescription, display_name
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage, VolumeMark
from lacuna_engine.transfer.cloning import clone, delete_when_idle, is_cloned_alike
from lacuna_engine.transfer.destination import Destination, existing_volume
from lacuna_engine.transfer.digest import BlockDigest
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.report import Report
from lacuna_engine.transfer.resume import changed
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.verify import compare, digest_of_volume

__all__ = ["Placing", "discard_volume", "is_intact"]

CopyByStreams = Callable[[VolumeHandle, VolumeDescription], Awaitable[VolumeHandle]]


class Placing:
    """Puts the temporary volume of ``destination``, ``size`` bytes, in the place of the final one.

    Notes what it does in ``notes``, and counts what is read back in ``report``.
    """

    def __init__(
        self,
        session: Session,
        destination: Destination,
        size: int,
        *,
        tracker: Tracker,
        report: Report,
        notes: Notebook,
    ) -> None:
        self._session = session
        self._storage = session.storage
        self._report = report
        self._destination = destination
        self._size = size
        self._tracker = tracker
        self._notes = notes
        self.begun = False
        """Whether the old volume may be gone, so that the temporary one must not be deleted."""

    async def run(
        self,
        temporary: VolumeHandle,
        *,
        before: Callable[[], Awaitable[None]],
        by_streams: CopyByStreams,
        verify: bool,
        digest: BlockDigest | None,
    ) -> None:
        """Do it. Raises :class:`LacunaError`, whose hint then says where the content is.

        ``before`` is awaited before anything is deleted and may raise; ``by_streams`` copies what
        the daemon cannot. With ``verify`` the final volume is read and compared with ``digest``,
        or with the temporary one if that is None.
        """
        self._tracker.phase = Phase.PLACING
        # What the daemon knows of the format is of before the upload until it has looked again.
        await self._storage.refresh_pool(self._destination.pool)
        description = await self._storage.describe_volume(temporary)
        physical = await self._storage.physical(temporary)
        if physical != self._size:
            raise changed(
                f"{self._destination.pool.name}/{temporary.name}", f"it has {physical} bytes"
            )
        await before()
        try:
            made = await self._replace(temporary, description, by_streams)
            await self._prove(made, temporary, verify=verify, digest=digest)
            self._notes.advance(Stage.PLACED)
            with suppress(VolumeNotFoundError):
                await self._storage.delete_volume(temporary)
        except BaseException as error:
            self._tell_where(temporary, error)
            raise

    async def _replace(
        self,
        temporary: VolumeHandle,
        description: VolumeDescription,
        by_streams: CopyByStreams,
    ) -> VolumeHandle:
        storage, pool = self._storage, self._destination.pool
        final = self._destination.final
        old = await existing_volume(storage, pool, final)
        # Of a try before this one it has been noted already what was there.
        if not self._notes.is_at(Stage.PLACING):
            self._notes.placing(None if old is None else VolumeMark.of(old, old.physical))
        self.begun = True
        if old is not None:
            await delete_when_idle(storage, VolumeHandle(pool.name, final, old.key))
        if is_cloned_alike(description, self._size):
            return await clone(
                storage,
                pool,
                final,
                temporary,
                size=self._size,
                permissions=description.permissions,
            )
        self._tracker.note(
            f"The daemon would change the image ({description.format}) in cloning it, so it is "
            "copied through this computer to get its name."
        )
        return await by_streams(temporary, description)

    async def _prove(
        self,
        made: VolumeHandle,
        temporary: VolumeHandle,
        *,
        verify: bool,
        digest: BlockDigest | None,
    ) -> None:
        physical = await self._storage.physical(made)
        if physical != self._size:
            raise NotProvedError(f"the final volume has {physical} bytes and not {self._size}")
        if not verify:
            return
        reading = await self._session.connect(daemon_pings=False)
        try:
            if digest is None:
                digest, received = await digest_of_volume(reading, temporary, self._size)
                self._report.bytes_received += received
            theirs, received = await digest_of_volume(reading, made, self._size)
        finally:
            await reading.close()
        self._report.bytes_received += received
        self._report.digest = compare(digest, theirs)
        self._report.verified = True

    def _tell_where(self, temporary: VolumeHandle, error: BaseException) -> None:
        if not self.begun:
            return
        where = (
            f"The complete image is in the volume {display_name(temporary.pool)}/"
            f"{display_name(temporary.name)}."
        )
        if isinstance(error, LacunaError):
            error.hint = f"{error.hint} {where}".strip()
        else:  # a cancellation has no words of its own
            self._tracker.note(where)


def is_intact(saved: Checkpoint, final: VolumeDescription | None) -> bool:
    """Whether the volume that was to be replaced is still there, as it was."""
    return final is not None and saved.old == VolumeMark.of(final, final.physical)


async def discard_volume(storage: Storage, saved: Checkpoint) -> None:
    """Delete the half-made volume of a transfer that nobody goes on with; a complete one stays.

    Raises :class:`TransferError` if it is the only complete version of what it was to replace.
    """
    if not saved.made or not saved.has_leftovers or saved.stage is Stage.COMPLETE:
        return
    pool = await storage.active_pool(saved.place)
    try:
        volume = await storage.volume(pool, saved.name)
    except VolumeNotFoundError:
        return
    # Nobody else makes one of a temporary name, so before its key is noted it is ours too.
    if saved.stage not in (Stage.MAKING, Stage.CLONING) and volume.key != saved.identity:
        return
    if saved.stage is Stage.PLACING and not is_intact(
        saved, await existing_volume(storage, pool, saved.final)
    ):
        raise TransferError(
            f"{display_name(pool.name)}/{display_name(saved.name)} holds the only complete version "
            f"of {display_name(saved.final)}, and is not deleted",
            hint="Resume the job: what is missing is to give the volume its name.",
        )
    await delete_when_idle(storage, volume)
