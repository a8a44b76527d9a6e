"""Running a job: opening its daemons, making its transfer, and removing what it has left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from lacuna_engine.errors import TransferError
from lacuna_engine.journal.control import Control
from lacuna_engine.journal.job import Job, JobKind
from lacuna_engine.journal.places import Endpoint, LocalFile, Place
from lacuna_engine.transfer import Copy, Download, RemoteVolume, Report, Session, Upload
from lacuna_engine.transfer.checkpoint import Keeper, Stage
from lacuna_engine.transfer.parts import discard_part
from lacuna_engine.transfer.placing import discard_volume
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.prompts import NOBODY, Prompter

__all__ = ["TransferRunner"]


def _nobody(uri: str) -> Prompter:
    del uri
    return NOBODY


class TransferRunner:
    """The runner of real jobs.

    ``prompter_for`` says who is asked for passwords and unknown host keys of a URI.
    """

    def __init__(self, prompter_for: Callable[[str], Prompter] = _nobody) -> None:
        self._prompter_for = prompter_for

    async def __call__(self, job: Job, control: Control) -> Report:
        """Run ``job``. Raises :class:`~lacuna_engine.errors.LacunaError`."""
        async with AsyncExitStack() as stack:
            transfer = await self._make(job, control, stack)
            transfer.report.job = job.id
            control.tracker = transfer.tracker
            transfer.tracker.on_note = control.on_note
            control.report = transfer.report
            return await transfer.run()

    async def _make(
        self, job: Job, control: Control, stack: AsyncExitStack
    ) -> Upload | Download | Copy:
        match job.kind, job.source, job.destination:
            case JobKind.UPLOAD, LocalFile(path), Endpoint() as there:
                return Upload(
                    await self._session(there, stack),
                    Path(path),
                    there.pool,
                    there.volume,
                    format=job.format,
                    options=job.options,
                    keeper=control.keeper,
                    limiter=control.limit,
                )
            case JobKind.DOWNLOAD, Endpoint() as there, LocalFile(path):
                return Download(
                    await self._session(there, stack),
                    there.pool,
                    there.volume,
                    Path(path),
                    options=job.options,
                    keeper=control.keeper,
                    limiter=control.limit,
                )
            case JobKind.COPY, Endpoint() as source, Endpoint() as target:
                first = await self._session(source, stack)
                second = first
                if target.uri != source.uri:
                    second = await self._session(target, stack)
                return Copy(
                    RemoteVolume(first, source.pool, source.volume),
                    RemoteVolume(second, target.pool, target.volume or source.volume),
                    options=job.options,
                    keeper=control.keeper,
                    limiter=control.limit,
                )
            case _:
                raise TransferError(
                    f"job {job.id} cannot be a {job.kind} from {job.source} to {job.destination}"
                )

    async def _session(self, place: Endpoint, stack: AsyncExitStack) -> Session:
        session = Session(parse_uri(place.uri), prompter=self._prompter_for(place.uri))
        return await stack.enter_async_context(session)

    async def discard(self, job: Job, keeper: Keeper) -> None:
        """Delete the half-made volume or file of a job that nobody wants any more.

        Raises :class:`~lacuna_engine.errors.LacunaError` if the daemon cannot be asked to, or if it
        is the only complete version of the volume that it was to replace.
        """
        saved = keeper.load()
        if saved is None or not saved.has_leftovers:
            return
        destination: Place = job.destination
        if isinstance(destination, LocalFile):
            discard_part(saved)
            return
        if not saved.made or saved.stage is Stage.COMPLETE:
            return  # the daemon need not be bothered
        async with AsyncExitStack() as stack:
            await discard_volume((await self._session(destination, stack)).storage, saved)
