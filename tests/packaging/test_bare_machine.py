"""A machine without the libraries of a window: commands work, the window says what is missing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MISSING = "libEGL.so.1: cannot open shared object file"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Qt is installed, but the system cannot load it."""
    package = tmp_path / "PySide6"
    package.mkdir()
    (package / "__init__.py").write_text(f"raise ImportError({MISSING!r})\n")
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**bare, "PYTHONPATH": path}


LACUNA = [sys.executable, "-m", "lacuna_engine.cli"]


def test_the_demo_runs_in_the_terminal(environment: dict[str, str]) -> None:
    """What it does there is tested elsewhere; here, that it begins."""
    with subprocess.Popen(
        [*LACUNA, "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        assert demo.stdout.readline() == "Making sample images ...\n", demo.stderr.read()
        demo.send_signal(signal.SIGINT)


@pytest.mark.parametrize("arguments", [[], ["demo", "--screenshot", "picture.png"]])
def test_a_window_that_cannot_be_loaded(
    environment: dict[str, str], arguments: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*LACUNA, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert MISSING in done.stderr
    assert "apt-get install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "picture.png").exists()
