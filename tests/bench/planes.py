"""Data planes compared: what carries the bytes of one transfer, against libvirtd and our server.

``asyncio`` is Lacuna as it is, ``uvloop`` the same on another loop, ``process`` the same in a
process of its own, as the window has it; all of them with one connection, and with proof and all
that belongs to a transfer. ``threads`` is the bare data path with blocking sockets
(`planes_blocking`): what no loop can be better than. They take turns; printed are medians, and the
median of each round's ratio to the first. Run it with ``./dev bench planes``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.account import timed, warm_memory
from bench.grounds import VOLUME, Ground, ground, own_server
from bench.images import MIB, dense
from bench.runs import Run
from integration.libvirtd import run
from lacuna_engine.transport import parse_uri

WAYS = ("asyncio", "uvloop", "threads", "process")
DIRECTIONS = ("up", "down")


@dataclass
class Row:
    """All runs of one way in one direction, to one server."""

    server: str
    direction: str
    way: str
    runs: list[Run] = field(default_factory=list[Run])


def install_uvloop(folder: Path) -> None:
    """Have uvloop where only the clients here find it."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uvloop"]
    subprocess.run(command, check=True)
    os.environ["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), str(folder)])


def transfer(place: Ground, way: str, direction: str, file: Path, size: int) -> Run:
    """Move the file once, to or from a server that has just been started."""
    if direction == "up":
        place.drop()
        # The bare data path finds a volume; all have the same to replace.
        place.virsh("vol-create-as", place.pool, VOLUME, str(size), "--allocation", "0")
    else:
        file.unlink(missing_ok=True)
    warm_memory(2 * size)
    server = place.fresh()
    address = parse_uri(server.uri).parameters["socket"]
    command = [sys.executable, "-m", "bench.planes_client", way, direction, server.uri, address]
    return timed([*command, place.pool, VOLUME, str(file), str(size)], server.pid)


def measure(name: str, place: Ground, image: Path, rounds: int) -> list[Row]:
    """Each way up and down in each round; a copy that differs ends it all."""
    rows = {(way, to): Row(name, to, way) for to in DIRECTIONS for way in WAYS}
    back, size = image.with_name("back"), image.stat().st_size
    for number in range(rounds):
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            rows[way, "up"].runs.append(transfer(place, way, "up", image, size))
            run("cmp", image, place.target, timeout=300)
            rows[way, "down"].runs.append(transfer(place, way, "down", back, size))
            run("cmp", image, back, timeout=300)
    back.unlink()
    place.drop()
    return list(rows.values())


def table(rows: list[Row]) -> str:
    """Return the medians as Markdown."""
    lines = [
        "| server | direction | data plane | seconds | ratio | client CPU s | ratio |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        first = next(
            one for one in rows if (one.server, one.direction) == (row.server, row.direction)
        )
        both = list(zip(row.runs, first.runs, strict=True))
        numbers = (
            statistics.median(one.wall for one in row.runs),
            statistics.median(one.wall / other.wall for one, other in both),
            statistics.median(one.client_cpu for one in row.runs),
            statistics.median(one.client_cpu / other.client_cpu for one, other in both),
        )
        shown = " | ".join(f"{number:.2f}" for number in numbers)
        lines.append(f"| {row.server} | {row.direction} | {row.way} | {shown} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="planes", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--size", type=int, default=2048, help="MiB of the image (default 2048)")
    chosen = parser.parse_args(arguments)
    size = chosen.size * MIB
    rows: list[Row] = []
    with ground(volumes=0, size=2 * size + 64 * MIB) as libvirtd:
        install_uvloop(libvirtd.files / "uvloop")
        image = libvirtd.files / "image"
        dense(image, size)
        rows += measure("libvirtd", libvirtd, image, chosen.rounds)
        with own_server(libvirtd) as served:
            rows += measure("lacuna serve", served, image, chosen.rounds)
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
