"""Putting numbers and names before people (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lacuna_engine.extents import ExtentMap, Kind

__all__ = [
    "KIND_MARKS",
    "SOME_DATA",
    "bytes_text",
    "duration_text",
    "extent_strip",
    "parse_rate",
    "time_text",
]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

KIND_MARKS = {Kind.DATA: "#", Kind.ZERO: "0", Kind.HOLE: "."}
"""How a strip shows what bytes are."""

SOME_DATA = "+"
"""How it shows data among more of something else."""


def bytes_text(count: float) -> str:
    """Return a number of bytes in a unit of 1024, with three digits or so: ``1.50 GiB``."""
    value, unit = float(count), 0
    while abs(value) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    if unit == 0:
        return f"{int(value)} {_UNITS[0]}"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def duration_text(seconds: float) -> str:
    """Return a duration: ``0.4 s``, ``1:52``, ``2:03:10``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"


def parse_rate(text: str) -> int:
    """Return bytes a second from ``2M``, ``1.5G`` or ``800000``; units of 1024.

    Raises ValueError.
    """
    cleaned = text.strip().upper().removesuffix("/S").removesuffix("B").removesuffix("I")
    unit = cleaned[-1:] if cleaned[-1:].isalpha() else ""
    factor = _FACTORS.get(unit)
    if factor is None:
        raise ValueError(f"'{text}' has an unknown unit; K, M, G and T are known")
    try:
        rate = int(float(cleaned.removesuffix(unit)) * factor)
    except (ValueError, OverflowError):
        raise ValueError(f"'{text}' is not a rate; write it like 50M") from None
    if rate < 1:
        raise ValueError(f"'{text}' is not a rate above zero")
    return rate


def extent_strip(extents: ExtentMap, width: int) -> str:
    """Draw a map as ``width`` marks, each showing what most of its bytes are.

    Where most is not data but some is, the mark is :data:`SOME_DATA`, so that nothing which has to
    be sent looks like nothing.
    """
    if extents.size == 0:
        return ""
    cells: list[dict[Kind, int]] = [dict.fromkeys(KIND_MARKS, 0) for _ in range(width)]
    for start, end, kind in extents.kinds():
        for cell, count in _spread(start, end, extents.size, width):
            cells[cell][kind] += count
    for number, counts in enumerate(cells):
        if not any(counts.values()):  # a map of fewer bytes than marks
            counts[extents.kind_at(number * extents.size // width)] = 1
    return "".join(map(_mark, cells))


def _mark(counts: dict[Kind, int]) -> str:
    most = max(counts, key=lambda kind: counts[kind])
    return SOME_DATA if counts[Kind.DATA] and most is not Kind.DATA else KIND_MARKS[most]


def _spread(start: int, end: int, size: int, width: int) -> Iterable[tuple[int, int]]:
    """Yield how many bytes of ``start`` to ``end`` fall into each cell."""
    cell = start * width // size
    while start < end:
        border = -(-(cell + 1) * size // width)
        upto = min(end, border)
        if upto > start:
            yield min(cell, width - 1), upto - start
        start = max(upto, start)
        cell += 1


def time_text(seconds: float) -> str:
    """Return a moment, seconds since 1970, in local time; empty if this system cannot tell it."""
    try:
        # From universal time: with local time at once, Windows refuses the first day of 1970.
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OSError, OverflowError, ValueError):
        return ""
