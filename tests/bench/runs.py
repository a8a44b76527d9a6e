"""What was measured: runs, rows of them, medians, ratios, and the table and file they go to."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

MIB = 1 << 20


@dataclass(frozen=True)
class Run:
    """One timed run of one tool: seconds of the clock, of the client's and the server's processor.

    What has no server, like cp, has none of its seconds.
    """

    wall: float
    client_cpu: float
    server_cpu: float


@dataclass(frozen=True)
class Seen:
    """One run that was watched and not timed, as counting costs time.

    Bytes through the server's socket, and the most memory that both sides held: their share of
    pages that others hold too (PSS).
    """

    sent: int
    received: int
    client_memory: int
    server_memory: int


@dataclass
class Row:
    """All runs of one tool in one case; ``base`` is the tool its speed is compared with."""

    case: str
    tool: str
    base: str = ""
    runs: list[Run] = field(default_factory=list[Run])
    seen: Seen | None = None

    def median(self, of: Callable[[Run], float]) -> float:
        """Return the median over the runs; `statistics.StatisticsError` if there are none."""
        return statistics.median(of(run) for run in self.runs)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Make a row from its part of a file."""
        seen = record.get("seen")
        return cls(
            record["case"],
            record["tool"],
            record["base"],
            [Run(**run) for run in record["runs"]],
            None if seen is None else Seen(**seen),
        )


@dataclass(frozen=True)
class LeftOut:
    """A tool that did not take part in a case, and why; ``failed`` if it was to."""

    case: str
    tool: str
    why: str
    failed: bool = False


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text().split()[1]
    version = subprocess.run(["libvirtd", "--version"], check=True, capture_output=True, text=True)
    return {
        "processors": len(models),
        "model": models[0] if models else platform.machine(),
        "memory_kib": int(memory),
        "kernel": platform.release(),
        "libvirt": version.stdout.split()[-1],
        "python": platform.python_version(),
    }


def machine_shown(found: Mapping[str, Any]) -> str:
    """Return the same in a line."""
    return (
        f"{found['processors']} x {found['model']}, {found['memory_kib'] >> 20} GiB, "
        f"Linux {found['kernel']}, libvirtd {found['libvirt']}"
    )


@dataclass
class Results:
    """Everything one call of the benchmark found, and where."""

    ground: str
    volumes: int
    rows: list[Row] = field(default_factory=list[Row])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    notes: list[str] = field(default_factory=list[str])
    machine: Mapping[str, Any] = field(default_factory=machine)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        record = json.loads(path.read_text())
        return cls(
            record["ground"],
            record["volumes"],
            [Row.of(row) for row in record["rows"]],
            [LeftOut(**entry) for entry in record["left_out"]],
            record["notes"],
            record["machine"],
        )

    def shown(self) -> str:
        """Return Markdown: where, the table, who was left out, and what else is to be said."""
        where = machine_shown(self.machine)
        parts = [f"Pool on {self.ground} with {self.volumes:,} other volumes; {where}."]
        if any(row.runs for row in self.rows):
            parts.append(table(self.rows))
        if any(row.seen for row in self.rows):
            parts.append(watched(self.rows))
        if self.left_out:
            lines = [
                f"- {one.case}: {one.tool}: {'failed: ' * one.failed}{one.why}"
                for one in self.left_out
            ]
            parts.append("Left out:\n\n" + "\n".join(lines))
        return "\n\n".join([*parts, *self.notes])


def speed(row: Row, base: Row) -> float | None:
    """Return how many times as fast as ``base`` a row is: the median of each round's own ratio.

    None if they have no rounds in common.
    """
    ratios = [theirs.wall / ours.wall for theirs, ours in zip(base.runs, row.runs, strict=False)]
    return statistics.median(ratios) if ratios else None


def base_of(row: Row, rows: Sequence[Row]) -> Row:
    """Return what a row is compared with: its base, or else the first of its case."""
    here = [other for other in rows if other.case == row.case and other.runs]
    return next((other for other in here if other.tool == row.base), here[0] if here else row)


def table(rows: Sequence[Row]) -> str:
    """Return Markdown: medians, and the speed relative to the base of each case."""
    lines = [
        "| case | by | runs | seconds | speed | client CPU s | server CPU s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        if not row.runs:
            continue
        ratio = speed(row, base_of(row, rows))
        lines.append(
            f"| {row.case} | {row.tool} | {len(row.runs)} | {row.median(lambda r: r.wall):.2f} "
            f"| {'' if ratio is None else f'{ratio:.2f}'} "
            f"| {row.median(lambda r: r.client_cpu):.2f} "
            f"| {row.median(lambda r: r.server_cpu):.2f} |"
        )
    return "\n".join(lines)


def watched(rows: Sequence[Row]) -> str:
    """Return Markdown: bytes through the socket and the most memory, one run of each."""
    lines = [
        "| case | by | sent MiB | received MiB | client MiB | server MiB |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.case} | {row.tool} | {row.seen.sent / MIB:.2f} "
        f"| {row.seen.received / MIB:.2f} | {row.seen.client_memory / MIB:.0f} "
        f"| {row.seen.server_memory / MIB:.0f} |"
        for row in rows
        if row.seen is not None
    ]
    return "\n".join(lines)


def turn(names: Iterable[str], number: int) -> list[str]:
    """Return who comes when in a round: who goes first changes from round to round."""
    order = list(names)
    return order if number % 2 == 0 else order[::-1]
