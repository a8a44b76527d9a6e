"""Extents in words: names of kinds and progress, what a column contains, what a map contains."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from lacuna_engine.extents import Kind, Progress
from lacuna_gui.format import bytes_text, exact_bytes_text, offset_text, ratio_text
from lacuna_gui.paint.coverage import Coverage
from lacuna_gui.paint.runs import CODES, RunTable, split

translate = QCoreApplication.translate

__all__ = ["kind_text", "kinds_text", "progress_text", "range_text", "table_text", "unknown_text"]


def kind_text(kind: Kind) -> str:
    """Return the name of a kind of bytes."""
    return {
        Kind.DATA: translate("extents", "Data"),
        Kind.HOLE: translate("extents", "Hole"),
        Kind.ZERO: translate("extents", "Zeros"),
    }[kind]


def kinds_text(kind: Kind) -> str:
    """Return the name of all bytes of a kind."""
    return translate("extents", "Holes") if kind is Kind.HOLE else kind_text(kind)


def progress_text(progress: Progress) -> str:
    """Return the name of how far bytes are."""
    return {
        Progress.PENDING: translate("extents", "Pending"),
        Progress.IN_FLIGHT: translate("extents", "In flight"),
        Progress.ACKNOWLEDGED: translate("extents", "Acknowledged"),
        Progress.VERIFIED: translate("extents", "Verified"),
        Progress.FAILED: translate("extents", "Failed"),
    }[progress]


def unknown_text() -> str:
    """Return the name of bytes nobody has told about."""
    return translate("extents", "Not known yet")


def code_text(code: int) -> str:
    """Return kind and progress of a run in words."""
    parts = split(code)
    if parts is None:
        return unknown_text()
    kind, progress = parts
    return f"{kind_text(kind)}, {progress_text(progress).lower()}"


def range_text(table: RunTable, start: int, end: int) -> str:
    """Return, in lines, what the bytes ``[start, end)`` are, a range with bytes in it.

    Where one run covers the range, the lines are about all of that run.
    """
    first, last, code = table.run_at(start)
    if last >= end:
        return "\n".join(
            (
                code_text(code),
                translate("extents", "{0} to {1}").format(offset_text(first), offset_text(last)),
                _size_line(last - first),
            )
        )
    counted = Coverage(table)
    counted.show(start, end, 1)
    total = end - start
    here = [(int(counted.counts[code, 0]), code) for code in range(CODES)]
    lines = [
        f"{ratio_text(count, total)} {code_text(code)} ({bytes_text(count)})"
        for count, code in sorted(here, key=lambda entry: (-entry[0], entry[1]))
        if count
    ]
    place = translate("extents", "{0} to {1}").format(offset_text(start), offset_text(end))
    return "\n".join((place, _size_line(total), *lines))


def table_text(table: RunTable | None) -> str:
    """Return all numbers of a map as one sentence after the other, to be read out."""
    if table is None or not table.size:
        return translate("extents", "No extents")
    parts = [translate("extents", "{0} in all").format(bytes_text(table.size))]
    parts += [f"{kinds_text(kind)} {bytes_text(table.bytes_of(kind))}" for kind in Kind]
    parts += [
        f"{progress_text(progress)} {bytes_text(table.bytes_at(progress))}"
        for progress in Progress
        if table.bytes_at(progress)
    ]
    if table.bytes_unknown:
        parts.append(
            translate("extents", "{0} not known yet").format(bytes_text(table.bytes_unknown))
        )
    return ". ".join(parts)


def _size_line(count: int) -> str:
    short, exact = bytes_text(count), exact_bytes_text(count)
    return short if short == exact else f"{short} ({exact})"
