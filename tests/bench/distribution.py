"""A real distribution's disk: Debian with a kernel and an SSH server, as debootstrap makes it.

It is made once and kept, as it takes the network and a minute or two; copies of it are measured.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.account import ToolError
from bench.images import GIB, to_qcow2

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "linux-image-cloud-amd64,systemd-sysv,openssh-server"
SIZE = 4 * GIB


class Distribution:
    """The disk, kept in a folder: a file system of 4 GiB, raw and as qcow2."""

    def __init__(self, folder: Path) -> None:
        self._raw = folder / f"debian-{SUITE}.raw"
        self._qcow2 = folder / f"debian-{SUITE}.qcow2"

    def raw(self, path: Path) -> None:
        """Put a copy there; raises `ToolError` if the disk cannot be made."""
        self._make()
        _copy(self._raw, path)

    def qcow2(self, path: Path) -> None:
        """Put a copy of the qcow2 there; raises `ToolError` if the disk cannot be made."""
        self._make()
        if not self._qcow2.exists():
            new = self._qcow2.with_suffix(".new")
            to_qcow2(self._raw, new)
            new.rename(self._qcow2)
        _copy(self._qcow2, path)

    def _make(self) -> None:
        if self._raw.exists():
            return
        folder = self._raw.parent
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which("debootstrap") is None:
            raise ToolError("debootstrap is not installed")
        print(f"making {self._raw} from {MIRROR}", file=sys.stderr, flush=True)
        new = self._raw.with_suffix(".new")
        with TemporaryDirectory(dir=folder, prefix="root-") as root:
            _run(
                *("debootstrap", "--variant=minbase", f"--include={PACKAGES}"),
                *(SUITE, root, MIRROR),
            )
            new.unlink(missing_ok=True)
            _run("mkfs.ext4", "-q", "-d", root, str(new), f"{SIZE // GIB}G")
        new.rename(self._raw)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise ToolError(f"{command[0]} ended with {done.returncode}: {' '.join(last)}")


def _copy(source: Path, path: Path) -> None:
    _run("cp", "--sparse=auto", str(source), str(path))
