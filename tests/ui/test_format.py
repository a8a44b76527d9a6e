"""Text from numbers, in English, German and the C locale."""

import datetime as dt
import math
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from lacuna_gui import format as text

KIB, MIB, GIB, TIB = (1 << (10 * power) for power in range(1, 5))
ENGLISH = QLocale(QLocale.Language.English, QLocale.Country.UnitedStates)
GERMAN = QLocale(QLocale.Language.German, QLocale.Country.Germany)
sizes = st.integers(0, 1 << 63)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "0.98 KiB"),
        (KIB, "1 KiB"),
        (1536 * MIB, "1.50 GiB"),
        (40 * GIB, "40 GiB"),
        (int(6.1 * GIB), "6.10 GiB"),
        (64 * GIB + MIB, "64.0 GiB"),
        (999 * GIB, "999 GiB"),
        (1023 * GIB, "1.00 TiB"),
        (1000 * GIB - 1, "0.98 TiB"),
        (TIB - 1, "1.00 TiB"),
        ((1 << 63) - 1, "8 EiB"),
        (-2 * MIB, "-2 MiB"),
    ],
)
def test_bytes(count: int, shown: str) -> None:
    assert text.bytes_text(count, ENGLISH) == shown


def test_numbers_are_written_as_in_germany(german: QLocale) -> None:
    assert text.bytes_text(1536 * MIB) == "1,50 GiB"
    assert text.exact_bytes_text(1536 * MIB) == "1.610.612.736 bytes"
    assert text.offset_text(12 * GIB + 64 * MIB) == "12,0625 GiB"
    assert text.rate_text(212.4 * MIB) == "212 MiB/s"
    assert text.percent_text(38, 100) == "38 %"
    assert text.percent_text(3855, 10000, 1) == "38,5 %"
    assert text.elapsed_text(1.25) == "1,3 s"
    assert text.count_text(12345) == "12.345"
    assert text.number_text(4.04) == "4,0"


@given(sizes)
def test_bytes_are_short(count: int) -> None:
    shown = text.bytes_text(count, ENGLISH)
    number, _, unit = shown.partition(" ")
    assert len(number) <= 4
    assert unit


@given(sizes)
def test_bytes_are_right_within_a_percent(count: int) -> None:
    number, _, unit = text.bytes_text(count, ENGLISH).partition(" ")
    factor = 1 << 10 * ("bytes KiB MiB GiB TiB PiB EiB".replace("bytes", "B").split().index(
        unit.replace("bytes", "B").replace("byte", "B")
    ))  # fmt: skip
    assert float(number) * factor == pytest.approx(count, rel=0.011)


def test_rates() -> None:
    assert text.rate_text(0, ENGLISH) == "0 KiB/s"
    assert text.rate_text(500, ENGLISH) == "0.49 KiB/s"
    assert text.rate_text(1.5 * GIB, ENGLISH) == "1.50 GiB/s"


@given(st.integers(0, 1 << 60), st.integers(1, 1 << 60))
def test_percents_are_never_rounded_up(done: int, total: int) -> None:
    whole = text.percent(done, total)
    assert 0 <= whole <= 100
    assert (whole == 100) == (done >= total)
    if done < total:
        assert whole * total <= done * 100
        shown = text.percent_text(done, total, 1, ENGLISH)
        assert not shown.startswith("100")


def test_percents_at_the_ends() -> None:
    assert text.percent(0, 0) == 100
    assert text.percent_text((1 << 50) - 1, 1 << 50, locale=ENGLISH) == "99%"
    assert text.percent_text((1 << 50) - 1, 1 << 50, 1, ENGLISH) == "99.9%"
    assert text.percent_text(5, 5, 1, ENGLISH) == "100.0%"


@pytest.mark.parametrize(
    ("part", "shown"),
    [(0, "0%"), (1, "<1%"), (9_999, ">99%"), (10_000, "100%"), (5000, "50%"), (9900, "99%")],
)
def test_shares_are_honest_at_the_ends(part: int, shown: str) -> None:
    assert text.ratio_text(part, 10_000, ENGLISH) == shown


def test_a_share_of_nothing() -> None:
    assert text.ratio_text(0, 0, ENGLISH) == "0%"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (5, "0:05"),
        (112, "1:52"),
        (59.6, "1:00"),
        (7390, "2:03:10"),
        (3 * 86400 + 4 * 3600 + 59, "3 d 4 h"),
        (-1, "0:00"),
        (math.inf, text.UNKNOWN),
        (math.nan, text.UNKNOWN),
        (1e12, text.UNKNOWN),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert text.duration_text(seconds) == shown


def test_the_time_left_is_rounded_up() -> None:
    assert text.eta_text(0.2) == "0:01"
    assert text.eta_text(None) == text.UNKNOWN
    assert text.eta_text(math.inf) == text.UNKNOWN
    assert text.eta_text(0) == "0:00"


def test_time_taken() -> None:
    assert text.elapsed_text(0.44, ENGLISH) == "0.4 s"
    assert text.elapsed_text(9.96, ENGLISH) == "0:10"


@pytest.fixture
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_times_are_local_and_have_a_whole_year() -> None:
    moment = dt.datetime(2026, 11, 20, 13, 2, tzinfo=dt.UTC).timestamp()
    assert text.time_text(moment, GERMAN) == "20.11.2026 14:02"
    assert text.time_text(moment, ENGLISH).replace("\u202f", " ") == "11/20/2026 2:02 PM"
    assert text.time_text(moment, QLocale.c()) == "2026-11-20 14:02"


def test_no_time() -> None:
    assert text.time_text(None) == text.UNKNOWN
    assert text.time_text(0) == text.UNKNOWN


@pytest.mark.parametrize(
    ("offset", "shown"),
    [(0, "0"), (512, "512 bytes"), (4096, "4 KiB"), (12 * GIB + 64 * MIB, "12.0625 GiB")],
)
def test_offsets(offset: int, shown: str) -> None:
    assert text.offset_text(offset, locale=ENGLISH) == shown


def test_names_lose_their_middle() -> None:
    name = "debian-13-generic-amd64-20261120.qcow2"
    assert text.elide_middle(name, 100) == name
    short = text.elide_middle(name, 15)
    assert short == "debian-\N{HORIZONTAL ELLIPSIS}0.qcow2"
    assert text.elide_middle(name, 1) == "\N{HORIZONTAL ELLIPSIS}"
    assert text.elide_middle(name, 0) == ""


@given(st.text(max_size=60), st.integers(0, 60))
def test_what_is_elided_fits(name: str, limit: int) -> None:
    assert len(text.elide_middle(name, limit)) <= max(limit, 0)


def test_marks_stay_with_their_letters() -> None:
    name = "e\u0301" * 20
    head, _, tail = text.elide_middle(name, 12).partition("\N{HORIZONTAL ELLIPSIS}")
    assert not tail.startswith("\u0301")
    assert head.endswith("\u0301")
