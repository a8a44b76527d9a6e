"""Measure Lacuna against virsh, and its server against libvirtd: the same files, in turns.

Each case runs every tool once per round, one after the other, so that a machine whose speed
drifts treats them alike. What is printed are medians over the rounds, and the speed relative to
virsh as the median of each round's own ratio. Each run has a libvirtd that has just been started,
as on a host where it starts on demand. Run it with ``./dev bench``; ``./dev bench peers`` measures
Lacuna against rsync, nbdcopy, qemu-img and cp as well, ``./dev bench transports`` SSH and TLS,
``./dev bench ui`` the window; ``./dev bench plot`` draws what was measured.
"""

from __future__ import annotations

import argparse
import compileall
import signal
import sys
from pathlib import Path

from bench import peers, planes, transports, ui
from bench.account import ToolError
from bench.cases import cases
from bench.grounds import ground
from bench.images import GIB
from bench.rounds import Rounds, say
from bench.runs import Results
from bench.servers import compare
from bench.tools import TOOLS
from integration.libvirtd import HarnessError
from lacuna_engine import __file__ as engine

OTHERS = {
    "ui": ui.main,
    "peers": peers.main,
    "planes": planes.main,
    "transports": transports.main,
    "plot": peers.redraw,
}

CASES = ("dense", "sparse", "zeros", "fragmented", "huge")


def main() -> None:
    """Measure, and print a table."""
    # Whoever ends this wants what there is so far, and nothing left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # An installation has its bytecode; a checkout may be compiled anew at each start.
    compileall.compile_dir(Path(engine).parent, quiet=2)
    if sys.argv[1:] and sys.argv[1] in OTHERS:
        try:
            OTHERS[sys.argv[1]](sys.argv[2:])
        except (ToolError, HarnessError) as error:
            sys.exit(f"bench: {error}")
        return
    parser = argparse.ArgumentParser(description="Measure Lacuna against virsh and libvirtd.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--only", default="", help="cases whose name contains this, or servers")
    parser.add_argument("--scale", type=float, default=1, help="of all sizes (default 1)")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    chosen = parser.parse_args()
    results = Results("tmpfs", 0)
    try:
        with peers.kept(chosen), ground("tmpfs", 0) as libvirtd:
            rounds = Rounds(libvirtd, results, chosen.rounds)
            for case in cases(peers.IMAGES, scale=chosen.scale):
                if case.key in CASES and case.matches([chosen.only]):
                    rounds.case(case, [TOOLS[case.base], TOOLS["lacuna"]])
            if chosen.only in "servers":
                compare(libvirtd, results, int(2 * GIB * chosen.scale), chosen.rounds)
    except KeyboardInterrupt:
        say("interrupted: these are the runs so far")
    peers.finish(results, chosen.json, None)


if __name__ == "__main__":
    main()
