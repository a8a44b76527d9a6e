"""Uploading a local image into a volume."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from lacuna_engine.errors import UsageError
from lacuna_engine.extents.source import Source, open_source
from lacuna_engine.storage import HEAD_BYTES, read_facts
from lacuna_engine.transfer.checkpoint import Keeper
from lacuna_engine.transfer.filling import Filling
from lacuna_engine.transfer.limit import Limiter
from lacuna_engine.transfer.options import TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.report import Report
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.supply import FileSupply

__all__ = ["Upload"]


class Upload:
    """One upload of ``file`` to ``pool``, as the volume ``name`` or the file's own name.

    ``format`` is ``auto``, or what the file must be. With a ``keeper`` the upload goes on from the
    checkpoint it loads, if any, and what has arrived stays there when it fails or is cancelled, as
    long as it can be gone on with. ``limiter`` replaces the limit of the options. Watch ``tracker``
    while :meth:`run` runs; ``report`` is complete when it has ended, in whatever way.
    """

    def __init__(
        self,
        session: Session,
        file: Path,
        pool: str,
        name: str = "",
        *,
        format: str = "auto",  # noqa: A002 - the option's own name
        options: TransferOptions | None = None,
        keeper: Keeper | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        name = name or file.name
        self.tracker = Tracker()
        self.report = Report(str(file), f"{session.uri}#{pool}/{name}")
        self._session = session
        self._file = file
        self._format = format
        self._filling = Filling(
            session,
            pool,
            name,
            options=options or TransferOptions(),
            tracker=self.tracker,
            report=self.report,
            keeper=keeper,
            limiter=limiter,
            permissions=options.permissions if options is not None else None,
        )

    @property
    def destination(self) -> str:
        """Where it goes, for people."""
        return self._filling.destination

    async def run(self) -> Report:
        """Do it. Raises :class:`LacunaError`.

        Then nothing half-written is left behind, unless there is a keeper and it can be gone on
        with; where that could not be achieved the error's hint says what is left.
        """
        started = time.monotonic()
        wire_before = self._session.bytes_on_wire
        try:
            with open_source(self._file) as source:
                self._check_format(source)
                with closing(FileSupply(source)) as supply:
                    await self._filling.run(supply)
        finally:
            self.tracker.phase = Phase.ENDED
            self.report.seconds = round(time.monotonic() - started, 3)
            self.report.bytes_wire = self._session.bytes_on_wire - wire_before
            self.report.count(self.tracker.map)
        return self.report

    def _check_format(self, source: Source) -> None:
        head = bytearray(HEAD_BYTES)
        view = memoryview(head)
        facts = read_facts(bytes(view[: source.read_into(0, view)]))
        if self._format not in ("auto", "raw", facts.format):
            raise UsageError(
                f"{source.name} is not in the format {self._format}; it looks like {facts.format}",
                hint="Leave --format out, or give raw to send it as it is.",
            )
        if facts.backing_file and self._format != "raw":
            self.tracker.note("The image is an overlay of another file, which is not sent with it.")
