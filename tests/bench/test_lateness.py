"""What the measurements of the window make of the beats they have heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.ui import Figure, table
from bench.ui_lateness import EVERY, lateness, waits


def test_a_loop_that_is_never_late() -> None:
    found = lateness([EVERY] * 100)
    assert (found.p50, found.p99, found.max) == (0, 0, 0)


def test_a_gap_is_what_events_in_it_have_waited() -> None:
    assert list(waits([0.005])) == pytest.approx([0.001, 0.002, 0.003, 0.004])


def test_a_second_of_standstill_is_no_single_beat() -> None:
    # Nine seconds in order and one in which nothing happened: one event in ten met it.
    found = lateness([EVERY] * 9000 + [1.0])
    assert found.p50 == 0
    assert found.p99 == pytest.approx(900, abs=5)
    assert found.max == pytest.approx(999, abs=1e-6)


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=30))
def test_they_are_in_order_and_never_negative(gaps: list[float]) -> None:
    found = lateness(gaps)
    assert 0 <= found.p50 <= found.p99 <= found.max
    assert found.max <= 1000 * max(gaps)


def test_nothing_heard_is_no_result() -> None:
    with pytest.raises(ValueError, match="no beat"):
        lateness([])


def test_the_table_says_what_holds() -> None:
    shown = table(
        [
            Figure("late", 12.5, "ms", 16),
            Figure("later", 17, "ms", 16),
            Figure("speed", 96, "%", 95, least=True),
            Figure("slow", 60, "%", 70, least=True),
            Figure("steps", 61, "1/s"),
        ]
    ).splitlines()[2:]
    assert [line.split("|")[3:5] for line in shown] == [
        [" ≤ 16 ms ", " yes "],
        [" ≤ 16 ms ", " **no** "],
        [" ≥ 95 % ", " yes "],
        [" ≥ 70 % ", " **no** "],
        ["  ", "  "],
    ]
