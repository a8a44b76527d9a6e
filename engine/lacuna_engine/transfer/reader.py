"""Going through a local image in order: data in batches, holes and zeros without their bytes.

Either the data is read (:func:`read_batches`), or only as much is looked at as it takes to find
the zeros (:func:`plan_batches`), for a sender that takes data straight from the file. Both happen
in a thread of their own, some batches ahead of the sender, so that neither a slow disk nor the
search holds up the loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import NamedTuple

from lacuna_engine.errors import SourceChangedError
from lacuna_engine.extents import Kind, grain_runs, may_have_zeros, probe_zeros
from lacuna_engine.extents.source import Source, local_errors
from lacuna_engine.transfer.daemon_memory import FAR_PACKET, LARGE_PACKET
from lacuna_engine.transfer.trail import Trail

__all__ = [
    "BATCH_BYTES",
    "LARGE_BATCH",
    "SHORT",
    "Batch",
    "Run",
    "plan_batches",
    "read_batches",
    "read_exactly",
    "zero_runs",
]

BATCH_BYTES = 1 << 20
"""Bytes of data in a batch at most, and so in a packet: the daemon takes packets of 1 MiB fastest
(775 MiB/s to tmpfs; 256 KiB 623, 4 MiB 674; protocol.md 4.2)."""

LARGE_BATCH = FAR_PACKET
"""The same for one batch in some, so that a packet can be as large."""

PLAN_BYTES = LARGE_PACKET
"""The same for data that is not read: only the hand-over costs anything then."""

BATCH_RUNS = 256
"""Runs in a batch at most, so that a fragmented file is not a hand-over for each of them."""

AHEAD = 3
"""Batches being read or waiting while one is sent."""

SHORT = 64 * 1024
"""Data shorter than this is read all the same: it then goes out together with what is around it,
where taking it from the file is a call of its own."""

READ_BYTES = 2 << 20
"""Bytes of such data in a batch at most."""

MIN_ZERO_RUN = 64 * 1024
"""Runs of zeros inside data shorter than this are sent: two messages more cost the daemon as much
as some 32 KiB of data (protocol.md 5.2)."""


class Run(NamedTuple):
    """Bytes ``start`` to ``end`` of the image; ``view`` holds them if they have been read.

    ``is_known`` if it is of the kind that the reader was told.
    """

    start: int
    end: int
    kind: Kind
    view: memoryview | None = None
    is_known: bool = False

    @property
    def length(self) -> int:
        """Bytes."""
        return self.end - self.start


Batch = list[Run]


async def read_batches(
    source: Source,
    kinds: Iterable[tuple[int, int, Kind]],
    *,
    zero_scan: bool,
    trail: Trail | None = None,
) -> AsyncGenerator[Batch, None]:
    """Yield the image's runs in order. A batch's views are valid until the next one is asked for.

    Close it (``aclosing``): until then its thread may still read the file.
    ``kinds`` covers the image in order, as a scan gives it; ``trail`` is told what has been used.
    Raises :class:`SourceChangedError` if the file has become shorter, :class:`LocalFileError` if it
    cannot be read.
    """
    sizes = [*[BATCH_BYTES] * AHEAD, LARGE_BATCH]
    buffers = deque(memoryview(bytearray(size)) for size in sizes)
    pieces = _Pieces(kinds)

    def fill() -> Batch:
        buffers.rotate(-1)
        return _fill(source, pieces, buffers[-1], zero_scan)

    async with aclosing(_ahead(fill, trail)) as batches:
        async for batch in batches:
            yield batch


async def plan_batches(
    source: Source,
    kinds: Iterable[tuple[int, int, Kind]],
    *,
    zero_scan: bool,
    trail: Trail | None = None,
) -> AsyncGenerator[Batch, None]:
    """Yield the image's runs in order, without reading long ones. Otherwise as `read_batches`."""
    room = _Room()
    runs = _plan(source, kinds, room, zero_scan=zero_scan)

    def gather() -> Batch:
        room.turn()
        batch: Batch = []
        data = 0
        while len(batch) < BATCH_RUNS and data < PLAN_BYTES and not room.is_full:
            run = next(runs, None)
            if run is None:
                break
            batch.append(run)
            data += run.length if run.kind is Kind.DATA else 0
        return batch

    async with aclosing(_ahead(gather, trail)) as batches:
        async for batch in batches:
            yield batch


class _Room:
    """Memory for what is read of the batches on their way; that of the oldest serves again.

    And of one more, since what is read may be parted by its zeros, and its end be in the next one.
    """

    def __init__(self) -> None:
        self._buffers: deque[memoryview | None] = deque([None] * (AHEAD + 1))
        self._filled = 0

    def turn(self) -> None:
        """The next batch begins."""
        self._buffers.rotate(-1)
        self._filled = 0

    @property
    def is_full(self) -> bool:
        """Whether the batch has had its share."""
        return self._filled >= READ_BYTES

    def take(self, size: int) -> memoryview:
        """Return memory for ``size`` bytes, less than ``SHORT``, if it is not full."""
        buffer = self._buffers[-1]
        if buffer is None:
            buffer = self._buffers[-1] = memoryview(bytearray(READ_BYTES + SHORT))
        self._filled += size
        return buffer[self._filled - size : self._filled]


