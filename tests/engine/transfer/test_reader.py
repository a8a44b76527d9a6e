"""Reading a local image in batches."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from engine.transfer.images import KIB, MIB, Kinds, kinds_of, make
from lacuna_engine.errors import LocalFileError, SourceChangedError
from lacuna_engine.extents import Kind, Source
from lacuna_engine.transfer.reader import (
    AHEAD,
    BATCH_RUNS,
    LARGE_BATCH,
    SHORT,
    Batch,
    plan_batches,
    read_batches,
)

Layout = list[tuple[str, int]]


class Spy(Source):
    """A source that tells what is read of it, by whom."""

    reads: list[tuple[int, int]]
    hook: Callable[[int], None]

    @classmethod
    def of(cls, path: Path) -> Spy:
        fd = os.open(path, os.O_RDWR)
        made = cls(fd, path.name, os.fstat(fd).st_size, device=False)
        object.__setattr__(made, "reads", [])
        object.__setattr__(made, "hook", lambda _: None)
        return made

    def on_read(self, hook: Callable[[int], None]) -> None:
        object.__setattr__(self, "hook", hook)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        self.hook(offset)
        self.reads.append((offset, len(buffer)))
        return super().read_into(offset, buffer)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Layout], tuple[Spy, bytes]]]:
    """Return what makes an open image and its content."""
    made: list[Spy] = []

    def build(layout: Layout) -> tuple[Spy, bytes]:
        path = tmp_path / "image"
        content = make(path, layout)
        made.append(Spy.of(path))
        return made[-1], content

    yield build
    for source in made:
        os.close(source.fd)


Opened = Callable[[Layout], tuple[Spy, bytes]]


async def check(
    source: Source, content: bytes, kinds: Kinds, *, zero_scan: bool
) -> list[tuple[int, int, Kind]]:
    """Take all batches slowly and compare each view while it is valid."""
    at = 0
    runs: list[tuple[int, int, Kind]] = []
    async with aclosing(read_batches(source, kinds, zero_scan=zero_scan)) as batches:
        async for batch in batches:
            assert 0 < len(batch) <= BATCH_RUNS + (LARGE_BATCH >> 16 if zero_scan else 0)
            assert sum(run.length for run in batch if run.view is not None) <= LARGE_BATCH
            await asyncio.sleep(0.001)  # the readers ahead have every chance to spoil it
            for run in batch:
                assert run.start == at
                assert run.end > run.start
                at = run.end
                runs.append((run.start, run.end, run.kind))
                if run.view is None:
                    assert run.kind is not Kind.DATA
                    assert not any(content[run.start : run.end])
                else:
                    assert run.kind is Kind.DATA
                    assert run.view == content[run.start : run.end]
    assert at == len(content)
    return runs


@pytest.mark.parametrize("zero_scan", [True, False])
@pytest.mark.parametrize("seed", range(8))
async def test_batches_cover_exactly(seed: int, zero_scan: bool, opened: Opened) -> None:
    chance = random.Random(seed)
    sizes = [1, 511, 4096, 60 * KIB, 64 * KIB, 300 * KIB, MIB, MIB + 1, 3 * MIB]
    layout: Layout = []
    while sum(size for _, size in layout) < 8 * MIB:
        layout.append((chance.choice(["data", "data", "hole", "zero"]), chance.choice(sizes)))
    source, content = opened(layout)
    await check(source, content, kinds_of(layout), zero_scan=zero_scan)


@pytest.mark.parametrize("zero_scan", [True, False])
@pytest.mark.parametrize("seed", range(8))
async def test_plans_cover_exactly(seed: int, zero_scan: bool, opened: Opened) -> None:
    """Only short data is handed out; what is called zero is, and what is not looked at is data."""
    chance = random.Random(seed)
    sizes = [1, 511, 4096, 60 * KIB, 64 * KIB, 300 * KIB, MIB, MIB + 1, 3 * MIB]
    layout: Layout = []
    while sum(size for _, size in layout) < 20 * MIB:
        layout.append((chance.choice(["data", "data", "hole", "zero"]), chance.choice(sizes)))
    source, content = opened(layout)
    at = zeros = 0
    planned = plan_batches(source, kinds_of(layout), zero_scan=zero_scan)
    async with aclosing(planned) as batches:
        async for batch in batches:
            for run in batch:
                if run.view is not None:
                    assert run.kind is Kind.DATA
                    assert run.length < SHORT
                    assert run.view == content[run.start : run.end]
                assert run.start == at < run.end
                at = run.end
                if run.kind is not Kind.DATA:
                    assert not any(content[run.start : run.end])
                zeros += run.length if run.kind is Kind.ZERO else 0
    assert at == len(content)
    if zero_scan:
        # Of every run of a MiB or more at least what is left without its borders is found.
        long = [size for kind, size in layout if kind == "zero" and size >= MIB]
        assert zeros >= sum(size - 128 * KIB for size in long)
    else:
        assert all(count < SHORT for _, count in source.reads)
        short = sum(kind != "hole" and size < SHORT for kind, size in layout)
        assert len(source.reads) == short


async def test_nothing(opened: Opened) -> None:
    source, content = opened([])
    assert await check(source, content, [], zero_scan=True) == []


async def test_holes_are_not_read(opened: Opened) -> None:
    layout = [("hole", 5 * MIB), ("data", 4096), ("hole", 100 * MIB), ("data", 10)]
    source, content = opened(layout)
    await check(source, content, kinds_of(layout), zero_scan=True)
    assert source.reads == [(5 * MIB, 4096), (105 * MIB + 4096, 10)]


async def test_runs_of_zeros(opened: Opened) -> None:
    """Long ones count; short ones only at an edge, for they may go on beyond it."""
    layout = [
        ("data", 4096),
        ("zero", 60 * KIB),
        ("data", 4096),
        ("zero", 64 * KIB),
        ("data", 4096),
        ("zero", 4096),
    ]
    source, content = opened(layout)
    size = len(content)
    runs = await check(source, content, [(0, size, Kind.DATA)], zero_scan=True)
    first = 68 * KIB
    assert runs == [
        (0, first, Kind.DATA),
        (first, first + 64 * KIB, Kind.ZERO),
        (first + 64 * KIB, size - 4096, Kind.DATA),
        (size - 4096, size, Kind.ZERO),
    ]
    assert await check(source, content, [(0, size, Kind.DATA)], zero_scan=False) == [
        (0, size, Kind.DATA)
    ]


async def test_zeros_alone(opened: Opened) -> None:
    source, content = opened([("zero", 2 * MIB)])
    runs = await check(source, content, [(0, 2 * MIB, Kind.DATA)], zero_scan=True)
    assert runs == [(0, MIB, Kind.ZERO), (MIB, 2 * MIB, Kind.ZERO)]


async def test_many_extents(opened: Opened) -> None:
    layout = [("data", 512), ("hole", 512)] * 4000
    source, content = opened(layout)
    runs = await check(source, content, kinds_of(layout), zero_scan=True)
    assert len(runs) == 8000


@pytest.mark.parametrize("missing", [1, 2 * MIB])
async def test_a_file_that_got_shorter(missing: int, opened: Opened) -> None:
    source, content = opened([("data", 3 * MIB)])
    os.ftruncate(source.fd, len(content) - missing)
    with pytest.raises(SourceChangedError, match=f"ends at {len(content) - missing}"):
        await check(source, content, [(0, len(content), Kind.DATA)], zero_scan=False)


async def test_a_disk_that_fails(opened: Opened) -> None:
    source, content = opened([("data", 5 * MIB)])

    def fail(offset: int) -> None:
        if offset >= 2 * MIB:
            raise OSError(5, "Input/output error")

    source.on_read(fail)
    with pytest.raises(LocalFileError, match="Input/output error"):
        await check(source, content, [(0, len(content), Kind.DATA)], zero_scan=False)


async def test_nothing_is_read_after_the_close(opened: Opened) -> None:
    source, content = opened([("data", 20 * MIB)])
    started = threading.Event()

    def slowly(offset: int) -> None:
        started.set()
        threading.Event().wait(0.005)

    source.on_read(slowly)
    batches = read_batches(source, [(0, len(content), Kind.DATA)], zero_scan=False)
    first: Batch = await anext(batches)
    assert bytes(first[0].view or b"") == content[:MIB]
    await batches.aclose()
    assert started.is_set()
    read = len(source.reads)
    assert not [t for t in threading.enumerate() if t.name.startswith("lacuna-read")]
    await asyncio.sleep(0.03)
    assert len(source.reads) == read < 6


async def test_what_was_read_stays_until_the_next_batch(opened: Opened) -> None:
    """Short data shares memory, also where its zeros part it between two batches."""
    layout: Layout = []
    for number in range(300):
        layout += [("zero", 4 * KIB), ("data", (20 + number % 30) * KIB), ("hole", 4 * KIB)]
    source, content = opened(layout)
    found = kinds_of(layout)
    kinds: Kinds = []
    for (start, _, kind), (_, end, _), hole in zip(*[iter(found)] * 3, strict=True):
        kinds += [(start, end, kind), hole]  # a scan does not tell zeros from data
    batches = at = 0
    async with aclosing(plan_batches(source, kinds, zero_scan=True)) as going:
        async for batch in going:
            batches += 1
            await asyncio.sleep(0.02)  # the reader has every chance to spoil it
            for run in batch:
                assert run.start == at
                assert (run.view or bytes(run.length)) == content[run.start : run.end]
                at = run.end
    assert at == len(content)
    assert batches > AHEAD + 1
