"""Defects where Qt calls Python: painting goes on, and somebody is told."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lacuna_gui.problem import Problem
from lacuna_gui.theme import Severity
from lacuna_gui.unexpected import Unexpected
from lacuna_gui.widgets.elided_label import ElidedLabel
from lacuna_gui.widgets.extent_map import ExtentMapWidget
from lacuna_gui.widgets.extent_strip import ExtentStrip
from lacuna_gui.widgets.fill_bar import FillBar
from lacuna_gui.widgets.legend import Legend
from lacuna_gui.widgets.message import Message, MessagePanel
from lacuna_gui.widgets.speed_graph import SpeedGraph


def panel() -> MessagePanel:
    return MessagePanel(Message(Severity.BAD, "what"))


PAINTED = {
    "bar": (FillBar, "palette"),
    "legend": (Legend, "palette"),
    "map": (lambda: ExtentMapWidget().canvas, "palette"),
    "strip": (ExtentStrip, "palette"),
    "graph": (SpeedGraph, "palette"),
    "label": (lambda: ElidedLabel("text"), "palette"),
    "message": (panel, "height"),
}


@pytest.mark.parametrize("name", sorted(PAINTED))
def test_a_painting_that_fails_ends(qtbot: QtBot, name: str) -> None:
    """Qt would complain of a painter that is left behind, and in the end give up."""
    make, asked = PAINTED[name]
    widget = make()  # type: ignore[operator]  # of classes and functions
    assert isinstance(widget, QWidget)
    qtbot.addWidget(widget)
    whole = widget.parentWidget() or widget
    whole.resize(300, 200)

    def fail() -> None:
        raise LookupError(name)

    setattr(widget, asked, fail)
    waiting = QEventLoop()
    whole.show()
    with qtbot.captureExceptions() as failures:
        for _ in range(2):
            widget.update()
            QTimer.singleShot(50, waiting.quit)
            waiting.exec()
    # What was raised holds on to all that was there, so also to the painter.
    assert len(failures) >= 2
    assert {kind for kind, _, _ in failures} == {LookupError}
    delattr(widget, asked)
    assert not widget.grab().isNull()


@pytest.fixture
def unexpected(qtbot: QtBot) -> Iterator[Unexpected]:
    made = Unexpected()
    yield made
    made.close()


def raising(text: str) -> None:
    raise LookupError(text)


def test_it_is_told_once_and_later(
    qtbot: QtBot, unexpected: Unexpected, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Problem] = []
    unexpected.told.connect(told.append)
    inside: list[int] = []

    def fail() -> None:
        try:
            raising("one")
        except LookupError as error:
            sys.excepthook(LookupError, error, error.__traceback__)
        inside.append(len(told))

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            QTimer.singleShot(0, fail)
        qtbot.waitUntil(lambda: len(inside) == 3 and bool(told))
    QCoreApplication.processEvents()
    assert inside[0] == 0, "not from within what has failed"
    assert [one.why for one in told] == ["LookupError: one"]
    assert "raising" in told[0].details
    (record,) = caplog.records
    assert record.getMessage() == "defect"


def test_an_interrupt_is_not_a_defect(
    unexpected: Unexpected, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[type[BaseException]] = []
    monkeypatch.setattr(unexpected, "_before", lambda kind, *_: passed.append(kind))
    told: list[Problem] = []
    unexpected.told.connect(told.append)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    QCoreApplication.processEvents()
    assert passed == [KeyboardInterrupt]
    assert told == []


FAILING = """
import sys
from PySide6.QtCore import QTimer
from lacuna_gui import app
from lacuna_gui.widgets.fill_bar import FillBar
from lacuna_gui.widgets.speed_graph import SpeedGraph

SpeedGraph._paint = lambda self, painter: 1 / 0
begin = app.Application.start

def start(built, *rest):
    begin(built, *rest)
    def look():
        messages = built.window.messages.messages
        if messages:
            print(len(messages), messages[0].why)
            timer.stop()
            built.quit()
    timer = QTimer(built)
    timer.timeout.connect(look)
    timer.start(20)

app.Application.start = start
sys.exit(app.main(sys.argv[1:]))
"""


def test_the_window_says_so_and_goes_on(tmp_path: Path) -> None:
    files = ["--settings", str(tmp_path / "settings"), "--profiles", str(tmp_path / "profiles")]
    done = subprocess.run(
        [sys.executable, "-c", FAILING, *files],
        env=os.environ | {"LACUNA_DATA": str(tmp_path), "LACUNA_CONFIG": str(tmp_path)},
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 ZeroDivisionError: division by zero\n"
    lines = (tmp_path / "lacuna.log").read_text().splitlines()
    assert len([line for line in lines if "ZeroDivisionError" in line]) == 1
