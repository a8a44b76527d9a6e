"""The commands, and how an error becomes an exit code.

Exit codes: 0 done (also a skip, which says so), 1 failed, 2 usage, 3 cannot connect or
authenticate, 4 would overwrite, 5 verification failed, 130 interrupted.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from codecs import lookup
from collections.abc import Callable, Coroutine
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lacuna_engine import __version__
from lacuna_engine.cli.profiles import profiles, resolve_uri
from lacuna_engine.errors import LacunaError, LocalFileError, UsageError
from lacuna_engine.late import LateModule
from lacuna_engine.log_file import recording, show_debug
from lacuna_engine.logs import error_fields, log_event
from lacuna_engine.transfer import IfExists, TransferOptions
from lacuna_engine.transfer.options import MOST_CONNECTIONS

if TYPE_CHECKING:
    import asyncio

    from lacuna_engine.cli import jobs as jobs_module
    from lacuna_engine.cli import listing, running, show, transfers
else:  # each is what some commands take most of their start for, and others do not need
    asyncio = LateModule("asyncio")
    jobs_module = LateModule("lacuna_engine.cli.jobs")
    listing = LateModule("lacuna_engine.cli.listing")
    running = LateModule("lacuna_engine.cli.running")
    show = LateModule("lacuna_engine.cli.show")
    transfers = LateModule("lacuna_engine.cli.transfers")

__all__ = ["cli", "main"]

_log = logging.getLogger(__name__)

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

INTERRUPTED = 130

YOUNG = 50_000
"""New objects after which Python looks for garbage: more than a short transfer makes, of which all
but a few are modules and what they define. A long one has some megabytes of it at most."""

FORMATS = ("auto", "raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhdx", "luks", "iso")


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(YOUNG)
    _write_anything()
    code = run(sys.argv[1:])
    gc.freeze()  # or the interpreter looks through all there is, to end a moment later
    sys.exit(code)


def _write_anything() -> None:
    """Have what standard streams cannot encode escaped: a name shall not end the command.

    Through a pipe, programs of Windows write in its old code page.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    with recording("command"):
        return _outcome(arguments)


def _outcome(arguments: list[str]) -> int:
    try:
        # What click is asked to exit with comes back as a number.
        outcome = cli.main(arguments, prog_name="lacuna", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except LacunaError as error:
        _complain(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort, asyncio.CancelledError):
        return INTERRUPTED
    except SystemExit:
        # Click's answer to a broken pipe: whoever read our output has gone, which is no failure
        # to talk about. It sees to it that Python does not talk about it either.
        return 1
    return outcome if isinstance(outcome, int) else 0


def _complain(error: LacunaError) -> None:
    log_event(_log, logging.WARNING, "command failed", **error_fields(error))
    click.echo(f"lacuna: {error}", err=True)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)


def _run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; SIGTERM stops it as cleanly as Ctrl-C does."""

    async def guarded() -> T:
        task = asyncio.current_task()
        if sys.platform != "win32" and task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(guarded())


class _Rate(click.ParamType[int]):
    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return show.parse_rate(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Connections(click.ParamType[int]):
    name = "number|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return 0
        if not str(value).isdecimal() or not 1 <= int(value) <= MOST_CONNECTIONS:
            self.fail(f"give 'auto' or a number from 1 to {MOST_CONNECTIONS}", param, ctx)
        return int(value)


def _transfer_options(command: F) -> F:
    """Add the options that uploads and downloads share."""
    for decorate in reversed(
        (
            click.option(
                "--if-exists",
                type=click.Choice([policy.value for policy in IfExists]),
                default=IfExists.FAIL.value,
                show_default=True,
                help="What to do when the destination exists.",
            ),
            click.option(
                "--keep-until-complete",
                is_flag=True,
                help="With --if-exists replace: keep the old content until the new one is "
                "complete. Downloads always do; volumes need the space twice.",
            ),
            click.option(
                "--force", is_flag=True, help="Write to a volume that a running machine uses."
            ),
            click.option(
                "--connections",
                type=_Connections(),
                default="auto",
                show_default=True,
                help="Streams of data at a time; auto: as many as make it faster.",
            ),
            click.option("--verify", is_flag=True, help="Read back and compare."),
            click.option("--limit", type=_Rate(), default=None, help="Bytes a second, like 50M."),
            _output_options,
        )
    ):
        command = decorate(command)
    return command


def _output_options(command: F) -> F:
    """Add the options that say how to show what happens."""
    command = click.option(
        "--progress/--no-progress",
        default=None,
        help="Show progress on standard error; default: on a terminal.",
    )(command)
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


class _CommandsOrFiles(click.Group):
    """Commands; where files stand in the place of one, the window opens with them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and _names_file(args[0]):
            return "open", _open, args
        return super().resolve_command(ctx, args)


def _names_file(text: str) -> bool:
    """Whether it can only be a file: it exists, or has a folder before its name."""
    return text.startswith("file:") or os.sep in text or Path(text).exists()


@click.group(
    cls=_CommandsOrFiles,
    invoke_without_command=True,
    subcommand_metavar="[FILE]... | COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lacuna")
