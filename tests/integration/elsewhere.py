"""Another libvirt than this machine's: in a Debian root of its own, as one daemon or as several.

The campaign ``modular.campaign`` makes that root and names it in the environment. Then the private
daemons and hosts of the tests are in there, while Lacuna, virsh and the tests stay where they are.
Without it all this is nothing.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

__all__ = [
    "BUILT",
    "DAEMONS",
    "MODULAR_VARIABLE",
    "ROOT_VARIABLE",
    "daemon_words",
    "end_group",
    "enter_words",
    "is_modular",
    "storage_socket",
]

ROOT_VARIABLE = "LACUNA_LIBVIRT_ROOT"
"""Names the root: a folder with a Debian system."""

MODULAR_VARIABLE = "LACUNA_LIBVIRT_MODULAR"
"""Not empty: virtproxyd, with virtstoraged and virtqemud behind it, in place of libvirtd."""

BUILT = Path("/opt/modular")
"""Where the root has the daemons that its packages lack."""

DAEMONS = ("virtstoraged", "virtqemud")
"""What is behind virtproxyd, each with a socket of its own in /run/libvirt."""

# In a new mount namespace: $1 is the root, then folders that are to be at the same places in it as
# outside, "--", and what to run there. What is mounted in those folders later is seen there too.
ENTER_ROOT = """
set -e
root=$1
shift
for place in dev proc sys; do mount --rbind "/$place" "$root/$place"; done
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""

# $1 is the folder of the programs, $2 the configuration of virtproxyd, $3 its pid file. All of them
# belong to one process group, whose leader is virtproxyd.
START = """
set -e
unset LIBVIRT_DRIVER_DIR
rm -f /run/libvirt/virt*-sock*
printf 'auth_unix_rw = "none"\nunix_sock_rw_perms = "0777"\nlog_outputs = "3:stderr"\n' >/run/others
for name in %s; do
    "$1/sbin/$name" --config /run/others --pid-file "/run/$name.pid" &
    until [ -S "/run/libvirt/$name-sock" ]; do
        kill -0 $! || exit 1
        sleep 0.02
    done
done
exec "$1/sbin/virtproxyd" --config "$2" --pid-file "$3"
""" % " ".join(DAEMONS)  # noqa: UP031 - the shell has braces of its own


def is_modular() -> bool:
    """Return whether several daemons are meant in place of libvirtd."""
    return bool(os.environ.get(MODULAR_VARIABLE))


def storage_socket(root: Path, otherwise: Path) -> Path:
    """Return the socket that Lacuna would choose: the storage daemon's own, if there is one."""
    return root / "run/libvirt/virtstoraged-sock" if is_modular() else otherwise


def enter_words() -> list[str] | None:
    """Return what enters the root, ahead of a command; None without one."""
    root = os.environ.get(ROOT_VARIABLE)
    if not root:
        return None
    source = Path(__file__).resolve().parents[2]
    seen = {str(Path(place).resolve()) for place in (tempfile.gettempdir(), "/tmp")} | {str(source)}  # noqa: S108
    enter = ["unshare", "-m", "--propagation", "slave", "sh", "-c", ENTER_ROOT, "enter", root]
    return [*enter, *sorted(seen), "--"]


def daemon_words(libvirtd: list[str], config: Path, pid_file: Path) -> list[str]:
    """Return the command that starts what is meant where libvirtd would be started."""
    if not is_modular():
        return libvirtd
    return ["sh", "-c", START, "start", str(BUILT), str(config), str(pid_file)]


def end_group(leader: int, signum: signal.Signals) -> None:
    """Signal several daemons, and see to it that none outlives its leader for long."""
    deadline = time.monotonic() + (5 if signum is signal.SIGTERM else 0)
    with suppress(ProcessLookupError):
        os.killpg(leader, signum)
        while time.monotonic() < deadline and _others(leader):
            time.sleep(0.02)
        for pid in _others(leader):
            os.kill(pid, signal.SIGKILL)


def _others(leader: int) -> list[int]:
    """Return the ids of a group's living processes but for its leader."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the name, which is in brackets: state, parent, group.
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(group) == leader and state not in "ZX" and int(stat.parent.name) != leader:
                found.append(int(stat.parent.name))
    return found
