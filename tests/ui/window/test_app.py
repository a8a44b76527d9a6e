"""The application as it is started: arguments, a picture, an end that is clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from ui.window.driver import Served

START = [sys.executable, "-W", "error", "-m", "lacuna_gui"]


def own(tmp_path: Path) -> list[str]:
    return [
        "--settings", str(tmp_path / "window.ini"), "--profiles", str(tmp_path / "profiles.json"),
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is read or written."""
    monkeypatch.setenv("LACUNA_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))


def environment() -> dict[str, str]:
    return os.environ | {"QT_QPA_PLATFORM": "offscreen", "LANGUAGE": "en", "LC_ALL": "C.UTF-8"}


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*START, *arguments],
        env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def complaints(text: str) -> list[str]:
    return [line for line in text.splitlines() if "propagateSizeHints" not in line]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_of_a_listed_pool(served: Served, tmp_path: Path, scheme: str) -> None:
    (served.path("default") / "disk.raw").write_bytes(b"x" * 5000)
    picture = tmp_path / "window.png"
    done = start(
        "--connect", served.uri, "--screenshot", str(picture), "--size", "900x600",
        "--theme", scheme, *own(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert complaints(done.stderr) == []
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (900, 600)
    dark = image.pixelColor(450, 590).lightnessF() < 0.5
    assert dark == (scheme == "dark")


def test_a_picture_after_uploads(served: Served, tmp_path: Path) -> None:
    source = tmp_path / "disk.raw"
    source.write_bytes(b"x" * 100_000)
    picture = tmp_path / "window.png"
    done = start(
        "--connect", served.uri, "--upload", str(source), "--screenshot", str(picture),
        *own(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert picture.exists()
    assert (served.path("default") / "disk.raw").read_bytes() == source.read_bytes()


def test_what_is_not_reached_is_an_error(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    done = start("--screenshot", str(picture), "--patience", "0.5", *own(tmp_path))
    assert done.returncode == 1
    assert picture.exists(), "also then one wants to see what there was"


def test_a_signal_ends_it_cleanly(served: Served, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*START, "--connect", served.uri, *own(tmp_path)],
        env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        limit = time.monotonic() + 60
        while not served.clients:
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert complaints(errors) == []


def test_a_wrong_argument_is_usage() -> None:
    done = start("--nonsense")
    assert done.returncode == 2
    assert "--connect" in done.stderr
