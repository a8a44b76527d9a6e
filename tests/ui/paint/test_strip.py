"""Strips and cells come out at the right size and show what they should."""

import numpy as np
import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QPalette

from lacuna_engine.extents import ExtentMap, Kind, Progress
from lacuna_gui.paint.bar import Tone, fill_tone, paint_bar
from lacuna_gui.paint.lanes import GAP, LANES, RAIL, ink, lanes
from lacuna_gui.paint.runs import CODES, RunTable, code_of
from lacuna_gui.paint.strip import Strip, cells_image, column_profile, paint_strip, snapped
from lacuna_gui.paint.thumbnail import Outline, Thumbnail, thumbnail_of
from lacuna_gui.theme import colours, palette_of


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("height", [1, 3, 6, 10, 14, 60, 200])
def test_a_profile_fills_its_height(height: int, ratio: float) -> None:
    profile = column_profile(height, ratio)
    assert len(profile) == height
    assert (np.diff(profile) >= 0).all()
    if height >= 10 * ratio:
        assert set(profile.tolist()) == set(range(LANES))
        assert (profile == RAIL).sum() >= 2 * ratio
        assert (profile == GAP).sum() <= ratio + 0.5


def half_done(size: int = 1000) -> ExtentMap:
    extents = ExtentMap.from_kinds(size, [(0, size // 2, Kind.DATA), (size // 2, size, Kind.HOLE)])
    extents.advance(0, size // 2, Progress.ACKNOWLEDGED)
    return extents


def test_a_strip_is_drawn_once_and_again_after_a_change(palette: QPalette) -> None:
    strip = Strip()
    assert strip.is_empty
    strip.set_map(half_done())
    first = strip.image(100, 12, 1.0, ink(palette))
    assert (first.width(), first.height()) == (100, 12)
    assert strip.image(100, 12, 1.0, ink(palette)).cacheKey() == first.cacheKey()
    assert first.pixelColor(0, 0) == colours(palette).data
    assert first.pixelColor(0, 11) == colours(palette).acknowledged
    assert first.pixelColor(99, 0) != first.pixelColor(0, 0)
    strip.apply([(900, 1000, Kind.DATA, Progress.FAILED)])
    second = strip.image(100, 12, 1.0, ink(palette))
    assert second.pixelColor(99, 11) == colours(palette).failed
    strip.set_size(50)
    assert strip.image(100, 12, 1.0, ink(palette)).width() == 50


def test_a_thumbnail_is_equal_to_one_that_looks_alike(palette: QPalette) -> None:
    one, two = thumbnail_of(half_done()), thumbnail_of(half_done())
    assert one == two
    extents = half_done()
    extents.advance(999, 1000, Progress.FAILED)
    assert one != thumbnail_of(extents)
    assert one != "something else"
    image = one.image(80, 10, 1.0, ink(palette))
    assert image.width() == one.counts.shape[1]
    assert image.pixelColor(0, 0) == colours(palette).data
    assert thumbnail_of(ExtentMap(0)).is_empty


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_painting_covers_whole_pixels(palette: QPalette, ratio: float) -> None:
    canvas = QImage(round(120 * ratio), round(30 * ratio), QImage.Format.Format_RGB32)
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(0)
    painter = QPainter(canvas)
    painter.translate(3, 5)
    place, width, height = snapped(painter, QRectF(0, 0, 100, 14))
    assert width == pytest.approx(100 * ratio, abs=1)
    assert height == pytest.approx(14 * ratio, abs=1)
    assert place.width() == pytest.approx(width / ratio)
    strip = Strip()
    strip.set_map(half_done())
    for shown in (strip, thumbnail_of(half_done()), None, Strip()):
        paint_strip(painter, QRect(0, 0, 100, 14), shown, palette)
    paint_strip(painter, QRect(0, 0, 3, 2), strip, palette)
    painter.end()
    assert canvas.pixelColor(round(50 * ratio), round(12 * ratio)) != canvas.pixelColor(0, 0)


def test_cells_are_read_like_text(palette: QPalette) -> None:
    counts = np.zeros((CODES, 5))
    counts[code_of(Kind.DATA, Progress.ACKNOWLEDGED)] = 1
    counts[:, 4] = 0
    counts[code_of(Kind.HOLE, Progress.ACKNOWLEDGED), 4] = 1
    image = cells_image(lanes(counts, ink(palette)), 2, cell=8, gap=2, paint=ink(palette))
    assert (image.width(), image.height()) == (18, 28)
    data, back = colours(palette).data, palette.color(QPalette.ColorRole.Base)
    assert image.pixelColor(0, 0) == image.pixelColor(10, 0) == image.pixelColor(10, 10) == data
    assert image.pixelColor(9, 0) == image.pixelColor(0, 9) == back
    assert image.pixelColor(0, 20) not in (data, back)
    assert image.pixelColor(12, 22) == back
    nothing = cells_image(lanes(counts[:, :0], ink(palette)), 2, cell=8, gap=2, paint=ink(palette))
    assert nothing.isNull()


def filled(palette: QPalette, fraction: float | None, *, selected: bool = False) -> int:
    canvas = QImage(100, 12, QImage.Format.Format_RGB32)
    canvas.fill(palette.color(QPalette.ColorRole.Base))
    painter = QPainter(canvas)
    paint_bar(painter, QRectF(0, 2, 100, 8), fraction, palette, selected=selected)
    painter.end()
    accent = colours(palette).accent
    return sum(canvas.pixelColor(x, 6) == accent for x in range(100))


def test_bars_are_honest_at_the_ends(palette: QPalette) -> None:
    assert filled(palette, None) == filled(palette, 0.0) == 0
    assert filled(palette, 0.0001) >= 6
    assert filled(palette, 1.0) >= 98  # ends are round
    assert filled(palette, 0.9999) < filled(palette, 1.0)
    assert filled(palette, 5.0) == filled(palette, 1.0)
    assert filled(palette, 0.5, selected=True) == pytest.approx(54, abs=2)


def test_tones() -> None:
    assert [fill_tone(x) for x in (0.1, 0.85, 0.95)] == [Tone.NORMAL, Tone.WARNING, Tone.BAD]
    meant = colours(palette_of(dark=False))
    assert len({tone.color(meant).name() for tone in Tone}) == len(Tone)


def test_strips_share_a_table() -> None:
    table = RunTable(100)
    first, second = Strip(), Strip()
    first.set_table(table)
    second.set_table(table)
    paint = ink(palette_of(dark=False))
    before = second.image(50, 10, 1.0, paint).copy()
    first.image(50, 10, 1.0, paint)
    second.take(table.apply([(0, 50, Kind.DATA, Progress.VERIFIED)]))
    assert second.image(50, 10, 1.0, paint) != before
    assert isinstance(Thumbnail(np.zeros((CODES, 0))), Thumbnail)


def test_an_outline_is_made_when_it_is_painted() -> None:
    outline = Outline(half_done().to_record())
    assert not outline.is_empty
    assert "thumbnail" not in vars(outline)
    paint = ink(palette_of(dark=False))
    assert outline.image(80, 10, 1.0, paint) == thumbnail_of(half_done()).image(80, 10, 1.0, paint)
    assert Outline(ExtentMap(0).to_record()).is_empty


def test_an_outline_that_leaves_bytes_out_is_refused() -> None:
    record = half_done().to_record()
    for axis in ("kinds", "progress"):
        with pytest.raises(ValueError, match="do not cover"):
            Outline(record | {axis: [1, 0]})  # type: ignore[arg-type]
