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
from lacuna_engine.transfer import Download, Session, State, TransferOptions, Upload
from lacuna_engine.transport import parse_uri

__all__ = ["Output", "download", "upload"]

MEASURABLE = 0.05
"""Seconds below which a speed says nothing."""


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
        click.echo("lacuna: interrupted. Give the same command again to start over.", err=True)
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
        click.echo(_summary(transfer))


def _summary(transfer: Upload | Download) -> str:
    """Say in a few lines what was done, for people."""
    report = transfer.report
    where = display_name(transfer.destination)
    if report.state is State.SKIPPED:
        return f"Skipped: {where} exists already."
    verb, moved = "Uploaded", report.bytes_sent
    if isinstance(transfer, Download):
        verb, moved = "Downloaded", report.bytes_received
    share = f" ({100 * report.saved // report.bytes_total} %)" if report.bytes_total else ""
    speed = f" at {bytes_text(moved / report.seconds)}/s" if report.seconds >= MEASURABLE else ""
    lines = [
        f"{verb} {where} in {duration_text(report.seconds)}",
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
