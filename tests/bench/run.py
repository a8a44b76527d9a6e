"""Measure Lacuna against virsh: the same files, the same pool, the same daemon, in turns.

Each case runs every tool once per round, one after the other, so that a machine whose speed
drifts treats them alike. What is printed are medians over the rounds, and the ratio to virsh as
the median of each round's own ratio. Run it with ``./dev bench``.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from integration.libvirtd import MIB, Pool, PrivateLibvirtd

GIB = 1024 * MIB
POOL_SIZE = 5 * GIB
TICKS = os.sysconf("SC_CLK_TCK")
LACUNA = str(Path(sys.executable).with_name("lacuna"))


@dataclass(frozen=True)
class Run:
    """One run of one tool: seconds of the clock, of the client and of the daemon; peak bytes."""

    wall: float
    client_cpu: float
    daemon_cpu: float
    peak: int


@dataclass
class Row:
    """All runs of one tool in one case."""

    case: str
    tool: str
    runs: list[Run] = field(default_factory=list[Run])

    def median(self, of: Callable[[Run], float]) -> float:
        return statistics.median(of(run) for run in self.runs)


class Bench:
    """A daemon, a pool on tmpfs, and where local files go (tmpfs too)."""

    def __init__(self, daemon: PrivateLibvirtd, pool: Pool, files: Path) -> None:
        self.daemon = daemon
        self.pool = pool
        self.files = files

    def timed(self, command: Sequence[str]) -> Run:
        """Run a client to its end and account for it. A failing one ends the measurement."""
        before = self._daemon_cpu()
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        message = process.stderr.read().decode() if process.stderr else ""
        if process.stderr:
            process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed: {message}")
        cpu = usage.ru_utime + usage.ru_stime
        return Run(wall, cpu, self._daemon_cpu() - before, usage.ru_maxrss * 1024)

    def _daemon_cpu(self) -> float:
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def drop(self, name: str) -> None:
        if (self.pool.path / name).exists():
            self.daemon.virsh("pool-refresh", self.pool.name)
            self.daemon.virsh("vol-delete", "--pool", self.pool.name, name)

    def make(self, name: str) -> None:
        self.drop(name)
        self.daemon.virsh("vol-create-as", self.pool.name, name, "0", "--allocation", "0")

    # --- the tools -----------------------------------------------------------------------------

    def virsh(self, verb: str, file: Path, name: str, *, sparse: bool) -> Run:
        flags = ["--sparse"] if sparse else []
        uri = self.daemon.uri
        return self.timed(
            ["virsh", "-q", "-c", uri, verb, "--pool", self.pool.name, name, str(file), *flags]
        )

    def virsh_up(self, file: Path, *, sparse: bool) -> Run:
        self.make("virsh.img")
        return self.virsh("vol-upload", file, "virsh.img", sparse=sparse)

    def virsh_down(self, file: Path, *, sparse: bool) -> Run:
        target = self.files / "virsh.out"
        target.unlink(missing_ok=True)
        return self.virsh("vol-download", target, file.name, sparse=sparse)

    def lacuna_up(self, file: Path) -> Run:
        self.drop("lacuna.img")
        return self.timed(
            [LACUNA, "upload", str(file), self.daemon.uri, f"{self.pool.name}/lacuna.img"]
        )

    def lacuna_down(self, file: Path) -> Run:
        target = self.files / "lacuna.out"
        target.unlink(missing_ok=True)
        source = f"{self.pool.name}/{file.name}"
        return self.timed([LACUNA, "download", self.daemon.uri, source, str(target)])


# --- images --------------------------------------------------------------------------------------


def dense(path: Path, size: int) -> None:
    """All data, no two blocks alike."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])


