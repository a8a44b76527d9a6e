"""Numbers before people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.cli.show import (
    KIND_MARKS,
    SOME_DATA,
    bytes_text,
    duration_text,
    extent_strip,
    parse_rate,
    time_text,
)
from lacuna_engine.extents import ExtentMap, Kind

KIB, MIB, GIB, TIB = (1 << shift for shift in (10, 20, 30, 40))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 bytes"),
        (999, "999 bytes"),
        (999.9, "999 bytes"),
        (1000, "0.98 KiB"),
        (1536, "1.50 KiB"),
        (10 * KIB, "10.0 KiB"),
        (100 * KIB, "100 KiB"),
        (1000 * KIB, "0.98 MiB"),
        (GIB * 3 // 2, "1.50 GiB"),
        (TIB, "1.00 TiB"),
        (1 << 50, "1.00 PiB"),
        (1 << 60, "1.00 EiB"),
        (1 << 73, "8192 EiB"),
        (-5, "-5 bytes"),
        (-MIB, "-1.00 MiB"),
    ],
)
def test_bytes(count: float, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.9, "9.9 s"),
        (10, "0:10"),
        (59.6, "1:00"),
        (112, "1:52"),
        (3599.6, "1:00:00"),
        (7390, "2:03:10"),
        (360000, "100:00:00"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("800000", 800000),
        ("1", 1),
        ("2M", 2 * MIB),
        ("2m", 2 * MIB),
        (" 1.5G ", GIB * 3 // 2),
        ("50MB", 50 * MIB),
        ("50MiB/s", 50 * MIB),
        ("50M/s", 50 * MIB),
        ("3k", 3 * KIB),
        ("1T", TIB),
        ("7B", 7),
        ("1e3", 1000),
        ("0.5K", 512),
    ],
)
def test_rates(text: str, rate: int) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a rate"),
        ("M", "not a rate"),
        ("rapid", "unknown unit"),
        ("5X", "unknown unit"),
        ("inf", "unknown unit"),
        ("nan", "unknown unit"),
        ("infG", "not a rate"),
        ("nanM", "not a rate"),
        ("5KM", "not a rate"),
        ("5MM", "not a rate"),
        ("1.2.3M", "not a rate"),
        ("0", "above zero"),
        ("0.4", "above zero"),
        ("-5M", "above zero"),
    ],
)
def test_no_rates(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_rate(text)


@given(st.text())
def test_any_text_is_a_rate_or_not(text: str) -> None:
    try:
        rate = parse_rate(text)
    except ValueError:
        return
    assert rate > 0


def test_a_strip_of_nothing() -> None:
    assert extent_strip(ExtentMap(0), 10) == ""


def test_a_strip_shows_what_most_is() -> None:
    extents = ExtentMap(1000)
    extents.classify(100, 500, Kind.HOLE)
    extents.classify(540, 600, Kind.ZERO)
    assert extent_strip(extents, 10) == "#....+####"


@given(
    st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=200),
    st.integers(1, 5),
    st.integers(1, 300),
)
def test_a_strip_against_counting(kinds: list[Kind], length: int, width: int) -> None:
    """Byte b is in cell b * width // size; a cell without bytes shows the one it lies in."""
    size = len(kinds) * length
    extents = ExtentMap(size)
    for number, kind in enumerate(kinds):
        extents.classify(number * length, (number + 1) * length, kind)
    strip = extent_strip(extents, width)
    assert len(strip) == width
    for cell, mark in enumerate(strip):
        inside = [extents.kind_at(b) for b in range(size) if b * width // size == cell]
        if inside:
            most = max(map(inside.count, KIND_MARKS))
            if Kind.DATA in inside and inside.count(Kind.DATA) < most:
                assert mark == SOME_DATA
            else:
                assert mark in {KIND_MARKS[kind] for kind in Kind if inside.count(kind) == most}
        else:
            assert mark == KIND_MARKS[extents.kind_at(cell * size // width)]


@pytest.mark.parametrize("seconds", [0.0, 1.0, 1_700_000_000.0])
def test_a_moment(seconds: float) -> None:
    """Volumes may be dated anything; those of a reproducible build are of 1970."""
    local = datetime.fromtimestamp(seconds, UTC).astimezone()
    assert time_text(seconds) == f"{local:%Y-%m-%d %H:%M}"


def test_a_moment_that_nobody_can_tell() -> None:
    assert time_text(2.0**40) == ""
    assert time_text(2.0**63) == ""
