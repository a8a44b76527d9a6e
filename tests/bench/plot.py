"""A drawing of what was measured: one bar for each tool, shorter is faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from bench.run import Row

__all__ = ["bars"]

WIDTH, LABEL, LINE, GAP = 720, 190, 22, 30
OURS, THEIRS = "#2f6fd0", "#9aa3ad"


def bars(rows: Sequence[Row]) -> str:
    """Return an SVG with the median seconds of each row, case by case."""
    lines: list[str] = []
    top = 0
    for case in dict.fromkeys(row.case for row in rows):
        top += GAP
        lines.append(f'<text x="0" y="{top - 8}" font-weight="bold">{escape(case)}</text>')
        here = [row for row in rows if row.case == case]
        longest = max(row.median(lambda run: run.wall) for row in here)
        for row in here:
            seconds = row.median(lambda run: run.wall)
            length = max(round((WIDTH - LABEL - 70) * seconds / longest), 1)
            colour = OURS if row.tool.startswith("lacuna") else THEIRS
            lines.append(
                f'<text x="{LABEL - 8}" y="{top + 14}" text-anchor="end">{escape(row.tool)}</text>'
                f'<rect x="{LABEL}" y="{top + 2}" width="{length}" height="{LINE - 6}" rx="2" '
                f'fill="{colour}"/>'
                f'<text x="{LABEL + length + 6}" y="{top + 14}">{seconds:.2f} s</text>'
            )
            top += LINE
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 8}" '
        'font-family="sans-serif" font-size="13" fill="#808890">'
    )
    return "\n".join([head, *lines, "</svg>", ""])
