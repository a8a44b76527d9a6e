"""What colours mean: kinds of bytes, their progress, and how well something went.

Chosen for people who see colours differently: `tests/ui/test_theme.py` checks the contrast against
every background and that no two colours of a set come close under simulated protanopia and
deuteranopia. Even so nothing is said by colour alone: kinds differ in height, messages in their
icon, numbers stand beside bars.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Final

from PySide6.QtGui import QColor, QPalette

from lacuna_engine.extents import Kind, Progress

__all__ = ["DARK", "LIGHT", "Colours", "Severity", "colours", "is_dark", "mix"]


class Severity(Enum):
    """How much a message or a state matters."""

    INFO = "info"
    GOOD = "success"
    WARNING = "warning"
    BAD = "error"


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours beyond those of a `QPalette`, for one of the two schemes."""

    dark: bool

    data: QColor
    hole: QColor
    zero: QColor
    unknown: QColor
    """Bytes nobody has looked at yet."""

    pending: QColor
    in_flight: QColor
    acknowledged: QColor
    verified: QColor
    failed: QColor

    info: QColor
    good: QColor
    warning: QColor
    bad: QColor
    info_back: QColor
    good_back: QColor
    warning_back: QColor
    bad_back: QColor

    accent: QColor
    """Drawn things of no further meaning: the speed, the part of a pool in use."""
    accent_back: QColor
    track: QColor
    """The empty part of a bar."""
    outline: QColor
    """Borders that must be seen; the palette's own are softer."""
    faint: QColor
    """Grid lines and separators."""
    muted: QColor
    """Text of less weight."""

    def of_kind(self, kind: Kind) -> QColor:
        """Return the colour of a kind of bytes."""
        return (self.data, self.hole, self.zero)[kind.value]

    def of_progress(self, progress: Progress) -> QColor:
        """Return the colour of how far bytes are."""
        return (self.pending, self.in_flight, self.acknowledged, self.verified, self.failed)[
            progress.value
        ]

    def of_severity(self, severity: Severity) -> QColor:
        """Return the colour of text, icons and borders of a message."""
        return {
            Severity.INFO: self.info,
            Severity.GOOD: self.good,
            Severity.WARNING: self.warning,
            Severity.BAD: self.bad,
        }[severity]

    def behind(self, severity: Severity) -> QColor:
        """Return the background of a message."""
        return {
            Severity.INFO: self.info_back,
            Severity.GOOD: self.good_back,
            Severity.WARNING: self.warning_back,
            Severity.BAD: self.bad_back,
        }[severity]


def _colours(*, dark: bool, **named: str) -> Colours:
    given = {field.name for field in fields(Colours)} - {"dark"}
    if given != named.keys():
        raise TypeError(f"colours missing or unknown: {given ^ named.keys()}")
    return Colours(dark=dark, **{name: QColor(text) for name, text in named.items()})


LIGHT: Final = _colours(
    dark=False,
    data="#1b66c9", hole="#858b94", zero="#a97c00", unknown="#858b94",
    pending="#858b94", in_flight="#c97700", acknowledged="#2456b8", verified="#0a7d4f",
    failed="#a80d2c",
    info="#1559b0", good="#00715f", warning="#8a5a00", bad="#a80d2c",
    info_back="#e8f0fb", good_back="#e3f4f0", warning_back="#fdf3dc", bad_back="#fdeaee",
    accent="#1b66c9", accent_back="#cfe1f8",
    track="#e3e6eb", outline="#858b94", faint="#dde1e7", muted="#59616c",
)  # fmt: skip

DARK: Final = _colours(
    dark=True,
    data="#4d9bff", hole="#757c87", zero="#d6a935", unknown="#757c87",
    pending="#757c87", in_flight="#ffb340", acknowledged="#5b8df0", verified="#3fe0c0",
    failed="#ff5a4f",
    info="#7db4ff", good="#3fe0c0", warning="#f2b94b", bad="#ff8278",
    info_back="#1a2c47", good_back="#14332f", warning_back="#3a2e12", bad_back="#43201f",
    accent="#4d9bff", accent_back="#20395c",
    track="#2f353e", outline="#7d8590", faint="#333a44", muted="#a3abb7",
)  # fmt: skip


def is_dark(palette: QPalette) -> bool:
    """Tell whether text is light on dark in this palette."""
    text = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)
    back = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Window)
    return text.lightnessF() > back.lightnessF()


_known: dict[int, Colours] = {}
_MANY: Final = 256
"""Palettes come and go; so many are not in use at once."""


def colours(palette: QPalette) -> Colours:
    """Return the colours that go with a widget's palette; ask again after a palette change."""
    key = palette.cacheKey()  # painting asks for every cell
    known = _known.get(key)
    if known is None:
        if len(_known) >= _MANY:
            _known.clear()
        known = _known[key] = DARK if is_dark(palette) else LIGHT
    return known


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """Return ``first`` with ``share`` (0 to 1) of ``second`` mixed in."""
    keep = 1 - share
    return QColor.fromRgbF(
        first.redF() * keep + second.redF() * share,
        first.greenF() * keep + second.greenF() * share,
        first.blueF() * keep + second.blueF() * share,
        first.alphaF() * keep + second.alphaF() * share,
    )
