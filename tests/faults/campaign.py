"""Hundreds of faults, each followed by a resume and a comparison: ``./dev test faults``."""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback

from faults.ground import Ground, grounds
from faults.scenes import FAULTS, Scene

__all__ = ["COUNTS", "campaign"]

COUNTS = {
    "kill": 200,
    "cut": 200,
    "restart": 50,
    "full": 50,
    "corrupt": 20,
    "clock": 20,
    "asleep": 20,
}
SCALE = 24
"""Size of the images: some 216 MiB of data each, more than may be sent twice."""


def campaign(
    found: list[Ground], counts: dict[str, int], seed: int, scale: int, *, verbose: bool = False
) -> tuple[int, list[str]]:
    """Make the faults in random order; return how many, and what went wrong."""
    chance = random.Random(seed)
    plan = [name for name, count in counts.items() for _ in range(count)]
    chance.shuffle(plan)
    failures: list[str] = []
    for number, name in enumerate(plan):
        ground = found[number % len(found)]
        direction = chance.choice(["upload", "download", "copy"])
        title = f"{number + 1} of {len(plan)}: {name}, {direction}, {ground.name}"
        started = time.monotonic()
        try:
            scene = Scene(ground, random.Random(chance.random()), direction, scale)
            FAULTS[name](scene)
            outcome = "survived, resumed" if scene.resumed else "survived"
        except Exception as error:  # noqa: BLE001 - each is counted
            outcome = f"FAILED: {error}"
            failures.append(f"{title}: {error}\n{traceback.format_exc()}")
        finally:
            ground.end_all()
        if verbose:
            print(f"{title}: {outcome} ({time.monotonic() - started:.1f} s)", flush=True)
    return len(plan), failures


def main() -> None:
    """Run it all, and say how many survived and with which seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--scale", type=int, default=SCALE, help="size of the images")
    parser.add_argument("--only", choices=sorted(COUNTS), help="only this kind of fault")
    parser.add_argument("--count", type=int, help="that many of each kind")
    arguments = parser.parse_args()
    counts = {
        name: count if arguments.count is None else arguments.count
        for name, count in COUNTS.items()
        if arguments.only in (None, name)
    }
    print(f"seed {arguments.seed}", flush=True)
    started = time.monotonic()
    with grounds() as found:
        total, failures = campaign(found, counts, arguments.seed, arguments.scale, verbose=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(
        f"{total - len(failures)} of {total} faults survived, seed {arguments.seed}, "
        f"{time.monotonic() - started:.0f} s"
    )
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
