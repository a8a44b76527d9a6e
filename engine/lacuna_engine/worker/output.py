"""Where the worker's events go: lines on the process's standard output."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress

from lacuna_engine.worker.messages import Message, encode

__all__ = ["Output"]


class Output:
    """Writes lines from a thread of its own: a window that does not read must not stop transfers.

    What waits is bounded by leaving out progress, of which more comes at once.
    """

    MOST = 1000

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Whatever prints must not get between the lines.
        self._stream = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._thread = threading.Thread(target=self._write, name="lacuna-tell", daemon=True)
        self._thread.start()

    def tell(self, message: Message) -> None:
        """Write an event, some time soon."""
        if message["event"] == "progress" and self._lines.qsize() > self.MOST:
            return
        self._lines.put(encode(message))

    def close(self) -> None:
        """Write what waits, and end."""
        self._lines.put(None)
        self._thread.join(2.0)

    def _write(self) -> None:
        with suppress(OSError):
            while (line := self._lines.get()) is not None:
                self._stream.write(line)
                if self._lines.empty():
                    self._stream.flush()
            self._stream.flush()
