"""What goes over several connections: which ranges, in which segments, over how many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import TransferError
from lacuna_engine.extents import ExtentMap, Kind, Source
from lacuna_engine.transfer import plan
from lacuna_engine.transfer.checkpoint import Checkpoint, FileMark, Stage
from lacuna_engine.transfer.lane_count import GAIN, SLOW_ANSWER, LaneCount
from lacuna_engine.transfer.plan import (
    LONG,
    NOTHING,
    WORTHWHILE,
    Deferred,
    choose_deferred,
    segment_length,
)
from lacuna_engine.transfer.sampling import has_many_zeros, last_data

MIB = 1 << 20
SIZE = 60


@st.composite
def deferred(draw: st.DrawFn) -> Deferred:
    borders = draw(st.lists(st.integers(0, SIZE), max_size=12, unique=True).map(sorted))
    return Deferred(tuple(zip(borders[::2], borders[1::2], strict=False)))


@given(deferred(), st.integers(0, SIZE), st.integers(0, SIZE))
def test_outside(ranges: Deferred, one: int, other: int) -> None:
    start, end = sorted((one, other))
    inside = {byte for begin, until in ranges.ranges for byte in range(begin, until)}
    pieces = list(ranges.outside(start, end))
    assert [byte for piece in pieces for byte in range(*piece)] == [
        byte for byte in range(start, end) if byte not in inside
    ]
    assert all(begin < until for begin, until in pieces)
    assert all(one[1] < two[0] for one, two in pairwise(pieces))


@given(deferred(), st.integers(1, SIZE))
def test_segments(ranges: Deferred, length: int) -> None:
    """Nothing is left out, nothing comes twice, none is longer or spans two ranges."""
    pieces = list(ranges.segments(length))
    assert sum(end - start for start, end in pieces) == ranges.size
    assert all(0 < end - start <= length for start, end in pieces)
    assert all(
        sum(begin <= start and end <= until for begin, until in ranges.ranges) == 1
        for start, end in pieces
    )
    assert pieces == sorted(pieces)


def test_what_is_deferred() -> None:
    """Long runs of data, if there is enough in them; the rest is for the sparse stream."""
    layout = [(Kind.DATA, MIB), (Kind.HOLE, LONG), (Kind.DATA, WORTHWHILE), (Kind.ZERO, LONG)]
    extents = ExtentMap(sum(length for _, length in layout) + LONG - 1)
    position = 0
    for kind, length in layout:
        extents.classify(position, position + length, kind)
        position += length
    chosen = choose_deferred(extents.kinds())
    start = MIB + LONG
    assert chosen.ranges == ((start, start + WORTHWHILE),)
    assert list(chosen.as_holes(extents.kinds()))[:4] == [
        (0, MIB, Kind.DATA),
        (MIB, start, Kind.HOLE),
        (start, start + WORTHWHILE, Kind.HOLE),
        (start + WORTHWHILE, start + WORTHWHILE + LONG, Kind.ZERO),
    ]
    extents.classify(start, start + 1, Kind.HOLE)
    assert choose_deferred(extents.kinds()) is NOTHING


def test_segments_are_longer_where_calls_cost_more() -> None:
    size = 8 << 30
    assert segment_length(MIB, 4, 0.0) == plan.SHORTEST
    assert segment_length(size, 4, 0.0) == pytest.approx(size / 4 / plan.ROUNDS, abs=MIB)
    assert segment_length(1 << 40, 4, 0.0) == plan.LONGEST
    # A pool of 5,000 volumes: 0.16 s for each call.
    costly = segment_length(size, 4, 0.16)
    assert costly / plan.SPEED == pytest.approx(0.16 * plan.WORTH, rel=0.01)
    assert all(segment_length(size + n, 3, n / 1000) % MIB == 0 for n in range(20))


# --- how many lanes ------------------------------------------------------------------------------


def play(rates: list[float], answers: list[float], *, most: int = 4) -> Iterator[int]:
    counting = LaneCount(most)
    yield counting.count
    for answer in answers:
        yield counting.measured(rates[counting.count - 1], answer)


@pytest.mark.parametrize(
    ("rates", "most", "settles", "highest"),
    [
        ([1, 2, 3, 4], 4, 4, 4),  # each brings more
        ([1, 2, 2 * GAIN, 2 * GAIN * GAIN * 1.01], 4, 4, 4),
        ([1, 2, 3, 3.1], 4, 3, 4),  # the last brings too little
        ([1, 1.04, 9, 9], 4, 1, 2),  # the second brings nothing; no third is tried
        ([1, 2, 1.9, 9], 4, 2, 3),  # the third makes it slower
        ([1, 2, 3, 4], 2, 2, 2),
        ([1, 2, 3, 4], 1, 1, 1),
        ([0, 0, 0, 0], 4, 1, 1),  # nothing moves, so nothing is known
    ],
)
def test_lanes_grow_while_that_helps(
    rates: list[float], most: int, settles: int, highest: int
) -> None:
    seen = list(play(rates, [0.001] * 12, most=most))
    assert seen[-3:] == [settles] * 3
    assert max(seen) == highest
    assert all(abs(one - two) <= 1 for one, two in pairwise(seen))


def test_lanes_are_judged_when_they_are_as_fast_as_they_get() -> None:
    """The first seconds of a long way, and those of a new connection, are slow."""
    counting = LaneCount(4)
    seen = [
        (rate, counting.measured(rate, 0.001))
        for rate in (10, 50, 97, 100, 60, 90, 101, 102, 100, 100)
    ]
    assert seen == [
        *((10, 1), (50, 1), (97, 1), (100, 2)),  # as good as steady with one, at 100
        *((60, 2), (90, 2), (101, 2), (102, 1)),  # two bring 102, which is not enough
        *((100, 1), (100, 1)),
    ]


def test_while_not_all_are_at_work_only_the_daemon_counts() -> None:
    counting = LaneCount(4)
    assert [counting.measured(10, 0.001) for _ in range(2)] == [1, 2]
    assert [counting.measured(None, 0.001) for _ in range(5)] == [2] * 5
    assert counting.measured(None, SLOW_ANSWER * 2) == 1


def test_beginning_with_two() -> None:
    """What one would bring is not known; a third has to bring enough."""
    counting = LaneCount(4, start=2)
    assert [counting.measured(10, 0.001) for _ in range(2)] == [2, 3]
    assert [counting.measured(10.1, 0.001) for _ in range(2)] == [3, 2]
    assert LaneCount(1, start=2).count == 1


def test_lanes_give_way_when_the_daemon_is_busy() -> None:
    late = SLOW_ANSWER * 2
    answers = [0, 0, 0, 0, 0, 0, late, 0, late, late, late, late]
    assert list(play([1, 2, 3, 4], answers)) == [*(1, 1, 2, 2, 3, 3, 4, 3, 3, 2, 1, 1, 1)]


# --- looking at the image ------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "image"
    path.write_bytes(b"x" * 5000 + bytes(3 * MIB) + b"y" * 3 + bytes(100))
    fd = os.open(path, os.O_RDONLY)
    yield Source(fd, "image", path.stat().st_size, device=False)
    os.close(fd)


def test_the_last_data(source: Source) -> None:
    size, tail = source.size, 5000 + 3 * MIB
    for end, last in (
        (size, tail + 2),
        (tail + 2, tail + 1),
        (tail, 4999),
        (5000, 4999),
        (1, 0),
    ):
        found = last_data(source, 0, end)
        assert found is not None
        offset, content = found
        assert offset <= last < offset + len(content) <= end
        with Path(f"/proc/self/fd/{source.fd}").open("rb") as file:
            file.seek(offset)
            assert file.read(len(content)) == content
        assert any(content)
        assert len(content) <= 4096
    assert last_data(source, 5000, tail) is None


@pytest.mark.parametrize(("every", "many"), [(0, False), (400, False), (10, True), (1, True)])
def test_images_with_many_zeros(tmp_path: Path, every: int, many: bool) -> None:
    """One page in ``every`` is zero."""
    pages, path = 4096, tmp_path / "image"
    path.write_bytes(
        b"".join(bytes(4096) if every and not n % every else b"x" * 4096 for n in range(pages))
    )
    with path.open("rb") as file:
        source = Source(file.fileno(), "image", pages * 4096, device=False)
        ranges = Deferred(((0, 4096 * 1000), (4096 * 1001, 4096 * pages)))
        assert has_many_zeros(source, ranges) is many


# --- keeping the plan ----------------------------------------------------------------------------


def test_a_checkpoint_tells_of_extents_once_there_is_something() -> None:
    extents = ExtentMap(100)
    extents.classify(10, 20, Kind.HOLE)
    saved = Checkpoint(FileMark(100, 1, 2), "pool", "v", extents)
    assert saved.stage is Stage.MAKING
    assert Checkpoint.from_bytes(saved.to_bytes()).map == ExtentMap(100)
    for saved.stage in Stage:
        if saved.stage is not Stage.MAKING:
            assert Checkpoint.from_bytes(saved.to_bytes()).map == extents


def test_a_checkpoint_keeps_what_was_deferred() -> None:
    saved = Checkpoint(FileMark(100, 1, 2), "pool", "v", ExtentMap(100))
    assert Checkpoint.from_bytes(saved.to_bytes()).deferred == ()
    saved.deferred = ((0, 10), (50, 100))
    assert Checkpoint.from_bytes(saved.to_bytes()) == saved
    for bad in (((50, 40),), ((0, 10), (5, 20)), ((90, 101),), ((-1, 4),)):
        saved.deferred = bad
        with pytest.raises(TransferError, match="out of order"):
            Checkpoint.from_bytes(saved.to_bytes())
