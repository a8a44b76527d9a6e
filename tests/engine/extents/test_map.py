"""ExtentMap against one pair of kind and progress for each byte."""

from __future__ import annotations

import json
import pickle
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents.map import Extent, ExtentMap, Kind, Progress

SIZE = 30
Cells = list[tuple[Kind, Progress]]
Change = tuple[int, int, Kind | Progress]

ends = st.integers(0, SIZE)
changes = st.lists(
    st.tuples(ends, ends, st.sampled_from([*Kind, *Progress])).map(
        lambda change: (min(change[:2]), max(change[:2]), change[2])
    ),
    max_size=25,
)


def play(steps: list[Change]) -> tuple[ExtentMap, Cells]:
    """Carry out the changes on a map and on a list of cells."""
    extents = ExtentMap(SIZE)
    cells: Cells = [(Kind.DATA, Progress.PENDING)] * SIZE
    for start, end, value in steps:
        if isinstance(value, Kind):
            extents.classify(start, end, value)
            cells[start:end] = [(value, progress) for _, progress in cells[start:end]]
        else:
            extents.advance(start, end, value)
            cells[start:end] = [(kind, value) for kind, _ in cells[start:end]]
    return extents, cells


def naive(cells: Cells, start: int, end: int) -> list[Extent]:
    found: list[Extent] = []
    for (kind, progress), group in groupby(cells[start:end]):
        stop = start + len(list(group))
        found.append(Extent(start, stop, kind, progress))
        start = stop
    return found


@given(changes, ends, ends)
def test_like_a_list_of_cells(steps: list[Change], one: int, other: int) -> None:
    extents, cells = play(steps)
    start, end = sorted((one, other))
    assert list(extents.extents()) == naive(cells, 0, SIZE)
    assert list(extents.extents(start, end)) == naive(cells, start, end)
    assert [extents.kind_at(i) for i in range(SIZE)] == [kind for kind, _ in cells]
    assert [extents.progress_at(i) for i in range(SIZE)] == [progress for _, progress in cells]
    for kind in Kind:
        assert extents.bytes_of(kind) == sum(cell[0] is kind for cell in cells)
        for progress in Progress:
            assert extents.bytes_of_at(kind, progress) == cells.count((kind, progress))
    for progress in Progress:
        assert extents.bytes_at(progress) == sum(cell[1] is progress for cell in cells)
    assert extents.saved == sum(cell[0] is not Kind.DATA for cell in cells)


@given(
    changes,
    st.integers(0, SIZE - 1),
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from(list(Kind))), min_size=1, max_size=9),
    st.sampled_from(list(Progress)),
)
def test_describing_is_classifying_each_and_advancing_all(
    steps: list[Change], start: int, pieces: list[tuple[int, Kind]], progress: Progress
) -> None:
    one, _ = play(steps)
    other = one.copy()
    runs: list[tuple[int, int, Kind]] = []
    for length, kind in pieces:
        end = min(start + length, SIZE)
        if start < end:
            runs.append((start, end, kind))
        start = end
    one.note_changes()
    one.describe(runs, progress)
    for begin, end, kind in runs:
        other.classify(begin, end, kind)
    other.advance(runs[0][0], runs[-1][1], progress)
    assert one == other
    for kind in Kind:
        for step in Progress:
            assert one.bytes_of_at(kind, step) == other.bytes_of_at(kind, step)
    assert one.take_changes() == [(runs[0][0], runs[-1][1])]


@given(changes)
def test_each_axis_alone_has_maximal_runs(steps: list[Change]) -> None:
    extents, cells = play(steps)
    for runs, column in (
        (list(extents.kinds()), [kind for kind, _ in cells]),
        (list(extents.progress()), [progress for _, progress in cells]),
    ):
        assert [value for start, end, value in runs for _ in range(start, end)] == column
        assert len(runs) == len(list(groupby(column)))


@given(changes)
def test_record_gives_an_equal_map_back(steps: list[Change]) -> None:
    extents, _ = play(steps)
    text = json.dumps(extents.to_record())
    again = ExtentMap.from_record(json.loads(text))
    assert again == extents
    assert list(again.extents()) == list(extents.extents())
    for kind in Kind:
        for progress in Progress:
            assert again.bytes_of_at(kind, progress) == extents.bytes_of_at(kind, progress)


def test_a_record_follows_what_has_changed_since_the_last() -> None:
    """The list of kinds is kept for the next one, and no longer than it is true."""
    extents = ExtentMap(10)
    assert extents.to_record()["kinds"] == [10, Kind.DATA.value]
    extents.classify(0, 4, Kind.HOLE)
    hole = [4, Kind.HOLE.value, 6, Kind.DATA.value]
    first = extents.to_record()
    assert first["kinds"] == hole
    extents.advance(0, 10, Progress.ACKNOWLEDGED)
    second = extents.to_record()
    assert second["kinds"] is first["kinds"]
    assert second["progress"] == [10, Progress.ACKNOWLEDGED.value]
    extents.describe([(0, 10, Kind.ZERO)], Progress.PENDING)
    assert extents.to_record()["kinds"] == [10, Kind.ZERO.value]
    assert first["kinds"] == hole


