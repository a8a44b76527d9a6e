"""``upload``, ``download`` and ``copy``: put one job into the journal and run it."""

from __future__ import annotations

from pathlib import Path

from lacuna_engine.cli.running import Output, passing_journal, run_job
from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.transfer import TransferOptions
from lacuna_engine.transport import parse_uri

__all__ = ["Volume", "copy", "download", "upload"]

Volume = tuple[str, str, str]
"""A URI, a pool and a volume there."""


async def upload(
    file: Path,
    target: Volume,
    *,
    image_format: str,
    options: TransferOptions,
    output: Output,
) -> None:
    """Upload and print the report."""
    uri, pool, volume = target
    job = Job(
        JobKind.UPLOAD,
        LocalFile.of(file),
        _endpoint(uri, pool, volume or file.name),
        options,
        format=image_format,
    )
    await _run(job, output)


async def download(
    source: Volume, target: Path, *, options: TransferOptions, output: Output
) -> None:
    """Download and print the report."""
    await _run(Job(JobKind.DOWNLOAD, _endpoint(*source), LocalFile.of(target), options), output)


async def copy(source: Volume, target: Volume, *, options: TransferOptions, output: Output) -> None:
    """Copy and print the report."""
    uri, pool, volume = target
    place = _endpoint(uri, pool, volume or source[2])
    await _run(Job(JobKind.COPY, _endpoint(*source), place, options), output)


def _endpoint(uri: str, pool: str, volume: str) -> Endpoint:
    parse_uri(uri)  # a wrong one is the user's mistake, not the job's
    return Endpoint(uri, pool, volume)


async def _run(job: Job, output: Output) -> None:
    with passing_journal() as journal:
        await run_job(journal, job, output)
