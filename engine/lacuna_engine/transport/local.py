"""Unix sockets: where a local daemon listens, and opening a pipe to it (transports.md 6)."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path

from lacuna_engine.errors import UnreachableError, UsageError
from lacuna_engine.transport.autostart import start_daemon, starts_by_itself
from lacuna_engine.transport.pipe import Pipe
from lacuna_engine.transport.socket_pipe import SocketPipe
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["open_unix", "socket_candidates", "socket_names"]

_DIRECT, _COMMON = "virtstoraged-sock", "libvirt-sock"

# Drivers with a daemon of their own (virtqemud, ...). It is the last choice: pools belong to
# virtstoraged, which it would ask for each call.
_HYPERVISORS = frozenset({"bhyve", "ch", "lxc", "qemu", "vbox", "vz", "xen"})
_GROUP_HINT = (
    "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and log in "
    "again, or use the session connection (qemu:///session)."
)
_ABSENT_HINT = "Install and start libvirt's daemon there, or name its socket with ?socket=PATH."


_START_TRIES, _START_PAUSE = 60, 0.05
"""A daemon started by us has 3 s to open its socket after it has said that it is ready."""


def socket_names(uri: ConnectionUri) -> tuple[str, ...]:
    """Return the names of the sockets to try, in order.

    First the modular storage daemon, then what listens for all (virtproxyd or libvirtd), then the
    hypervisor's own daemon. The parameter ``mode`` chooses: ``direct`` the modular daemons,
    ``legacy`` the one for all. Raises :class:`UsageError` for another mode.
    """
    own = (f"virt{uri.driver}d-sock",) if uri.driver in _HYPERVISORS else ()
    match uri.parameters.get("mode", "auto").lower():
        case "auto" | "":
            return (_DIRECT, _COMMON, *own)
        case "direct":
            return (_DIRECT, *own)
        case "legacy":
            return (_COMMON,)
        case mode:
            raise UsageError(
                f"'{uri}': unknown mode '{mode}'", hint="Known modes: auto, direct, legacy."
            )


def socket_candidates(uri: ConnectionUri) -> tuple[Path, ...]:
    """Return the sockets to try, in order. Raises :class:`UsageError`."""
    names = socket_names(uri)
    if "socket" in uri.parameters:
        return (Path(uri.parameters["socket"]),)
    if uri.is_session and os.name == "posix" and os.getuid() != 0:
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        folders = [Path(runtime) / "libvirt"] if runtime else []
        folders.append(Path.home() / ".cache" / "libvirt")
    else:
        folders = [Path("/run/libvirt"), Path("/var/run/libvirt")]
    return tuple(folder / name for folder in folders for name in names)


async def open_unix(uri: ConnectionUri) -> Pipe:
    """Open a pipe to the first daemon that answers.

    Raises :class:`UnreachableError` if none does, :class:`UsageError` where the platform has no
    unix sockets.
    """
    if not hasattr(socket, "AF_UNIX") or os.name == "nt":
        raise UsageError(
            "this platform has no unix sockets", hint="Use qemu+ssh://user@host/system instead."
        )
    candidates = socket_candidates(uri)
    found = await _first(candidates)
    if not isinstance(found, SocketPipe) and starts_by_itself(uri) and await start_daemon():
        # It may still be another client's daemon that is coming up.
        for _ in range(_START_TRIES):
            found = await _first(candidates)
            if isinstance(found, SocketPipe):
                break
            await asyncio.sleep(_START_PAUSE)
    if isinstance(found, SocketPipe):
        return found
    raise _unreachable(candidates, found)


async def _first(candidates: tuple[Path, ...]) -> SocketPipe | OSError | None:
    """Return a pipe to the first that answers, or the failure that says most."""
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    for path in candidates:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003
        try:
            await loop.sock_connect(sock, os.fspath(path))
        except OSError as error:
            sock.close()
            # A missing socket says least: keep a refusal or a denial that another one gave.
            if failure is None or failure.errno == errno.ENOENT:
                failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return SocketPipe(sock)
    return failure


def _unreachable(candidates: tuple[Path, ...], failure: OSError | None) -> UnreachableError:
    tried = ", ".join(str(path) for path in candidates)
    number = failure.errno if failure else errno.ENOENT
    if number in (errno.EACCES, errno.EPERM):
        return UnreachableError(f"permission denied to open {tried}", hint=_GROUP_HINT)
    if number == errno.ENOENT:
        return UnreachableError(f"no libvirt daemon listens at {tried}", hint=_ABSENT_HINT)
    if number == errno.ECONNREFUSED:
        return UnreachableError(f"the libvirt daemon at {tried} is not running", hint=_ABSENT_HINT)
    return UnreachableError(f"cannot connect to {tried}: {failure}")
