"""Fixtures: a loop, a server, a window with a scripted queue, a window that really transfers."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from lacuna_gui.dialogs.prompts import WindowPrompter
from lacuna_gui.worker_queue import WorkerQueue
from ui.window.driver import Driver, ScriptedQueue, Served, end_loop, start_loop


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "served"
    folder.mkdir()
    server = Served(folder)
    yield server
    server.close()


@pytest.fixture
def scripted() -> ScriptedQueue:
    return ScriptedQueue()


@pytest.fixture
def driver(
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
    served: Served,
    scripted: ScriptedQueue,
    tmp_path: Path,
) -> Iterator[Driver]:
    """A window that knows the server as "lab", not connected, and a queue that is scripted."""
    made = Driver(qtbot, loop, tmp_path, scripted, ("lab", served.uri))
    yield made
    made.close()


@pytest.fixture
def moving(
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Driver]:
    """The same with a queue that really transfers, and has a journal of its own."""
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    prompter = WindowPrompter()
    made = Driver(qtbot, loop, tmp_path, WorkerQueue(loop, lambda _: prompter), ("lab", served.uri))
    prompter.window = made.window
    made.queue.attach()
    yield made
    made.close()


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
