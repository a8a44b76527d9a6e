"""Whose turn it is: which jobs start next (pure).

Higher priority first. Among jobs of equal priority the hosts take turns: the next job is one of
the host with the fewest running, then of the one served longest ago; on the same host the order of
the queue decides. A copy needs room on both of its hosts at once, which others could take from it
for ever; so a job that was passed over a few times keeps its hosts free until it can start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lacuna_engine.journal.job import Job

__all__ = ["Limits", "Turns"]

PATIENCE = 3
"""How often a job is passed over for want of a host before that host is kept free for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs run at the same time, in all and on each host.

    Raises:
        ValueError: if nothing could ever run.
    """

    total: int = 4
    per_host: int = 2

    def __post_init__(self) -> None:
        if self.total < 1 or self.per_host < 1:
            raise ValueError("at least one job must be able to run")


class Turns:
    """Chooses what starts; remembers who was served and who was passed over."""

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._passed: dict[str, int] = {}
        self._clock = 0

    def pick(self, waiting: Iterable[Job], running: Collection[Job], limits: Limits) -> Job | None:
        """Return the job to start now, None if none may. Then it counts as started.

        ``waiting`` are those that may start, in any order.
        """
        if len(running) >= limits.total:
            return None
        busy = Counter(host for job in running for host in job.hosts)
        queue = list(waiting)
        kept: set[str] = set()
        # A sort for each start: there are few starts, and queues of people are short.
        for job in sorted(queue, key=lambda job: self._rank(job, busy)):
            if any(busy[host] >= limits.per_host for host in job.hosts):
                if self._is_impatient(job):
                    kept |= job.hosts
            elif not kept & job.hosts:
                self._start(job, queue)
                return job
        return None

    def forget(self, known: Collection[str]) -> None:
        """Drop what is remembered of jobs that are not in ``known``."""
        self._passed = {job: times for job, times in self._passed.items() if job in known}

    def _is_impatient(self, job: Job) -> bool:
        return self._passed.get(job.id, 0) >= PATIENCE

    def _rank(self, job: Job, busy: Counter[str]) -> tuple[int, bool, int, int, float, str]:
        first = self._is_impatient(job)
        return (
            -job.priority,
            not first,
            0 if first else max((busy[host] for host in job.hosts), default=0),
            0 if first else min((self._served.get(host, 0) for host in job.hosts), default=0),
            job.position,
            job.id,
        )

    def _start(self, job: Job, queue: list[Job]) -> None:
        self._clock += 1
        for host in job.hosts:
            self._served[host] = self._clock
        self._passed.pop(job.id, None)
        for other in queue:
            # Only who takes a host that an earlier one needs passes it over.
            if (
                other.priority == job.priority
                and other.position < job.position
                and other.hosts & job.hosts
            ):
                self._passed[other.id] = self._passed.get(other.id, 0) + 1
