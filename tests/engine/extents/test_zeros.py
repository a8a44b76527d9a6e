"""The search for zeros against one that looks at each byte."""

from __future__ import annotations

import array
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents.zeros import (
    GRAIN,
    MIN_RUN,
    ZeroRun,
    ZeroScanner,
    grain_runs,
    is_zero,
    may_have_zeros,
    zero_runs,
)

parts = st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20)
content = parts.map(
    lambda chosen: b"".join(bytes(n) if zero else b"\x07" * n for n, zero in chosen)
)
grains = st.integers(1, 9)


def merge(runs: list[ZeroRun]) -> list[ZeroRun]:
    """Merge neighbours of equal flag; the runs must follow one another."""
    merged: list[ZeroRun] = []
    for start, end, zero in runs:
        assert start < end
        assert not merged or merged[-1][1] == start
        if merged and merged[-1][2] == zero:
            merged[-1] = (merged[-1][0], end, zero)
        else:
            merged.append((start, end, zero))
    return merged


def naive(data: bytes, grain: int, min_run: int = 0, offset: int = 0) -> list[ZeroRun]:
    """Judge each byte by its grain on the grid of absolute offsets, then each run by its length."""
    flags: list[bool] = []
    for _, group in groupby(range(len(data)), key=lambda index: (offset + index) // grain):
        indices = list(group)
        flags += [not any(data[index] for index in indices)] * len(indices)
    runs = merge([(offset + i, offset + i + 1, flag) for i, flag in enumerate(flags)])
    return merge([(start, end, zero and end - start >= min_run) for start, end, zero in runs])


@given(content, grains, st.integers(0, 3))
def test_grain_runs(data: bytes, grain: int, shift: int) -> None:
    assert grain_runs(data, grain) == naive(data, grain)
    # The same bytes at any alignment and in any kind of buffer.
    shifted = memoryview(bytearray(shift) + bytearray(data))[shift:]
    assert grain_runs(shifted, grain) == naive(data, grain)


@given(content, grains, st.integers(0, 30))
def test_zero_runs(data: bytes, grain: int, min_run: int) -> None:
    assert zero_runs(data, min_run, grain) == naive(data, grain, min_run)


@given(content, grains, st.integers(0, 30), st.integers(0, 50), st.data())
def test_scanner_does_not_see_the_cuts(
    data: bytes, grain: int, min_run: int, offset: int, draw: st.DataObject
) -> None:
    scanner = ZeroScanner(min_run=min_run, grain=grain)
    runs: list[ZeroRun] = []
    position = 0
    while position < len(data):
        length = draw.draw(st.integers(0, len(data) - position))
        runs += scanner.feed(offset + position, data[position : position + length])
        position += length
        # Only zeros are held back, and never more than the bounds say.
        returned = runs[-1][1] - offset if runs else 0
        assert not any(data[returned:position])
        assert position - returned < max(min_run, 1) + grain
    runs += scanner.finish()
    assert merge(runs) == naive(data, grain, min_run, offset)
    assert scanner.finish() == []


@given(content)
def test_is_zero(data: bytes) -> None:
    assert is_zero(data) is not any(data)


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 256 * 1024 + 4096, 700_001])
def test_is_zero_sees_a_byte_anywhere(size: int) -> None:
    buffer = bytearray(size)
    assert is_zero(buffer)
    for place in {0, size // 2, size - 1, min(4096, size - 1)}:
        buffer[place] = 1
        assert not is_zero(buffer)
        assert not is_zero(memoryview(buffer).toreadonly())
        buffer[place] = 0


def test_grains_of_the_real_size() -> None:
    data = bytearray(10 * GRAIN + 100)
    data[3 * GRAIN] = 1
    data[5 * GRAIN - 1] = 1
    data[-1] = 1
    assert grain_runs(data) == [
        (0, 3 * GRAIN, True),
        (3 * GRAIN, 5 * GRAIN, False),
        (5 * GRAIN, 10 * GRAIN, True),
        (10 * GRAIN, 10 * GRAIN + 100, False),
    ]
    assert zero_runs(data) == [(0, len(data), False)]
    assert zero_runs(data, min_run=5 * GRAIN) == [
        (0, 5 * GRAIN, False),
        (5 * GRAIN, 10 * GRAIN, True),
        (10 * GRAIN, 10 * GRAIN + 100, False),
    ]


def test_run_across_buffers_counts_as_one() -> None:
    """Two halves, each shorter than the shortest run, are a zero run together."""
    half = bytes(MIN_RUN // 2)
    scanner = ZeroScanner()
    assert scanner.feed(0, b"\x01" * GRAIN) == [(0, GRAIN, False)]
    assert scanner.feed(GRAIN, half) == []
    assert scanner.feed(GRAIN + len(half), half) == [(GRAIN, GRAIN + MIN_RUN, True)]
    assert scanner.finish() == []


def test_short_run_at_the_end_is_data() -> None:
    scanner = ZeroScanner()
    assert scanner.feed(0, bytes(MIN_RUN - 1)) == []
    assert scanner.finish() == [(0, MIN_RUN - 1, False)]


def test_scanner_starts_anew_after_finish() -> None:
    """Also after an unfinished grain that was not zero."""
    scanner = ZeroScanner(min_run=0, grain=8)
    assert scanner.feed(0, b"\x01") == [(0, 1, False)]
    assert scanner.finish() == []
    assert scanner.feed(4, bytes(4)) == [(4, 8, True)]


def test_buffers_of_wider_items() -> None:
    words = memoryview(array.array("I", [0, 0, 5, 0]))
    assert not is_zero(words)
    assert grain_runs(words, 4) == [(0, 8, True), (8, 12, False), (12, 16, True)]
    assert ZeroScanner(min_run=0, grain=4).feed(0, words) == grain_runs(words, 4)


def test_empty_buffers() -> None:
    assert is_zero(b"")
    assert grain_runs(b"") == []
    assert zero_runs(b"") == []
    assert ZeroScanner().feed(7, b"") == []


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="grain"):
        grain_runs(b"a", 0)
    with pytest.raises(ValueError, match="grain of 0"):
        ZeroScanner(grain=0)
    with pytest.raises(ValueError, match="run of -1"):
        zero_runs(b"a", min_run=-1)


def test_buffers_must_follow_one_another() -> None:
    scanner = ZeroScanner()
    with pytest.raises(ValueError, match="negative"):
        scanner.feed(-1, b"a")
    scanner.feed(10, b"abc")
    for offset in (10, 12, 14):
        with pytest.raises(ValueError, match="13 was expected"):
            scanner.feed(offset, b"a")


large_parts = st.lists(
    st.tuples(st.sampled_from([1, 5, 17, GRAIN, GRAIN + 1, MIN_RUN, MIN_RUN + 9]), st.booleans()),
    max_size=8,
)


@given(large_parts, st.sampled_from([GRAIN, MIN_RUN]))
def test_a_quick_no_is_never_wrong(chosen: list[tuple[int, bool]], min_run: int) -> None:
    data = b"".join(bytes(n) if zero else b"\x07" * n for n, zero in chosen)
    if may_have_zeros(data, min_run):
        return
    for start, end, zero in grain_runs(data):
        if zero:
            assert end - start < min_run
            assert start > 0
            assert end < len(data)


@pytest.mark.parametrize("min_run", [GRAIN, 3 * GRAIN + 5, MIN_RUN])
@pytest.mark.parametrize("before", range(1, 35))
def test_a_quick_look_finds_a_run_wherever_it_lies(min_run: int, before: int) -> None:
    zeros = -(-min_run // GRAIN) * GRAIN
    assert may_have_zeros(b"\x07" * before * GRAIN + bytes(zeros) + b"\x07" * 40 * GRAIN, min_run)


def test_a_quick_look_at_nothing_and_at_zeros() -> None:
    assert may_have_zeros(bytes(5 * MIN_RUN))
    assert not may_have_zeros(b"\x01" * (5 * MIN_RUN))
    assert may_have_zeros(b"\x01" * MIN_RUN + bytes(MIN_RUN + GRAIN) + b"\x01" * MIN_RUN)
