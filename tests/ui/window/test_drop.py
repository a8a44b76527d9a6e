"""Real drops: files are dragged out of another program, on an X server, with the mouse."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lacuna_gui.settings import Settings
from ui.window.driver import Served
from ui.window.telling import Telling

SOURCE = (1400, 100)
"""Where drag_source.py puts its window; the application's is 1100 wide, at 0, 0."""


class Screen(Telling):
    """The application and the other program on a display, and a mouse."""

    def __init__(self, display: str, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder, stack, DISPLAY=display, QT_QPA_PLATFORM="xcb")

    def xdotool(self, *words: str | int) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, timeout=20)

    def drag_to(self, x: int, y: int) -> None:
        """Drag out of the other program."""
        self.drag(SOURCE, (x, y))

    def drag(self, start: Sequence[int], end: Sequence[int]) -> None:
        """Drag, as slowly as a hand does."""
        self.xdotool("mousemove", *start, "mousedown", 1)
        time.sleep(0.2)
        self.xdotool("mousemove", start[0] - 15, start[1] + 15)
        time.sleep(0.3)
        steps = 12
        for step in range(1, steps + 1):
            self.xdotool(
                "mousemove",
                start[0] + (end[0] - start[0]) * step // steps,
                start[1] + (end[1] - start[1]) * step // steps,
            )
            time.sleep(0.04)
        time.sleep(0.3)
        self.xdotool("mouseup", 1)

    def click(self, x: int, y: int) -> None:
        self.xdotool("mousemove", x, y, "click", 1)


@pytest.fixture
def screen(
    request: pytest.FixtureRequest, display: str, served: Served, tmp_path: Path
) -> Iterator[Screen]:
    """The application, connected, on the display; with the parameter False transfers wait."""
    settings = Settings(tmp_path / "window.ini")
    at_once: bool = getattr(request, "param", True)
    settings.set_preferences(replace(settings.preferences, start_at_once=at_once))
    with ExitStack() as stack:
        made = Screen(display, tmp_path, stack)
        made.watch(
            made.start(
                "observed.py", "--connect", served.uri, "--size", "1100x800",
                "--settings", str(tmp_path / "window.ini"),
            )
        )  # fmt: skip
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


def test_volumes_dragged_into_a_file_manager(
    screen: Screen, served: Served, tmp_path: Path
) -> None:
    target = tmp_path / "the desktop"
    target.mkdir()
    (image,) = images(served.path("default"), ["zwölf 12.raw"])
    served.refresh("default")
    screen.until(lambda seen: "zwölf 12.raw" in seen["rows"])
    manager = screen.start("drop_target.py", str(target))
    assert manager.stdout is not None
    assert manager.stdout.readline() == "ready\n"
    screen.drag(screen.seen["rows"]["zwölf 12.raw"], SOURCE)
    assert manager.stdout.readline() == "offered zwölf 12.raw\n"
    assert manager.stdout.readline() == "answer S\n"
    screen.until(lambda seen: seen["finished"] == 1)
    assert (target / "zwölf 12.raw").read_bytes() == image.read_bytes()
    assert screen.seen["sheet"] == []


def test_where_nothing_can_be_dragged_out_it_is_said(
    display: str, served: Served, tmp_path: Path
) -> None:
    """As on platforms without direct saving: here the library for it is missing."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "Xlib.py").write_text("raise ImportError('not here')")
    images(served.path("default"), ["disk.raw"])
    with ExitStack() as stack:
        screen = Screen(display, tmp_path, stack)
        screen.environment["PYTHONPATH"] += f"{os.pathsep}{hidden}"
        program = screen.start("observed.py", "--connect", served.uri, "--size", "1100x800")
        screen.watch(program)
        screen.until(lambda seen: "disk.raw" in seen["rows"])
        screen.drag(screen.seen["rows"]["disk.raw"], SOURCE)
        screen.until(lambda seen: seen["messages"])
        (said,) = screen.seen["messages"]
        assert "cannot be dragged out of the window here" in said
        assert "Download" in said


@pytest.mark.parametrize("screen", [False], indirect=True, ids=["waiting"])
def test_rows_of_the_queue_dragged_into_another_order(screen: Screen, tmp_path: Path) -> None:
    files = images(tmp_path, ["a.raw", "b.raw", "c.raw"])
    offer(screen, *(path.as_uri() for path in files))
    screen.drag_to(*screen.seen["table"])
    screen.until(lambda seen: seen["upload"])
    screen.click(*screen.seen["upload"][0])
    screen.until(lambda seen: list(seen["queued"]) == ["a.raw", "b.raw", "c.raw"])
    screen.click(*screen.seen["tabs"][1])
    screen.until(lambda seen: seen["tab"] == 1)
    first, last = screen.seen["queued"]["a.raw"], screen.seen["queued"]["c.raw"]
    screen.drag(last, (first[0], first[1] - 8))
    screen.until(lambda seen: list(seen["queued"]) == ["c.raw", "a.raw", "b.raw"])
