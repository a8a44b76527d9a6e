"""Zeros in buffers: is it all zero, and which parts of it are.

Lives here: the search itself, at memory speed, over bytes somebody else has read. Pure: it opens
no file and keeps no data. All offsets and lengths are bytes.

A buffer is looked at in grains (4096 bytes unless told otherwise): a grain is zero if all of its
bytes are. Runs are reported as ``(start, end, is_zero)``, in order and without gaps.

Short zero runs are not worth a hole: each hole costs a message on the wire and an extent at the
far end, so a zero run shorter than ``min_run`` counts as data. 0 or 1 keeps every run.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = [
    "GRAIN",
    "MIN_RUN",
    "Buffer",
    "ZeroRun",
    "ZeroScanner",
    "grain_runs",
    "is_zero",
    "may_have_zeros",
    "zero_runs",
]

GRAIN = 4096
"""The block of nearly every file system and the page of most machines."""

MIN_RUN = 64 * 1024
"""Below 32 KiB a hole costs more on the wire than its zeros do (protocol.md 5.2); twice that."""

_MARK = 16  # bytes that tell data from zeros nearly always
_BLOCK = bytes(64 * 1024)  # fits the first cache or the second, and data ends the search early

Buffer = bytes | bytearray | memoryview
"""What can be searched: any contiguous buffer, at any alignment."""

ZeroRun = tuple[int, int, bool]
"""``(start, end, is_zero)``."""


def is_zero(view: Buffer) -> bool:
    """Tell whether every byte of the buffer is zero; an empty buffer is.

    Stops soon after the first byte that is not.
    """
    octets = memoryview(view).cast("B")
    # Data shows itself in its first bytes nearly always; only zeros are read to the end.
    if any(octets[:_MARK]):
        return False
    # This compares by memcmp and in place; views are compared byte by byte.
    pieces = (octets[at : at + len(_BLOCK)] for at in range(0, len(octets), len(_BLOCK)))
    return all(map(_BLOCK.startswith, pieces))


def grain_runs(view: Buffer, grain: int = GRAIN) -> list[ZeroRun]:
    """Split a buffer into its maximal runs of zero and of non-zero grains.

    Grains are counted from the start of the buffer; the last one may be short and is judged by
    the bytes it has. No run is too short to be reported. An empty buffer has no runs.

    Raises:
        ValueError: if ``grain`` is below 1.
    """
    if grain < 1:
        raise ValueError(f"a grain has at least one byte, not {grain}")
    octets = memoryview(view).cast("B")
    size, zeros = len(octets), bytes(grain)
    runs: list[ZeroRun] = []
    start, flag = 0, False
    for at in range(0, size, grain):
        piece = octets[at : at + grain]
        # Nearly all data shows itself in its first byte; the rest is compared as in `is_zero`.
        zero = not piece[0] and zeros.startswith(piece)
        if zero is not flag:
            if at:
                runs.append((start, at, flag))
            start, flag = at, zero
    if size:
        runs.append((start, size, flag))
    return runs


def may_have_zeros(view: Buffer, min_run: int = MIN_RUN) -> bool:
    """Tell, by a few grains, whether a search for zeros can find anything.

    False means that there is no run of ``min_run`` zeros or more that consists of whole grains,
    and none at either edge. True means nothing. Costs a microsecond or two for dense data.
    """
    octets = memoryview(view)
    size = len(octets)
    # A long run holds a whole grain at one of these places.
    for at in range(0, size, max(min_run // GRAIN * GRAIN, GRAIN)):
        if not octets[at] and is_zero(octets[at : at + GRAIN]):
            return True
    return not size or (not octets[-1] and is_zero(octets[-(size % GRAIN or GRAIN) :]))


def zero_runs(view: Buffer, min_run: int = MIN_RUN, grain: int = GRAIN) -> list[ZeroRun]:
    """Split a whole buffer into maximal runs, with zero runs shorter than ``min_run`` as data.

    A run that touches an edge of the buffer is judged by its part inside, as if the buffer were
    all there is. Where a longer range is read in pieces, use `ZeroScanner`, which knows of no
    edges between them.

    Raises:
        ValueError: if ``grain`` is below 1 or ``min_run`` negative.
    """
    scanner = ZeroScanner(min_run=min_run, grain=grain)
    merged: list[ZeroRun] = []
    for run in (*scanner.feed(0, view), *scanner.finish()):
        _append(merged, run)
    return merged


class ZeroScanner:
    """Splits a range that comes in consecutive buffers, as if it were one buffer.

    Give each buffer to `feed` with its offset, and call `finish` after the last. Together they
    return a complete cover of what was fed, in order. Merging neighbours of equal flag in it gives
    the same runs however the range was cut into buffers. A grain starts at each multiple of
    ``grain``, so that the grid does not move with the start of the range; the first and the
    last grain may be short.

    Runs are returned as soon as they are certain, so a long run comes in pieces. Only one thing
    is uncertain: a stretch of zeros at the end that has not yet reached ``min_run`` or the end
    of its grain. It is held back until later bytes decide on it, and `finish` decides by its
    length so far. What is held back is always zeros, so nobody needs to keep a buffer for it, and
    the scanner itself keeps a few numbers only.

    Raises:
        ValueError: if ``grain`` is below 1 or ``min_run`` negative.
    """

    def __init__(self, min_run: int = MIN_RUN, grain: int = GRAIN) -> None:
        if grain < 1 or min_run < 0:
            raise ValueError(f"a grain of {grain} and a shortest run of {min_run} bytes")
        self._min_run = min_run
        self._grain = grain
        self._position: int | None = None  # end of what was fed; None before the first buffer
        self._returned = 0  # end of what was returned; from here to the position all is zero
        self._zeros = 0  # start of the zero run that ends at the last grain border
        self._dirty = False  # the unfinished grain at the end has a non-zero byte

    def feed(self, offset: int, view: Buffer) -> list[ZeroRun]:
        """Look at the bytes from ``offset`` on and return what is certain now, perhaps nothing.

        Raises:
            ValueError: if ``offset`` is negative or not where the last buffer ended.
        """
        if self._position is None:
            if offset < 0:
                raise ValueError(f"a buffer at the negative offset {offset}")
            self._position = self._returned = self._zeros = offset
        if offset != self._position:
            raise ValueError(f"a buffer at {offset}, but {self._position} was expected next")
        decided: list[ZeroRun] = []
        with memoryview(view) as flat, flat.cast("B") as octets:
            for run in self._cut(offset, octets):
                self._decide(run, decided)
                self._position = run[1]
        return decided

    def finish(self) -> list[ZeroRun]:
        """Decide on what was held back and return it; the scanner is then ready for a new range."""
        position, self._position = self._position, None
        self._dirty = False
        if position is None or self._returned == position:
            return []
        long = position - self._zeros >= self._min_run
        return [(self._returned, position, long)]

    def _cut(self, offset: int, octets: memoryview) -> Iterator[ZeroRun]:
        """Yield the runs of a buffer: the rest of an unfinished grain, whole grains, a new rest."""
        head = min(-offset % self._grain, len(octets))
        if head:
            yield offset, offset + head, is_zero(octets[:head])
        body = len(octets) - (len(octets) - head) % self._grain
        for start, end, zero in grain_runs(octets[head:body], self._grain):
            yield offset + head + start, offset + head + end, zero
        if body < len(octets):
            yield offset + body, offset + len(octets), is_zero(octets[body:])

    def _decide(self, run: ZeroRun, decided: list[ZeroRun]) -> None:
        """Take in the next run and append to ``decided`` what has become certain."""
        _, end, zero = run
        if zero and not self._dirty:
            # Of an unfinished grain nothing is known yet, so the run counts to the last border.
            sure = end - end % self._grain
            if sure > self._returned and sure - self._zeros >= self._min_run:
                _append(decided, (self._returned, sure, True))
                self._returned = sure
            return
        # A non-zero byte makes data of its grain, and of all zeros held back before it.
        _append(decided, (self._returned, end, False))
        self._returned = self._zeros = end
        self._dirty = end % self._grain != 0


def _append(runs: list[ZeroRun], run: ZeroRun) -> None:
    """Append a run that starts where the last one ended; merge it if the flag is the same."""
    if runs and runs[-1][2] == run[2]:
        runs[-1] = (runs[-1][0], run[1], run[2])
    else:
        runs.append(run)