def _plan(
    source: Source, kinds: Iterable[tuple[int, int, Kind]], room: _Room, *, zero_scan: bool
) -> Iterator[Run]:
    for start, end, kind in kinds:
        if kind is Kind.DATA and end - start < SHORT:
            view = room.take(end - start)
            read_exactly(source, view, start)
            if zero_scan and may_have_zeros(view, MIN_ZERO_RUN):
                yield from _zeros_found(start, view)
            else:
                yield Run(start, end, kind, view, is_known=True)
            continue
        if kind is not Kind.DATA:
            yield Run(start, end, kind, is_known=True)
            continue
        if not zero_scan:  # in pieces, so that what has been sent can leave the cache
            for begin in range(start, end, PLAN_BYTES):
                yield Run(begin, min(begin + PLAN_BYTES, end), kind, is_known=True)
            continue
        with local_errors(source.name):
            for begin, until, zero in probe_zeros(source, start, end):
                yield Run(begin, until, Kind.ZERO if zero else kind, is_known=not zero)


async def _ahead(produce: Callable[[], Batch], trail: Trail | None) -> AsyncGenerator[Batch, None]:
    """Yield what ``produce`` makes in a thread, some batches ahead, until it makes an empty one."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="lacuna-read") as executor:
        waiting = deque(loop.run_in_executor(executor, produce) for _ in range(AHEAD))
        try:
            while batch := await waiting.popleft():
                yield batch
                if trail is not None and trail.is_dropped:
                    used = [(run.start, run.end) for run in batch if run.kind is not Kind.HOLE]
                    executor.submit(trail.leave, used)
                waiting.append(loop.run_in_executor(executor, produce))
        finally:
            for future in waiting:
                future.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


class _Pieces:
    """Hands out the runs of a scan, cut to the room that is left in a batch."""

    def __init__(self, kinds: Iterable[tuple[int, int, Kind]]) -> None:
        self._kinds: Iterator[tuple[int, int, Kind]] = iter(kinds)
        self._rest: tuple[int, int, Kind] | None = None

    def take(self, room: int) -> tuple[int, int, Kind] | None:
        """Return the next run, at most ``room`` bytes of it if it is data; None at the end."""
        run = self._rest or next(self._kinds, None)
        self._rest = None
        if run is None or run[2] is not Kind.DATA or run[1] - run[0] <= room:
            return run
        start, end, kind = run
        self._rest = (start + room, end, kind)
        return (start, start + room, kind)


def _fill(source: Source, pieces: _Pieces, buffer: memoryview, zero_scan: bool) -> Batch:  # noqa: FBT001
    """Read the next batch into ``buffer``. Runs in the reading thread."""
    batch: Batch = []
    filled = 0
    while filled < len(buffer) and len(batch) < BATCH_RUNS:
        piece = pieces.take(len(buffer) - filled)
        if piece is None:
            break
        start, end, kind = piece
        if kind is not Kind.DATA:
            batch.append(Run(start, end, kind, is_known=True))
            continue
        view = buffer[filled : filled + end - start]
        read_exactly(source, view, start)
        filled += end - start
        if zero_scan and may_have_zeros(view, MIN_ZERO_RUN):
            batch.extend(_zeros_found(start, view))
        else:
            batch.append(Run(start, end, kind, view, is_known=True))
    return batch


def zero_runs(start: int, view: memoryview) -> Iterator[Run]:
    """Cut data into data and zeros.

    Inside, only long runs of zeros count; at an edge any, for they mostly go on beyond it.
    """
    data_from = 0
    for begin, end, zero in grain_runs(view):
        edge = begin == 0 or end == len(view)
        if not zero or (end - begin < MIN_ZERO_RUN and not edge):
            continue
        if begin > data_from:
            yield Run(start + data_from, start + begin, Kind.DATA, view[data_from:begin])
        yield Run(start + begin, start + end, Kind.ZERO)
        data_from = end
    if data_from < len(view):
        yield Run(start + data_from, start + len(view), Kind.DATA, view[data_from:])


def _zeros_found(start: int, view: memoryview) -> Iterator[Run]:
    """Cut what is known to be data likewise."""
    for run in zero_runs(start, view):
        yield run if run.kind is Kind.ZERO else run._replace(is_known=True)


def read_exactly(source: Source, view: memoryview, offset: int) -> None:
    """Fill ``view`` from the file. Raises :class:`SourceChangedError` if the file ends early."""
    with local_errors(source.name):
        count = source.read_into(offset, view)
    if count < len(view):
        raise SourceChangedError(
            f"{source.name} became shorter while it was read: it ends at {offset + count}",
            hint="Make sure that nothing writes to the image, and start again.",
        )
