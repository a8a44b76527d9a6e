"""Little does not vanish in a blend, and both axes are seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QPalette

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.paint.lanes import (
    BASE,
    GAP,
    LANES,
    MIDDLE,
    RAIL,
    TOP,
    Lanes,
    body_color,
    ink,
    lanes,
)
from lacuna_gui.paint.runs import CODES, UNKNOWN, code_of
from lacuna_gui.theme import colours, palette_of
from ui.vision import VISIONS, contrast, distance


def column(**shares: float) -> np.ndarray:
    """Return the counts of one column: ``DATA_PENDING=3`` and the like."""
    counts = np.zeros((CODES, 1))
    for name, count in shares.items():
        if name == "UNKNOWN":
            counts[UNKNOWN] = count
            continue
        kind, _, progress = name.partition("_")
        counts[code_of(Kind[kind], Progress[progress])] = count
    return counts


def drawn(palette: QPalette, **shares: float) -> list[QColor]:
    return pixels(lanes(column(**shares), ink(palette)))


def pixels(lane: Lanes, at: int = 0) -> list[QColor]:
    return [QColor.fromRgb(int(pixel)) for pixel in lane[:, at].tolist()]


def test_a_column_of_one_kind(palette: QPalette) -> None:
    meant = colours(palette)
    data = drawn(palette, DATA_ACKNOWLEDGED=5)
    assert data[TOP] == data[MIDDLE] == data[BASE] == meant.data
    assert data[RAIL] == meant.acknowledged
    zero = drawn(palette, ZERO_VERIFIED=5)
    assert zero[TOP] != zero[MIDDLE] == zero[BASE] == meant.zero
    assert zero[RAIL] == meant.verified
    hole = drawn(palette, HOLE_ACKNOWLEDGED=5)
    assert hole[TOP] == hole[MIDDLE] != hole[BASE] == meant.hole


def test_both_axes_are_seen_at_once(palette: QPalette) -> None:
    looks = {
        tuple(color.rgb() for color in drawn(palette, **{f"{kind.name}_{progress.name}": 1}))
        for kind in Kind
        for progress in Progress
    }
    looks.add(tuple(color.rgb() for color in drawn(palette, UNKNOWN=1)))
    assert len(looks) == CODES


@pytest.mark.parametrize("vision", VISIONS)
def test_done_and_to_be_done_are_told_apart(palette: QPalette, vision: str) -> None:
    meant, back = colours(palette), palette.color(QPalette.ColorRole.Base)
    for kind in Kind:
        pale = body_color(meant, back, kind, Progress.PENDING)
        strong = body_color(meant, back, kind, Progress.ACKNOWLEDGED)
        assert distance(pale, strong, vision) > 12
        if kind is not Kind.HOLE:
            assert contrast(pale, back) > 1.5


def test_little_data_is_seen_among_holes(palette: QPalette) -> None:
    much = drawn(palette, HOLE_ACKNOWLEDGED=10**9)
    some = drawn(palette, HOLE_ACKNOWLEDGED=10**9, DATA_ACKNOWLEDGED=1)
    assert some[TOP] != much[TOP]
    assert distance(some[BASE], much[BASE], "usual") > 12


@pytest.mark.parametrize("progress", [Progress.FAILED, Progress.IN_FLIGHT])
def test_one_byte_shows_in_the_rail(palette: QPalette, progress: Progress) -> None:
    counts = column(DATA_ACKNOWLEDGED=10**12)
    counts[code_of(Kind.DATA, progress)] = 1
    rail = pixels(lanes(counts, ink(palette)))[RAIL]
    assert rail == colours(palette).of_progress(progress)


def test_failure_goes_before_flight(palette: QPalette) -> None:
    both = drawn(palette, DATA_IN_FLIGHT=5, HOLE_FAILED=1)
    assert both[RAIL] == both[GAP] == colours(palette).failed


def test_marks_have_a_least_width(palette: QPalette) -> None:
    counts = np.repeat(column(DATA_ACKNOWLEDGED=9), 6, axis=1)
    failed = code_of(Kind.DATA, Progress.FAILED)
    counts[failed, 2] = counts[failed, 5] = 1
    rail = lanes(counts, ink(palette), mark=2)[RAIL].tolist()
    red = colours(palette).failed.rgb()
    assert [pixel == red for pixel in rail] == [False, False, True, True, True, True]


def test_no_columns() -> None:
    assert lanes(np.zeros((CODES, 0)), ink(palette_of(dark=False))).shape == (LANES, 0)


@given(st.lists(st.integers(0, 1 << 50), min_size=CODES, max_size=CODES))
def test_any_mixture_has_a_colour(counts: list[int]) -> None:
    mixed = lanes(np.array(counts, np.float64)[:, None], ink(palette_of(dark=True)))
    assert mixed.shape == (LANES, 1)
    assert (mixed >> 24 == 255).all()