@click.option("--debug", is_flag=True, help="Show on standard error what happens.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:  # noqa: FBT001
    """Move disk images to and from libvirt storage pools; holes stay holes.

    Without a command the window opens; with files it asks where to upload them.
    """
    if debug:
        show_debug()
    if context.invoked_subcommand is None:
        _open_window(context, [])


@click.command(hidden=True)
@click.argument("files", nargs=-1)
@click.pass_context
def _open(context: click.Context, files: tuple[str, ...]) -> None:
    """Open the window with files."""
    _open_window(context, ["--", *files])


def _open_window(context: click.Context, arguments: list[str]) -> None:
    """Start the frontend that is installed."""
    from lacuna_engine.cli.frontend import find_frontend, has_display  # noqa: PLC0415 - only here

    frontend = find_frontend()
    if frontend is None:
        click.echo(context.find_root().get_help())
        return
    if not has_display() and "QT_QPA_PLATFORM" not in os.environ:
        raise UsageError(
            "there is no display to open the window on",
            hint="Start it on a desktop, or use the commands: lacuna --help lists them.",
        )
    code = frontend(arguments)
    context.exit(code if isinstance(code, int) else 0)


@cli.command()
@click.argument("uri")
@click.argument("pool", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
def ls(uri: str, pool: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the pools at URI, or the volumes of POOL.

    Sizes are bytes in JSON. A pool has name, uuid, state, type, capacity, allocation, available,
    autostart, persistent and path; a volume has name, key, path, type, format, capacity,
    allocation, physical (its length) and modified (seconds since 1970, or null).
    """
    _run_async(listing.list_storage(resolve_uri(uri), pool, as_json=as_json))


@cli.command(name="map")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--no-zero-scan", is_flag=True, help="Do not look for zeros inside data.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
def map_command(file: Path, no_zero_scan: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show the extent map of a local FILE: data, holes, zeros.

    In JSON each extent has start and length in bytes and kind: data, hole, or zero (allocated,
    but all zeros).
    """
    listing.show_map(file, zero_scan=not no_zero_scan, as_json=as_json)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("uri")
@click.argument("destination", metavar="POOL[/VOLUME]")
@click.option(
    "--format",
    "image_format",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    help="Format the file must have; raw sends anything as it is.",
)
@click.option("--no-zero-scan", is_flag=True, help="Send zeros inside data as data.")
@_transfer_options
def upload(
    file: Path,
    uri: str,
    destination: str,
    image_format: str,
    no_zero_scan: bool,  # noqa: FBT001
    **options: Any,
) -> None:
    """Upload the image FILE to POOL at URI, as VOLUME or under its own name."""
    pool, _, volume = destination.partition("/")
    if not pool:
        raise UsageError("the destination names no pool", hint="Write POOL or POOL/VOLUME.")
    output, chosen = _split_options(options, zero_scan=not no_zero_scan)
    target = (resolve_uri(uri), pool, volume)
    _run_async(
        transfers.upload(file, target, image_format=image_format, options=chosen, output=output)
    )


@cli.command()
@click.argument("uri")
@click.argument("source", metavar="POOL/VOLUME")
@click.argument("target", metavar="FILE|DIR")
@_transfer_options
def download(uri: str, source: str, target: str, **options: Any) -> None:
    """Download VOLUME of POOL at URI to a file, or into a folder."""
    output, chosen = _split_options(options, zero_scan=True)
    path = _target_path(target)
    _run_async(transfers.download(_source_volume(uri, source), path, options=chosen, output=output))


@cli.command()
@click.argument("uri")
@click.argument("source", metavar="POOL/VOLUME")
@click.argument("target_uri", metavar="URI2")
@click.argument("destination", metavar="POOL2[/VOLUME2]")
@click.option("--no-zero-scan", is_flag=True, help="Copy zeros inside data as data.")
@_transfer_options
def copy(
    uri: str,
    source: str,
    target_uri: str,
    destination: str,
    no_zero_scan: bool,  # noqa: FBT001
    **options: Any,
) -> None:
    """Copy VOLUME of POOL at URI to POOL2 at URI2, as VOLUME2 or under its own name."""
    pool, _, volume = destination.partition("/")
    if not pool:
        raise UsageError("the destination names no pool", hint="Write POOL or POOL/VOLUME.")
    output, chosen = _split_options(options, zero_scan=not no_zero_scan)
    target = (resolve_uri(target_uri), pool, volume)
    _run_async(transfers.copy(_source_volume(uri, source), target, options=chosen, output=output))


def _source_volume(uri: str, source: str) -> transfers.Volume:
    pool, slash, volume = source.partition("/")
    if not pool or not slash or not volume:
        raise UsageError("the source names no volume", hint="Write POOL/VOLUME.")
    return resolve_uri(uri), pool, volume


@cli.command()
@click.argument("job", required=False)
@click.option(
    "--start-over",
    is_flag=True,
    help="Give up what has arrived where source or destination were changed meanwhile.",
)
@_output_options
def resume(job: str | None, start_over: bool, as_json: bool, progress: bool | None) -> None:  # noqa: FBT001
    """Go on with the interrupted JOB, or with all of them, one after the other."""
    output = running.Output(as_json=as_json, progress=progress)
    _run_async(jobs_module.resume(job, start_over=start_over, output=output))


@cli.group(invoke_without_command=True)
@click.option("--all", "all_jobs", is_flag=True, help="The whole history too.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
@click.pass_context
def jobs(context: click.Context, all_jobs: bool, as_json: bool) -> None:  # noqa: FBT001
    """List the jobs that are not finished, and the last ones that are.

    A job has an id, of which the beginning is enough. In JSON it has job, kind, state, source,
    destination, options, format, priority, attempts, error, times in seconds since 1970 (created,
    updated, started, ended, not_before), sizes in bytes (total, data, hole, zero, sent, received,
    wire, saved), seconds, connections, digest, verified and resumed.
    """
    if context.invoked_subcommand is None:
        jobs_module.list_jobs(all_jobs=all_jobs, as_json=as_json)


@jobs.command()
@click.argument("job")
def cancel(job: str) -> None:
    """Stop JOB wherever it runs; what has arrived is kept."""
    _run_async(jobs_module.cancel(job))


@jobs.command()
@click.argument("job")
def remove(job: str) -> None:
    """Forget JOB, and delete the incomplete volume or file that it has left."""
    _run_async(jobs_module.remove(job))


def _target_path(target: str) -> Path:
    """Return the path of a download. A slash at the end means a folder, which a path forgets."""
    path = Path(target)
    if target.endswith(("/", os.sep)) and not path.is_dir():
        raise LocalFileError(
            f"the folder {path} does not exist", hint="Make it first, or choose another one."
        )
    return path


@cli.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--pool", "pools", multiple=True, help="NAME of DIR's pool, or NAME=DIR; repeatable.")
@click.option(
    "--listen",
    help="unix:PATH, tcp:HOST:PORT or tls:HOST:PORT; default: a private unix socket.",
)
@click.option(
    "--auth",
    type=click.Path(path_type=Path),
    help="File of users, name:password a line; clients then log in with SCRAM.",
)
@click.option("--read-only", is_flag=True, help="Refuse everything that changes anything.")
def serve(
    directory: Path | None,
    pools: tuple[str, ...],
    listen: str | None,
    auth: Path | None,
    read_only: bool,  # noqa: FBT001
) -> None:
    """Serve DIRECTORY as a libvirt storage pool, until interrupted.

    Prints the URI that clients connect to; virsh and others work as well as lacuna.
    """
    _need_server()
    from lacuna_engine.cli import serving  # noqa: PLC0415 - the server is large

    named = [pool for pool in pools if "=" not in pool]
    if len(named) > 1 or (named and directory is None):
        raise UsageError("--pool NAME names the pool of DIRECTORY", hint="Or write NAME=DIR.")
    chosen = serving.pools_of(
        directory, named[0] if named else None, tuple(pool for pool in pools if "=" in pool)
    )
    _run_async(serving.serve(chosen, listen, auth, read_only=read_only))


@cli.command()
@click.option("--screenshot", type=click.Path(path_type=Path), help="Save the window as a picture.")
def demo(screenshot: Path | None) -> None:
    """Show the main job on a server of one's own with sample images."""
    _need_server()
    from lacuna_engine.cli import serving  # noqa: PLC0415 - the server is large

    click.get_current_context().exit(serving.demo(screenshot))


@cli.command()
@click.argument("uris", metavar="[URI]...", nargs=-1)
@click.option("--names", is_flag=True, help="Tell names of hosts, pools, images; messages too.")
def diagnostics(uris: tuple[str, ...], names: bool) -> None:  # noqa: FBT001
    """Print what somebody who helps needs to know, and about the daemons at URI.

    Versions, transports, the last errors. It has no secrets, and no names without --names.
    """
    from lacuna_engine.cli import diagnosing  # noqa: PLC0415 - rarely needed

    _run_async(diagnosing.print_diagnostics([resolve_uri(uri) for uri in uris], names=names))


cli.add_command(profiles)


def _need_server() -> None:
    """Say so on Windows: the server finds files by the folders it holds open, as POSIX can.

    Raises :class:`UsageError`.
    """
    if os.name == "nt":
        raise UsageError(
            "Lacuna's own server does not run on Windows",
            hint="Run it on Linux or macOS; all other commands work here.",
        )


def _split_options(
    options: dict[str, Any], *, zero_scan: bool
) -> tuple[running.Output, TransferOptions]:
    output = running.Output(as_json=options["as_json"], progress=options["progress"])
    if_exists = IfExists(options["if_exists"])
    if options["keep_until_complete"] and if_exists is not IfExists.REPLACE:
        raise UsageError(
            "--keep-until-complete says how to replace what exists",
            hint="Give --if-exists replace as well.",
        )
    chosen = TransferOptions(
        if_exists=if_exists,
        keep_until_complete=options["keep_until_complete"],
        force=options["force"],
        verify=options["verify"],
        limit=options["limit"] or 0,
        connections=options["connections"],
        zero_scan=zero_scan,
    )
    return output, chosen