def scattered(path: Path, size: int, data: int, runs: int) -> None:
    """``data`` bytes in ``runs`` runs, the rest holes."""
    piece = min(MIB, data // runs)
    block = os.urandom(piece)
    with path.open("wb") as file:
        file.truncate(size)
        for number in range(runs):
            file.seek(number * (size // runs))
            for _ in range(data // runs // piece):
                file.write(block)


def zeros(path: Path, size: int) -> None:
    """Allocated, and nothing but zeros."""
    block = bytes(MIB)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(block)


@dataclass(frozen=True)
class Case:
    """An image and whether virsh is told that it is sparse."""

    name: str
    make: Callable[[Path], None]
    sparse: bool
    down: bool = True


CASES = (
    Case("dense 2 GiB", lambda path: dense(path, 2 * GIB), sparse=False),
    Case(
        "4 GiB, 512 MiB data in 8 runs",
        lambda path: scattered(path, 4 * GIB, 512 * MIB, 8),
        sparse=True,
    ),
    Case("1 GiB of allocated zeros", lambda path: zeros(path, GIB), sparse=True, down=False),
)


def measure(bench: Bench, case: Case, rounds: int) -> list[Row]:
    """Run a case; the image is made here and gone afterwards."""
    image = bench.files / "image"
    case.make(image)
    up = [Row(f"{case.name}, up", tool) for tool in ("virsh", "lacuna")]
    down = [Row(f"{case.name}, down", tool) for tool in ("virsh", "lacuna")]
    for _ in progress(case.name, rounds):
        up[0].runs.append(bench.virsh_up(image, sparse=case.sparse))
        bench.drop("virsh.img")
        up[1].runs.append(bench.lacuna_up(image))
        check(image, bench.pool.path / "lacuna.img")
        bench.drop("lacuna.img")
    if case.down:
        stored = bench.pool.path / "stored.img"
        subprocess.run(["cp", "--sparse=always", image, stored], check=True)
        bench.daemon.virsh("pool-refresh", bench.pool.name)
        for _ in progress(f"{case.name}, down", rounds):
            down[0].runs.append(bench.virsh_down(stored, sparse=case.sparse))
            (bench.files / "virsh.out").unlink()
            down[1].runs.append(bench.lacuna_down(stored))
            check(stored, bench.files / "lacuna.out")
            (bench.files / "lacuna.out").unlink()
        bench.drop("stored.img")
    image.unlink()
    return [*up, *down] if case.down else up


def check(one: Path, two: Path) -> None:
    """A fast copy that is wrong is no result."""
    if subprocess.run(["cmp", "--silent", one, two], check=False).returncode:
        sys.exit(f"{two.name} differs from {one.name}")


def progress(title: str, rounds: int) -> Iterator[int]:
    for number in range(rounds):
        print(f"{title}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        yield number


def table(rows: list[Row]) -> str:
    """Markdown: medians, and the ratio to virsh round by round."""
    lines = [
        "| case | tool | seconds | times virsh's speed | client CPU s | daemon CPU s | peak MiB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        rival = next(other for other in rows if other.case == row.case)
        ratio = statistics.median(
            theirs.wall / ours.wall for theirs, ours in zip(rival.runs, row.runs, strict=True)
        )
        lines.append(
            f"| {row.case} | {row.tool} | {row.median(lambda r: r.wall):.2f} | {ratio:.2f} "
            f"| {row.median(lambda r: r.client_cpu):.2f} "
            f"| {row.median(lambda r: r.daemon_cpu):.2f} "
            f"| {row.median(lambda r: r.peak) / MIB:.0f} |"
        )
    return "\n".join(lines)


@contextmanager
def ground() -> Iterator[Bench]:
    """A private daemon with a pool on tmpfs, and a folder on tmpfs for local files."""
    files = Path("/dev/shm") / f"lacuna-bench-{os.getpid()}"  # noqa: S108 - memory is the point
    files.mkdir()
    try:
        with PrivateLibvirtd() as daemon:
            yield Bench(daemon, daemon.make_pool("bench", "tmpfs", size=POOL_SIZE), files)
    finally:
        shutil.rmtree(files)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure Lacuna against virsh.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each tool (default 5)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with ground() as bench:
        for case in CASES:
            if arguments.only in case.name:
                rows += measure(bench, case, arguments.rounds)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
