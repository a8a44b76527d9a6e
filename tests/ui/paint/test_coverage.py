"""Columns count every byte exactly once, however they are counted."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.paint import coverage as paint_coverage
from lacuna_gui.paint.coverage import Checkpoints, Counts, Coverage, column_edges, count_runs
from lacuna_gui.paint.runs import CODES, Offsets, Range, RunTable
from ui.paint.test_runs import SIZE, bytes_of, ranges

windows = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(sorted)
batches = st.lists(ranges(), max_size=10)


def counted(table: RunTable, edges: Offsets) -> Counts:
    """Count byte by byte."""
    told = bytes_of(table)
    counts = np.zeros((CODES, len(edges) - 1))
    for column in range(len(edges) - 1):
        for code in told[edges[column] : edges[column + 1]]:
            counts[code, column] += 1
    return counts


def table_of(batch: Sequence[Range]) -> RunTable:
    table = RunTable(SIZE)
    table.apply(batch)
    return table


@given(st.integers(0, 1 << 62), st.integers(1, 1 << 61), st.integers(1, 5000))
def test_columns_are_even_and_never_empty(start: int, length: int, columns: int) -> None:
    edges = column_edges(start, start + length, columns)
    widths = np.diff(edges)
    assert edges[0] == start
    assert edges[-1] == start + length
    assert len(widths) == min(columns, length)
    assert widths.min() >= 1
    assert widths.max() - widths.min() <= 1


@given(batches, windows, st.integers(1, 60))
def test_counting_all_runs(batch: Sequence[Range], window: Sequence[int], columns: int) -> None:
    table = table_of(batch)
    start, end = window
    coverage = Coverage(table)
    coverage.show(start, end, columns)
    assert coverage.columns == min(columns, end - start)
    assert np.array_equal(coverage.counts, counted(table, coverage.edges))


@given(batches, windows, st.integers(1, 60))
def test_counting_from_checkpoints(
    batch: Sequence[Range], window: Sequence[int], columns: int
) -> None:
    table = table_of(batch)
    start, end = window
    if start == end:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paint_coverage, "_STRIDE", 3)
        edges = column_edges(start, end, columns)
        assert np.array_equal(Checkpoints(table).count(edges), counted(table, edges))


@given(batches, st.lists(batches, max_size=4), windows, st.integers(1, 60))
def test_correcting_is_as_good_as_counting_anew(
    batch: Sequence[Range], later: Sequence[Sequence[Range]], window: Sequence[int], columns: int
) -> None:
    table = table_of(batch)
    start, end = window
    coverage = Coverage(table)
    coverage.show(start, end, columns)
    for changes in later:
        before = coverage.counts.copy()
        seen = coverage.patch(table.apply(changes))
        assert np.array_equal(coverage.counts, counted(table, coverage.edges))
        assert seen or np.array_equal(before, coverage.counts)


def test_checkpoints_are_kept_until_the_runs_change() -> None:
    table = RunTable(1 << 40)
    step = 1 << 20
    table.apply((at, at + 512, Kind.DATA, Progress.PENDING) for at in range(0, 40_000 * step, step))
    coverage = Coverage(table)
    coverage.show(0, table.size, 500)
    direct = count_runs(*table.window(0, table.size), coverage.edges)
    assert np.array_equal(coverage.counts, direct)
    changes = table.apply([(0, 40_000 * step, Kind.DATA, Progress.ACKNOWLEDGED)])
    coverage.patch(changes)
    coverage.show(0, table.size, 500)
    assert coverage.counts.sum() == table.size


def test_bytes_beyond_a_petabyte_are_exact() -> None:
    size = 1 << 52
    table = RunTable(size)
    table.apply([(1, 2, Kind.DATA, Progress.FAILED)])
    coverage = Coverage(table)
    coverage.show(0, size, 7)
    assert coverage.counts.sum() == size
    assert coverage.counts[Progress.FAILED.value].sum() == 1
