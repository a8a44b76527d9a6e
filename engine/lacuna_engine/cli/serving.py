"""``serve`` and ``demo``: the embedded server as a tool of its own."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from lacuna_engine.cli.frontend import Frontend, find_frontend, has_display
from lacuna_engine.errors import TransferError, UsageError
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
    """Serve until interrupted; says on standard output where. Raises :class:`UsageError`."""
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


def demo(screenshot: Path | None) -> int:
    """Show the main job in the window, or where there is no display in the terminal.

    Returns the exit code. Raises :class:`UsageError` if a picture is wanted and there is no window.
    """
    # Where there is nothing to see it on, the window is not even loaded: a bare server lacks the
    # libraries that it needs.
    reason = "no display" if screenshot is None and not has_display() else ""
    frontend = None if reason else find_frontend()
    if screenshot is not None and frontend is None:
        raise UsageError(
            "this installation has no window to take a picture of",
            hint="Run lacuna demo without --screenshot; it shows the job in the terminal.",
        )
    with tempfile.TemporaryDirectory(prefix="lacuna-demo-") as name:
        folder = Path(name)
        if frontend is not None:
            return _in_window(frontend, folder, screenshot)
        reason = reason or "no window installed"
        click.echo(f"There is {reason}, so the demo runs in the terminal.", err=True)
        from lacuna_engine.cli.demo import run_demo  # noqa: PLC0415 - only this needs it

        asyncio.run(run_demo(folder, click.echo))
        return 0


def _in_window(frontend: Frontend, folder: Path, screenshot: Path | None) -> int:
    """Open the window on a server of its own, with settings and a journal of its own."""
    from lacuna_engine.demo import make_samples  # noqa: PLC0415 - only this needs it

    images, pool = folder / "images", folder / "pool"
    for place in (images, pool):
        place.mkdir()
    for variable in ("LACUNA_DATA", "LACUNA_CONFIG"):
        os.environ[variable] = str(folder / variable.lower())
    arguments = ["--settings", str(folder / "settings.ini")]
    for sample in make_samples(images):
        arguments += ["--upload", str(sample)]
    if screenshot is not None:
        arguments += ["--screenshot", str(screenshot.absolute()), "--until", "done"]
    command = [sys.executable, "-P", "-m", "lacuna_engine.cli", "serve", f"--pool=demo={pool}"]
    command += ["--listen", f"unix:{folder / 'socket'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            uri = server.stdout.readline().strip()
            if not uri:
                raise TransferError("the demo's server did not start")
            code = frontend(["--connect", uri, *arguments])
        finally:
            server.terminate()
    return code if isinstance(code, int) else 0
