"""Running one job of the journal from the command line, and saying what became of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from lacuna_engine.cli.progress import ProgressView
from lacuna_engine.cli.prompting import prompter_for
from lacuna_engine.cli.show import bytes_text, duration_text
from lacuna_engine.errors import (
    ConnectError,
    LacunaError,
    LocalFileError,
    TransferError,
    VerificationError,
)
from lacuna_engine.journal import (
    Control,
    Endpoint,
    Job,
    JobChanged,
    JobKeeper,
    JobKind,
    JobState,
    Journal,
    Notice,
    RetryPolicy,
    Scheduler,
    TransferRunner,
    journal_path,
)
from lacuna_engine.journal.recorded import recorded
from lacuna_engine.late import LateModule
from lacuna_engine.storage import display_name
from lacuna_engine.transfer import Report, State, Tracker

if TYPE_CHECKING:
    import tempfile
else:  # seldom needed
    tempfile = LateModule("tempfile")

__all__ = ["Output", "open_journal", "passing_journal", "run_job"]

MEASURABLE = 0.05
"""Seconds below which a speed says nothing."""

TRIES = 12
"""Tries in a row that may move nothing before giving up: some five minutes."""

VERBS = {
    JobKind.UPLOAD: "Uploaded",
    JobKind.DOWNLOAD: "Downloaded",
    JobKind.COPY: "Copied",
}


class Output(NamedTuple):
    """How to show it: see :class:`ProgressView` for ``progress``."""

    as_json: bool
    progress: bool | None


def note(text: str) -> None:
    """Tell something the user should know though nothing failed."""
    click.echo(f"lacuna: note: {text}", err=True)


@contextmanager
def open_journal() -> Generator[Journal]:
    """Open the journal; say what is wrong with it, if anything. Raises `LocalFileError`."""
    with Journal(journal_path()) as journal:
        for text in journal.notes:
            note(text)
        journal.notes.clear()
        yield journal


@contextmanager
def passing_journal() -> Generator[Journal]:
    """Open the journal, or where that cannot be one that ends with the program; say so then."""
    with ExitStack() as stack:
        try:
            journal = stack.enter_context(open_journal())
        except LocalFileError as error:
            note(f"{error}. This transfer cannot be resumed.")
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lacuna-"))
            journal = stack.enter_context(Journal(Path(folder) / "journal.db"))
        yield journal


async def run_job(journal: Journal, job: Job, output: Output) -> None:
    """Run a job to its end and print the result.

    ``job`` is new, or queued in the journal. Raises what ended it.
    """
    run = _Run(journal, job)
    try:
        title = display_name(Path(str(run.job.source)).name)
        async with ProgressView(lambda: run.tracker, title, output.progress):
            await run.to_its_end()
    finally:
        run.tidy_up()
        if output.as_json:
            click.echo(json.dumps(run.report.to_json()))
    if not output.as_json:
        click.echo(_summary(run.job, run.report))


class _Run:
    """One job while it runs here."""

    def __init__(self, journal: Journal, job: Job) -> None:
        self.job = job
        self.report = Report(str(job.source), str(job.destination), job=job.id)
        self._journal = journal
        self._runner = TransferRunner(prompter_for)
        self._control: Control | None = None
        self._tracker = Tracker()
        self._error: LacunaError | None = None
        self._told: set[str] = set()

    @property
    def tracker(self) -> Tracker:
        """How far the attempt is that runs now, or ran last."""
        if self._control is not None and self._control.tracker is not None:
            self._tracker = self._control.tracker
        return self._tracker

    async def to_its_end(self) -> None:
        scheduler = Scheduler(
            self._journal,
            recorded(self._attempt),
            policy=RetryPolicy(limit=TRIES),
            accepts=lambda job: job.id == self.job.id,
        )
        async with scheduler:
            scheduler.subscribe(self._notice)
            if not self.job.created:
                self.job = scheduler.submit(self.job, reserve=True)
                self.report.job = self.job.id
            try:
                await scheduler.wait_idle()
            except asyncio.CancelledError:
                with suppress(LacunaError):
                    scheduler.cancel(self.job.id)
                    await scheduler.wait_idle()
                self.report.state = State.INTERRUPTED
                click.echo(f"lacuna: interrupted. {self._advice()}", err=True)
                raise
        self._raise_error()

    async def _attempt(self, job: Job, control: Control) -> Report:
        control.on_note = self._note
        self._control = control
        try:
            return await self._runner(job, control)
        except ConnectError as error:
            self._error = error
            if control.tracker is None and not self.job.resumed and not self.report.bytes_wire:
                # Nobody answers at all: the URI is wrong, or the daemon does not run. A link that
                # has worked before is waited for.
                raise TransferError(str(error), hint=error.hint) from error
            raise
        except LacunaError as error:
            self._error = error
            raise
        finally:
            if control.report is not None:
                self.report = control.report

    def _note(self, text: str) -> None:
        """Tell at once what may be a reason to stop, and not again with each try."""
        if text not in self._told:
            self._told.add(text)
            note(text)

    def _notice(self, notice: Notice) -> None:
        if not isinstance(notice, JobChanged) or notice.job.id != self.job.id:
            return
        self.job = notice.job
        if notice.job.state is JobState.WAITING and self._error is not None:
            click.echo(f"lacuna: {self._error}; trying again", err=True)

    def _raise_error(self) -> None:
        """Raise what ended the job, if it did not end well."""
        state = self._journal.get(self.job.id).state
        if state is JobState.DONE:
            self.report.state = State.DONE
        elif state is JobState.SKIPPED:
            self.report.state = State.SKIPPED
        else:
            self.report.state = State.FAILED
            error = self._error or TransferError(
                f"job {self.job.id} was stopped by another program ({state})"
            )
            error.hint = "\n  ".join(filter(None, (error.hint, self._advice())))
            raise error

    def _advice(self) -> str:
        """Say how to go on, if there is something to go on with."""
        if isinstance(self._error, VerificationError):
            return ""  # both sides are kept, and its own hint says so
        saved = JobKeeper(self._journal, self.job.id).load()
        if saved is not None and not saved.has_arrived and saved.has_leftovers:
            return (
                f"lacuna resume {self.job.id} starts over, lacuna jobs remove {self.job.id} "
                "deletes what was begun."
            )
        if saved is None or not saved.has_arrived:
            return "Nothing is left behind; give the same command again to start over."
        return (
            f"What has arrived is kept: lacuna resume {self.job.id} goes on, "
            f"lacuna jobs remove {self.job.id} discards it."
        )

    def tidy_up(self) -> None:
        """Forget a job that failed before there was anything to go on with."""
        with suppress(LacunaError):
            job = self._journal.get(self.job.id)
            saved = JobKeeper(self._journal, job.id).load()
            left = saved is not None and saved.has_leftovers
            if not job.state.is_final and not job.state.is_active and not left:
                self._journal.remove(job.id)


def _summary(job: Job, report: Report) -> str:
    """Say in a few lines what was done, for people."""
    where = report.destination
    if isinstance(job.destination, Endpoint):
        where = where.removeprefix(f"{job.destination.uri}#")
    where = display_name(where)
    if report.state is State.SKIPPED:
        return f"Skipped: {where} exists already."
    moved = report.bytes_received if job.kind is JobKind.DOWNLOAD else report.bytes_sent
    share = f" ({100 * report.saved // report.bytes_total} %)" if report.bytes_total else ""
    speed = f" at {bytes_text(moved / report.seconds)}/s" if report.seconds >= MEASURABLE else ""
    lines = [
        f"{VERBS[job.kind]} {where} in {duration_text(report.seconds)}",
        (
            f"  image {bytes_text(report.bytes_total)}: data {bytes_text(report.bytes_data)}, "
            f"holes {bytes_text(report.bytes_hole)}, zeros {bytes_text(report.bytes_zero)}; "
            f"saved {bytes_text(report.saved)}{share}"
        ),
        f"  moved {bytes_text(moved)}{speed}",
    ]
    if report.verified:
        lines.append(f"  verified, digest {report.digest}")
    return "\n".join(lines)
