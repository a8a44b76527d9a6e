"""Real drops: files are dragged out of another program, on an X server, with the mouse."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ui.window.driver import Served

HERE = Path(__file__).parent
SOURCE = (1400, 100)
"""Where drag_source.py puts its window; the application's is 1100 wide, at 0, 0."""

PATIENCE = 30.0


@pytest.fixture
def display() -> Iterator[str]:
    """An X server without a window manager."""
    for program in ("Xvfb", "xdotool"):
        assert shutil.which(program), f"{program} is missing; ./dev setup installs it"
    reader, writer = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=(writer,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as numbers:
        number = numbers.readline().strip()
    yield f":{number}"
    process.terminate()
    process.wait(10)


class Screen:
    """The application and the other program on a display, and a mouse."""

    def __init__(self, display: str, folder: Path, stack: ExitStack) -> None:
        self._environment = os.environ | {
            "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(HERE.parents[1]), "LACUNA_CONFIG": str(folder),
            "LACUNA_DATA": str(folder / "data"),
        }  # fmt: skip
        self._stack = stack
        self.seen: dict[str, Any] = {}

    def start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments],
            env=self._environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        # Its end closes the pipe too.
        self._stack.enter_context(process)
        self._stack.callback(process.terminate)
        return process

    def watch(self, process: subprocess.Popen[str]) -> None:
        """Read what the application tells of itself."""

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self.seen = json.loads(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        self._stack.callback(reader.join, 10)
        self._stack.callback(process.terminate)

    def until(self, condition: Callable[[dict[str, Any]], object]) -> None:
        limit = time.monotonic() + PATIENCE
        while not (self.seen and condition(self.seen)):
            assert time.monotonic() < limit, self.seen
            time.sleep(0.05)

    def xdotool(self, *words: str | int) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._environment, check=True, timeout=20)

    def drag_to(self, x: int, y: int) -> None:
        """Drag out of the other program, as slowly as a hand does."""
        self.xdotool("mousemove", *SOURCE, "mousedown", 1)
        time.sleep(0.2)
        self.xdotool("mousemove", SOURCE[0] - 15, SOURCE[1] + 15)
        time.sleep(0.3)
        steps = 12
        for step in range(1, steps + 1):
            self.xdotool(
                "mousemove",
                SOURCE[0] + (x - SOURCE[0]) * step // steps,
                SOURCE[1] + (y - SOURCE[1]) * step // steps,
            )
            time.sleep(0.04)
        time.sleep(0.3)
        self.xdotool("mouseup", 1)

    def click(self, x: int, y: int) -> None:
        self.xdotool("mousemove", x, y, "click", 1)


@pytest.fixture
def screen(display: str, served: Served, tmp_path: Path) -> Iterator[Screen]:
    """The application, connected, on the display."""
    with ExitStack() as stack:
        made = Screen(display, tmp_path, stack)
        made.watch(made.start("observed.py", "--connect", served.uri, "--size", "1100x800"))
        made.until(lambda seen: "default" in seen["pools"])
        yield made


def offer(screen: Screen, *urls: str) -> None:
    """Start the other program."""
    process = screen.start("drag_source.py", *urls)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)


def images(folder: Path, names: Sequence[str]) -> list[Path]:
    made: list[Path] = []
    for name in names:
        path = folder / name
        path.write_bytes(random.Random(name).randbytes(70_000))
        made.append(path)
    return made


def test_files_dropped_on_the_table_arrive(screen: Screen, served: Served, tmp_path: Path) -> None:
    files = images(tmp_path, ["first image.raw", "zwölf.raw"])
    offer(screen, *(path.as_uri() for path in files))
    screen.drag_to(*screen.seen["table"])
    screen.until(lambda seen: seen["sheet"] == [["first image.raw", "zwölf.raw"]])
    screen.until(lambda seen: seen["upload"])
    screen.click(*screen.seen["upload"][0])
    screen.until(lambda seen: seen["finished"] == 2)
    for path in files:
        assert (served.path("default") / path.name).read_bytes() == path.read_bytes()
    screen.until(lambda seen: seen["volumes"] == ["first image.raw", "zwölf.raw"])


def test_a_folder_dropped_on_a_pool(screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "many images"
    folder.mkdir()
    images(folder, ["a.raw", "b.raw"])
    offer(screen, folder.as_uri())
    screen.drag_to(*screen.seen["pools"]["fast"])
    screen.until(lambda seen: seen["sheet"] == [["a.raw", "b.raw"]])
    assert screen.seen["to"][0].endswith("fast")


def test_a_drop_that_cannot_work_says_why(screen: Screen) -> None:
    offer(screen, "https://example.org/some.raw")
    screen.drag_to(*screen.seen["table"])
    screen.until(lambda seen: any("not on this computer" in text for text in seen["messages"]))
