"""One build of wheel and source distribution for all tests here.

Built from a copy, unpacked out of a source distribution: so that is complete, and nothing that
happens in the working tree meanwhile makes two builds differ.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEN = "1700000000"


@dataclass(frozen=True)
class Built:
    """The source that was built from, and what came of it."""

    source: Path
    sdist: Path
    wheel: Path


def build(source: Path, folder: Path, epoch: str = WHEN) -> tuple[Path, Path]:
    """Build as ./dev package wheel does; return wheel and source distribution."""
    subprocess.run(
        [sys.executable, source / "packaging/distributions.py", folder],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return wheel, sdist


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack a source distribution; return the folder in it."""
    folder.mkdir()
    subprocess.run(["tar", "-xzf", sdist, "-C", folder], check=True)
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build once for all."""
    folder = tmp_path_factory.mktemp("packaging")
    _, first = build(ROOT, folder / "first")
    source = unpack(first, folder / "unpacked")
    wheel, sdist = build(source, folder / "second")
    return Built(source, sdist, wheel)
