"""``serve`` and ``demo``: the embedded server as a tool of its own."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from pathlib import Path

import click

from lacuna_engine.errors import UsageError
from lacuna_engine.server import (
    Address,
    Logins,
    Refusal,
    Registry,
    StorageServer,
    parse_address,
)

__all__ = ["demo", "serve"]

PKI = Path("/etc/pki/libvirt")
"""Where libvirt's own server has its certificate (transports.md 1)."""


def pools_of(folder: Path | None, name: str | None, pools: tuple[str, ...]) -> dict[str, Path]:
    """Return the folders to serve by the names of their pools. Raises :class:`UsageError`."""
    chosen: dict[str, Path] = {}
    if folder is not None:
        chosen[name or folder.resolve().name or "pool"] = folder
    for text in pools:
        pool, equals, path = text.partition("=")
        if not equals or not pool or not path:
            raise UsageError(f"'{text}' is no pool", hint="Write --pool NAME=DIR.")
        if pool in chosen:
            raise UsageError(f"the pool '{pool}' is given twice")
        chosen[pool] = Path(path)
    if not chosen:
        raise UsageError("nothing to serve", hint="Give a folder, or --pool NAME=DIR.")
    return chosen


async def serve(
    pools: dict[str, Path], listen: str | None, auth: Path | None, *, read_only: bool
) -> None:
    """Serve until interrupted; says on standard output where."""
    logins = Logins.read(auth) if auth is not None else None
    registry = Registry()
    for name, folder in pools.items():
        try:
            registry.add(name, str(folder.resolve()))
        except Refusal as refusal:
            raise UsageError(f"cannot serve {folder}: {refusal}") from refusal
    with tempfile.TemporaryDirectory(prefix="lacuna-") as private:
        # A private folder, where only this user gets at the socket.
        address = parse_address(listen) if listen else Address("unix", path=f"{private}/socket")
        tls = _certificate() if address.kind == "tls" else None
        async with StorageServer(registry, logins=logins, read_only=read_only, tls=tls) as server:
            bound = await server.listen(address)
            click.echo(bound.uri)
            await asyncio.Event().wait()


def _certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(PKI / "servercert.pem", PKI / "private" / "serverkey.pem")
    except OSError as error:
        raise UsageError(
            f"no usable certificate in {PKI}: {error.strerror or error}",
            hint="TLS needs servercert.pem and private/serverkey.pem there.",
        ) from error
    return context


def demo(screenshot: Path | None) -> None:
    """Show the main job; in the terminal, until there is a window."""
    from lacuna_engine.cli.demo import run_demo  # noqa: PLC0415 - only this command needs it

    if screenshot is not None:
        raise UsageError(
            "this installation has no window to take a picture of",
            hint="Run lacuna demo without --screenshot; it shows the job in the terminal.",
        )
    if "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ:
        click.echo("There is no window yet, so the demo runs in the terminal.", err=True)
    else:
        click.echo("There is no display, so the demo runs in the terminal.", err=True)
    with tempfile.TemporaryDirectory(prefix="lacuna-demo-") as folder:
        asyncio.run(run_demo(Path(folder), click.echo))
