"""Images to move: files with data, holes and zeros, and their content."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lacuna_engine.extents import Kind

__all__ = ["KIB", "MIB", "Kinds", "body", "make"]

KIB, MIB = 1 << 10, 1 << 20

Kinds = list[tuple[int, int, Kind]]


def body(start: int, size: int) -> bytes:
    """Return data without a zero byte, different at every place."""
    # A period that no block or packet is a multiple of.
    period = bytes(range(1, 252))
    first = start % len(period)
    return (period * (size // len(period) + 2))[first : first + size]


def make(path: Path, layout: Iterable[tuple[str, int]]) -> bytes:
    """Write a file from ``("data" | "hole" | "zero", bytes)``; return its content."""
    content = bytearray()
    with path.open("wb") as file:
        for kind, size in layout:
            if kind == "data":
                piece = body(len(content), size)
                file.write(piece)
            else:
                piece = bytes(size)
                if kind == "zero":
                    file.write(piece)
                else:
                    file.truncate(len(content) + size)
                    file.seek(len(content) + size)
            content += piece
    return bytes(content)


def kinds_of(layout: Iterable[tuple[str, int]]) -> Kinds:
    """Return what a scan of the file should say."""
    found: Kinds = []
    at = 0
    for kind, size in layout:
        found.append((at, at + size, Kind.HOLE if kind == "hole" else Kind.DATA))
        at += size
    return found
