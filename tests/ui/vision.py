"""How colours look: contrast after WCAG 2, and to people who lack a kind of cone.

The matrices are those of Machado, Oliveira and Fernandes (2009) for full severity, on linear RGB;
distances are those of CIE 1976 in Lab.
"""

import math

from PySide6.QtGui import QColor

Vector = tuple[float, float, float]

VISIONS: dict[str, tuple[Vector, Vector, Vector]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}


def linear(color: QColor) -> Vector:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return channel(color.redF()), channel(color.greenF()), channel(color.blueF())


def luminance(color: QColor) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: QColor, second: QColor) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def seen(color: QColor, vision: str) -> Vector:
    red, green, blue = linear(color)
    a, b, c = (max(0.0, row[0] * red + row[1] * green + row[2] * blue) for row in VISIONS[vision])
    return _lab((a, b, c))


def distance(first: QColor, second: QColor, vision: str) -> float:
    return math.dist(seen(first, vision), seen(second, vision))


def _lab(rgb: Vector) -> Vector:
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883

    def curve(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    return 116 * curve(y) - 16, 500 * (curve(x) - curve(y)), 200 * (curve(y) - curve(z))
