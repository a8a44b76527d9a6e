"""Running a client and accounting for it: seconds, processor time of both ends, memory."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from bench.runs import Run

TICKS = os.sysconf("SC_CLK_TCK")
GIB = 1 << 30
MEMORY = Path("/dev/shm")  # noqa: S108 - disks are not what is measured
PATIENCE = 900.0
"""Seconds that any run may take."""
SETTLING = 5.0
"""Seconds that a server may take to be done with a client that has ended."""
REST = 0.1
"""Seconds without work after which a server is taken to rest."""
EVERY = 0.02
"""Seconds from one look at the memory to the next."""

SAID = 3
"""Lines at the end of what a tool said that are told when it failed."""

Near = Callable[[], AbstractContextManager[None]]


class ToolError(Exception):
    """A tool failed or did not come to an end; the message holds what it said."""


def processor(pid: int) -> float:
    """Return the seconds of processor time that a process and its ended children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def memory(pid: int) -> int:
    """Return the bytes that a process and those below it take, shared pages in parts (PSS)."""
    total = 0
    for one in family(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += 1024 * int(line.split()[1])
    return total


def warm_memory(size: int = 2 * GIB) -> None:
    """Take memory from the system and give it back; what is to be written is written first.

    In a virtual machine free memory may have to be fetched from the host first, which takes longer
    than some of what is measured; so every run finds the same amount of it at hand.
    """
    os.sync()
    path = MEMORY / f"lacuna-warm-{os.getpid()}"
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    finally:
        path.unlink()


def timed(command: Sequence[str], server: int | None, near: Near = nullcontext) -> Run:
    """Run a client to its end; raises `ToolError` if it fails. ``server`` is a process or None."""
    before = 0.0 if server is None else processor(server)
    children = 0 if server is None else len(family(server))
    started = time.monotonic()
    process = _start(command, near)
    with Patience(process):
        # Not Popen.wait, which tells nothing of the processor time.
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    _judge(process, command)
    after = 0.0 if server is None else settled(server, children)
    return Run(wall, usage.ru_utime + usage.ru_stime, after - before)


def settled(server: int, children: int) -> float:
    """Return `processor` as soon as a server rests and has no more processes than it had.

    libvirtd looks at all volumes again after an upload, when its client is gone already; rsync's
    daemon has a process for each client, whose time counts when it has ended.
    """
    deadline = time.monotonic() + SETTLING
    used, before = processor(server), -1.0
    while time.monotonic() < deadline and (used > before or len(family(server)) > children):
        time.sleep(REST)
        used, before = processor(server), used
    return used


def observed(
    command: Sequence[str], server: int | None, near: Near = nullcontext
) -> tuple[int, int]:
    """Run a client to its end; return the most memory that it and its server held, in bytes."""
    process = _start(command, near)
    mine = theirs = 0
    with Patience(process):
        while process.poll() is None:
            mine = max(mine, memory(process.pid))
            theirs = max(theirs, 0 if server is None else memory(server))
            time.sleep(EVERY)
    _judge(process, command)
    return mine, theirs


class Patience:
    """Kills a process that has not ended after `PATIENCE`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._timer = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
        self._timer.daemon = True
        self._process = process

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._process.poll() is None:  # interrupted
            os.killpg(self._process.pid, signal.SIGKILL)


def _start(command: Sequence[str], near: Near) -> subprocess.Popen[str]:
    """Start a client in a process group of its own; what it says on standard error is kept."""
    with near():
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )


def _judge(process: subprocess.Popen[str], command: Sequence[str]) -> None:
    """Raise `ToolError` if a client that has ended did not succeed."""
    assert process.stderr is not None
    with process.stderr:
        said = " ".join(process.stderr.read().strip().splitlines()[-SAID:])
    if process.returncode:
        raise ToolError(f"{command[0]} ended with {process.returncode}: {said or 'no message'}")
