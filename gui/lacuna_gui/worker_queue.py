"""The queue that the worker process runs: commands to it, and what it tells made rows and signals.

Nothing is decided here. Two things are known on this side only: which connection a job was ordered
for, and which orders the worker has not confirmed. Those are shown at once and sent again to a
process that replaces another, so that nothing is lost with the one that died.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from lacuna_engine.errors import LacunaError, LocalFileError
from lacuna_engine.journal import Endpoint, Job
from lacuna_engine.storage import display_name
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.prompts import Prompter
from lacuna_engine.worker import WorkerClient
from lacuna_engine.worker.messages import Message, job_record
from lacuna_gui.hints import in_window_words, quoted_engine
from lacuna_gui.hosts import Host
from lacuna_gui.map_feed import MapFeed
from lacuna_gui.models.transfers import ACTIVE, FAILED, FINISHED, QUEUED, RowState, TransferRow
from lacuna_gui.orders import copy_order, download_order, upload_order
from lacuna_gui.problem import Problem, problem_of
from lacuna_gui.queue import JobOptions, LogLine, Place, QueueSignals, QueueTotals
from lacuna_gui.row_board import RowBoard
from lacuna_gui.rows import (
    arrived_row,
    order_of,
    problem_of_record,
    row_of,
    waiting_row,
    wants_to_start_over,
)

translate = QCoreApplication.translate

__all__ = ["WorkerQueue"]

RUNNING = frozenset({RowState.RUNNING, RowState.STALLED})
STOPPABLE = ACTIVE | {RowState.QUEUED}
LAST = 1 << 40
"""Where a job stands that has no place in the queue yet: behind all others."""


class WorkerQueue:
    """Implements `queue.TransferQueue`.

    ``prompter_of`` gives who answers for a connection, by the id of its profile; ``hosts`` are the
    connections, after which rows are named.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        prompter_of: Callable[[str], Prompter],
        *,
        hosts: Iterable[Host] = (),
    ) -> None:
        self.signals = QueueSignals()
        self._loop = loop
        self._hosts = hosts
        self._client = WorkerClient(self._hear, lambda uri: prompter_of(self._title(uri)[0]))
        self._rows = RowBoard(loop, self.signals)
        self._maps = MapFeed(loop, self.signals)
        self._ordered: dict[str, tuple[Message, bool]] = {}
        self._start_over: set[str] = set()
        self._totals = QueueTotals()
        self._before = QueueTotals()
        """The session's sums when the present process began; it counts from 0."""
        self._started = False
        self._given_up = False
        self._closed = False
        self._failure = ""
        self._listed: set[str] = set()
        """The jobs on the pages of the worker's list so far."""
        self._events: dict[str, Callable[[Message], object]] = {
            "listed": self._on_listed,
            "ready": self._on_ready,
            "job": lambda m: self._take(m["job"]),
            "refused": self._on_refused,
            "removed": lambda m: self._forget(m["job"]),
            "forgotten": lambda _: self._on_forgotten(),
            "progress": self._on_progress,
            "map": lambda m: self._maps.replace(m["job"], m["map"], m.get("grain", 0)),
            "changes": lambda m: self._maps.change(m["job"], m["ranges"]),
            "totals": self._on_totals,
            "log": self._on_log,
            "failed": self._on_failed,
            "died": lambda _: self._on_died(),
            "given_up": lambda _: self._on_given_up(),
        }

    @property
    def pid(self) -> int | None:
        """The worker process, while there is one."""
        return self._client.pid

    # --- commands ------------------------------------------------------------------------------

    def attach(self) -> None:
        """Tell everything there is, and begin to work."""
        self._rows.attach()
        self.signals.totals.emit(self._totals)
        if not self._started:
            self._started = True
            self._begin()

    def add_upload(self, file: Path, target: Place, options: JobOptions) -> str:
        """Queue an upload."""
        return self._order(upload_order(file, target, options), options, target)

    def add_download(self, source: Place, target: Path, options: JobOptions) -> str:
        """Queue a download."""
        return self._order(download_order(source, target, options), options, source)

    def add_copy(self, source: Place, target: Place, options: JobOptions) -> str:
        """Queue a copy."""
        return self._order(copy_order(source, target, options), options, source, target)

    def start(self, jobs: Sequence[str]) -> None:
        """Start jobs now."""
        self._send_each("start", self._in(jobs, QUEUED))

    def pause(self, jobs: Sequence[str]) -> None:
        """Stop jobs; what has arrived is kept."""
        self._send_each("pause", self._in(jobs, STOPPABLE))

    def resume(self, jobs: Sequence[str]) -> None:
        """Queue paused jobs again."""
        self._send_each("resume", self._in(jobs, {RowState.PAUSED}))

    def cancel(self, jobs: Sequence[str]) -> None:
        """End jobs and remove what has arrived."""
        self._send_each("cancel", self._in(jobs, ACTIVE | QUEUED), discard=True)

    def retry(self, jobs: Sequence[str]) -> None:
        """Queue ended jobs again; where the error says so, this agrees to start over."""
        for job in self._in(jobs, FAILED):
            if job in self._ordered:
                self._send_order(job)
            else:
                self._send("resume", job=job, start_over=job in self._start_over)

    def remove(self, jobs: Sequence[str]) -> None:
        """Cancel and forget."""
        for job in jobs:
            if self._ordered.pop(job, None) is not None and self._in([job], FAILED):
                self._rows.remove(job)  # it was refused: nobody else knows it
        self._send_each("remove", [job for job in jobs if job in self._rows])

    def move(self, jobs: Sequence[str], before: str | None) -> None:
        """Change the order."""
        for job in jobs:
            if job in self._rows and job != before:
                self._send("move", job=job, before=before)

    def set_priority(self, jobs: Sequence[str], priority: int) -> None:
        """Change when jobs start."""
        self._send_each("priority", [job for job in jobs if job in self._rows], priority=priority)

    def set_limit(self, limit: int, job: str | None = None) -> None:
        """Limit a job, or all of them together."""
        if job is None:
            self._tell_totals(limit=limit)
        self._send("limit", rate=limit, job=job)

    def pause_all(self) -> None:
        """Stop everything."""
        self._tell_totals(paused=True)
        self._send("pause_all")

    def resume_all(self) -> None:
        """Go on."""
        self._tell_totals(paused=False)
        self._send("resume_all")

    def set_concurrency(self, jobs: int) -> None:
        """Say how many run at once, on one host too."""
        self._tell_totals(concurrency=jobs)
        self._send("limits", total=jobs, per_host=jobs)

    def forget_finished(self) -> None:
        """Forget what ended well."""
        self._send("forget")

    def watch(self, job: str | None) -> None:
        """Have the map of one job told."""
        self._maps.watch(job)
        self._send("watch", job=job)

    async def close(self) -> None:
        """Have the worker end in good order; what runs goes on at the next start."""
        self._closed = True
        self._maps.close()
        await self._client.close()
        self._rows.tell()

    # --- sending -------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Start the worker as soon as the loop runs, which it need not yet."""

        def start() -> None:
            if not self._closed:
                self._client.start()

        self._loop.call_soon(start)

    def _send(self, do: str, **fields: Any) -> None:
        if self._closed:
            return
        self._client.send({"do": do, **fields})
        if self._given_up:
            # But now somebody wants something of it.
            self._given_up = False
            self._begin()

    def _send_each(self, do: str, jobs: Iterable[str], **fields: Any) -> None:
        for job in jobs:
            self._send(do, job=job, **fields)

    def _in(self, jobs: Sequence[str], states: Collection[RowState]) -> list[str]:
        rows = (self._rows.get(job) for job in jobs)
        return [row.id for row in rows if row is not None and row.state in states]

    def _order(self, job: Job, options: JobOptions, *places: Place) -> str:
        while job.id in self._rows:
            job = replace(job, id=Job(job.kind, job.source, job.destination).id)
        named = {Endpoint(place.uri, place.pool).uri: (place.host, place.title) for place in places}
        record = job_record(replace(job, created=time.time()))
        self._ordered[job.id] = record, options.start
        row = row_of(record, lambda uri: named.get(uri) or self._title(uri))
        state = RowState.QUEUED if options.start else RowState.PAUSED
        position = order_of(job.priority, LAST + len(self._ordered))
        self._rows.put(replace(row, state=state, position=position))
        self._send_order(job.id)
        return job.id

    def _send_order(self, job: str) -> None:
        record, start = self._ordered[job]
        self._send("add", job=record, start=start)

    def _title(self, uri: str) -> tuple[str, str]:
        """Return the connection's id and name; of an unknown one the host's name must do."""
        for host in self._hosts:
            if Endpoint(host.profile.uri, "").uri == uri:
                return host.id, host.title
        try:
            return "", parse_uri(uri).host or uri
        except LacunaError:
            return "", uri

    # --- what the worker tells -----------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        try:
            self._events[message["event"]](message)
        except (KeyError, TypeError, ValueError) as error:
            # An event that makes no sense must not end the hearing of others.
            self._say(f"{message.get('event')}: {error!r}", logging.ERROR)

    def _on_listed(self, message: Message) -> None:
        """Take in a page of the worker's list."""
        self._listed |= {record["id"] for record in message["jobs"]}
        self._rows.put_all([self._row(record) for record in message["jobs"]])

    def _on_ready(self, message: Message) -> None:
        """Take in the last page: what was on none is not there any more, or not yet."""
        self._failure = ""
        listed, self._listed = self._listed, set()
        listed |= {record["id"] for record in message["jobs"]}
        for row in self._rows:
            if row.id not in listed and row.id not in self._ordered and row.state not in FINISHED:
                self._forget(row.id)
        try:
            self._on_listed(message)
        finally:
            self._listed.clear()
            for job in list(self._ordered):
                self._send_order(job)

    def _take(self, record: Message) -> None:
        self._rows.put(self._row(record))

    def _row(self, record: Message) -> TransferRow:
        """Return the row of a job that the worker knows."""
        job = record["id"]
        self._ordered.pop(job, None)
        error = record["error"]
        if error is not None and wants_to_start_over(error):
            self._start_over.add(job)
        else:
            self._start_over.discard(job)
        return row_of(record, self._title, self._rows.get(job))

    def _forget(self, job: str) -> None:
        self._ordered.pop(job, None)
        self._start_over.discard(job)
        self._rows.remove(job)

    def _on_forgotten(self) -> None:
        for row in self._rows:
            if row.state in FINISHED:
                self._forget(row.id)

    def _on_refused(self, message: Message) -> None:
        row = self._rows.get(message["job"])
        if row is not None:
            problem = problem_of_record(message["error"])
            self._rows.put(replace(row, state=RowState.FAILED, error=problem, ended=time.time()))

    def _on_progress(self, message: Message) -> None:
        for sample in message["jobs"]:
            row = self._rows.get(sample["id"])
            if row is not None:
                self._rows.put(arrived_row(row, sample))

    def _on_totals(self, message: Message) -> None:
        self._tell_totals(
            rate=float(message["rate"]),
            saved_session=self._before.saved_session + message["session_saved"],
            moved_session=self._before.moved_session + message["session_moved"],
            saved_ever=message["saved"],
        )

    def _tell_totals(self, **values: Any) -> None:
        self._totals = replace(self._totals, **values)
        self.signals.totals.emit(self._totals)

    def _on_log(self, message: Message) -> None:
        # A daemon's words may look like a command line; a line of the log is never left out.
        text = in_window_words(message["text"]) or quoted_engine(message["text"])
        self._say(text, message["level"], message["job"], message["time"])

    def _say(self, text: str, level: int, job: str = "", when: float = 0.0) -> None:
        row = self._rows.get(job)
        if row is not None:
            text = f"{display_name(row.name)}: {text}"
        self.signals.log.emit(LogLine(when or time.time(), level, text, job))

    # --- what becomes of the worker ------------------------------------------------------------

    def _on_failed(self, message: Message) -> None:
        """It cannot work, and says why; that it ends is told next."""
        error = LocalFileError(message["text"], hint=message["hint"])
        self._failure = problem_of(error).line()
        self._say(self._failure, logging.ERROR)

    def _on_died(self) -> None:
        text = translate("WorkerQueue", "The process that transfers has ended unexpectedly")
        self._say(text, logging.WARNING)
        cure = translate("WorkerQueue", "It is started again, and transfers go on.")
        self._stand_still(Problem(text, self._failure, cure))
        self._failure = ""
        self._listed.clear()

    def _on_given_up(self) -> None:
        text = translate("WorkerQueue", "The process that transfers ends again and again")
        cure = translate("WorkerQueue", "Whatever you do with a transfer starts it once more.")
        problem = Problem(text, self._failure, cure)
        self._say(problem.text(), logging.ERROR)
        self._given_up = True
        self._listed.clear()
        self._stand_still(problem)

    def _stand_still(self, problem: Problem) -> None:
        self._before = self._totals
        for row in self._rows:
            if row.state in RUNNING:
                self._rows.put(waiting_row(row, problem))
        self._tell_totals(rate=0.0)
