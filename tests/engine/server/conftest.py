"""Fixtures of the server's tests."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.server.serving import Served, serving
from engine.server.wire import Wire


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name (107 bytes)."""
    with tempfile.TemporaryDirectory(prefix="lacuna-") as folder:
        yield Path(folder)


@pytest.fixture
async def served(short_path: Path) -> AsyncIterator[Served]:
    """A server with one pool, whose faults may be changed."""
    async with serving(short_path) as running:
        yield running


@pytest.fixture
async def wire(served: Served) -> AsyncIterator[Wire]:
    """A raw connection to it, opened."""
    async with served.connect() as connection:
        yield connection
