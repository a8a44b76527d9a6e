"""Lacuna's main job, shown in the terminal on a private libvirtd: ``./dev demo``.

A sparse image is made, mapped, uploaded, listed, downloaded and compared, each step with the
command a user would type.
"""

import filecmp
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from integration.libvirtd import MIB, PrivateLibvirtd

LACUNA = str(Path(sys.executable).with_name("lacuna"))


def make_image(path: Path) -> None:
    """256 MiB with 12 MiB of data in three places, and 8 MiB of zeros that take room."""
    with path.open("wb") as file:
        file.truncate(256 * MIB)
        for start in (0, 100 * MIB, 240 * MIB):
            file.seek(start)
            file.write(os.urandom(4 * MIB))
        file.seek(180 * MIB)
        file.write(bytes(8 * MIB))


def show(*arguments: str | Path) -> None:
    """Print a command of Lacuna and run it."""
    words = ["lacuna", *map(str, arguments)]
    print(f"\n$ {shlex.join(words)}", flush=True)
    subprocess.run([LACUNA, *words[1:]], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, PrivateLibvirtd() as daemon:
        image, back = Path(folder, "demo.img"), Path(folder, "back.img")
        make_image(image)
        pool = daemon.make_pool("demo", "tmpfs")
        show("map", image)
        show("upload", image, daemon.uri, pool.name, "--verify")
        show("ls", daemon.uri)
        show("ls", daemon.uri, pool.name)
        show("download", daemon.uri, f"{pool.name}/demo.img", back, "--verify")
        if not filecmp.cmp(image, back, shallow=False):
            sys.exit("what came back differs")
        allocated = back.stat().st_blocks * 512
        print(f"\nWhat came back is identical and takes {allocated // MIB} MiB of 256 MiB.")


if __name__ == "__main__":
    main()
