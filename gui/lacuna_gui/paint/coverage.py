"""How many bytes of what fall into each column of a drawing (pure).

A column is a range of bytes; a matrix of `CODES` rows counts them exactly, so whoever draws can
see that a column of 100 MiB contains 4 KiB that failed. Counting is done over all runs in the
window while these are few, else from sums taken at every 64th run, which need not be made again
until the runs change. While changes come in, the counts are corrected and not made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from lacuna_gui.paint.arrays import NDArray, np
from lacuna_gui.paint.runs import CODES, Change, Codes, Offsets, RunTable

__all__ = ["Checkpoints", "Counts", "Coverage", "column_edges", "count_runs"]

Counts: TypeAlias = "NDArray[np.float64]"
"""Bytes by code and column. Whole numbers, exact to 8 PiB; floats since NumPy adds those up."""

_STRIDE: Final = 64
_DIRECT: Final = 30_000
"""Up to this many runs counting all of them takes less than a millisecond."""


def column_edges(start: int, end: int, columns: int) -> Offsets:
    """Return the ``columns + 1`` borders of columns over ``[start, end)``, as even as bytes allow.

    There are never more columns than bytes, and at least one.
    """
    count = max(1, min(columns, end - start))
    steps = np.arange(count + 1, dtype=np.int64)
    # In two parts: the product of an offset and a number of columns may not fit into 64 bits.
    whole, rest = divmod(end - start, count)
    edges: Offsets = start + steps * whole + steps * rest // count
    return edges


def count_runs(starts: Offsets, codes: Codes, edges: Offsets) -> Counts:
    """Count runs that cover exactly ``[edges[0], edges[-1])`` and begin there."""
    columns = len(edges) - 1
    inner = edges[1:-1]
    place = np.searchsorted(starts, inner, "left")
    # Cut all runs at the borders; then each piece lies in one column, and columns are consecutive.
    cuts = np.insert(starts, place, inner)
    pieces = np.insert(codes, place, codes[place - 1]).astype(np.int64)
    lengths = np.diff(cuts, append=edges[-1])
    ends = place + np.arange(columns - 1)
    sizes = np.diff(ends, prepend=0, append=len(cuts))
    column = np.repeat(np.arange(columns), sizes)
    flat = np.bincount(pieces * columns + column, lengths, CODES * columns)
    return flat.astype(np.float64, copy=False).reshape(CODES, columns)


class Checkpoints:
    """Bytes by code before every 64th run of a table, as it was when this was made."""

    def __init__(self, table: RunTable) -> None:
        self._table = table
        self.revision = table.revision
        starts, codes = table.starts, table.codes
        self._ends = np.append(starts[1:], table.size)
        lengths = self._ends - starts
        blocks = -(-len(starts) // _STRIDE)
        block = np.arange(len(starts)) // _STRIDE
        sums = np.bincount(block * CODES + codes, lengths, blocks * CODES).reshape(blocks, CODES)
        self._before: Counts = np.zeros((blocks + 1, CODES))
        np.cumsum(sums, axis=0, out=self._before[1:])

    def count(self, edges: Offsets) -> Counts:
        """Count the table's runs between the borders."""
        starts, codes = self._table.starts, self._table.codes
        index = np.searchsorted(starts, edges, "right") - 1
        block = index // _STRIDE
        # From the last checkpoint on, run by run, up to the border.
        member = block[:, None] * _STRIDE + np.arange(_STRIDE)
        inside = member <= index[:, None]
        member = np.minimum(member, len(starts) - 1)  # the last block may be short
        ends = np.minimum(self._ends[member], edges[:, None])
        length = np.where(inside, ends - starts[member], 0)
        row = np.arange(len(edges))[:, None] * CODES + codes[member]
        rest = np.bincount(row.ravel(), length.ravel(), len(edges) * CODES)
        upto = self._before[block] + rest.reshape(len(edges), CODES)
        return np.ascontiguousarray(np.diff(upto, axis=0).T)


class Coverage:
    """The counts of ``columns`` columns over a window of a table."""

    def __init__(self, table: RunTable) -> None:
        self._table = table
        self._checkpoints: Checkpoints | None = None
        self.edges: Offsets = np.zeros(1, np.int64)
        self.counts: Counts = np.zeros((CODES, 0))

    @property
    def columns(self) -> int:
        """How many columns there are; fewer than asked for if there are fewer bytes."""
        return len(self.edges) - 1

    def show(self, start: int, end: int, columns: int) -> None:
        """Count anew over ``[start, end)``, a range of the table that may be empty."""
        if start >= end:
            self.edges = np.full(1, start, np.int64)
            self.counts = np.zeros((CODES, 0))
            return
        self.edges = column_edges(start, end, columns)
        first = int(np.searchsorted(self._table.starts, start, "right"))
        stop = int(np.searchsorted(self._table.starts, end, "left"))
        if stop - first <= _DIRECT:
            self.counts = count_runs(*self._table.window(start, end), self.edges)
            return
        if self._checkpoints is None or self._checkpoints.revision != self._table.revision:
            self._checkpoints = Checkpoints(self._table)
        self.counts = self._checkpoints.count(self.edges)

    def patch(self, changes: Iterable[Change]) -> bool:
        """Correct the counts; tell whether a change lay in the window."""
        seen = False
        for change in changes:
            seen = self._patch(change) or seen
        return seen

    def _patch(self, change: Change) -> bool:
        if not self.columns:
            return False
        start, end = max(change.start, int(self.edges[0])), min(change.end, int(self.edges[-1]))
        if start >= end:
            return False
        low = int(np.searchsorted(self.edges, start, "right")) - 1
        high = int(np.searchsorted(self.edges, end, "left"))
        edges = self.edges[low : high + 1].copy()
        edges[0], edges[-1] = start, end
        counts = self.counts[:, low:high]
        counts -= count_runs(*_clipped(change.old_starts, change.old_codes, start, end), edges)
        counts += count_runs(*_clipped(change.new_starts, change.new_codes, start, end), edges)
        return True


def _clipped(starts: Offsets, codes: Codes, start: int, end: int) -> tuple[Offsets, Codes]:
    """Return the runs of ``[start, end)``, the first one beginning there."""
    first = int(np.searchsorted(starts, start, "right")) - 1
    stop = int(np.searchsorted(starts, end, "left"))
    clipped = starts[first:stop].copy()
    clipped[0] = start
    return clipped, codes[first:stop]
