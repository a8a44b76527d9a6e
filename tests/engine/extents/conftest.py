"""Files with known holes, on every file system at hand."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a tmpfs on every Linux


@pytest.fixture(params=["disk", "tmpfs"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An empty folder: on the disk behind the temporary folder, and in memory."""
    if request.param == "disk" or not SHARED_MEMORY.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(dir=SHARED_MEMORY))
    try:
        yield made
    finally:
        shutil.rmtree(made)
