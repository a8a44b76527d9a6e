"""The command, run to its end, and an image for it."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.images import (
    data,
    hole,
    make_image,
    zeros,
)
from integration.libvirtd import MIB

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(lacuna: Path, tmp_path: Path) -> Run:
    """Run the command to its end; ``code`` is the exit code it must have."""

    def run_(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [lacuna, *map(str, arguments)],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=60,
            cwd=tmp_path,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run_


@pytest.fixture
def image(tmp_path: Path) -> Path:
    pieces = (data(MIB), hole(4 * MIB), zeros(MIB), data(2 * MIB), hole(MIB))
    return make_image(tmp_path / "image.raw", *pieces)


def start(lacuna: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [lacuna, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool], patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.01)
