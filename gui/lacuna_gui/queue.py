"""The queue of transfers as the window sees it: commands in, rows and map changes out.

Whoever runs the transfers owns schedule, journal and every number; the window sends commands and
shows what it is told. Commands return at once and never raise: what comes of them comes as signals,
on the window's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from lacuna_engine.transfer import IfExists

__all__ = ["JobOptions", "Place", "QueueSignals", "QueueTotals", "TransferQueue"]


@dataclass(frozen=True, slots=True)
class Place:
    """A volume, or with an empty ``volume`` a pool, of a daemon.

    ``host`` is the id of the connection's profile, ``uri`` how to get there, ``title`` its name for
    people.
    """

    host: str
    uri: str
    title: str
    pool: str
    volume: str = ""


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What can be asked of one job. ``limit`` is bytes a second, 0 for none.

    ``format`` is ``auto`` or what the file must be. ``start`` false leaves the job paused in the
    queue. Jobs of higher ``priority`` start first. ``keep_until_complete`` keeps what is replaced
    until then; ``force`` writes to volumes in use. ``owner``, ``group`` and ``mode`` are numbers
    for the volume that is made; below 0 they are as the pool has them. ``connections`` is the
    number of streams at a time, 0 as many as make it faster.
    """

    if_exists: IfExists = IfExists.FAIL
    verify: bool = False
    limit: int = 0
    zero_scan: bool = True
    format: str = "auto"
    start: bool = True
    priority: int = 0
    keep_until_complete: bool = False
    force: bool = False
    owner: int = -1
    group: int = -1
    mode: int = -1
    connections: int = 0


@dataclass(frozen=True, slots=True)
class QueueTotals:
    """Sums over all jobs. Bytes; ``rate`` is payload bytes a second just now.

    ``saved_session`` and ``saved_ever`` count the bytes of finished images that did not move.
    """

    rate: float = 0.0
    saved_session: int = 0
    saved_ever: int = 0
    moved_session: int = 0
    paused: bool = False
    limit: int = 0
    concurrency: int = 2


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log: seconds since the epoch, the level as in logging, the text."""

    time: float
    level: int
    text: str
    job: str = ""
    extra: dict[str, str] = field(default_factory=dict[str, str])


class QueueSignals(QObject):
    """What the queue tells. Rows are `models.transfers.TransferRow`; ids are strings."""

    rows_added = Signal(object)
    """A list of rows; a long one comes in several parts."""
    rows_changed = Signal(object)
    """A list of rows, at most some 20 times a second."""
    row_removed = Signal(str)
    map_replaced = Signal(str, object)
    """The job's id and a `RunTable` of one's own: the snapshot when a job is watched."""
    map_outlined = Signal(str, object)
    """The id and bytes: the map just told is all that was kept of it, with no order within those
    many bytes."""
    map_changed = Signal(str, object)
    """The id and a list of ``(start, end, Kind, Progress)``, in the order they happened."""
    totals = Signal(object)
    log = Signal(object)
    """A `LogLine`."""


class TransferQueue(Protocol):
    """The commands. A job's id is made by the queue and stays the same for ever."""

    @property
    def signals(self) -> QueueSignals:
        """Where answers come from; connect before `attach`."""
        ...

    def attach(self) -> None:
        """Tell all rows and totals there are, then go on telling changes."""
        ...

    def add_upload(self, file: Path, target: Place, options: JobOptions) -> str:
        """Queue a local file to become ``target`` (an empty volume: under the file's name)."""
        ...

    def add_download(self, source: Place, target: Path, options: JobOptions) -> str:
        """Queue a volume to become a local file, or to go into a local folder."""
        ...

    def add_copy(self, source: Place, target: Place, options: JobOptions) -> str:
        """Queue a volume to be copied to another pool or host."""
        ...

    def start(self, jobs: Sequence[str]) -> None:
        """Start queued jobs now, whatever the number of jobs at once."""
        ...

    def pause(self, jobs: Sequence[str]) -> None:
        """Stop jobs so that they can be resumed."""
        ...

    def resume(self, jobs: Sequence[str]) -> None:
        """Put paused jobs back into the queue."""
        ...

    def cancel(self, jobs: Sequence[str]) -> None:
        """End jobs; what is half-written is removed. They stay listed."""
        ...

    def retry(self, jobs: Sequence[str]) -> None:
        """Queue failed or cancelled jobs again."""
        ...

    def remove(self, jobs: Sequence[str]) -> None:
        """Cancel jobs if need be and forget them."""
        ...

    def move(self, jobs: Sequence[str], before: str | None) -> None:
        """Put queued jobs, in the given order, before another one; None is the end."""
        ...

    def set_priority(self, jobs: Sequence[str], priority: int) -> None:
        """Change when jobs start."""
        ...

    def set_limit(self, limit: int, job: str | None = None) -> None:
        """Limit one job, or all jobs together, to bytes a second; 0 for none."""
        ...

    def pause_all(self) -> None:
        """Stop everything, and start nothing until `resume_all`."""
        ...

    def resume_all(self) -> None:
        """Go on."""
        ...

    def set_concurrency(self, jobs: int) -> None:
        """Say how many jobs run at once."""
        ...

    def forget_finished(self) -> None:
        """Remove the rows of jobs that ended well."""
        ...

    def watch(self, job: str | None) -> None:
        """Have the map of one job told, and of no other; None for none."""
        ...

    async def close(self) -> None:
        """Stop cleanly, so that what runs can be resumed."""
        ...
