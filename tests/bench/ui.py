"""Measure the window: how late its loop is while it transfers, how fast it shows, what it takes.

The real window on an X server of its own, with its worker process, over a libvirtd of its own whose
pools are in memory. Window and command line upload the same files in turns. Beside each figure
stands the most (or least) that it may be. Run it with ``./dev bench ui`` on a machine that has
nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import ui_ground as ground
from bench.ui_lateness import lateness
from integration.libvirtd import MIB, PrivateLibvirtd

VOLUMES = 20_000
LISTED = 16_384
"""The most volumes that libvirt can list, handles and all."""
ROWS = 10_000
MOVING = 16
"""Rows that change at 20 Hz: as many as the preferences let be transferred at once."""
TRANSFERS = 4
STALL = 1.0
"""Seconds for which the data plane stands still."""
IDLE = 3.0
"""Seconds until a window that has been started is idle."""


Beats = Mapping[str, Sequence[float]]
"""Seconds from beat to beat (``gaps``), and of the processor in each (``busy``)."""


@dataclass(frozen=True)
class Figure:
    """A measured value. ``least`` says that the bar is the least that it must reach."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    least: bool = False

    @property
    def passed(self) -> bool | None:
        if self.bar is None:
            return None
        return self.value >= self.bar if self.least else self.value <= self.bar


@dataclass
class Measured:
    """All figures, and from what they were made."""

    figures: list[Figure] = field(default_factory=list[Figure])
    raw: dict[str, Any] = field(default_factory=dict[str, Any])

    def add(self, what: str, value: float, unit: str, bar: float | None = None) -> None:
        self.figures.append(Figure(what, value, unit, bar))

    def add_lateness(self, when: str, beats: Beats, p99: float | None = None) -> None:
        """Tell how late the loop was, and how much of that was work of its own."""
        found, own = lateness(beats["gaps"]), lateness(beats["busy"])
        self.add(f"loop late, {when}: p50", found.p50, "ms")
        self.add(f"loop late, {when}: p99", found.p99, "ms", p99)
        self.add(f"loop late, {when}: max", found.max, "ms", None if p99 is None else 100)
        self.add(f"its own work, {when}: p99", own.p99, "ms")
        self.add(f"its own work, {when}: max", own.max, "ms")


# --- start and memory ----------------------------------------------------------------------------


def start(measured: Measured, screen: ground.Screen, folder: Path, rounds: int) -> None:
    """From the start of the process to a window on the screen; then what it takes when idle."""
    seconds: list[float] = []
    busy: list[float] = []
    idle: list[int] = []
    for number in progress("start", rounds + 1):
        begun = time.perf_counter()
        process = subprocess.Popen([ground.LACUNA], env=ground.environment(folder, screen))
        while not screen.shows_window():
            time.sleep(0.002)
        took, worked = time.perf_counter() - begun, ground.processor(process.pid)
        time.sleep(IDLE)
        if number:  # the first one compiles
            seconds.append(took)
            busy.append(worked)
            idle.append(ground.memory(process.pid))
        process.terminate()
        process.wait(20)
        while screen.shows_window():
            time.sleep(0.05)
    measured.raw["start"] = seconds
    measured.add("start to window visible", statistics.median(seconds), "s", 1.0)
    measured.add("its processor time until then", statistics.median(busy), "s")
    measured.add("memory, idle", max(idle) / MIB, "MiB", 150)


# --- lists ---------------------------------------------------------------------------------------


