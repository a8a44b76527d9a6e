"""``virsh pool-event`` against both: what it prints while a pool lives its life."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.target import Target
from integration.libvirtd import _environment

END = ("event loop interrupted", "events received: N")


class Listener:
    """A virsh that prints events until it is interrupted."""

    def __init__(self, target: Target, *arguments: str) -> None:
        self._target = target
        self.process = subprocess.Popen(
            target.command("pool-event", "--loop", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip().replace(self._target.pool, "POOL"))

    def until(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.lines) < count:
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)

    def provoke(self, *command: str | Path) -> None:
        """Repeat a command until virsh has registered and prints what that causes."""
        deadline = time.monotonic() + 20
        while not self.lines:
            assert time.monotonic() < deadline, "no event"
            self._target.virsh(*command)
            time.sleep(0.05)

    def end(self) -> list[str]:
        """Interrupt it; return its lines, those that repeat one another once."""
        self.process.send_signal(signal.SIGINT)
        self._reader.join(20)
        assert self.process.wait(20) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()
        lines = [line for line in self.lines if line]
        same = [line for line, before in zip(lines, ["", *lines], strict=False) if line != before]
        return [re.sub(r"\d+", "N", line) for line in same]


@contextmanager
def listening(target: Target, *arguments: str) -> Iterator[Listener]:
    listener = Listener(target, *arguments)
    try:
        yield listener
    finally:
        listener.process.kill()
        listener.process.wait()
        listener._reader.join(20)


def test_lifecycle(target: Target) -> None:
    target.virsh("pool-define-as", "life", "dir", "--target", target.path / "life")
    with listening(target, "--event", "lifecycle") as listener:
        # Built again and again: what changes nothing is told all the same.
        listener.provoke("pool-build", "life")
        for command in ("pool-start", "pool-destroy", "pool-delete", "pool-undefine"):
            target.virsh(command, "life")
        seen = len(listener.lines)
        target.virsh("pool-destroy", target.pool)
        target.virsh("pool-start", target.pool)
        target.virsh("pool-create-as", "short", "dir", "--target", target.path / "s", "--build")
        target.virsh("pool-destroy", "short")
        listener.until(seen + 4)
        lines = listener.end()
    assert [line.removeprefix("event 'lifecycle' for storage pool ") for line in lines] == [
        "life: Created",
        "life: Started",
        "life: Stopped",
        "life: Deleted",
        "life: Undefined",
        "POOL: Stopped",
        "POOL: Started",
        "short: Started",
        "short: Stopped",
        *END,
    ]


def test_refresh_of_one_pool(target: Target) -> None:
    with listening(target, "--pool", target.pool, "--event", "refresh") as listener:
        listener.provoke("pool-refresh", target.pool)
        target.virsh("pool-create-as", "other", "dir", "--target", target.path / "other", "--build")
        target.virsh("pool-refresh", "other")
        target.virsh("pool-destroy", "other")
        seen = len(listener.lines)
        target.virsh("pool-refresh", target.pool)
        listener.until(seen + 1)
        lines = listener.end()
    assert lines == ["event 'refresh' for storage pool POOL", *END]
