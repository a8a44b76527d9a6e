"""Notifications: what is said when transfers end elsewhere, and saying it to a desktop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from lacuna_gui import endings
from lacuna_gui.desktop import Desktop
from lacuna_gui.endings import Endings
from lacuna_gui.models.transfers import Direction, RowState, TransferRow
from lacuna_gui.problem import Problem
from ui.window.driver import end_loop, start_loop, until

SERVICE = Path(__file__).with_name("notification_service.py")
LONG = endings.LONG_JOB + 1

BUS: list[subprocess.Popen[str]] = []
"""The bus of the present test."""

Start = Callable[..., subprocess.Popen[str]]


def row(name: str, state: RowState = RowState.DONE, **values: object) -> TransferRow:
    return TransferRow(name, Direction.UPLOAD, name, "", "", state, **values)  # type: ignore[arg-type]


class Ends:
    """Endings with somebody who is away, and what was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(endings, "TOGETHER", 30)
        self.away = True
        self.told: list[tuple[str, str]] = []
        self.endings = Endings(lambda: self.away)
        self.endings.told.connect(lambda title, text: self.told.append((title, text)))


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    return Ends(monkeypatch)


def test_the_end_of_a_long_transfer_is_told(qtbot: QtBot, ends: Ends) -> None:
    ends.endings.add(row("short.raw"), 0.5)
    ends.endings.add(row("cancelled.raw", RowState.CANCELLED), LONG)
    ends.endings.add(row("long.raw", moved=1 << 20, saved=3 << 20), LONG)
    until(qtbot, lambda: bool(ends.told))
    assert ends.told == [("long.raw has been transferred", "Moved 1 MiB, saved 3 MiB")]


def test_a_failure_says_why(qtbot: QtBot, ends: Ends) -> None:
    ends.endings.add(row("a.raw", RowState.FAILED, error=Problem("The pool is full")), LONG)
    until(qtbot, lambda: bool(ends.told))
    assert ends.told == [("a.raw could not be transferred", "The pool is full")]


def test_many_ends_are_told_together(qtbot: QtBot, ends: Ends) -> None:
    for number in range(7):
        ends.endings.add(row(f"{number}.raw"), LONG)
    ends.endings.add(row("bad.raw", RowState.FAILED), LONG)
    until(qtbot, lambda: bool(ends.told))
    ((title, text),) = ends.told
    assert title.startswith("8 transfer")
    assert title.endswith(", 1 of them failed")
    assert text.splitlines()[0] == "bad.raw"
    assert text.splitlines()[-1] == "and 3 more"


def test_who_is_there_sees_it_anyway(qtbot: QtBot, ends: Ends) -> None:
    ends.endings.add(row("seen.raw"), LONG)
    ends.away = False
    ends.endings.add(row("also seen.raw"), LONG)
    qtbot.wait(100)
    assert ends.told == []


# --- a desktop -----------------------------------------------------------------------------------


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a bus, and a notification service of some features on it."""
    with ExitStack() as stack:

        def run(*command: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            stack.enter_context(process)
            stack.callback(process.terminate)
            return process

        def start(*features: str) -> subprocess.Popen[str]:
            assert shutil.which("dbus-daemon"), "dbus-daemon is missing; ./dev setup installs it"
            bus = run("dbus-daemon", "--session", "--nofork", "--print-address=1")
            BUS[:] = [bus]
            assert bus.stdout is not None
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())
            peer = run(sys.executable, str(SERVICE), json.dumps(features))
            assert peer.stdout is not None
            assert json.loads(peer.stdout.readline()) == "ready"
            return peer

        yield start


def shown(peer: subprocess.Popen[str]) -> list[object]:
    assert peer.stdout is not None
    found: list[object] = json.loads(peer.stdout.readline())
    return found


def put_away(qtbot: QtBot, loop: asyncio.AbstractEventLoop, desktop: Desktop) -> None:
    closing = loop.create_task(desktop.close())
    until(qtbot, closing.done)
    assert closing.exception() is None


@pytest.mark.parametrize(
    "case",
    [
        (["body", "body-markup", "actions"], "a &lt;b&gt; &amp; c", ["default", ""]),
        (["body"], "a <b> & c", []),
    ],
    ids=["with markup", "plain"],
)
def test_a_notification_service(
    qtbot: QtBot,
    loop: asyncio.AbstractEventLoop,
    service: Start,
    case: tuple[list[str], str, list[str]],
) -> None:
    features, text, actions = case
    peer = service(*features)
    desktop = Desktop(loop)
    clicks: list[bool] = []
    desktop.activated.connect(lambda: clicks.append(True))
    desktop.show("It is done", "a <b> & c")
    until(qtbot, lambda: bool(clicks))
    name, _, icon, title, body, offered, hints, _ = shown(peer)
    assert (name, icon, title, body) == ("Lacuna", "lacuna", "It is done", text)
    assert offered == actions
    assert hints == {"desktop-entry": ["s", "lacuna"]}
    assert len(clicks) == 1, "a click on somebody else's is not ours"
    put_away(qtbot, loop, desktop)


def test_a_service_that_goes_is_no_failure(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, service: Start
) -> None:
    service("body")
    desktop = Desktop(loop)
    desktop.show("first", "")
    until(qtbot, lambda: desktop._service is not None and bool(desktop._service._shown))
    os.kill(BUS[0].pid, signal.SIGKILL)
    desktop.show("second", "")
    task = next(iter(desktop._tasks))
    until(qtbot, task.done)
    assert task.exception() is None
    put_away(qtbot, loop, desktop)


def test_without_a_bus_nothing_breaks(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    desktop = Desktop(loop)
    desktop.show("It is done", "text")
    task = next(iter(desktop._tasks))
    until(qtbot, task.done)
    assert task.exception() is None
    put_away(qtbot, loop, desktop)


def test_there_is_one_icon_only(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Somebody who has none gets one for a balloon; then the preferences put one there."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    for question in ("isSystemTrayAvailable", "supportsMessages"):
        monkeypatch.setattr(QSystemTrayIcon, question, staticmethod(lambda: True))
    desktop = Desktop(loop)

    def tell() -> None:
        desktop.show("It is done", "text")
        until(qtbot, next(iter(desktop._tasks)).done)

    tell()
    assert desktop._tray is not None
    assert desktop._tray.isVisible()
    desktop.icon = QSystemTrayIcon(desktop)
    tell()
    assert not desktop._tray.isVisible()
    put_away(qtbot, loop, desktop)
