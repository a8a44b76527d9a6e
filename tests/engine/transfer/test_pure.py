"""Small pure parts: reports, numbered names, segments."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.extents import ExtentMap, Kind
from lacuna_engine.transfer.destination import numbered
from lacuna_engine.transfer.digest import BLOCK
from lacuna_engine.transfer.receiver import MAX_SEGMENTS, SEGMENT, segments
from lacuna_engine.transfer.report import Report, State

CONTRACT = [
    *("job", "state", "source", "destination"),
    *("bytes_total", "bytes_data", "bytes_hole", "bytes_zero"),
    *("bytes_sent", "bytes_received", "bytes_wire"),
    *("connections", "seconds", "resumed", "verified", "digest"),
]
"""The keys of ``--json``, in order, as scripts rely on them."""


def test_a_report_has_the_keys_of_the_contract() -> None:
    report = Report("from", "to", job="12ab", state=State.DONE, digest="d", seconds=1.5)
    extents = ExtentMap(100)
    extents.classify(10, 40, Kind.HOLE)
    extents.classify(40, 45, Kind.ZERO)
    report.count(extents)
    assert list(report.to_json()) == CONTRACT
    assert json.loads(json.dumps(report.to_json())) == {
        "job": "12ab",
        "state": "done",
        "source": "from",
        "destination": "to",
        "bytes_total": 100,
        "bytes_data": 65,
        "bytes_hole": 30,
        "bytes_zero": 5,
        "bytes_sent": 0,
        "bytes_received": 0,
        "bytes_wire": 0,
        "connections": 0,
        "seconds": 1.5,
        "resumed": False,
        "verified": False,
        "digest": "d",
    }
    assert report.saved == 35


def test_a_report_begins_as_failed_with_a_job_of_its_own() -> None:
    one, two = Report("a", "b"), Report("a", "b")
    assert one.job != two.job
    assert one.state is State.FAILED
    assert one.to_json()["digest"] is None


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("disk.qcow2", 1, "disk-1.qcow2"),
        ("disk", 12, "disk-12"),
        ("a.tar.gz", 2, "a.tar-2.gz"),
        (".hidden", 1, ".hidden-1"),
        ("dot.", 1, "dot.-1"),
        ("x y.img", 3, "x y-3.img"),
    ],
)
def test_numbered(name: str, number: int, expected: str) -> None:
    assert numbered(name, number) == expected


@given(st.integers(0, 1 << 62))
def test_segments_cover_exactly(size: int) -> None:
    found = list(segments([(0, size)]))
    at = 0
    for start, length in found:
        assert start == at
        assert start % BLOCK == 0
        assert length > 0
        at += length
    assert at == size
    assert len(found) <= MAX_SEGMENTS
    assert all(length >= min(SEGMENT, size) for _, length in found[:-1])


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(1, 1 << 40)), max_size=8))
def test_segments_cover_their_ranges(parts: list[tuple[int, int]]) -> None:
    ranges: list[tuple[int, int]] = []
    at = 0
    for skip, length in parts:
        ranges.append((at + skip, at + skip + length))
        at += skip + length
    found = list(segments(ranges))
    assert sum(length for _, length in found) == sum(end - start for start, end in ranges)
    assert all(
        any(begin <= start and start + length <= end for begin, end in ranges)
        for start, length in found
    )
