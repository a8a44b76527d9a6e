"""``jobs`` and ``resume``: what was begun, and going on with it."""

from __future__ import annotations

import asyncio
import json

import click

from lacuna_engine.cli.prompting import prompter_for
from lacuna_engine.cli.running import Output, open_journal, run_job
from lacuna_engine.cli.show import bytes_text
from lacuna_engine.errors import LacunaError, UsageError
from lacuna_engine.journal import (
    Job,
    JobEvent,
    JobKeeper,
    JobState,
    Journal,
    Owner,
    TransferRunner,
)
from lacuna_engine.storage import display_name

__all__ = ["cancel", "list_jobs", "remove", "resume"]

HISTORY = 20
"""Ended jobs shown unless all are wanted."""

RESUMABLE = frozenset(
    {JobState.INTERRUPTED, JobState.FAILED, JobState.PAUSED, JobState.WAITING, JobState.QUEUED}
)

PATIENCE = 10.0
"""Seconds that another process has to do what it is asked to."""


def list_jobs(*, all_jobs: bool, as_json: bool) -> None:
    """Print what is not finished, and what was finished lately."""
    with open_journal() as journal:
        Owner.beside(journal).adopt_orphans(journal)
        jobs = journal.list_jobs()
        page = journal.history(HISTORY)
        while page:
            jobs += page
            page = journal.history(1000, before=page[-1]) if all_jobs else []
    if as_json:
        click.echo(json.dumps([job.to_json() for job in jobs]))
        return
    if not jobs:
        click.echo("No jobs.")
    for job in jobs:
        click.echo(_line(job))


def _line(job: Job) -> str:
    text = (
        f"{job.id}  {job.state:<11}  {job.kind:<8}  {display_name(str(job.source))} -> "
        f"{display_name(str(job.destination))}"
    )
    if job.counts.total:
        text += f"  ({bytes_text(job.counts.total)}, saved {bytes_text(job.counts.saved)})"
    if job.error is not None and not job.state.is_final:
        text += f"\n          {job.error.message}"
    return text


async def cancel(job_id: str) -> None:
    """Stop a job wherever it runs; what has arrived is kept."""
    with open_journal() as journal:
        job = journal.find(job_id)
        owner = Owner.beside(journal)
        owner.adopt_orphans(journal)
        job = journal.get(job.id)
        if job.state is JobState.INTERRUPTED:
            click.echo(
                f"Job {job.id} does not run; lacuna jobs remove {job.id} discards it.", err=True
            )
            return
        journal.request(job.id, JobEvent.CANCEL)
        await _until_stopped(journal, job)


async def remove(job_id: str) -> None:
    """Forget a job, and delete the half-made volume or file that it has left.

    Raises :class:`UsageError`.
    """
    with open_journal() as journal:
        job = journal.find(job_id)
        owner = Owner.beside(journal)
        owner.adopt_orphans(journal)
        if journal.get(job.id).state is JobState.RUNNING:
            journal.request(job.id, JobEvent.CANCEL)
            await _until_stopped(journal, job)
        claim = owner.claim(job.id)
        if claim is None:
            raise UsageError(f"job {job.id} is used by another process")
        with claim:
            await TransferRunner(prompter_for).discard(job, JobKeeper(journal, job.id))
            journal.remove(job.id)


async def _until_stopped(journal: Journal, job: Job) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while journal.get(job.id).state is JobState.RUNNING:  # noqa: ASYNC110 - no event of it
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise UsageError(
            f"job {job.id} is run by another process, which does not stop",
            hint="Try again in a moment.",
        ) from None


async def resume(job_id: str | None, *, start_over: bool, output: Output) -> None:
    """Go on with one job, or with all that can be gone on with, one after the other.

    Raises what ended one of them.
    """
    with open_journal() as journal:
        Owner.beside(journal).adopt_orphans(journal)
        if job_id is not None:
            await _resume(journal, journal.find(job_id), start_over=start_over, output=output)
            return
        jobs = journal.list_jobs(RESUMABLE)
        if not jobs:
            click.echo("There is nothing to resume.", err=True)
        failure: LacunaError | None = None
        for job in jobs:
            try:
                await _resume(journal, job, start_over=start_over, output=output)
            except LacunaError as error:
                click.echo(f"lacuna: job {job.id}: {error}", err=True)
                failure = failure or error
        if failure is not None:
            raise failure


async def _resume(journal: Journal, job: Job, *, start_over: bool, output: Output) -> None:
    if Owner.beside(journal).is_owned(job.id):
        raise UsageError(f"job {job.id} is run by another process")
    if job.state.is_final:
        raise UsageError(f"job {job.id} is {job.state}; there is nothing to resume")
    if job.state is not JobState.QUEUED:
        journal.update(job.id, JobEvent.RESUME)
    options = job.options._replace(start_over=start_over)
    queued = journal.update(job.id, options=options, attempts=0)
    await run_job(journal, queued or job, output)
