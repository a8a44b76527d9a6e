"""Pipes in pairs; a test says of which kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from engine.transport.pipes import KINDS, Ends, Maker, Sink, turns
from lacuna_engine.transport import Pipe


@pytest.fixture
async def make(kind: str, tmp_path: Path) -> AsyncIterator[Maker]:
    """Return what makes the ends of a pipe of this kind; they are closed in the end."""
    made: list[Pipe] = []
    async with AsyncExitStack() as stack:

        async def build() -> Ends:
            ends = await KINDS[kind](stack, tmp_path)
            made.extend(ends)
            return ends

        yield build
        for pipe in made:
            pipe.close()
        for pipe in made:
            await asyncio.wait_for(pipe.wait_closed(), 5)
    await turns(2)


@pytest.fixture
async def ends(make: Maker) -> Ends:
    return await make()


@pytest.fixture
def near(ends: Ends) -> Sink:
    """The receiver of the first end, started."""
    sink = Sink()
    ends[0].start(sink)
    return sink


@pytest.fixture
def far(ends: Ends) -> Sink:
    """The receiver of the second end, started."""
    sink = Sink()
    ends[1].start(sink)
    return sink
