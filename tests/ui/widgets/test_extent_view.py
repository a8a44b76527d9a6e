"""Zooming and panning never leave the image."""

from hypothesis import given
from hypothesis import strategies as st

from lacuna_gui.widgets.extent_view import SECTOR, ExtentView

sizes = st.integers(1, 1 << 62)


@st.composite
def views(draw: st.DrawFn) -> ExtentView:
    size = draw(sizes)
    start = draw(st.integers(0, size - 1))
    return ExtentView(size, start, draw(st.integers(start + 1, size)))


@given(views(), st.floats(0.01, 100), st.integers(0, 1 << 62), st.integers(1, 4000))
def test_zooming(view: ExtentView, factor: float, anchor: int, columns: int) -> None:
    zoomed = view.zoomed(factor, anchor, columns)
    assert 0 <= zoomed.start < zoomed.end <= view.size
    assert zoomed.span >= min(view.size, columns * SECTOR)
    if view.start <= anchor < view.end:
        assert zoomed.start <= anchor <= zoomed.end


@given(views(), st.integers(-(1 << 62), 1 << 62))
def test_moving(view: ExtentView, distance: int) -> None:
    for moved in (view.moved(distance), view.centred(distance), view.showing(distance)):
        assert 0 <= moved.start < moved.end <= view.size
        assert moved.span == view.span
    if 0 <= distance < view.size:
        shown = view.showing(distance)
        assert shown.start <= distance < shown.end


def test_the_byte_at_the_pointer_stays_there() -> None:
    view = ExtentView.whole(1 << 40)
    anchor = 3 << 38
    zoomed = view.zoomed(16, anchor, 1000)
    assert zoomed.zoom == 16
    assert (anchor - zoomed.start) / zoomed.span == 0.75
    assert zoomed.zoomed(1 / 16, anchor, 1000).is_whole


def test_an_empty_image() -> None:
    empty = ExtentView.whole(0)
    assert empty.is_whole
    assert empty.zoom == 1
    assert empty.zoomed(2, 0, 100) == empty
    assert empty.moved(5) == empty
