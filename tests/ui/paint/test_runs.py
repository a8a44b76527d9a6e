"""Runs as arrays say the same as the engine's map, whatever is done to them."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_gui.paint import runs as paint_runs
from lacuna_gui.paint.runs import CODES, UNKNOWN, Range, RunTable, code_of, split

SIZE = 200
kinds = st.sampled_from(Kind)
progresses = st.sampled_from(Progress)


@st.composite
def ranges(draw: st.DrawFn, size: int = SIZE) -> Range:
    start = draw(st.integers(0, size))
    end = draw(st.integers(0, size))
    return min(start, end), max(start, end), draw(kinds), draw(progresses)


def bytes_of(table: RunTable) -> list[int]:
    """Return the code of every byte."""
    lengths = np.diff(table.starts, append=table.size)
    return np.repeat(table.codes, lengths).tolist()


def check(table: RunTable) -> None:
    """Check what always holds."""
    starts, codes = table.starts, table.codes
    assert len(starts) == len(codes) == len(table)
    assert (table.size == 0) == (len(starts) == 0)
    if len(starts):
        assert starts[0] == 0
        assert starts[-1] < table.size
    assert (np.diff(starts) > 0).all()
    assert (codes[1:] != codes[:-1]).all()
    told = bytes_of(table)
    for kind in Kind:
        assert table.bytes_of(kind) == sum(c != UNKNOWN and c // 5 == kind.value for c in told)
    for progress in Progress:
        expected = sum(c != UNKNOWN and c % 5 == progress.value for c in told)
        assert table.bytes_at(progress) == expected
    assert table.bytes_unknown == told.count(UNKNOWN)


@given(st.lists(st.lists(ranges(), max_size=8), max_size=6))
def test_changes_do_what_they_do_to_a_list_of_bytes(batches: Sequence[Sequence[Range]]) -> None:
    table = RunTable(SIZE)
    expected = [UNKNOWN] * SIZE
    for batch in batches:
        before = bytes_of(table)
        revision = table.revision
        changes = table.apply(iter(batch))
        for start, end, kind, progress in batch:
            expected[start:end] = [code_of(kind, progress)] * (end - start)
        assert bytes_of(table) == expected
        check(table)
        assert (table.revision > revision) == bool(changes)
        for change in changes:
            old = np.repeat(change.old_codes, np.diff(change.old_starts, append=change.end))
            new = np.repeat(change.new_codes, np.diff(change.new_starts, append=change.end))
            assert old.tolist() == before[change.start : change.end]
            assert new.tolist() == expected[change.start : change.end]
        spans = [(change.start, change.end) for change in changes]
        assert spans == sorted(spans)


@given(st.lists(ranges(), min_size=1, max_size=12))
def test_neighbourhoods_apart_are_merged_apart(batch: Sequence[Range]) -> None:
    whole, pieces = RunTable(SIZE), RunTable(SIZE)
    comb: list[Range] = [(at, at + 1, Kind.DATA, Progress.PENDING) for at in range(0, SIZE, 2)]
    for table in (whole, pieces):
        table.apply(comb)
    whole.apply(batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paint_runs, "_NEAR", 2)
        changes = pieces.apply(batch)
    check(pieces)
    assert bytes_of(pieces) == bytes_of(whole)
    assert len(changes) <= len(batch)


def test_far_changes_are_told_one_by_one() -> None:
    table = RunTable(1 << 30)
    step = 1 << 10
    table.apply(
        (at, at + 512, Kind.DATA, Progress.PENDING) for at in range(0, 100_000 * step, step)
    )
    changes = table.apply(
        [
            (0, 512, Kind.DATA, Progress.ACKNOWLEDGED),
            (90_000 * step, 90_000 * step + 512, Kind.DATA, Progress.IN_FLIGHT),
        ]
    )
    assert [len(change.old_codes) <= 3 for change in changes] == [True, True]
    assert table.run_at(90_000 * step)[2] == code_of(Kind.DATA, Progress.IN_FLIGHT)


@st.composite
def extent_maps(draw: st.DrawFn) -> ExtentMap:
    size = draw(st.integers(0, SIZE))
    extents = ExtentMap(size)
    for start, end, kind, progress in draw(st.lists(ranges(size), max_size=12)):
        extents.classify(start, end, kind)
        extents.advance(start, end, progress)
    return extents


@given(extent_maps())
def test_maps_and_records_say_the_same(extents: ExtentMap) -> None:
    table = RunTable.from_map(extents)
    check(table)
    told = [(start, end, code_of(kind, step)) for start, end, kind, step in extents.runs()]
    starts, codes = table.starts.tolist(), table.codes.tolist()
    ends = [*starts, table.size][1:]
    assert list(zip(starts, ends, codes, strict=True)) == told
    record = RunTable.from_record(extents.to_record())
    assert bytes_of(record) == bytes_of(table)
    check(record)
    for kind in Kind:
        assert table.bytes_of(kind) == extents.bytes_of(kind)


def test_a_record_that_contradicts_itself() -> None:
    record = ExtentMap(10).to_record()
    record["kinds"] = [9, 0]
    with pytest.raises(ValueError, match="do not cover"):
        RunTable.from_record(record)
    record["kinds"] = [9, 0, 1]
    with pytest.raises(ValueError, match="do not cover"):
        RunTable.from_record(record)


def test_what_lies_outside_is_cut_off() -> None:
    table = RunTable(10)
    table.apply([(8, 99, Kind.HOLE, Progress.PENDING), (50, 60, Kind.DATA, Progress.FAILED)])
    assert table.run_at(9) == (8, 10, code_of(Kind.HOLE, Progress.PENDING))
    assert table.bytes_at(Progress.FAILED) == 0
    assert table.apply([]) == []
    assert table.apply([(3, 3, Kind.DATA, Progress.PENDING)]) == []


def test_an_empty_image() -> None:
    table = RunTable(0)
    assert len(table) == 0
    assert table.apply([(0, 5, Kind.DATA, Progress.PENDING)]) == []
    with pytest.raises(ValueError, match="outside"):
        table.run_at(0)
    with pytest.raises(ValueError, match="negative"):
        RunTable(-1)


@given(st.lists(ranges(), max_size=8), st.integers(0, SIZE - 1), st.integers(1, SIZE))
def test_windows(batch: Sequence[Range], start: int, length: int) -> None:
    table = RunTable(SIZE)
    table.apply(batch)
    end = min(SIZE, start + length)
    starts, codes = table.window(start, end)
    assert np.repeat(codes, np.diff(starts, append=end)).tolist() == bytes_of(table)[start:end]
    first, last, code = table.run_at(start)
    assert first <= start < last
    assert set(bytes_of(table)[first:last]) == {code}


def test_codes() -> None:
    codes = {code_of(kind, progress) for kind in Kind for progress in Progress}
    assert codes | {UNKNOWN} == set(range(CODES))
    assert all(split(code_of(k, p)) == (k, p) for k in Kind for p in Progress)
    assert split(UNKNOWN) is None
