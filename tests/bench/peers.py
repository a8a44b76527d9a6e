"""Lacuna against everything else that brings an image into the same pool: the same files, in turns.

``rsync -S`` goes through a socket to its daemon, ``nbdcopy`` and ``qemu-img convert`` through a
unix socket to nbdkit's file plugin, virsh and Lacuna through libvirtd's. ``cp --sparse=always`` is
the limit, since it only goes from memory to memory. Each tool first makes a run that is watched and
not timed: for the bytes on the wire and the most memory.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bench import latency, link, wire
from bench.cases import WIRE, Case, cases
from bench.grounds import ground
from bench.kept import kept_memory
from bench.plot import drawing
from bench.rounds import Rounds, say
from bench.runs import Results
from bench.tools import TOOLS

IMAGES = Path("/var/tmp/lacuna-bench")  # noqa: S108 - kept from call to call on purpose
APART = ("wire", "latency", "link")
"""What `--only` takes beside the cases, and alone."""


def words(text: str) -> list[str]:
    """Split at commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def parser() -> argparse.ArgumentParser:
    """Return the options of this command."""
    found = argparse.ArgumentParser(
        prog="dev bench peers", description=(__doc__ or "").partition("\n")[0]
    )
    keys = ", ".join(case.key for case in cases(IMAGES))
    found.add_argument(
        "--only",
        type=words,
        default=[],
        metavar="CASE,...",
        help=f"of {keys}; or one of wire (bytes, not timed), latency, link (the dense case)",
    )
    found.add_argument("--tools", type=words, default=[], metavar="TOOL,...", help=", ".join(TOOLS))
    found.add_argument("--ways", type=words, default=["up", "down"], help="up, down or up,down")
    found.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    found.add_argument("--ground", choices=("tmpfs", "ext4"), default="tmpfs", help="of the pool")
    found.add_argument("--volumes", type=int, default=10, help="others in the pool (default 10)")
    found.add_argument("--link", action="store_true", help="through 1 Gbit/s with 20 ms")
    found.add_argument("--scale", type=float, default=1, help="of all sizes, to try it (default 1)")
    found.add_argument("--images", type=Path, default=IMAGES, help=f"keeps Debian's ({IMAGES})")
    found.add_argument("--json", type=Path, help="write all runs to this file, after each case")
    found.add_argument("--svg", type=Path, help="draw the medians to this file")
    return found


def chosen_cases(chosen: argparse.Namespace, found: argparse.ArgumentParser) -> list[Case]:
    """Return the cases to be measured; ends the program if a word fits none, or no tool."""
    known = cases(chosen.images, scale=chosen.scale)
    for word in chosen.only:
        if not any(case.matches([word]) for case in known):
            keys = ", ".join([*(case.key for case in known), *APART])
            found.error(f"--only: no case is called {word!r}; there are {keys}")
    tools = link.TOOLS if chosen.link else TOOLS
    for name in chosen.tools:
        if name not in tools:
            found.error(f"--tools: {name!r} is unknown; there are {', '.join(tools)}")
    for way in chosen.ways:
        if way not in ("up", "down"):
            found.error(f"--ways: {way!r} is neither up nor down")
    if chosen.rounds < 0 or chosen.volumes < 0 or not 0 < chosen.scale <= 1:
        found.error("--rounds and --volumes are 0 or more, --scale is above 0 and at most 1")
    return [case for case in known if case.matches(chosen.only)]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print tables."""
    options = parser()
    chosen = options.parse_args(arguments)
    match chosen.only:
        case ["latency"]:
            latency.main(chosen)
            return
        case ["link"]:
            chosen.link, chosen.only = True, ["dense"]
        case ["wire"]:
            chosen.rounds, chosen.ways, chosen.only = 0, ["up"], list(WIRE)
        case _:
            pass
    these = chosen_cases(chosen, options)
    results = link.measure(chosen, these) if chosen.link else measure(chosen, these)
    finish(results, chosen.json, chosen.svg)


def measure(chosen: argparse.Namespace, these: Sequence[Case]) -> Results:
    """Measure on this machine alone; what was found until an interruption counts too."""
    tools = [tool for name, tool in TOOLS.items() if not chosen.tools or name in chosen.tools]
    results = Results(chosen.ground, chosen.volumes)
    try:
        with kept(chosen), ground(chosen.ground, chosen.volumes) as found:
            rounds = Rounds(found, results, chosen.rounds)
            for case in these:
                rounds.case(case, tools, chosen.ways)
                if chosen.json:
                    results.write(chosen.json)
    except KeyboardInterrupt:
        say("interrupted: these are the runs so far")
    results.notes += filter(None, [wire.comparison(results.rows)])
    return results


def kept(chosen: argparse.Namespace) -> AbstractContextManager[None]:
    """Keep the machine's memory, where all of it will be needed."""
    return kept_memory() if chosen.scale >= 1 and chosen.rounds else nullcontext()


def finish(results: Results, file: Path | None, svg: Path | None) -> None:
    """Print what was found and write the files that are wanted; ends with 1 if a tool failed."""
    print(results.shown())
    if file:
        results.write(file)
    if svg:
        svg.write_text(drawing(results.rows))
    if any(one.failed for one in results.left_out):
        sys.exit(1)


def redraw(arguments: Sequence[str]) -> None:
    """``./dev bench plot FILE.json... FILE.svg``: draw again, and print the table again."""
    options = argparse.ArgumentParser(prog="dev bench plot", description="Draw what was measured.")
    options.add_argument("json", type=Path, nargs="+", help="what --json wrote")
    options.add_argument("svg", type=Path, help="the drawing")
    chosen = options.parse_args(arguments)
    try:
        parts = [Results.read(path) for path in chosen.json]
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        sys.exit(f"not written by --json: {error}")
    for part in parts:
        print(part.shown(), end="\n\n")
    chosen.svg.write_text(drawing([row for part in parts for row in part.rows]))
