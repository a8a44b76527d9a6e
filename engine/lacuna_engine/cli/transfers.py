"""``upload`` and ``download``: run one transfer, show it, print what it did."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import click

from lacuna_engine.cli.progress import ProgressView
from lacuna_engine.cli.show import bytes_text, duration_text
from lacuna_engine.errors import LacunaError
from lacuna_engine.storage import display_name
from lacuna_engine.transfer import Download, Report, Session, State, TransferOptions, Upload
from lacuna_engine.transport import parse_uri

__all__ = ["Output", "download", "upload"]


@dataclass(frozen=True, slots=True)
class Output:
    """How to show it: see :class:`ProgressView` for ``progress``."""

    as_json: bool
    progress: bool | None


async def upload(
    file: Path,
    uri: str,
    pool: str,
    volume: str,
    *,
    image_format: str,
    options: TransferOptions,
    output: Output,
) -> None:
    """Upload and print the report."""
    async with Session(parse_uri(uri)) as session:
        transfer = Upload(session, file, pool, volume, format=image_format, options=options)
        await _show(transfer, display_name(file.name), output)


async def download(
    uri: str, pool: str, volume: str, target: Path, *, options: TransferOptions, output: Output
) -> None:
    """Download and print the report."""
    async with Session(parse_uri(uri)) as session:
        transfer = Download(session, pool, volume, target, options=options)
        await _show(transfer, display_name(volume), output)


async def _show(transfer: Upload | Download, title: str, output: Output) -> None:
    report = transfer.report
    try:
        async with ProgressView(transfer.tracker, title, output.progress):
            await transfer.run()
    except asyncio.CancelledError:
        report.state = State.INTERRUPTED
        click.echo(
            "lacuna: interrupted; what was incomplete has been removed. "
            "Give the same command again to start over.",
            err=True,
        )
        raise
    except LacunaError:
        report.state = State.FAILED
        raise
    finally:
        for note in transfer.tracker.notes:
            click.echo(f"lacuna: note: {note}", err=True)
        if output.as_json:
            click.echo(json.dumps(report.to_json()))
    if not output.as_json:
        click.echo(_summary(report))


def _summary(report: Report) -> str:
    if report.state is State.SKIPPED:
        return f"{display_name(report.destination)} exists already; skipped"
    moved = report.bytes_sent or report.bytes_received
    facts = [
        f"{bytes_text(report.bytes_total)} image",
        f"{bytes_text(report.bytes_data)} data",
        f"{bytes_text(report.saved)} saved",
        f"{bytes_text(moved)} moved in {duration_text(report.seconds)}",
    ]
    if report.verified:
        facts.append(f"verified {report.digest}")
    return f"{display_name(report.destination)}: {', '.join(facts)}"