@given(changes)
def test_copy_is_equal_and_independent(steps: list[Change]) -> None:
    extents, _ = play(steps)
    before = extents.to_record()
    twin = extents.copy()
    assert twin == extents
    twin.classify(0, SIZE, Kind.HOLE)
    twin.advance(0, SIZE, Progress.FAILED)
    assert extents.to_record() == before
    assert twin.bytes_of_at(Kind.HOLE, Progress.FAILED) == SIZE


def test_from_kinds() -> None:
    extents = ExtentMap.from_kinds(
        10, [(0, 4, Kind.DATA), (4, 5, Kind.HOLE), (5, 7, Kind.HOLE), (7, 10, Kind.ZERO)]
    )
    assert list(extents.kinds(1, 9)) == [(1, 4, Kind.DATA), (4, 7, Kind.HOLE), (7, 9, Kind.ZERO)]
    assert list(extents.progress()) == [(0, 10, Progress.PENDING)]
    assert extents.saved == 6
    assert extents.bytes_of_at(Kind.ZERO, Progress.PENDING) == 3
    extents.advance(0, 5, Progress.ACKNOWLEDGED)
    assert extents.bytes_of_at(Kind.DATA, Progress.ACKNOWLEDGED) == 4
    with pytest.raises(ValueError, match="run"):
        ExtentMap.from_kinds(10, [(0, 4, Kind.DATA)])


def test_extent() -> None:
    assert Extent(3, 8, Kind.DATA, Progress.PENDING).length == 5


def test_empty_map() -> None:
    empty = ExtentMap(0)
    assert list(empty.extents()) == []
    assert empty.saved == 0
    assert ExtentMap.from_record(empty.to_record()) == empty
    assert ExtentMap.from_kinds(0, []) == empty


def test_ranges_outside_change_nothing() -> None:
    extents = ExtentMap(10)
    with pytest.raises(ValueError, match="range"):
        extents.classify(5, 11, Kind.HOLE)
    with pytest.raises(ValueError, match="range"):
        extents.advance(-1, 4, Progress.FAILED)
    with pytest.raises(ValueError, match="range"):
        extents.extents(4, 3)
    assert extents == ExtentMap(10)


def test_other_objects() -> None:
    extents = ExtentMap(10)
    assert extents != 10
    assert extents != ExtentMap(9)
    assert repr(extents) == "<ExtentMap of 10 bytes, 1 runs of kind, 1 of progress>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(extents)


def test_members_survive_the_way_to_another_process() -> None:
    """They hash by identity, so they have to come back as the same objects."""
    for member in (*Kind, *Progress):
        assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301  # made right here


def test_record_is_what_journals_contain() -> None:
    """The saved form is kept: journals of older versions must stay readable."""
    extents = ExtentMap.from_kinds(10, [(0, 4, Kind.DATA), (4, 8, Kind.HOLE), (8, 10, Kind.ZERO)])
    extents.advance(0, 1, Progress.VERIFIED)
    extents.advance(1, 2, Progress.ACKNOWLEDGED)
    extents.advance(2, 3, Progress.IN_FLIGHT)
    extents.advance(3, 4, Progress.FAILED)
    assert extents.to_record() == {
        "version": 1,
        "size": 10,
        "kinds": [4, 0, 4, 1, 2, 2],
        "progress": [1, 3, 1, 2, 1, 1, 1, 4, 6, 0],
    }


GOOD: dict[str, object] = {"version": 1, "size": 4, "kinds": [4, 0], "progress": [4, 0]}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "not NoneType"),
        ([1, 4], "not list"),
        ({}, "version None"),
        ({**GOOD, "version": 2}, "version 2"),
        ({**GOOD, "version": True}, "version True"),
        ({**GOOD, "size": -4}, "size -4"),
        ({**GOOD, "size": 4.0}, r"size 4\.0"),
        ({**GOOD, "size": "4"}, "size '4'"),
        ({**GOOD, "size": 5}, "the runs end at 4, the map at 5"),
        ({**GOOD, "size": 3}, "the runs end at 4, the map at 3"),
        ({**GOOD, "kinds": None}, "kinds that are not pairs"),
        ({**GOOD, "kinds": [4]}, "kinds that are not pairs"),
        ({**GOOD, "kinds": [4, 3]}, "unknown code 3 in kinds"),
        ({**GOOD, "kinds": [4, False]}, "unknown code False in kinds"),
        ({**GOOD, "kinds": [4, [0]]}, r"unknown code \[0\] in kinds"),
        ({**GOOD, "kinds": [4, 0, 0, 1]}, "run of 0 bytes in kinds"),
        ({**GOOD, "kinds": [5, 0, -1, 1]}, "run of -1 bytes in kinds"),
        ({**GOOD, "progress": [4, 5]}, "unknown code 5 in progress"),
        ({**GOOD, "progress": [True, 0, 3, 0]}, "run of True bytes in progress"),
        ({**GOOD, "progress": []}, "the runs end at 0"),
    ],
)
def test_malformed_records_are_refused(record: object, message: str) -> None:
    assert ExtentMap.from_record(GOOD) == ExtentMap(4)
    with pytest.raises(ValueError, match=message):
        ExtentMap.from_record(record)