def lists(measured: Measured, window: ground.Window) -> None:
    """Large pools: shown, filtered, sorted."""
    for pool in ("most", "many"):
        say(f"opening the pool of {VOLUMES if pool == 'many' else LISTED} volumes")
        found = window.ask("open", pool=pool)
        # More are not listed by libvirt, and then by their names alone.
        what = f"{VOLUMES:,} volumes" if pool == "many" else f"{found['rows']:,} with keys"
        measured.add(f"{what}: daemon's answer to list shown", found["shown"], "s", 1.0)
        measured.add_lateness(f"{what}, listing and describing", found)
        measured.add(f"{what}: all described", found["described"], "s")
        measured.add(f"{what}: processor time of that", found["cpu"], "s")
    filtered = window.ask("filter", texts=["1", "12", "*9?.img", "00", ""])
    measured.add("20,000 volumes: key to filtered list", 1000 * max(filtered), "ms", 100)
    ordered = window.ask("sort", columns=[2, 0, 3, 1, 4, 0])
    measured.add("20,000 volumes: sort", 1000 * max(ordered), "ms", 100)
    measured.raw |= {"filter": filtered, "sort": ordered}


# --- transfers -----------------------------------------------------------------------------------


@dataclass
class Ground:
    """A daemon with a pool to upload to, and files to upload."""

    daemon: PrivateLibvirtd
    pool: str
    path: Path
    files: list[Path]
    folder: Path

    @property
    def total(self) -> int:
        return sum(file.stat().st_size for file in self.files)

    def landing(self) -> ground.Landing:
        return ground.Landing(self.path, self.total)

    def clear(self) -> None:
        ground.drop(self.daemon, self.pool, [file.name for file in self.files])


def by_command_line(ground_: Ground) -> float:
    with ground_.landing() as landing:
        ground.command_line(ground_.files, ground_.daemon.uri, ground_.pool, ground_.folder)
    ground_.clear()
    return landing.rate


def by_window(ground_: Ground, window: ground.Window, *, scroll: bool) -> tuple[float, Any]:
    files = [str(file) for file in ground_.files]
    with ground_.landing() as landing:
        found = window.ask("upload", files=files, pool=ground_.pool, scroll=scroll)
    check(found)
    ground_.clear()
    window.ask("forget")
    return landing.rate, found


def check(found: Any) -> None:
    if set(found["states"]) != {"done"}:
        sys.exit(f"the window's transfers ended as {found['states']}")


def transfers(measured: Measured, on: Ground, window: ground.Window, rounds: int) -> None:
    """Window and command line in turns."""
    command: list[float] = []
    ways: dict[bool, list[tuple[float, Any]]] = {False: [], True: []}
    for number in progress("transfers", rounds):
        # Who goes first changes from round to round.
        for scroll in (False, True) if number % 2 == 0 else (True, False):
            if not scroll:
                command.append(by_command_line(on))
            ways[scroll].append(by_window(on, window, scroll=scroll))
    for scroll, when, p99, bar in ((False, "drawing", 16, 95), (True, "scrolling", 33, 70)):
        runs = ways[scroll]
        beats = {
            kind: [seconds for _, found in runs for seconds in found[kind]]
            for kind in ("gaps", "busy")
        }
        measured.add_lateness(f"{TRANSFERS} transfers, {when}", beats, p99)
        share = statistics.median(
            rate / theirs for (rate, _), theirs in zip(runs, command, strict=True)
        )
        measured.figures.append(
            Figure(f"speed, of that of the command line, {when}", 100 * share, "%", bar, least=True)
        )
        rate = statistics.median(rate for rate, _ in runs)
        measured.add(f"speed, {when}", rate / MIB, "MiB/s")
        busy = statistics.median(found["cpu"] for _, found in runs)
        measured.add(f"the window's share of a core, {when}", 100 * busy, "%")
    measured.add("steps of scrolling", ways[True][-1][1]["steps"], "1/s")
    measured.add("speed of the command line", statistics.median(command) / MIB, "MiB/s")
    measured.raw["rates"] = {
        "command line": command,
        "drawing": [rate for rate, _ in ways[False]],
        "scrolling": [rate for rate, _ in ways[True]],
    }


