"""The colours of columns: from counted bytes to pixels (pure but for the colours' type).

Both axes are seen at once, each twice over, so that no colour has to be told from another alone:

- what bytes are, by hue and by height: data fills the body of a column, zeros its lower two
  thirds, holes only its foot;
- how far they are, by strength (pale until the peer has agreed) and by the rail below the body.

A column is a blend of what is in it, except that little must not vanish: data counts for two
fifths at least, one failed byte makes the rail failed, one in flight makes it in flight, and such
marks are never narrower than `MARK` device pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from PySide6.QtGui import QColor, QPalette

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.paint.arrays import NDArray, np
from lacuna_gui.paint.coverage import Counts
from lacuna_gui.paint.runs import CODES, UNKNOWN, code_of
from lacuna_gui.theme import Colours, colours, mix

__all__ = ["BASE", "GAP", "LANES", "MARK", "MIDDLE", "RAIL", "TOP", "Ink", "Lanes", "ink", "lanes"]

Lanes: TypeAlias = "NDArray[np.uint32]"
"""Colours by lane and column, as QImage's RGB32."""

TOP, MIDDLE, BASE, GAP, RAIL = range(5)
LANES: Final = 5

MARK: Final = 2
"""The least width of something that failed or is in flight."""
_DATA_SHARE: Final = 0.4
_PALE: Final = 0.55
"""How much of the background is in the colour of what the peer has not agreed to."""

_STEPS: Final = len(Progress)
_DATA, _HOLE, _ZERO = (
    slice(kind.value * _STEPS, (kind.value + 1) * _STEPS)
    for kind in (Kind.DATA, Kind.HOLE, Kind.ZERO)
)


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """The colours of a strip as arrays, red, green and blue from 0 to 255.

    ``body`` and ``rail`` have a row for each code, ``back`` is behind everything, ``well`` behind
    the empty part of a column. ``frame``, ``ground`` and ``blank`` are for around it, behind it,
    and for a strip of which nothing is known.
    """

    body: NDArray[np.float64]
    rail: NDArray[np.float64]
    failed: NDArray[np.float64]
    in_flight: NDArray[np.float64]
    well: NDArray[np.float64]
    back: NDArray[np.float64]
    frame: QColor
    ground: QColor
    blank: QColor

    def pixel(self, color: NDArray[np.float64]) -> int:
        """Return one of the colours as a pixel."""
        return int(_packed(color[:, None])[0])


_inks: dict[tuple[bool, int], Ink] = {}
"""Never forgotten: who has drawn with an ink knows it by its identity."""
_known: dict[int, Ink] = {}
_MANY: Final = 256
"""Palettes come and go; so many are not in use at once."""


def ink(palette: QPalette) -> Ink:
    """Return the colours for a widget with this palette."""
    key = palette.cacheKey()  # painting asks for every cell
    known = _known.get(key)
    if known is None:
        meant = colours(palette)
        back = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Base)
        look = meant.dark, back.rgb()
        if look not in _inks:
            _inks[look] = _ink(meant, back)
        if len(_known) >= _MANY:
            _known.clear()
        known = _known[key] = _inks[look]
    return known


def body_color(meant: Colours, back: QColor, kind: Kind, progress: Progress) -> QColor:
    """Return the colour of the body of a column of one kind and progress."""
    color = meant.of_kind(kind)
    if progress in {Progress.ACKNOWLEDGED, Progress.VERIFIED}:
        return color
    return mix(color, back, _PALE)


def rail_color(meant: Colours, back: QColor, progress: Progress) -> QColor:
    """Return the colour of the rail; where nothing is done yet it is only hinted at."""
    color = meant.of_progress(progress)
    return mix(color, back, 0.75) if progress is Progress.PENDING else color


def _ink(meant: Colours, back: QColor) -> Ink:
    body, rail = np.zeros((CODES, 3)), np.zeros((CODES, 3))
    for kind in Kind:
        for progress in Progress:
            code = code_of(kind, progress)
            body[code] = _rgb(body_color(meant, back, kind, progress))
            rail[code] = _rgb(rail_color(meant, back, progress))
    body[UNKNOWN] = _rgb(mix(meant.unknown, back, 0.7))
    rail[UNKNOWN] = _rgb(mix(meant.track, back, 0.5))
    return Ink(
        body,
        rail,
        _rgb(meant.failed),
        _rgb(meant.in_flight),
        _rgb(mix(meant.track, back, 0.55)),
        _rgb(back),
        frame=mix(meant.outline, back, 0.35),
        ground=back,
        blank=mix(meant.track, back, 0.3),
    )


def lanes(counts: Counts, paint: Ink, mark: int = MARK) -> Lanes:
    """Return the colours of counted columns; ``mark`` is the least width of what stands out."""
    columns = counts.shape[1]
    if not columns:
        return np.zeros((LANES, 0), np.uint32)
    total = counts.sum(axis=0)
    shares = counts / np.maximum(total, 1)
    data = shares[_DATA].sum(axis=0)
    has_data, has_zero = data > 0, shares[_ZERO].sum(axis=0) > 0
    little = has_data & (data < _DATA_SHARE)
    weights = shares.copy()
    if little.any():
        weights[:, little] *= (1 - _DATA_SHARE) / (1 - data[little])
        weights[_DATA, little] = shares[_DATA, little] * (_DATA_SHARE / data[little])
    body = _packed(paint.body.T @ weights)
    rail = paint.rail.T @ shares
    flying, failed = (
        _widened(counts[progress.value : UNKNOWN : _STEPS].sum(axis=0) > 0, mark)
        for progress in (Progress.IN_FLIGHT, Progress.FAILED)
    )
    rail[:, flying] = paint.in_flight[:, None]
    rail[:, failed] = paint.failed[:, None]
    well, back = paint.pixel(paint.well), paint.pixel(paint.back)
    drawn = np.empty((LANES, columns), np.uint32)
    # What is not known has no height of its own: the whole column is of its colour.
    blank = shares[UNKNOWN] > 0.5
    drawn[TOP] = np.where(has_data | blank, body, well)
    drawn[MIDDLE] = np.where(has_data | has_zero | blank, body, well)
    drawn[BASE] = body
    drawn[GAP] = np.where(failed, paint.pixel(paint.failed), back)
    drawn[RAIL] = _packed(rail)
    return drawn


def _widened(some: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Return the mask with each mark at least this wide, growing to the right, then to the left."""
    wide = some.copy()
    for step in range(1, min(width, len(some))):
        wide[step:] |= some[:-step]
        wide[-1 - step] |= some[-1]
    return wide


def _rgb(color: QColor) -> NDArray[np.float64]:
    return np.array([color.red(), color.green(), color.blue()], np.float64)


def _packed(rgb: NDArray[np.float64]) -> NDArray[np.uint32]:
    red, green, blue = np.rint(rgb).astype(np.uint32)
    packed: NDArray[np.uint32] = 0xFF000000 | red << 16 | green << 8 | blue
    return packed
