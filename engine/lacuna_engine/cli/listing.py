"""``ls`` and ``map``: pools, volumes and extents as tables or JSON."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

from lacuna_engine.cli.prompting import prompter_for
from lacuna_engine.cli.show import KIND_MARKS, SOME_DATA, bytes_text, extent_strip, time_text
from lacuna_engine.errors import RemoteError
from lacuna_engine.extents import ExtentMap, Kind, file_map
from lacuna_engine.storage import (
    PoolHandle,
    Storage,
    VolumeDescription,
    VolumeHandle,
    display_name,
    in_turns,
)
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri

__all__ = ["list_storage", "show_map"]

Row = dict[str, object]

_NANOSECONDS = 1_000_000_000


async def list_storage(uri: str, pool: str | None, *, as_json: bool) -> None:
    """Print the pools, or the volumes of one."""
    async with Session(parse_uri(uri), prompter=prompter_for(uri)) as session:
        storage = session.storage
        if pool is None:
            rows = await in_turns(lambda one: _pool_row(storage, one), await storage.pools())
            _print_rows(rows, as_json=as_json, columns=_POOL_COLUMNS)
            return
        listing = await storage.volumes(await storage.pool(pool))
        rows = await _volume_rows(storage, listing.volumes)
        _print_rows(rows, as_json=as_json, columns=_VOLUME_COLUMNS)
        if listing.unlisted:
            click.echo(
                f"lacuna: note: {listing.unlisted} more volumes are in the pool; "
                "libvirt cannot list more than 16384. They can be used by name.",
                err=True,
            )


async def _pool_row(storage: Storage, pool: PoolHandle) -> Row:
    info = await storage.pool_info(pool)
    described = await storage.describe_pool(pool)
    return {
        "name": pool.name,
        "uuid": str(described.uuid) if described.uuid else None,
        "state": info.state.name.lower(),
        "type": str(described.type),
        "capacity": info.capacity,
        "allocation": info.allocation,
        "available": info.available,
        "autostart": await storage.pool_autostart(pool),
        "persistent": await storage.pool_is_persistent(pool),
        "path": described.target_path,
    }


async def _volume_rows(storage: Storage, volumes: tuple[VolumeHandle, ...]) -> list[Row]:
    described = await storage.describe_volumes(volumes)
    # One that was deleted between the list and the look is simply not there.
    return [_volume_row(one) for one in described if not isinstance(one, RemoteError)]


def _volume_row(volume: VolumeDescription) -> Row:
    modified = volume.timestamps.modification if volume.timestamps else None
    return {
        "name": volume.name,
        "key": volume.key,
        "path": volume.path,
        "type": str(volume.type),
        "format": volume.format,
        "capacity": volume.capacity,
        "allocation": volume.allocation,
        "physical": volume.physical,
        "modified": None if modified is None else modified / _NANOSECONDS,
    }


_POOL_COLUMNS = ("name", "state", "type", "capacity", "allocation", "available", "path")
_VOLUME_COLUMNS = ("name", "format", "capacity", "allocation", "physical", "modified")
_SIZES = frozenset({"capacity", "allocation", "available", "physical"})


def _print_rows(rows: list[Row], *, as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    from rich.console import Console  # noqa: PLC0415 - 30 ms that JSON and transfers need not pay
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column in _SIZES
        table.add_column(
            column.capitalize(), justify="right" if right else "left", no_wrap=column != "path"
        )
    for row in rows:
        table.add_row(*(_cell(column, row[column]) for column in columns))
    # Piped output is not cut to any width.
    console = Console(width=None if _on_terminal() else 10_000, highlight=False, markup=False)
    console.print(table)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _cell(column: str, value: object) -> str:
    if column in _SIZES and isinstance(value, int):
        return bytes_text(value)
    if column == "modified":
        return time_text(value) if isinstance(value, float) else ""
    return display_name(str(value))


def show_map(file: Path, *, zero_scan: bool, as_json: bool) -> None:
    """Print the extents of a local file."""
    extents = file_map(file, zero_scan=zero_scan)
    if as_json:
        rows = [
            {"start": start, "length": end - start, "kind": kind.name.lower()}
            for start, end, kind in extents.kinds()
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    _print_map(file, extents)


def _print_map(file: Path, extents: ExtentMap) -> None:
    click.echo(f"{'Start':>20} {'Length':>20}  Kind")
    for start, end, kind in extents.kinds():
        click.echo(f"{start:>20} {end - start:>20}  {kind.name.lower()}")
    width = min(shutil.get_terminal_size().columns, 100)
    click.echo()
    click.echo(extent_strip(extents, width))
    counts = ", ".join(
        f"{mark} {kind.name.lower()} {bytes_text(extents.bytes_of(kind))}"
        for kind, mark in KIND_MARKS.items()
    )
    saved = extents.size - extents.bytes_of(Kind.DATA)
    share = f" ({100 * saved // extents.size} %)" if extents.size else ""
    click.echo(
        f"{display_name(file.name)}: {bytes_text(extents.size)}; {counts}, {SOME_DATA} some data; "
        f"saved {bytes_text(saved)}{share}"
    )
