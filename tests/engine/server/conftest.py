"""Fixtures of the server's tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.server.serving import Served, serving
from engine.server.wire import Wire
from lacuna_engine.server.folder import Folder
from lacuna_engine.server.pool import FolderPool

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a tmpfs on every Linux


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


@pytest.fixture(params=["disk", "tmpfs"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An empty folder on the disk behind the temporary folder, or in memory."""
    if request.param == "disk" or not SHARED_MEMORY.is_dir():
        made = tmp_path / "pool"
        made.mkdir()
        yield made
        return
    made = Path(tempfile.mkdtemp(dir=SHARED_MEMORY))
    try:
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture
def folder(path: Path) -> Folder:
    """That folder, opened as one of volumes."""
    return Folder(str(path))


@pytest.fixture
def pool(path: Path) -> FolderPool:
    """A pool over that folder, started."""
    made = FolderPool("images", str(path))
    made.start()
    return made
