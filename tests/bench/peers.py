"""Lacuna against everything else that brings an image into the same pool: the same files, in turns.

``cp --sparse=always`` is the limit, since it only goes from memory to memory; ``qemu-img convert``
writes the file itself as well. ``rsync -S`` goes through its own socket pair, ``nbdcopy`` through a
unix socket to nbdkit's file plugin, virsh and Lacuna through libvirtd's. Processor time of the
others includes both of their ends. Run it with ``./dev bench peers``.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.plot import bars
from bench.run import (
    CASES,
    LACUNA,
    VOLUME,
    Case,
    Row,
    Run,
    Served,
    check,
    ground,
    progress,
    table,
    timed,
    turn,
    virsh_down,
    virsh_up,
)

Tool = Callable[[Served, Path], Run]


def _copy(command: Callable[[Path, Path], Sequence[str]], *, sized: bool = False) -> Tool:
    """Return a tool that writes the pool's file itself, which has its size already if ``sized``."""

    def run(served: Served, image: Path) -> Run:
        target = served.path / VOLUME
        target.unlink(missing_ok=True)
        if sized:
            target.touch()
            os.truncate(target, image.stat().st_size)
        return timed(command(image, target), served)

    return run


def _nbdcopy(image: Path, target: Path) -> list[str]:
    copy = f'nbdcopy {shlex.quote(str(image))} "$uri"'
    return ["nbdkit", "--unix", "-", "file", str(target), "--run", copy]


def _lacuna(*more: str) -> Tool:
    def run(served: Served, image: Path) -> Run:
        served.drop(VOLUME)
        return timed(
            [LACUNA, "upload", str(image), served.uri, f"{served.pool}/{VOLUME}", *more], served
        )

    return run


def _lacuna_down(*more: str) -> Tool:
    def run(served: Served, back: Path) -> Run:
        back.unlink(missing_ok=True)
        return timed(
            [LACUNA, "download", served.uri, f"{served.pool}/{VOLUME}", str(back), *more], served
        )

    return run


def up(case: Case) -> dict[str, Tool]:
    """Return what is compared on the way up."""
    return {
        "virsh": lambda served, image: virsh_up(served, image, sparse=case.sparse),
        "lacuna": _lacuna(),
        "lacuna 1x": _lacuna("--connections", "1"),
        "rsync": _copy(lambda image, target: ["rsync", "-S", str(image), str(target)]),
        "nbdcopy": _copy(_nbdcopy, sized=True),
        "qemu-img": _copy(
            lambda image, target: [
                *("qemu-img", "convert", "-n", "-W", "-m", "8"),
                *("-f", "raw", "-O", "raw", str(image), str(target)),
            ],
            sized=True,
        ),
        "cp": _copy(lambda image, target: ["cp", "--sparse=always", str(image), str(target)]),
    }


def down(case: Case) -> dict[str, Tool]:
    """Return what is compared on the way down."""
    return {
        "virsh": lambda served, back: virsh_down(served, back, sparse=case.sparse),
        "lacuna": _lacuna_down(),
        "lacuna 1x": _lacuna_down("--connections", "1"),
    }


def measure(served: Served, files: Path, case: Case, rounds: int, only: list[str]) -> list[Row]:
    """Measure one case; the image is made here and gone afterwards."""
    image, back = files / "image", files / "back"
    case.make(image)
    there = {name: tool for name, tool in up(case).items() if not only or name in only}
    rows = {name: Row(f"{case.name}, up", name) for name in there}
    for number in progress(f"{case.name}, up", rounds):
        for name in turn(there, number):
            rows[name].runs.append(there[name](served, image))
            check(image, served.path / VOLUME)
            (served.path / VOLUME).unlink()
            served.virsh("pool-refresh", served.pool)
    result = [*rows.values()]
    if case.down:
        _lacuna()(served, image)
        again = {name: tool for name, tool in down(case).items() if not only or name in only}
        rows = {name: Row(f"{case.name}, down", name) for name in again}
        for number in progress(f"{case.name}, down", rounds):
            for name in turn(again, number):
                rows[name].runs.append(again[name](served, back))
                check(image, back)
                back.unlink()
        result += rows.values()
        served.drop(VOLUME)
    image.unlink()
    return result


def main(arguments: list[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="dev bench peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--tools", default="", help="only these tools, with commas between")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    parser.add_argument("--svg", type=Path, help="draw the medians to this file")
    chosen = parser.parse_args(arguments)
    only = [name.strip() for name in chosen.tools.split(",") if name.strip()]
    rows: list[Row] = []
    with ground() as (libvirtd, _, files):
        for case in CASES:
            if chosen.only in case.name:
                rows += measure(libvirtd, files, case, chosen.rounds, only)
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    if chosen.svg:
        chosen.svg.write_text(bars(rows))
