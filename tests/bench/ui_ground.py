"""What the measurements of the window stand on: a screen, processes on it, and pools to look at."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from integration.libvirtd import PrivateLibvirtd

LACUNA = str(Path(sys.executable).with_name("lacuna"))
MEMORY = Path("/dev/shm")  # noqa: S108 - disks are not what is measured

WIDTH, HEIGHT = 1600, 1000
COLOURS = 8
"""A screen with fewer colours than this shows no window yet: a frame and a ground at most."""


class Screen:
    """An X server without a window manager, whose picture can be read without asking it."""

    def __init__(self, folder: Path) -> None:
        reader, writer = os.pipe()
        self._process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
             "-nolisten", "tcp", "-fbdir", str(folder)],
            pass_fds=(writer,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writer)
        with os.fdopen(reader) as numbers:
            self.display = f":{numbers.readline().strip()}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._picture = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        # The X window dump format: sizes of the header and of a line, and the number of colours.
        header, per_line, colours = (
            struct.unpack_from(">I", self._picture, 4 * place)[0] for place in (0, 12, 19)
        )
        self._begin, self._line = header + 12 * colours, per_line

    def shows_window(self) -> bool:
        """Whether more is on the screen than a ground."""
        found: set[bytes] = set()
        for row in range(20, HEIGHT, 20):
            start = self._begin + row * self._line
            line = self._picture[start : start + self._line]
            found |= {line[place : place + 4] for place in range(0, len(line), 16)}
            if len(found) >= COLOURS:
                return True
        return False

    def close(self) -> None:
        self._picture.close()
        self._process.terminate()
        self._process.wait(10)


def environment(folder: Path, screen: Screen) -> dict[str, str]:
    """Return what a program finds that is installed: byte code, and settings of its own."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return found | {
        "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8",
        "LACUNA_CONFIG": str(folder / "config"), "LACUNA_DATA": str(folder / "data"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }  # fmt: skip


def children(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += children(int(child))
    return found


def processor(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Return the bytes that a process and those below it take: pages that are shared in parts."""
    total = 0
    for one in children(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += 1024 * int(line.split()[1])
    return total


class Window:
    """A window that takes orders; see ui_window.py."""

    def __init__(self, screen: Screen, folder: Path, uri: str) -> None:
        program = Path(__file__).with_name("ui_window.py")
        arguments = ["--settings", folder / "window.ini", "--profiles", folder / "profiles.json"]
        if uri:
            arguments += ["--connect", uri]
        self._process = subprocess.Popen(
            [sys.executable, program, *map(str, arguments), "--size", "1200x900"],
            env=environment(folder, screen), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def order(self, do: str, **fields: Any) -> None:
        """Have the window do something; the answer is to be waited for."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer to the oldest order."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("the window has ended")
        return json.loads(line)

    def ask(self, do: str, **fields: Any) -> Any:
        self.order(do, **fields)
        return self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process.kill()
        self._process.communicate()


class Landing:
    """Watches bytes land on a file system: the rate of the middle nine tenths of them.

    Neither the start of a program nor its end are in it, whoever transfers.
    """

    def __init__(self, folder: Path, total: int) -> None:
        self._folder, self._total = folder, total
        self._seen: list[tuple[float, int]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _used(self) -> int:
        about = os.statvfs(self._folder)
        return (about.f_blocks - about.f_bfree) * about.f_frsize

    def _watch(self) -> None:
        before = self._used()
        while not self._ended.wait(0.01):
            self._seen.append((time.perf_counter(), self._used() - before))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def rate(self) -> float:
        """Bytes a second."""
        low, high = 0.05 * self._total, 0.95 * self._total
        began = next(at for at, count in self._seen if count >= low)
        ended = next(at for at, count in self._seen if count >= high)
        return (high - low) / (ended - began)


def command_line(files: Sequence[Path], uri: str, pool: str, folder: Path) -> None:
    """Upload the files at the same time, each with a command of its own."""
    chosen = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    chosen |= {"LACUNA_DATA": str(folder / "data"), "LACUNA_CONFIG": str(folder / "config"),
               "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}  # fmt: skip
    running = [
        subprocess.Popen(
            [LACUNA, "upload", str(file), uri, f"{pool}/{file.name}"],
            env=chosen,
            stdout=subprocess.DEVNULL,
        )
        for file in files
    ]
    if any([process.wait() for process in running]):  # noqa: C419 - all are to have ended
        sys.exit("lacuna upload failed")


def dense(path: Path, size: int) -> Path:
    """Make a file of data, no two blocks alike."""
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lacuna-bench-", dir=MEMORY) as name:
        yield Path(name)


def many_volumes(daemon: PrivateLibvirtd, name: str, count: int) -> None:
    """Make a pool with this many small volumes."""
    folder = daemon.mounts / name
    folder.mkdir()
    for number in range(count):
        with (folder / f"volume-{number:05}.img").open("wb") as file:
            file.truncate((1 + number * 7919 % 1000) << 20)
    daemon.define_pool(name, folder)


def drop(daemon: PrivateLibvirtd, pool: str, names: Sequence[str]) -> None:
    """Delete volumes."""
    daemon.virsh("pool-refresh", pool)
    for name in names:
        daemon.virsh("vol-delete", "--pool", pool, name)


def have_programs() -> None:
    """Leave with a word if something is missing."""
    if not shutil.which("Xvfb"):
        sys.exit("Xvfb is missing; ./dev test installs it")
