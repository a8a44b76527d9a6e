"""Measure Lacuna against virsh, and its server against libvirtd: the same files, in turns.

Each case runs every tool once per round, one after the other, so that a machine whose speed
drifts treats them alike. What is printed are medians over the rounds, and the speed relative to
the first as the median of each round's own ratio. The client's peak is at least that of this
program, from which it was started. Each run has a libvirtd that has just been started, as on a
host where it starts on demand: a daemon whose memory has been through one transfer is faster in
the next, whoever made it. Run it with ``./dev bench``; ``./dev bench ui`` measures the window,
``./dev bench transports`` SSH and TLS, ``./dev bench peers`` Lacuna against rsync, nbdcopy,
qemu-img and cp.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import ui
from integration.libvirtd import MIB, PrivateLibvirtd

KIB = 1024
GIB = 1024 * MIB
POOL_SIZE = 5 * GIB
TICKS = os.sysconf("SC_CLK_TCK")
LACUNA = str(Path(sys.executable).with_name("lacuna"))


@dataclass(frozen=True)
class Run:
    """One run of one tool: seconds of the clock, of the client and of the server; peak bytes."""

    wall: float
    client_cpu: float
    server_cpu: float
    peak: int


@dataclass
class Row:
    """All runs of one tool in one case."""

    case: str
    tool: str
    runs: list[Run] = field(default_factory=list[Run])

    def median(self, of: Callable[[Run], float]) -> float:
        return statistics.median(of(run) for run in self.runs)


@dataclass(frozen=True)
class Served:
    """A pool on tmpfs and who serves it; ``fresh`` makes it new and returns its process."""

    name: str
    uri: str
    pool: str
    path: Path
    fresh: Callable[[], int]

    @staticmethod
    def cpu(pid: int) -> float:
        """Seconds of processor time the server has used."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def virsh(self, *arguments: str) -> None:
        subprocess.run(
            ["virsh", "-q", "-c", self.uri, *arguments], check=True, stdout=subprocess.DEVNULL
        )

    def drop(self, name: str) -> None:
        """Delete a volume if it is there."""
        if (self.path / name).exists():
            self.virsh("pool-refresh", self.pool)
            self.virsh("vol-delete", "--pool", self.pool, name)


def warm_memory(folder: Path, size: int) -> None:
    """Take memory from the system and give it back.

    In a virtual machine free memory may have to be fetched from the host first, which takes longer
    than some of what is measured; so every run finds the same amount of it at hand.
    """
    path = folder / "warm"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    path.unlink()


def timed(command: Sequence[str], served: Served) -> Run:
    """Run a client to its end and account for it. A failing one ends the measurement."""
    warm_memory(Path("/dev/shm"), 2 * GIB)  # noqa: S108 - where the memory comes from
    pid = served.fresh()
    before = served.cpu(pid)
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    cpu = usage.ru_utime + usage.ru_stime
    return Run(wall, cpu, served.cpu(pid) - before, usage.ru_maxrss * 1024)


# --- the tools -----------------------------------------------------------------------------------

VOLUME = "image.img"


def virsh_up(served: Served, file: Path, *, sparse: bool) -> Run:
    served.drop(VOLUME)
    served.virsh("vol-create-as", served.pool, VOLUME, "0", "--allocation", "0")
    return _virsh(served, "vol-upload", file, sparse=sparse)


def virsh_down(served: Served, file: Path, *, sparse: bool) -> Run:
    file.unlink(missing_ok=True)
    return _virsh(served, "vol-download", file, sparse=sparse)


def _virsh(served: Served, verb: str, file: Path, *, sparse: bool) -> Run:
    flags = ["--sparse"] if sparse else []
    command = ["virsh", "-q", "-c", served.uri, verb, "--pool", served.pool, VOLUME, str(file)]
    return timed([*command, *flags], served)


def lacuna_up(served: Served, file: Path, *, sparse: bool) -> Run:
    del sparse  # it looks for itself
    served.drop(VOLUME)
    return timed([LACUNA, "upload", str(file), served.uri, f"{served.pool}/{VOLUME}"], served)


def lacuna_down(served: Served, file: Path, *, sparse: bool) -> Run:
    del sparse
    file.unlink(missing_ok=True)
    return timed([LACUNA, "download", served.uri, f"{served.pool}/{VOLUME}", str(file)], served)


Tool = Callable[..., Run]
UP: dict[str, Tool] = {"virsh": virsh_up, "lacuna": lacuna_up}
DOWN: dict[str, Tool] = {"virsh": virsh_down, "lacuna": lacuna_down}


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
    Case("4 GiB of allocated zeros", lambda path: zeros(path, 4 * GIB), sparse=True, down=False),
    Case(
        "10 GiB in 20,000 extents",
        lambda path: scattered(path, 10 * GIB, 20_000 * 32 * KIB, 20_000),
        sparse=True,
    ),
    Case(
        "1 TiB, 1 GiB in 1,000 extents",
        lambda path: scattered(path, 1024 * GIB, 1000 * MIB, 1000),
        sparse=True,
    ),
)


