"""One transfer as the journal knows it (pure).

Times are seconds since 1970 by the wall clock, since they outlive processes; None is never.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, NamedTuple, Self, TypeVar, cast

from lacuna_engine.errors import LacunaError, Remedy, RemoteError
from lacuna_engine.journal.places import Place
from lacuna_engine.journal.states import JobEvent, JobState
from lacuna_engine.transfer import Report, TransferOptions

__all__ = [
    "Counts",
    "Job",
    "JobKind",
    "Problem",
    "new_id",
    "options_from_record",
    "options_to_record",
]

MOST_DETAILS = 4000
"""Characters of a trace that are kept: its end says most."""

R = TypeVar("R", "Counts", "Problem", TransferOptions)


class JobKind(StrEnum):
    """Which way the data goes."""

    UPLOAD = "upload"
    DOWNLOAD = "download"
    COPY = "copy"


class Counts(NamedTuple):
    """What a transfer moved, as in its report: bytes, and ``seconds``.

    ``sent`` and ``received`` are stream payload, ``wire`` is everything, ``saved`` is what of the
    image needed not be sent.
    """

    total: int = 0
    data: int = 0
    hole: int = 0
    zero: int = 0
    sent: int = 0
    received: int = 0
    wire: int = 0
    seconds: float = 0.0
    saved: int = 0
    connections: int = 0

    @property
    def moved(self) -> int:
        """Stream payload both ways."""
        return self.sent + self.received

    @classmethod
    def of(cls, report: Report) -> Self:
        """Take the counts of a report."""
        return cls(
            total=report.bytes_total,
            data=report.bytes_data,
            hole=report.bytes_hole,
            zero=report.bytes_zero,
            sent=report.bytes_sent,
            received=report.bytes_received,
            wire=report.bytes_wire,
            seconds=float(report.seconds),
            saved=report.saved,
            connections=report.connections,
        )

    def to_record(self) -> dict[str, object]:
        """Return the plain form."""
        return self._asdict()

    @classmethod
    def from_record(cls, record: object) -> Counts:
        """Rebuild from the plain form; unknown keys are ignored. Raises ``ValueError``."""
        return _from_record(Counts(), record)


class Problem(NamedTuple):
    """Why a job did not go on: the error's class, its words, and what can help.

    ``details`` are the daemon's own words and what lies behind them; of a defect, its trace.
    ``when`` is in seconds since 1970.
    """

    name: str
    message: str
    hint: str = ""
    remedy: Remedy = Remedy.NONE
    when: float = 0.0
    details: str = ""

    @classmethod
    def of(cls, error: BaseException, when: float) -> Self:
        """Describe an error. One that is not Lacuna's own is a defect: nothing helps."""
        if isinstance(error, LacunaError):
            details = _behind(error)
            return cls(type(error).__name__, error.message, error.hint, error.remedy, when, details)
        trace = "".join(traceback.format_exception(error)).strip()[-MOST_DETAILS:]
        return cls(type(error).__name__, str(error) or repr(error), when=when, details=trace)

    def to_record(self) -> dict[str, object]:
        """Return the plain form."""
        return {**self._asdict(), "remedy": str(self.remedy)}

    @classmethod
    def from_record(cls, record: object) -> Problem:
        """Rebuild from the plain form; unknown keys are ignored. Raises ``ValueError``."""
        return _from_record(Problem("", ""), record)


def _behind(error: BaseException | None) -> str:
    """Return an error's causes as lines, with libvirt's numbers where there are some."""
    lines: list[str] = []
    first = error
    while error is not None:
        if isinstance(error, RemoteError):
            number = f"code {error.code}, domain {error.domain}"
            if error.errno:
                number += f", errno {error.errno}"
            lines.append(f"{error.message} ({number})")
        elif error is not first:
            lines.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return "\n".join(lines)[:MOST_DETAILS]


def new_id() -> str:
    """Return a new name for a job: 8 hexadecimal digits."""
    return os.urandom(4).hex()


@dataclass(frozen=True, slots=True)
class Job:
    """One transfer: what is wanted, how far it is, and how it went.

    ``position`` orders jobs of equal ``priority`` (higher runs first); 0 lets the journal choose
    the end. ``attempts`` counts tries in a row that moved nothing. ``request`` is what somebody
    wants of a job that another process runs. ``notes`` are what the user should know of it though
    nothing failed. All times are in seconds since 1970.
    """

    kind: JobKind
    source: Place
    destination: Place
    options: TransferOptions = field(default_factory=TransferOptions)
    id: str = field(default_factory=new_id)
    format: str = "auto"
    priority: int = 0
    position: float = 0.0
    state: JobState = JobState.QUEUED
    attempts: int = 0
    error: Problem | None = None
    not_before: float | None = None
    created: float = 0.0
    updated: float = 0.0
    started: float | None = None
    ended: float | None = None
    counts: Counts = field(default_factory=Counts)
    digest: str | None = None
    verified: bool = False
    resumed: bool = False
    request: JobEvent | None = None
    notes: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """The daemons' hosts that it keeps busy; both of them for a copy."""
        ends = (self.source.host, self.destination.host)
        return frozenset(host for host in ends if host is not None)

    def to_json(self) -> dict[str, object]:
        """Return the plain form, for people's scripts: places as text, counts as in a report."""
        return {
            "job": self.id,
            "kind": str(self.kind),
            "state": str(self.state),
            "source": str(self.source),
            "destination": str(self.destination),
            "options": options_to_record(self.options),
            "format": self.format,
            "priority": self.priority,
            "attempts": self.attempts,
            "error": self.error and self.error.to_record(),
            "not_before": self.not_before,
            "created": self.created,
            "updated": self.updated,
            "started": self.started,
            "ended": self.ended,
            **self.counts.to_record(),
            "digest": self.digest,
            "verified": self.verified,
            "resumed": self.resumed,
            "notes": list(self.notes),
        }


def options_to_record(options: TransferOptions) -> dict[str, object]:
    """Return options in plain form."""
    return {
        name: str(value) if isinstance(value, Enum) else value
        for name, value in options._asdict().items()
    }


def options_from_record(record: object) -> TransferOptions:
    """Rebuild options from their plain form. Raises ``ValueError`` if it is not one.

    Keys that are not known are ignored, and values that are not understood are left at their
    default: what a newer version was asked for is at worst refused, since the default of
    ``if_exists`` is to fail.
    """
    return _from_record(TransferOptions(), record, lenient=True)


def _from_record(default: R, record: object, *, lenient: bool = False) -> R:
    """Fill in a flat record: each value must be of its default's type."""
    if not isinstance(record, Mapping):
        raise ValueError("an object was expected")  # noqa: TRY004 - one error for a bad record
    known = cast("Mapping[str, object]", record)
    changes: dict[str, Any] = {}
    for name, value in default._asdict().items():
        if name not in known:
            continue
        try:
            changes[name] = _converted(known[name], value)
        except ValueError:
            if not lenient:
                raise ValueError(f"the field '{name}' is not understood") from None
    return default._replace(**changes)


def _converted(value: object, default: object) -> object:
    """Return the value in the type of its default. Raises ``ValueError``."""
    if isinstance(default, Enum):
        return type(default)(value)
    if type(default) is float and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise ValueError
    return value
