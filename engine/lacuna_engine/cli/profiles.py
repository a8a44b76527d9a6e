"""``profiles``: saved connections, the same that the window shows; and their names as URIs."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lacuna_engine.errors import ConnectError, LacunaError, UsageError
from lacuna_engine.late import LateModule
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.libvirt_conf import resolve_uri as resolve_alias

if TYPE_CHECKING:
    import asyncio

    from lacuna_engine import profiles as profiles_module
    from lacuna_engine.profiles import Profile, ProfileStore
else:  # every command imports this file, and most are given a URI in full
    asyncio = LateModule("asyncio")
    profiles_module = LateModule("lacuna_engine.profiles")

__all__ = ["profiles", "resolve_uri"]


def resolve_uri(text: str) -> str:
    """Return the URI that is meant: as written, a saved connection's, or an alias of libvirt's.

    A saved connection comes before an alias of the same name.

    Raises :class:`UsageError` for a name that nobody knows.
    """
    if "://" in text or not text:
        return resolve_alias(text).text
    store = _store()
    profile = store.find(text)
    _tell(store)
    if profile is not None:
        return profile.uri
    try:
        return resolve_alias(text).text
    except UsageError as error:
        names = ", ".join(one.name for one in store.load())
        saved = f" Saved connections: {names}." if names else ""
        raise UsageError(
            f"'{text}' is not a libvirt URI, and no saved connection or alias has that name",
            hint=f"{error.hint}{saved}",
        ) from error


@click.group()
def profiles() -> None:
    """Saved connections. A connection's name can be given wherever a URI can."""


@profiles.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
def list_profiles(as_json: bool) -> None:  # noqa: FBT001
    """List the saved connections in their order; one that is not safe is followed by the reason.

    In JSON each has id, name, uri, group, order, colour, notes, pool (to show first), verify,
    limit (bytes a second, 0 for none) and connections.
    """
    store = _store()
    found = store.load()
    _tell(store)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    from rich.console import Console  # noqa: PLC0415 - 30 ms that nobody else need pay
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Name", "URI", "Group"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(one.name, f"{one.uri}{_unsafe(one.uri)}", one.group)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        # Piped output is not cut to any width.
        console = Console(width=10_000, highlight=False, markup=False)
    console.print(table)


def _unsafe(uri: str) -> str:
    """Return why a connection may be listened to or misled, in brackets, or nothing."""
    with suppress(LacunaError):  # saved by a version that took more
        if reason := parse_uri(uri).unsafe:
            return f" ({reason})"
    return ""


@profiles.command()
@click.argument("name")
@click.argument("uri")
@click.option("--group", default="", help="A heading to show it under.")
def add(name: str, uri: str, group: str) -> None:
    """Save URI under NAME. A password does not belong in it."""
    store = _store()
    profile = store.create(name, uri, group=group)
    _tell(store)
    click.echo(f"Saved {profile.name}: {profile.uri}")


@profiles.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the connection NAME, and its passwords from the keyring."""
    store = _store()
    profile = store.delete(_named(store, name).id)
    problem = asyncio.run(_forget(profile))
    if problem:
        click.echo(f"lacuna: note: passwords of it may be in the keyring: {problem}", err=True)
    click.echo(f"Removed {profile.name}")


async def _forget(profile: Profile) -> str:
    """Remove the passwords; return why that cannot be, unless there is no keyring at all."""
    secrets = profiles_module.Secrets()
    if not await secrets.available() or await secrets.forget(profile.id):
        return ""
    return secrets.problem


@profiles.command()
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Give the connection NAME a new one."""
    store = _store()
    profile = store.edit(_named(store, name).id, name=new_name)
    click.echo(f"Renamed to {profile.name}")


@profiles.command()
@click.argument("name", metavar="NAME|URI")
@click.option("--json", "as_json", is_flag=True, help="Print an object.")
def test(name: str, as_json: bool) -> None:  # noqa: FBT001
    """Connect to NAME, or to a URI, and say what is there.

    In JSON: uri, version (of the daemon), pools (their names), seconds (until it was connected)
    and unsafe (why the connection may be listened to or misled, or empty). Exit code 3 if it
    cannot be connected.
    """
    found = asyncio.run(_test(resolve_uri(name)))
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    pools = found["pools"]
    listed = f": {', '.join(pools)}" if pools else ""
    click.echo(f"{found['uri']}: libvirt {found['version']}, connected in {found['seconds']} s")
    click.echo(f"  {len(pools)} pool{'' if len(pools) == 1 else 's'}{listed}")


async def _test(uri: str) -> dict[str, Any]:
    from lacuna_engine.cli.prompting import prompter_for  # noqa: PLC0415 - only when connecting
    from lacuna_engine.storage import display_name  # noqa: PLC0415
    from lacuna_engine.transfer import Session  # noqa: PLC0415

    parsed = parse_uri(uri)
    began = time.monotonic()
    async with Session(parsed, prompter=prompter_for(uri)) as session:
        seconds = time.monotonic() - began
        try:
            version = ".".join(map(str, await session.storage.library_version()))
            pools = await session.storage.pools()
        except LacunaError as error:
            raise ConnectError(f"{uri} does not answer: {error}", hint=error.hint) from error
    return {
        "uri": uri,
        "version": version,
        "pools": [display_name(pool.name) for pool in pools],
        "seconds": round(seconds, 3),
        "unsafe": parsed.unsafe,
    }


@profiles.command(name="import")
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
def import_profiles(dry_run: bool) -> None:  # noqa: FBT001
    """Add libvirt's aliases (uri_aliases in libvirt.conf) and virt-manager's hosts."""
    candidates = (*profiles_module.from_libvirt(), *profiles_module.from_virt_manager())
    if not candidates:
        click.echo("lacuna: note: neither libvirt nor virt-manager has any", err=True)
    if dry_run:
        for one in candidates:
            click.echo(f"{one.name}: {one.uri} ({one.source})")
        return
    store = _store()
    done = store.add_all(candidates)
    _tell(store)
    for profile in done.created:
        click.echo(f"Saved {profile.name}: {profile.uri}")
    for candidate, reason in done.skipped:
        click.echo(f"lacuna: note: {candidate.name} ({candidate.source}): {reason}", err=True)


def _store() -> ProfileStore:
    return profiles_module.ProfileStore()


def _named(store: ProfileStore, name: str) -> Profile:
    profile = store.find(name)
    _tell(store)
    if profile is None:
        raise UsageError(
            f"there is no saved connection '{name}'", hint="'lacuna profiles list' shows them."
        )
    return profile


def _tell(store: ProfileStore) -> None:
    for note in store.notes:
        click.echo(f"lacuna: note: {note}", err=True)
