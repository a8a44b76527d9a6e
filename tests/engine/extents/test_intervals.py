"""IntervalMap against a list with one value for each byte."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents.intervals import IntervalMap

SIZE = 40
VALUES = ("a", "b", None)


def naive_runs(
    cells: list[str | None], start: int = 0, end: int | None = None
) -> list[tuple[int, int, str | None]]:
    runs: list[tuple[int, int, str | None]] = []
    position = start
    for value, group in groupby(cells[start:end]):
        length = len(list(group))
        runs.append((position, position + length, value))
        position += length
    return runs


def assert_same(actual: IntervalMap[str | None], cells: list[str | None]) -> None:
    """The map says what the list says, in maximal runs, with right totals."""
    expected = naive_runs(cells)
    assert list(actual.runs()) == expected
    assert len(actual) == len(expected)
    assert [actual.at(offset) for offset in range(len(cells))] == cells
    for value in VALUES:
        assert actual.total(value) == cells.count(value)
    rebuilt = IntervalMap[str | None].from_runs(len(cells), expected)
    assert actual == rebuilt


def ranges(size: int = SIZE) -> st.SearchStrategy[tuple[int, int]]:
    pair = st.tuples(st.integers(0, size), st.integers(0, size))
    return pair.map(lambda ends: (min(ends), max(ends)))


steps = st.lists(st.tuples(ranges(), st.sampled_from(VALUES)), max_size=25)


@given(steps, ranges())
def test_assign_like_a_list_of_cells(
    changes: list[tuple[tuple[int, int], str | None]], window: tuple[int, int]
) -> None:
    intervals: IntervalMap[str | None] = IntervalMap(SIZE, "a")
    cells: list[str | None] = ["a"] * SIZE
    for (start, end), value in changes:
        replaced = intervals.assign(start, end, value)
        assert replaced == naive_runs(cells, start, end)
        cells[start:end] = [value] * (end - start)
        assert_same(intervals, cells)
    assert list(intervals.runs(*window)) == naive_runs(cells, *window)


@given(
    steps,
    st.integers(0, SIZE - 1),
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(VALUES)), min_size=1, max_size=12),
)
def test_replace_like_a_list_of_cells(
    changes: list[tuple[tuple[int, int], str | None]],
    start: int,
    pieces: list[tuple[int, str | None]],
) -> None:
    intervals: IntervalMap[str | None] = IntervalMap(SIZE, "a")
    cells: list[str | None] = ["a"] * SIZE
    for (first, last), value in changes:
        intervals.assign(first, last, value)
        cells[first:last] = [value] * (last - first)
    runs: list[tuple[int, int, str | None]] = []
    position = start
    for length, value in pieces:
        runs.append((position, position + length, value))
        position += length
    if position > SIZE:
        with pytest.raises(ValueError, match="not inside"):
            intervals.replace(runs)
    else:
        intervals.replace(runs)
        for first, last, value in runs:
            cells[first:last] = [value] * (last - first)
    assert_same(intervals, cells)


@pytest.mark.parametrize(
    "runs", [[(0, 0, "b")], [(0, 2, "b"), (3, 4, "c")], [(0, 3, "b"), (2, 4, "c")], [(3, 1, "b")]]
)
def test_replacing_by_what_is_not_consecutive_changes_nothing(
    runs: list[tuple[int, int, str]],
) -> None:
    intervals = IntervalMap(SIZE, "a")
    with pytest.raises(ValueError, match="not"):
        intervals.replace(runs)
    assert intervals == IntervalMap(SIZE, "a")


@given(steps, steps)
def test_equality_is_about_content_not_history(
    left: list[tuple[tuple[int, int], str | None]], right: list[tuple[tuple[int, int], str | None]]
) -> None:
    maps: list[IntervalMap[str | None]] = []
    lists: list[list[str | None]] = []
    for changes in (left, right):
        intervals: IntervalMap[str | None] = IntervalMap(SIZE, "a")
        cells: list[str | None] = ["a"] * SIZE
        for (start, end), value in changes:
            intervals.assign(start, end, value)
            cells[start:end] = [value] * (end - start)
        maps.append(intervals)
        lists.append(cells)
    assert (maps[0] == maps[1]) is (lists[0] == lists[1])


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(VALUES)), max_size=20))
def test_from_runs_merges_neighbours(parts: list[tuple[int, str | None]]) -> None:
    cells = [value for length, value in parts for _ in range(length)]
    runs: list[tuple[int, int, str | None]] = []
    position = 0
    for length, value in parts:
        runs.append((position, position + length, value))
        position += length
    assert_same(IntervalMap[str | None].from_runs(len(cells), runs), cells)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [(0, 4, "a")],
        [(0, 11, "a")],
        [(1, 10, "a")],
        [(0, 4, "a"), (5, 10, "b")],
        [(0, 4, "a"), (3, 10, "b")],
        [(0, 4, "a"), (4, 4, "b"), (4, 10, "a")],
        [(0, 10, "a"), (10, 8, "b")],
        [(-2, 10, "a")],
    ],
)
def test_from_runs_refuses_what_is_no_cover(runs: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="run"):
        IntervalMap[str].from_runs(10, runs)


def test_copy_is_independent() -> None:
    first = IntervalMap(10, "a")
    second = first.copy()
    second.assign(2, 4, "b")
    assert list(first.runs()) == [(0, 10, "a")]
    assert first.total("a") == 10
    assert second.total("a") == 8
    assert first != second


def test_totals_forget_values_no_longer_used() -> None:
    intervals: IntervalMap[int] = IntervalMap(100, 0)
    for value in range(1, 50):
        intervals.assign(0, 100, value)
    assert intervals._totals == {49: 100}


def test_empty_map() -> None:
    empty = IntervalMap(0, "a")
    assert len(empty) == 0
    assert list(empty.runs()) == []
    assert empty.total("a") == 0
    assert empty.assign(0, 0, "b") == []
    assert empty == IntervalMap[str].from_runs(0, [])
    with pytest.raises(ValueError, match="offset 0"):
        empty.at(0)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4), (0, 11), (11, 11)])
def test_ranges_outside_are_refused(start: int, end: int) -> None:
    intervals = IntervalMap(10, "a")
    with pytest.raises(ValueError, match="range"):
        intervals.assign(start, end, "b")
    with pytest.raises(ValueError, match="range"):
        intervals.runs(start, end)  # at the call, not at the first item
    assert intervals == IntervalMap(10, "a")


@pytest.mark.parametrize("offset", [-1, 10])
def test_offsets_outside_are_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="offset"):
        IntervalMap(10, "a").at(offset)


def test_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        IntervalMap(-1, "a")


def test_other_objects() -> None:
    intervals = IntervalMap(10, "a")
    assert intervals != "a"
    assert intervals != IntervalMap(11, "a")
    assert repr(intervals) == "<IntervalMap of 10 bytes in 1 runs>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(intervals)
    assert intervals.size == 10


def test_many_runs_far_apart() -> None:
    """Sizes beyond 2**32 and enough runs for the sorted keys to be split into several lists."""
    step = 2**33
    runs = ((i * step, (i + 1) * step, i % 2) for i in range(20_000))
    intervals = IntervalMap[int].from_runs(20_000 * step, runs)
    assert len(intervals) == 20_000
    assert intervals.total(1) == 10_000 * step
    intervals.assign(step // 2, 20_000 * step - step // 2, 2)
    assert list(intervals.runs()) == [
        (0, step // 2, 0),
        (step // 2, 20_000 * step - step // 2, 2),
        (20_000 * step - step // 2, 20_000 * step, 1),
    ]
