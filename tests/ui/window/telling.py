"""Programs that tell on their output what they show, and waiting for what they tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

__all__ = ["Telling"]

HERE = Path(__file__).parent
PATIENCE = 30.0


class Telling:
    """Starts programs, and reads what one of them, the application, tells of itself."""

    def __init__(self, folder: Path, stack: ExitStack, **environment: str) -> None:
        self.environment = {
            **os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en",
            "PYTHONPATH": str(HERE.parents[1]), "LACUNA_CONFIG": str(folder),
            "LACUNA_DATA": str(folder / "data"), **environment,
        }  # fmt: skip
        self._stack = stack
        self.seen: dict[str, Any] = {}

    def start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments],
            env=self.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        # Its end closes the pipe too.
        self._stack.enter_context(process)
        self._stack.callback(process.terminate)
        return process

    def watch(self, process: subprocess.Popen[str]) -> None:
        """Read what the application tells of itself."""

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self.seen = json.loads(line)

        self.seen = {}
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        self._stack.callback(reader.join, 10)
        self._stack.callback(process.terminate)

    def until(self, condition: Callable[[dict[str, Any]], object]) -> None:
        limit = time.monotonic() + PATIENCE
        while not (self.seen and condition(self.seen)):
            assert time.monotonic() < limit, self.seen
            time.sleep(0.05)
