"""What a transfer did: the object that ``--json`` prints (a stable contract)."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from lacuna_engine.extents import ExtentMap, Kind

__all__ = ["Report", "State"]


class State(StrEnum):
    """How a transfer ended."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


def _new_job() -> str:
    return secrets.token_hex(4)


@dataclass(slots=True)
class Report:
    """Counts of one transfer.

    ``bytes_total`` = ``bytes_data`` + ``bytes_hole`` + ``bytes_zero`` is the image;
    ``bytes_sent`` and ``bytes_received`` are stream payload of the transfer itself and of reading
    back; ``bytes_wire`` is everything written to and read from the transport. ``seconds`` is the
    time it took, by the clock on the wall.
    """

    source: str
    destination: str
    job: str = field(default_factory=_new_job)
    state: State = State.FAILED
    bytes_total: int = 0
    bytes_data: int = 0
    bytes_hole: int = 0
    bytes_zero: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    bytes_wire: int = 0
    connections: int = 0
    seconds: float = 0.0
    resumed: bool = False
    verified: bool = False
    digest: str | None = None

    @property
    def saved(self) -> int:
        """Bytes of the image that were not sent."""
        return self.bytes_total - self.bytes_data

    def count(self, extents: ExtentMap) -> None:
        """Take the image's counts from its map."""
        self.bytes_total = extents.size
        self.bytes_data = extents.bytes_of(Kind.DATA)
        self.bytes_hole = extents.bytes_of(Kind.HOLE)
        self.bytes_zero = extents.bytes_of(Kind.ZERO)

    def to_json(self) -> dict[str, object]:
        """Return the fields in the order of the contract."""
        fields = asdict(self)
        job, state = fields.pop("job"), fields.pop("state")
        return {"job": job, "state": str(state), **fields}
