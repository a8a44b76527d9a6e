"""The token bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.transfer.limit import BURST_SECONDS, TokenBucket

STEPS = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 1 << 24)), max_size=50)
RATES = st.integers(1, 1 << 34)


@given(RATES, STEPS)
def test_never_more_than_the_rate_and_one_burst(rate: int, steps: list[tuple[float, int]]) -> None:
    """A caller that waits as told stays below the line of the rate, at every moment."""
    now, used = 1000.0, 0
    bucket = TokenBucket(rate, now)
    assert bucket.rate == rate
    for pause, count in steps:
        now += pause
        now += bucket.take(count, now)
        used += count
        # As floats count, at times of some thousand seconds and rates of some GiB a second.
        allowed = rate * (now - 1000.0 + BURST_SECONDS)
        assert used <= allowed + max(rate * 1e-9, 1e-3)


@given(RATES, st.lists(st.integers(1, 1 << 24), min_size=1, max_size=50))
def test_no_slower_than_the_rate(rate: int, counts: list[int]) -> None:
    """A caller that always has something to send gets all of the rate."""
    now = start = 5.0
    bucket = TokenBucket(rate, now)
    for count in counts:
        now += bucket.take(count, now)
    assert now - start <= sum(counts) / rate + 1e-6


@given(st.integers(-5, 0), STEPS)
def test_no_limit_no_wait(rate: int, steps: list[tuple[float, int]]) -> None:
    bucket, now = TokenBucket(rate, 0.0), 0.0
    for pause, count in steps:
        now += pause
        assert bucket.take(count, now) == 0.0


@given(RATES, RATES)
def test_a_rate_may_change(first: int, second: int) -> None:
    bucket = TokenBucket(first, 0.0)
    bucket.set_rate(second, 10.0)
    assert bucket.rate == second
    waited = bucket.take(second, 10.0)
    # At most the burst of the lower of the two was there.
    assert waited >= 1 - BURST_SECONDS - 1e-9
    assert waited <= 1 + 1e-9


def test_time_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(100, 50.0)
    assert bucket.take(25, 50.0) == 0.0
    assert bucket.take(100, 40.0) == 1.0