def clients(libvirtd: Served, files: Path, case: Case, rounds: int) -> list[Row]:
    """Compare the clients on one case; the image is made here and gone afterwards."""
    image, back = files / "image", files / "back"
    case.make(image)
    up = {name: Row(f"{case.name}, up", name) for name in UP}
    down = {name: Row(f"{case.name}, down", name) for name in DOWN}
    for number in progress(f"{case.name}, up", rounds):
        for name in turn(UP, number):
            up[name].runs.append(UP[name](libvirtd, image, sparse=case.sparse))
            check(image, libvirtd.path / VOLUME)
            libvirtd.drop(VOLUME)
    if case.down:
        lacuna_up(libvirtd, image, sparse=case.sparse)
        for number in progress(f"{case.name}, down", rounds):
            for name in turn(DOWN, number):
                down[name].runs.append(DOWN[name](libvirtd, back, sparse=case.sparse))
                check(image, back)
                back.unlink()
        libvirtd.drop(VOLUME)
    image.unlink()
    return [*up.values(), *(down.values() if case.down else ())]


def servers(both: list[Served], files: Path, rounds: int) -> list[Row]:
    """Compare libvirtd and our server, to each client in turn; 2 GiB, dense."""
    image, back = files / "image", files / "back"
    dense(image, 2 * GIB)
    rows: list[Row] = []
    for client in UP:  # noqa: PLC0206 - both tables are read
        up = {served.name: Row(f"served to {client}, up", served.name) for served in both}
        down = {served.name: Row(f"served to {client}, down", served.name) for served in both}
        by_name = {served.name: served for served in both}
        for number in progress(f"servers, {client}", rounds):
            for name in turn(by_name, number):
                served = by_name[name]
                up[name].runs.append(UP[client](served, image, sparse=False))
                check(image, served.path / VOLUME)
                down[name].runs.append(DOWN[client](served, back, sparse=False))
                check(image, back)
                back.unlink()
                served.drop(VOLUME)
        rows += [*up.values(), *down.values()]
    image.unlink()
    return rows


def turn(names: Iterable[str], number: int) -> list[str]:
    """Who goes first changes from round to round."""
    order = list(names)
    return order if number % 2 == 0 else order[::-1]


def check(one: Path, two: Path) -> None:
    """A fast copy that is wrong is no result."""
    same = one.stat().st_size == two.stat().st_size
    with one.open("rb") as first, two.open("rb") as second:
        for file in (first, second):
            for start, end in data_in(file.fileno()):
                for position in range(start, end, MIB):
                    count = min(MIB, end - position)
                    mine = os.pread(first.fileno(), count, position)
                    same = same and mine == os.pread(second.fileno(), count, position)
    if not same:
        sys.exit(f"{two.name} differs from {one.name}")


def data_in(fd: int) -> Iterator[tuple[int, int]]:
    """Yield where a file has data; what is a hole in both of two files needs no comparison."""
    end = 0
    with suppress(OSError):  # there is no more
        while True:
            start = os.lseek(fd, end, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
            yield start, end


def progress(title: str, rounds: int) -> Iterator[int]:
    for number in range(rounds):
        print(f"{title}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        yield number


def table(rows: list[Row]) -> str:
    """Markdown: medians, and the speed relative to the first of each case, round by round."""
    lines = [
        "| case | by | seconds | speed | client CPU s | server CPU s | client peak MiB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        first = next(other for other in rows if other.case == row.case)
        ratio = statistics.median(
            theirs.wall / ours.wall for theirs, ours in zip(first.runs, row.runs, strict=True)
        )
        lines.append(
            f"| {row.case} | {row.tool} | {row.median(lambda r: r.wall):.2f} | {ratio:.2f} "
            f"| {row.median(lambda r: r.client_cpu):.2f} "
            f"| {row.median(lambda r: r.server_cpu):.2f} "
            f"| {row.median(lambda r: r.peak) / MIB:.0f} |"
        )
    return "\n".join(lines)


@contextmanager
def ground() -> Iterator[tuple[Served, Served, Path]]:
    """libvirtd and our server, each with a folder of the same tmpfs, and one for local files."""
    files = Path("/dev/shm") / f"lacuna-bench-{os.getpid()}"  # noqa: S108 - memory is the point
    files.mkdir()
    try:
        with PrivateLibvirtd() as daemon:
            pool = daemon.make_pool("bench", "tmpfs", size=POOL_SIZE)

            def restart() -> int:
                daemon.terminate()
                daemon.start()
                return daemon.pid

            libvirtd = Served("libvirtd", daemon.uri, pool.name, pool.path, restart)
            own = pool.path / "served"
            own.mkdir()
            with serving(own, daemon.root / "serve.sock") as served:
                yield libvirtd, served, files
    finally:
        shutil.rmtree(files)


@contextmanager
def serving(folder: Path, socket: Path) -> Iterator[Served]:
    """``lacuna serve``, until the block ends."""
    command = [LACUNA, "serve", str(folder), "--pool", "bench", "--listen", f"unix:{socket}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            uri = process.stdout.readline().strip()
            yield Served("lacuna serve", uri, "bench", folder, lambda: process.pid)
        finally:
            process.terminate()


def main() -> None:
    if sys.argv[1:2] == ["ui"]:
        ui.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["peers"]:
        from bench import peers  # noqa: PLC0415 - it uses this file

        peers.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["transports"]:
        from bench import transports  # noqa: PLC0415 - it uses this file

        transports.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Measure Lacuna against virsh and libvirtd.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, help="write all runs to this file")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with ground() as (libvirtd, served, files):
        for case in CASES:
            if arguments.only in case.name:
                rows += clients(libvirtd, files, case, arguments.rounds)
        if arguments.only in "servers":
            rows += servers([libvirtd, served], files, arguments.rounds)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
