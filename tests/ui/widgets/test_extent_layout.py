"""What is drawn at a place is what is found there."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint

from lacuna_gui.widgets.extent_layout import MapLayout, MapMode, axis_labels, axis_ticks

layouts = st.builds(
    MapLayout,
    st.integers(60, 2000),
    st.integers(40, 500),
    st.sampled_from(MapMode),
    st.just(17),
    st.just(80),
    st.booleans(),
    st.sampled_from([1.0, 1.25, 1.5, 2.0]),
)


@given(layouts, st.data())
def test_columns_are_found_where_they_are(where: MapLayout, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, where.columns))
    column = data.draw(st.integers(0, count - 1))
    rect = where.rect_of(column, count)
    middle = rect.center()
    body = where.body
    assert rect.left() >= body.left() - 1
    assert rect.right() <= body.left() + body.width() + 1
    if rect.width() >= 2:
        assert where.column_at(QPoint(int(middle.x()), int(middle.y())), count) == column
    found = where.column_at(body.center(), count)
    assert found is None or 0 <= found < count


@given(layouts)
def test_parts_do_not_overlap(where: MapLayout) -> None:
    if where.overview:
        assert where.body.bottom() < where.overview_rect.top()
        assert where.overview_rect.bottom() < where.height
    assert where.column_at(QPoint(-1, -1), 10) is None


@given(st.integers(0, 1 << 62), st.integers(1, 1 << 62), st.integers(1, 40))
def test_ticks_are_few_and_round(start: int, length: int, count: int) -> None:
    ticks = axis_ticks(start, start + length, count)
    assert len(ticks) <= count + 1
    assert ticks.step & (ticks.step - 1) == 0
    assert all(tick % ticks.step == 0 and start <= tick < start + length for tick in ticks)


@given(st.integers(0, 1 << 50), st.integers(600, 1 << 50), st.integers(2, 12))
def test_labels_tell_ticks_apart(start: int, length: int, count: int) -> None:
    labels = axis_labels(axis_ticks(start, start + length, count))
    assert all(first != second for first, second in pairwise(labels))


@pytest.mark.parametrize(
    ("offsets", "labels"),
    [
        (range(0, 64 << 30, 16 << 30), ["0", "16 GiB", "32 GiB", "48 GiB"]),
        (range(1 << 40, (1 << 40) + (3 << 17), 1 << 17), ["1 TiB", "+128 KiB", "+256 KiB"]),
        (range(0), []),
    ],
)
def test_labels(offsets: range, labels: list[str]) -> None:
    assert axis_labels(offsets) == labels
