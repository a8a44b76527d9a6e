"""What the window starts with, and what it does with garbage from then on."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lacuna_gui.collector import Collector

HEAVY = frozenset({"asyncssh", "cryptography", "keyring", "numpy", "rich", "scramp"})

SHOWN = """
import json, sys
from PySide6.QtCore import QObject, QTimer
from lacuna_gui import app, preload

preload.DELAY = 200
begin = app.Application.start

def start(built, *rest):
    begin(built, *rest)
    table, seen = built.window.transfers, []
    def look():
        if not seen:
            seen.append(sorted(sys.modules))
        if "numpy" in sys.modules:
            print(json.dumps([seen[0], built.window.isVisible()]))
            timer.stop()
            built.quit()
    timer = QTimer(built)
    timer.timeout.connect(look)
    # Behind the first painting.
    QTimer.singleShot(0, lambda: QTimer.singleShot(0, lambda: (look(), timer.start(20))))

app.Application.start = start
sys.exit(app.main(sys.argv[1:]))
"""


def test_the_window_is_shown_before_heavy_modules_are_loaded(tmp_path: Path) -> None:
    files = ["--settings", str(tmp_path / "settings"), "--profiles", str(tmp_path / "profiles")]
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, *files],
        env=os.environ | {"LACUNA_DATA": str(tmp_path), "LACUNA_CONFIG": str(tmp_path)},
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    modules, visible = json.loads(done.stdout.splitlines()[-1])
    assert visible
    assert "lacuna_gui.window" in modules
    assert HEAVY & set(modules) == set()


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    parent = QObject()
    made = Collector(parent)
    yield made
    made.close()


def test_what_was_there_is_not_looked_at_again(collector: Collector) -> None:
    assert gc.get_freeze_count() > 10_000
    held = [[number] for number in range(1000)]
    tracked = gc.get_objects()
    assert len(tracked) < gc.get_freeze_count()
    assert any(one is held[0] for one in tracked)


def test_no_full_collection_comes_by_itself_and_one_is_made(collector: Collector) -> None:
    full: list[object] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start" and about["generation"] == 2:
            full.append(about)

    gc.callbacks.append(note)
    try:
        held = [[number] for number in range(200_000)]
        assert gc.get_count()[2] > 0
        assert full == []
        collector.collect()
        assert len(full) == 1
        collector.collect()
        assert len(full) == 1, "nothing had been made since"
    finally:
        gc.callbacks.remove(note)
    assert len(held) == 200_000


def test_afterwards_python_decides_again(qtbot: QtBot) -> None:
    before = gc.get_threshold()
    parent = QObject()
    collector = Collector(parent)
    assert gc.get_threshold() != before
    collector.close()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
