"""The window and its worker write into one log, which knows who is who."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_both_processes_are_in_the_log(tmp_path: Path) -> None:
    own = {
        "LACUNA_DATA": str(tmp_path / "data"),
        "LACUNA_CONFIG": str(tmp_path / "config"),
        "LACUNA_DEBUG": "1",
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-m", "lacuna_gui", "--screenshot", str(tmp_path / "window.png")]
    command += ["--patience", "1"]  # for pools, of which there are none
    done = subprocess.run(
        command, env=os.environ | own, check=False, capture_output=True, text=True, timeout=90
    )
    log = (tmp_path / "data" / "lacuna.log").read_text()
    pids = {}
    for role in ("window", "worker"):
        (line,) = (line for line in log.splitlines() if f"event=started role={role}" in line)
        assert line in done.stderr
        pids[role] = line.split("pid=")[1].split()[0]
    assert pids["window"] != pids["worker"]
