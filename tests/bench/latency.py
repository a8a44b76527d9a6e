"""How long another client waits while four uploads run: ``virsh pool-list``, one after another.

A call on a connection that stays open is timed too, after each: what of the wait is the daemon's.
The rest of it is virsh's own start, its connection, and what else keeps the processors busy.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.account import PATIENCE, ToolError, warm_memory
from bench.grounds import LACUNA, Ground, ground
from bench.images import GIB, MIB, dense
from bench.rounds import say
from bench.runs import machine, machine_shown, turn
from integration.naive import Naive
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.records import ListPools

BUSY = str(Path(__file__).with_name("busy.py"))
UPLOADS = 4
SIZE = GIB
BAR = 0.250
"""Seconds: the median that is to be kept while Lacuna uploads."""
QUIET = 3.0
"""Seconds of asking in each round while nothing else happens."""

Busy = Callable[[Ground, Path, Sequence[str]], list[list[str]]]
"""Makes the commands that upload a file under several names at the same time."""


@dataclass
class Waits:
    """Seconds that each question took, by who asked; and that the uploads took, by round."""

    virsh: list[float] = field(default_factory=list[float])
    call: list[float] = field(default_factory=list[float])
    uploads: list[float] = field(default_factory=list[float])


def _one(ground: Ground, file: Path, names: Sequence[str]) -> list[list[str]]:
    return [[sys.executable, BUSY, ground.uri, ground.pool, str(file), *names]]


def _lacuna(ground: Ground, file: Path, names: Sequence[str]) -> list[list[str]]:
    return [[LACUNA, "upload", str(file), ground.uri, f"{ground.pool}/{name}"] for name in names]


def _virsh(ground: Ground, file: Path, names: Sequence[str]) -> list[list[str]]:
    for name in names:
        ground.virsh("vol-create-as", ground.pool, name, "0", "--allocation", "0")
    return [
        ["virsh", "-q", "-c", ground.uri, "vol-upload", "--pool", ground.pool, name, str(file)]
        for name in names
    ]


LOADS: Mapping[str, Busy] = {
    "nothing": lambda *_: [],
    "4 uploads by one lacuna": _one,
    "4 x lacuna upload": _lacuna,
    "4 x virsh vol-upload": _virsh,
}


@contextmanager
def running(commands: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that are awaited, or killed if the block fails; raises `ToolError` if one does."""
    processes = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        yield processes
        failed = [process.args for process in processes if process.wait(PATIENCE)]
        if failed:
            raise ToolError(f"an upload failed: {failed[0]!r}")
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def ask_under(ground: Ground, file: Path, busy: Busy, waits: Waits) -> None:
    """Ask as long as all uploads run: from when each has written something, until one has ended."""
    names = [f"busy-{number}.img" for number in range(UPLOADS)]
    for name in names:
        (ground.path / name).unlink(missing_ok=True)
    ground.virsh("pool-refresh", ground.pool)
    commands = busy(ground, file, names)
    warm_memory()
    ground.fresh()
    path = parse_qs(urlsplit(ground.uri).query)["socket"][0]
    started = time.monotonic()
    with Naive(Path(path)) as naive, running(commands) as processes:

        def all_at_it() -> bool:
            if not processes:
                return time.monotonic() - started < QUIET
            return all(process.poll() is None for process in processes)

        while all_at_it():
            if processes and not all(has_data(ground.path / name) for name in names):
                time.sleep(0.005)
                continue
            asked = time.monotonic()
            subprocess.run(
                ["virsh", "-q", "-c", ground.uri, "pool-list"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            answered = time.monotonic()
            naive.call(p.LIST_ALL_POOLS, ListPools())
            done = time.monotonic()
            if all_at_it():  # otherwise somebody had ended before the answer came
                waits.virsh.append(answered - asked)
                waits.call.append(done - answered)
    waits.uploads.append(time.monotonic() - started)


def has_data(path: Path) -> bool:
    """Return whether a file is there and takes room."""
    try:
        return path.stat().st_blocks > 0
    except FileNotFoundError:
        return False


def shown(found: Mapping[str, Waits]) -> str:
    """Return Markdown: medians, what nine of ten stay below, the most; is the bar kept?"""
    lines = [
        "| meanwhile | asked | virsh ms | 90 % | most | call ms | 90 % | most | uploads s | bar |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, waits in found.items():
        if not waits.virsh:
            lines.append(f"| {name} | 0 | | | | | | | | |")
            continue
        kept = "yes" if statistics.median(waits.virsh) <= BAR else "**no**"
        lines.append(
            f"| {name} | {len(waits.virsh)} | {spread(waits.virsh)} | {spread(waits.call)} "
            f"| {statistics.median(waits.uploads):.1f} | ≤ {1000 * BAR:.0f} ms: {kept} |"
        )
    return "\n".join(lines)


def spread(seconds: Sequence[float]) -> str:
    """Return milliseconds, as three cells: the median, what nine of ten stay below, the most."""
    ordered = sorted(seconds)
    nine = ordered[min(len(ordered) * 9 // 10, len(ordered) - 1)]
    return " | ".join(
        f"{1000 * one:.1f}" for one in (statistics.median(ordered), nine, ordered[-1])
    )


def main(chosen: argparse.Namespace) -> None:
    """Measure, print a table, and write every wait if that is wanted."""
    found = {name: Waits() for name in LOADS}
    failed = False
    size = max(int(SIZE * chosen.scale) // MIB, 8) * MIB
    try:
        with ground(chosen.ground, chosen.volumes) as place:
            file = place.files / "image"
            dense(file, size)
            for number in range(chosen.rounds):
                for name in turn(LOADS, number):
                    say(f"latency: round {number + 1} of {chosen.rounds}, {name}")
                    try:
                        ask_under(place, file, LOADS[name], found[name])
                    except (ToolError, OSError, subprocess.CalledProcessError) as error:
                        say(f"latency: {name} failed: {error}")
                        failed = True
    except KeyboardInterrupt:
        say("interrupted: these are the answers so far")
    where = machine_shown(machine())
    print(f"Pool on {chosen.ground} with {chosen.volumes:,} other volumes; {where};")
    print(f"four uploads of {size / MIB:,.0f} MiB each. Asked: virsh pool-list, and a call.\n")
    print(shown(found))
    if chosen.json:
        waits = {name: asdict(one) for name, one in found.items()}
        chosen.json.write_text(json.dumps({"machine": machine(), "waits": waits}, indent=1) + "\n")
    if failed:
        sys.exit(1)
