"""A drawing of what was measured: speed relative to virsh, up and down; longer is faster."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from bench.runs import Row, base_of, speed

COLUMNS = {"up": 126, "down": 456}
"""Where the bars of each way begin."""
ROOM, NUMBER = 240, 66
"""Widths: of the longest bar, and of what is written after it."""
WIDTH = COLUMNS["down"] + ROOM + NUMBER
DIGITS = 24
"""Width of a number."""
BAR, LINE, TITLE = 13, 19, 30
"""Heights: of a bar, from bar to bar, and of what stands above a group."""
OURS, BASE, THEIRS = "#3a7bd5", "#c07a1e", "#8a939c"
TEXT = "#768089"
"""All colours can be read on white as on black; the ground is left as it is."""
MOST = 6.0
"""Longer bars end here, or one would make all others small; what they stand for is written."""


def drawing(rows: Sequence[Row]) -> str:
    """Return an SVG with the speed of each row relative to its base, case by case."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    bases: set[tuple[str, str]] = set()
    for row in rows:
        case, _, way = row.case.rpartition(", ")
        base = base_of(row, rows)
        ratio = speed(row, base)
        if ratio is not None and way in COLUMNS:
            found.setdefault(case, {}).setdefault(row.tool, {})[way] = ratio
            bases.add((case, base.tool))
    ratios = [one for case in found.values() for tool in case.values() for one in tool.values()]
    scale = ROOM / min(max([1.0, *ratios]), MOST)
    lines = [_text(x, 14, way, "start", bold=True) for way, x in COLUMNS.items()]
    top = 16
    for case, tools in found.items():
        lines.append(_text(0, top + TITLE - 9, case, "start", bold=True))
        top += TITLE
        for tool, ways in tools.items():
            lines.append(_text(COLUMNS["up"] - 8, top + 11, tool, "end"))
            colour = BASE if (case, tool) in bases else OURS if "lacuna" in tool else THEIRS
            for way, ratio in ways.items():
                lines += _bar(COLUMNS[way], top, ratio, scale, colour)
            top += LINE
        for way in sorted({way for ways in tools.values() for way in ways}):
            lines.append(_mark(COLUMNS[way] + scale, top - len(tools) * LINE, top))
    height = top + 26
    lines.append(_text(0, top + 18, "Times as fast as virsh, which is the dashed line.", "start"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" fill="{TEXT}">'
    )
    return "\n".join([head, *lines, "</svg>", ""])


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def _bar(x: float, top: float, ratio: float, scale: float, colour: str) -> list[str]:
    """Return a bar and its number; one that is longer than there is room has a gap."""
    length = max(min(ratio * scale, ROOM), 1)
    shape = f'<rect x="{x:g}" y="{top:g}" height="{BAR}" rx="2" fill="{colour}" '
    bars = [f'{shape}width="{length:.1f}"/>']
    if ratio * scale > ROOM + 0.5:
        end = x + ROOM - 12
        bars = [
            f'{shape}width="{ROOM - 18}"/>',
            f'<rect x="{end:g}" y="{top:g}" height="{BAR}" rx="2" fill="{colour}" width="12"/>',
        ]
    after = length + 6
    if length < scale < after + DIGITS:
        after = scale + 6  # not across the line
    return [*bars, _text(x + after, top + 11, f"{ratio:.1f}", "start")]


def _mark(x: float, top: float, end: float) -> str:
    """Return the line at which something is as fast as virsh."""
    return (
        f'<line x1="{x:.1f}" y1="{top - 3:g}" x2="{x:.1f}" y2="{end - 3:g}" stroke="{TEXT}" '
        'stroke-dasharray="3 3"/>'
    )