def stalled(measured: Measured, on: Ground, window: ground.Window) -> None:
    """Once more, with a data plane that stands still for a while; and what all that takes."""
    say("a stall of the data plane")
    worker = window.ask("worker")
    window.order("upload", files=[str(file) for file in on.files], pool=on.pool, scroll=False)
    time.sleep(0.7)
    os.kill(worker, signal.SIGSTOP)
    time.sleep(STALL)
    os.kill(worker, signal.SIGCONT)
    time.sleep(0.3)
    taken = ground.memory(window.pid)
    found = window.answer()
    check(found)
    measured.add_lateness(f"the data plane stands still for {STALL:.0f} s", found, 16)
    measured.add(f"memory, {TRANSFERS} transfers and {VOLUMES:,} volumes", taken / MIB, "MiB", 300)
    on.clear()
    window.ask("forget")


# --- the queue -----------------------------------------------------------------------------------


def queue(measured: Measured, screen: ground.Screen, folder: Path) -> None:
    """A long queue of which some rows change."""
    say(f"a queue of {ROWS} rows")
    with ground.Window(screen, folder, "") as window:
        found = window.ask("rows", count=ROWS, moving=MOVING, seconds=10)
    share = 100 * found["share"]
    what = f"{ROWS:,} rows, {found['updates']:.0f} updates a second"
    measured.add(what, share, "% of a core", 15)
    measured.add_lateness(f"{ROWS:,} rows", found)
    measured.add_lateness(f"{ROWS:,} rows come", found["shown"])


# --- all of it -----------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def progress(title: str, rounds: int) -> range:
    say(f"{title}: {rounds} rounds")
    return range(rounds)


def table(figures: Sequence[Figure]) -> str:
    """Markdown."""
    lines = ["| what | measured | bar | |", "| --- | ---: | ---: | --- |"]
    for one in figures:
        value = f"{one.value:.2f}" if one.value < 10 else f"{one.value:.0f}"
        bar, verdict = "", ""
        if one.bar is not None:
            bar = f"{'≥' if one.least else '≤'} {one.bar:g} {one.unit}"
            verdict = "yes" if one.passed else "**no**"
        lines.append(f"| {one.what} | {value} {one.unit} | {bar} | {verdict} |")
    return "\n".join(lines)


def measure(rounds: int, size: int, only: str) -> Measured:
    """Measure everything, or what ``only`` names."""
    measured = Measured()

    def wanted(part: str) -> bool:
        return not only or part in only.split(",")

    with ground.folder_in_memory() as folder:
        screen = ground.Screen(folder)
        try:
            if wanted("start"):
                start(measured, screen, folder, rounds)
            if wanted("queue"):
                queue(measured, screen, folder)
            if wanted("lists") or wanted("transfers"):
                with_daemon(measured, screen, folder, rounds, size if wanted("transfers") else 0)
        finally:
            screen.close()
    return measured


def with_daemon(
    measured: Measured, screen: ground.Screen, folder: Path, rounds: int, size: int
) -> None:
    """Measure what needs a libvirtd; without transfers if ``size`` is 0."""
    with PrivateLibvirtd() as daemon:
        say("making pools")
        ground.many_volumes(daemon, "many", VOLUMES)
        ground.many_volumes(daemon, "most", LISTED)
        pool = daemon.make_pool("bench", "tmpfs", size=(TRANSFERS * size + 64) * MIB)
        with ground.Window(screen, folder, daemon.uri) as window:
            window.ask("connected", pool="bench")
            lists(measured, window)
            if not size:
                return
            files = [
                ground.dense(folder / f"image-{number}.img", size * MIB)
                for number in range(TRANSFERS)
            ]
            on = Ground(daemon, "bench", pool.path, files, folder)
            transfers(measured, on, window, rounds)
            stalled(measured, on, window)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="bench ui", description="Measure the window.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--size", type=int, default=768, help="MiB of each of the four files")
    parser.add_argument("--only", default="", help="of start,queue,lists,transfers")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    chosen = parser.parse_args(arguments)
    ground.have_programs()
    measured = measure(chosen.rounds, chosen.size, chosen.only)
    print(table(measured.figures))
    if chosen.json:
        figures = [asdict(one) | {"passed": one.passed} for one in measured.figures]
        text = json.dumps({"figures": figures, **measured.raw}, indent=1)
        chosen.json.write_text(text)
