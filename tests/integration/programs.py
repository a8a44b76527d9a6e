"""Programs of the machine, run to their end, and what it must have for a private libvirtd."""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROGRAMS: dict[str, str] = {
    "libvirtd": "libvirt-daemon",
    "virsh": "libvirt-clients",
    "qemu-img": "qemu-utils",
    "unshare": "util-linux",
    "mount": "mount",
    "findmnt": "util-linux",
    "losetup": "mount",
    "parted": "parted",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
}
"""Programs the harness runs, each with the Debian package that brings it."""

DRIVER_FOLDERS = (
    *Path("/usr/lib").glob("*/libvirt/connection-driver"),
    Path("/usr/lib/libvirt/connection-driver"),
    Path("/usr/lib64/libvirt/connection-driver"),
)


class HarnessError(RuntimeError):
    """The harness cannot do its work here; the message says what is missing or what failed."""


def run(
    *command: str | Path, check: bool = True, timeout: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with an English locale and return it with its output as text."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise HarnessError(f"no end after {timeout:g} s: {_shown(command)}") from error
    if check and done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()) or "no message"
        raise HarnessError(f"exit status {done.returncode}: {_shown(command)}\n{words}")
    return done


def require() -> None:
    """Raise `HarnessError` naming everything this machine lacks for a private daemon."""
    if os.uname().sysname != "Linux":
        raise HarnessError("a private libvirtd needs Linux (mount namespaces, loop devices)")
    lacking = [
        f"{name} (Debian package {package})"
        for name, package in PROGRAMS.items()
        if shutil.which(name, path=_environment()["PATH"]) is None
    ]
    if not any((folder / "libvirt_driver_storage.so").exists() for folder in DRIVER_FOLDERS):
        lacking.append("libvirt's storage driver (libvirt-daemon or libvirt-daemon-driver-storage)")
    if not Path("/etc/libvirt").is_dir():
        lacking.append("the folder /etc/libvirt (libvirt-clients), to be covered by a private one")
    if os.geteuid() != 0:
        lacking.append("root (mount namespaces, file systems and loop devices belong to root)")
    if lacking:
        raise HarnessError(
            "the tests against a real libvirtd cannot run here; missing: "
            + ", ".join(lacking)
            + '. "./dev test" as root installs what is missing on Debian and Ubuntu.'
        )


def _environment() -> dict[str, str]:
    """Return the environment for programs: English, with the administrator's folders in PATH."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LIBVIRT_", "VIRSH_", "LC_")) and key != "LANGUAGE"
    }
    path = kept.get("PATH", "/usr/bin:/bin")
    return kept | {"LC_ALL": "C", "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin"}


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join(str(word) for word in command)


def _free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
