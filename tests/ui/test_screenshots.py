"""The pictures of the documentation can be taken."""

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage


def test_a_picture_is_taken(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui.screenshots", "--into", str(tmp_path / "images"), "map"],
        capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    picture = QImage(str(tmp_path / "images" / "map.png"))
    assert picture.width() == 1200
    # The map itself: data, holes, and that all has arrived.
    colours = {picture.pixelColor(x, y).name() for x in range(20, 800, 1) for y in (60, 150, 200)}
    assert len(colours) >= 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["images"], "nothing is left behind"
