"""The part of an image that is shown: zooming and panning as arithmetic (pure).

Offsets are bytes. A view never leaves the image, and never gets so narrow that a column would be
less than a sector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["SECTOR", "ExtentView"]

SECTOR = 512


@dataclass(frozen=True, slots=True)
class ExtentView:
    """``[start, end)`` of an image of ``size`` bytes; every change is another view."""

    size: int
    start: int
    end: int

    @classmethod
    def whole(cls, size: int) -> ExtentView:
        """Return the view of all of an image."""
        return cls(size, 0, size)

    @property
    def span(self) -> int:
        """How many bytes are shown."""
        return self.end - self.start

    @property
    def is_whole(self) -> bool:
        """Whether all of the image is shown."""
        return self.span == self.size

    @property
    def zoom(self) -> float:
        """How many times larger than fitting everything is drawn."""
        return self.size / self.span if self.span else 1.0

    def zoomed(self, factor: float, anchor: int, columns: int) -> ExtentView:
        """Return a view ``factor`` times closer; the byte at ``anchor`` stays where it is."""
        least = min(self.size, max(1, columns) * SECTOR)
        span = min(self.size, max(least, round(self.span / factor)))
        anchor = min(max(anchor, self.start), self.end)
        # In whole numbers: floats cannot hold the offsets of images beyond 8 PiB.
        before = (anchor - self.start) * span // self.span if self.span else 0
        return self._placed(anchor - before, span)

    def moved(self, distance: int) -> ExtentView:
        """Return the view this many bytes further on, or as far as the image goes."""
        return self._placed(self.start + distance, self.span)

    def showing(self, offset: int) -> ExtentView:
        """Return the view moved just so far that the byte at ``offset`` is in it."""
        if offset < self.start:
            return self.moved(offset - self.start)
        if offset >= self.end:
            return self.moved(offset + 1 - self.end)
        return self

    def centred(self, offset: int) -> ExtentView:
        """Return the view with the byte at ``offset`` in its middle, as far as the image allows."""
        return self._placed(offset - self.span // 2, self.span)

    def _placed(self, start: int, span: int) -> ExtentView:
        start = min(max(0, start), self.size - span)
        return replace(self, start=start, end=start + span)
