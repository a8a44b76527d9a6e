"""What the window orders, as jobs of the journal (pure)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lacuna_engine.journal import Endpoint, Job, JobKind, LocalFile
from lacuna_engine.transfer import TransferOptions
from lacuna_gui.queue import JobOptions, Place

__all__ = ["copy_order", "download_order", "upload_order"]


def upload_order(file: Path, target: Place, options: JobOptions) -> Job:
    """Return the job that brings a local file to a pool, by default under the file's name."""
    named = replace(target, volume=target.volume or file.name)
    return _job(JobKind.UPLOAD, LocalFile.of(file), _endpoint(named), options)


def download_order(source: Place, target: Path, options: JobOptions) -> Job:
    """Return the job that makes a volume a local file, or puts it into a local folder."""
    return _job(JobKind.DOWNLOAD, _endpoint(source), LocalFile.of(target), options)


def copy_order(source: Place, target: Place, options: JobOptions) -> Job:
    """Return the job that copies a volume, by default under its own name."""
    named = replace(target, volume=target.volume or source.volume)
    return _job(JobKind.COPY, _endpoint(source), _endpoint(named), options)


def _endpoint(place: Place) -> Endpoint:
    return Endpoint(place.uri, place.pool, place.volume)


def _job(
    kind: JobKind, source: LocalFile | Endpoint, target: LocalFile | Endpoint, options: JobOptions
) -> Job:
    return Job(
        kind=kind,
        source=source,
        destination=target,
        options=TransferOptions(
            if_exists=options.if_exists,
            verify=options.verify,
            limit=options.limit,
            zero_scan=options.zero_scan,
            keep_until_complete=options.keep_until_complete,
            force=options.force,
            owner=options.owner,
            group=options.group,
            mode=options.mode,
            connections=options.connections,
        ),
        format=options.format,
        priority=options.priority,
    )
