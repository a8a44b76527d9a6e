"""The captured messages of tests/data/vectors.txt, parsed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["VECTORS", "Vector", "named"]


@dataclass(frozen=True, slots=True)
class Vector:
    """One whole message as it was on the wire."""

    number: int
    name: str
    to_daemon: bool
    message: bytes

    def __str__(self) -> str:
        return f"{self.number}-{self.name}{'>' if self.to_daemon else '<'}"


def _read() -> tuple[Vector, ...]:
    path = Path(__file__).parents[2] / "data" / "vectors.txt"
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(
        Vector(number, name, direction == ">", bytes.fromhex(message))
        for number, line in enumerate(lines, 1)
        for name, direction, message in [line.split(" | ")]
    )


VECTORS = _read()


def named(name: str, *, to_daemon: bool) -> list[bytes]:
    """Return the messages of one name and direction, in order."""
    return [v.message for v in VECTORS if v.name == name and v.to_daemon is to_daemon]
