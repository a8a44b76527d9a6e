"""Builds the wheel and the source distribution, and lists what is in them.

    python packaging/distributions.py [FOLDER]    (default: dist)

Two builds of one commit give the same bytes. Needs hatchling, which ``./dev setup`` installs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

from fill import HERE, epoch

__all__ = ["build", "sizes"]


def build(folder: Path) -> tuple[Path, Path]:
    """Build into a folder; return wheel and source distribution.

    Raises:
        subprocess.CalledProcessError: if the build fails; hatchling has said why.
    """
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder.absolute())],
        cwd=HERE,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch())},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return _newest(folder, "*.whl"), _newest(folder, "*.tar.gz")


def _newest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)


def sizes(archive: Path) -> dict[str, int]:
    """Return the bytes of each file in a wheel or source distribution, unpacked, by its path."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {entry.filename: entry.file_size for entry in wheel.infolist()}
    with tarfile.open(archive) as source:
        return {entry.name: entry.size for entry in source if entry.isfile()}


def _list(archive: Path) -> None:
    files: Counter[str] = Counter()
    total: Counter[str] = Counter()
    # The folder of a source distribution says nothing.
    depth = 2 if archive.suffix == ".whl" else 3
    for name, size in sizes(archive).items():
        folder = "/".join(name.split("/")[:-1][:depth])
        files[folder] += 1
        total[folder] += size
    sys.stdout.write(f"{archive}  {archive.stat().st_size / 1024:.0f} KiB\n")
    for folder in sorted(files):
        sys.stdout.write(f"  {files[folder]:4} files {total[folder] / 1024:8.0f} KiB  {folder}\n")


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit code."""
    for archive in build(Path(arguments[0] if arguments else HERE / "dist")):
        _list(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
