"""Standing still is noticed, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.journal import Moving, StallDetector, Stalled
from lacuna_engine.journal.rate import RateLimit
from lacuna_engine.transfer.limit import TokenBucket


def test_stalls_and_goes_on() -> None:
    detector = StallDetector(10)
    assert detector.feed(100, 0) == Moving()
    for second in range(101, 110):
        assert detector.feed(second, 0) == Moving()
    assert detector.feed(110, 0) == Stalled(100, 10)
    assert detector.feed(115, 0) == Stalled(100, 15)
    assert detector.feed(116, 1) == Moving()
    assert detector.feed(117, 0) == Moving()  # a new try


def test_sleep_is_no_stall() -> None:
    detector = StallDetector(10)
    detector.feed(0, 5)
    assert detector.feed(3600, 5) == Moving()
    assert detector.feed(3608, 5) == Moving()
    assert isinstance(detector.feed(3609, 5), Stalled)


def test_a_clock_put_back() -> None:
    detector = StallDetector(10)
    detector.feed(1000, 5)
    detector.feed(1005, 5)
    assert detector.feed(10, 5) == Moving()
    assert detector.feed(15, 5) == Stalled(5, 10)


@pytest.mark.parametrize("wrong", [{"patience": 0}, {"gap": 0}])
def test_no_patience(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="patience"):
        StallDetector(**wrong)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 2)), max_size=60))
def test_never_stalled_for_longer_than_watched(steps: list[tuple[float, int]]) -> None:
    detector, now, watched, last = StallDetector(10), 0.0, 0.0, None
    for step, moved in steps:
        now += step
        state = detector.feed(now, moved)
        watched = 0.0 if moved != last else watched + min(max(step, 0.0), 10.0)
        last = moved
        if isinstance(state, Stalled):
            assert watched >= 10 - 1e-6
            assert state.seconds <= watched + 1e-6


STEPS = st.lists(st.tuples(st.floats(0, 10), st.integers(0, 1 << 20)), max_size=50)


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 20), STEPS)
def test_both_limits_hold(own: int, shared: int, steps: list[tuple[float, int]]) -> None:
    limit = RateLimit(TokenBucket(own, 0.0), TokenBucket(shared, 0.0))
    alone = TokenBucket(own, 0.0), TokenBucket(shared, 0.0)
    assert limit.rate == min([rate for rate in (own, shared) if rate], default=0)
    now = 0.0
    for pause, count in steps:
        now += pause
        delay = limit.take(count, now)
        assert delay == max(bucket.take(count, now) for bucket in alone)
        now += delay


def test_rates_can_be_changed() -> None:
    limit = RateLimit(TokenBucket(0, 0.0), TokenBucket(0, 0.0))
    assert limit.take(1 << 30, 0.0) == 0
    limit.set_rate(100, 0.0)
    assert limit.rate == 100
    assert limit.take(200, 0.0) >= 1
