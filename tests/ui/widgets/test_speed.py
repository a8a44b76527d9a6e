"""Speeds in equal steps of time, and their graph."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

from lacuna_gui.theme import colours
from lacuna_gui.widgets import SpeedGraph, SpeedHistory
from lacuna_gui.widgets.speed_history import nice_ceiling
from ui.hands import leave, move, press

MIB = 1 << 20


def test_samples_of_a_step_are_averaged() -> None:
    history = SpeedHistory(step=1.0, length=5)
    assert (history.now, history.mean, history.peak, len(history)) == (0, 0, 0, 0)
    for rate, at in ((10, 0.1), (20, 0.5), (40, 1.2), (60, 2.9)):
        history.add(rate, at)
    assert history.means == [15, 40, 60]
    assert (history.now, history.peak) == (60, 60)
    assert history.mean == pytest.approx(115 / 3)
    assert history.span == 5


def test_old_steps_are_forgotten() -> None:
    history = SpeedHistory(step=1.0, length=3)
    for second in range(6):
        history.add(second, second)
    assert history.means == [3, 4, 5]
    history.add(9, 1000)
    assert history.means == [0, 0, 9]


def test_a_short_gap_repeats_and_a_long_one_is_nothing() -> None:
    history = SpeedHistory(step=1.0, length=10, patience=2.5)
    history.add(7, 0.9)
    history.add(5, 8.5)
    assert history.means == [7, 7, 7, 0, 0, 0, 0, 0, 5]
    history.advance(20)
    assert history.now == 0


def test_nonsense_is_nothing() -> None:
    history = SpeedHistory(step=1.0, length=3)
    for rate in (-5.0, float("nan"), float("inf")):
        history.add(rate, 0)
    assert history.means == [0]
    history.add(5, -3)  # the clock went back
    assert len(history) == 1
    history.clear()
    assert len(history) == 0
    for step, length in ((0, 5), (1, 1)):
        with pytest.raises(ValueError, match="no history"):
            SpeedHistory(step, length)


@given(st.lists(st.tuples(st.floats(0, 1e12), st.floats(0, 500))))
def test_means_lie_between_the_samples(samples: list[tuple[float, float]]) -> None:
    history = SpeedHistory(step=0.5, length=40)
    for rate, at in samples:
        history.add(rate, at)
    assert len(history) <= 40
    if samples:
        assert history.peak <= max(rate for rate, _ in samples) * (1 + 1e-9)
    assert all(mean >= 0 for mean in history.means)


@given(st.floats(0, 1e18))
def test_an_axis_ends_a_little_above(value: float) -> None:
    top = nice_ceiling(value)
    assert top >= value
    assert top <= max(64 * 1024, value * 2)


@pytest.fixture
def graph(qtbot: QtBot) -> SpeedGraph:
    made = SpeedGraph()
    qtbot.addWidget(made)
    made.resize(400, 120)
    made.show()
    return made


def test_the_graph_is_drawn(palette: QPalette, graph: SpeedGraph, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: colours(graph.palette()) is colours(palette))
    graph.grab()
    for step in range(240):
        graph.add(100 * MIB if step < 200 else 50 * MIB, step * 0.5)
    graph.set_limit(120 * MIB)
    image = graph.grab().toImage()
    fill = colours(palette).accent_back
    low = int(graph._plot().bottom()) - 5
    assert image.pixelColor(60, low) == fill
    early = [image.pixelColor(100, y) == fill for y in range(image.height())]
    late = [image.pixelColor(390, y) == fill for y in range(image.height())]
    assert sum(early) == pytest.approx(2 * sum(late), abs=6)
    graph.resize(90, 40)
    graph.grab()


def test_the_graph_in_words(graph: SpeedGraph) -> None:
    assert graph.accessibleDescription() == "0 KiB/s now, 0 KiB/s on average, 0 KiB/s at most"
    graph.add(30 * MIB, 0.1)
    graph.add(10 * MIB, 0.6)
    assert graph.accessibleDescription() == "10 MiB/s now, 20 MiB/s on average, 30 MiB/s at most"
    assert graph.text_at(0) == "now: 10 MiB/s"
    assert graph.text_at(1) == "0:00 ago: 30 MiB/s"
    assert graph.text_at(2) == ""
    graph.clear()
    assert len(graph.history) == 0
    graph.add(5)
    assert len(graph.history) == 1
    other = SpeedHistory()
    graph.set_history(other)
    assert graph.history is other


def test_keys_look_at_moments(graph: SpeedGraph, qtbot: QtBot) -> None:
    press(graph, Qt.Key.Key_Left)
    assert "now" not in graph.text_at(0)
    for step in range(5):
        graph.add(step * MIB, step * 0.5)
    graph.setFocus()
    press(graph, Qt.Key.Key_Left)
    assert graph.accessibleDescription() == "now: 4 MiB/s"
    for _ in range(9):
        press(graph, Qt.Key.Key_Left)
    assert graph.accessibleDescription() == "0:02 ago: 0 KiB/s"
    press(graph, Qt.Key.Key_Right)
    assert graph._at == 3
    graph.grab()
    press(graph, Qt.Key.Key_A)
    leave(graph)
    assert graph._at is None


def test_the_mouse_looks_at_moments(graph: SpeedGraph) -> None:
    for step in range(240):
        graph.add(MIB, step * 0.5)
    move(graph, QPoint(int(graph._plot().right()), 50))
    assert graph._at == 0
    graph.grab()
    assert all(map(math.isfinite, graph.history.means))
