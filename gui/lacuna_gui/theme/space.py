"""Distances and sizes, in device independent pixels.

Whole numbers: Qt scales them, and at fractional factors edges that lie on whole logical pixels
move least. Drawing that must be sharp asks for the device pixel ratio instead.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BAR", "GAP", "HAIR", "ICON", "LARGE", "RADIUS", "SMALL", "STRIP", "WIDE"]

HAIR: Final = 2
"""Between an icon and what belongs to it."""
SMALL: Final = 4
GAP: Final = 8
"""Between neighbours in a row."""
LARGE: Final = 12
"""Around the contents of a panel."""
WIDE: Final = 24
"""Between groups."""
RADIUS: Final = 4
"""Rounding of panels and messages."""
BAR: Final = 8
"""Height of a fill bar."""
STRIP: Final = 14
"""Height of an extent strip in a row."""
ICON: Final = 16
"""Icons beside text."""
