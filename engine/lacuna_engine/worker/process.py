"""The worker process: commands in, transfers run, events out.

It ends when its input does, so that it never outlives the window; what runs then goes on at the
next start.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from lacuna_engine import __version__
from lacuna_engine.errors import LacunaError, UsageError
from lacuna_engine.journal import (
    Control,
    Job,
    JobAdded,
    JobChanged,
    JobState,
    Journal,
    Limits,
    Notice,
    Problem,
    Scheduler,
    TransferRunner,
    journal_path,
)
from lacuna_engine.journal.recorded import recorded
from lacuna_engine.log_file import recording
from lacuna_engine.transfer import Report
from lacuna_engine.worker.asking import Asking
from lacuna_engine.worker.listing import listing
from lacuna_engine.worker.maps import MapTeller
from lacuna_engine.worker.messages import Message, decode, job_of, job_record
from lacuna_engine.worker.output import Output
from lacuna_engine.worker.sampling import Sample
from lacuna_engine.worker.sleeping import saved_map, tell_sleeping

__all__ = ["Worker", "main"]

SAMPLE_EVERY = 0.1
NICE = 10
"""The window comes first."""

HISTORY = 500
"""Finished jobs that are told at the start."""

READ_AT_ONCE = 1 << 16

Tell = Callable[[Message], None]


@dataclass
class _Session:
    """What this run of the worker has done. Bytes."""

    moved: int = 0
    saved: int = 0


class Worker:
    """Runs the jobs of ``journal`` and tells with ``tell``."""

    def __init__(self, journal: Journal, tell: Tell) -> None:
        self._journal = journal
        self._tell = tell
        self._asking = Asking(tell)
        self._runner = TransferRunner(self._asking.prompter_for)
        self._scheduler = Scheduler(journal, recorded(self._run), discard=self._runner.discard)
        self._samples: dict[str, Sample] = {}
        self._maps = MapTeller(tell, partial(saved_map, journal))
        self._session = _Session()
        self._rate = 0.0
        self._beginning = asyncio.Event()
        self._stopping = asyncio.Event()
        self._commands = self._table()

    async def run(self) -> None:
        """Run until :meth:`stop`, once told to begin."""
        await self._beginning.wait()
        if self._stopping.is_set():
            return
        self._scheduler.start(resume_orphans=True)
        # Nothing has run yet: what there is now is told all together.
        self._scheduler.subscribe(self._notice)
        jobs = self._journal.list_jobs() + self._journal.history(HISTORY)
        for event in listing([job_record(job) for job in jobs], __version__):
            self._tell(event)
        for note in self._journal.notes:
            self._log(logging.WARNING, note)
        self._journal.notes.clear()
        self._tell_totals()
        tellers = [
            asyncio.create_task(self._sample()),
            asyncio.create_task(tell_sleeping(self._journal, jobs, self._tell)),
        ]
        try:
            await self._stopping.wait()
        finally:
            for teller in tellers:
                teller.cancel()
            await self._scheduler.stop()

    def stop(self) -> None:
        """End in good order."""
        self._stopping.set()
        self._beginning.set()

    # --- commands ------------------------------------------------------------------------------

    def command(self, message: Message) -> None:
        """Do what the window asks; a failure is told, never raised."""
        try:
            self._commands[message["do"]](message)
        except LacunaError as error:
            self._log(
                logging.WARNING, f"{error}. {error.hint}".strip(), str(message.get("job", ""))
            )
        except (KeyError, TypeError, ValueError) as error:
            self._log(logging.ERROR, f"a command that makes no sense: {error!r}")

    def _table(self) -> dict[str, Callable[[Message], object]]:
        scheduler = self._scheduler
        return {
            "begin": lambda _: self._beginning.set(),
            "add": lambda m: self._add(job_of(m["job"]), start=bool(m["start"])),
            "pause": lambda m: scheduler.pause(m["job"]),
            "resume": lambda m: scheduler.resume(m["job"], start_over=bool(m.get("start_over"))),
            "cancel": lambda m: scheduler.cancel(m["job"], discard=bool(m.get("discard"))),
            "remove": lambda m: scheduler.remove(m["job"]),
            "start": lambda m: scheduler.start_now(m["job"]),
            "move": lambda m: scheduler.reorder(m["job"], before=m["before"]),
            "priority": lambda m: scheduler.set_priority(m["job"], int(m["priority"])),
            "limit": self._limit,
            "pause_all": lambda _: self._pause_all(on=True),
            "resume_all": lambda _: self._pause_all(on=False),
            "limits": self._limits,
            "watch": lambda m: self._watch(m["job"]),
            "forget": lambda _: self._forget(),
            "answer": lambda m: self._asking.answered(int(m["number"]), m["value"]),
            "stop": lambda _: self.stop(),
        }

    def _limit(self, message: Message) -> None:
        rate = int(message["rate"])
        if message["job"] is None:
            self._scheduler.set_rate(rate)
        else:
            self._scheduler.set_job_rate(message["job"], rate)

    def _limits(self, message: Message) -> None:
        self._scheduler.limits = Limits(int(message["total"]), int(message["per_host"]))

    def _pause_all(self, *, on: bool) -> None:
        if on:
            self._scheduler.pause_all()
        else:
            self._scheduler.resume_all()
        self._tell_totals()

    def _add(self, job: Job, *, start: bool) -> None:
        if self._is_there(job):
            return
        try:
            kept = self._scheduler.submit(job)
            if not start:
                self._scheduler.pause(kept.id)
        except LacunaError as error:
            problem = Problem.of(error, time.time())
            self._tell({"event": "refused", "job": job.id, "error": problem.to_record()})
            raise
        if kept.id != job.id:  # its name was that of another one
            self._tell({"event": "removed", "job": job.id})

    def _is_there(self, job: Job) -> bool:
        """Whether it has been added before: who does not know that asks again."""
        with suppress(UsageError):
            there = self._journal.get(job.id)
            if (there.source, there.destination) == (job.source, job.destination):
                self._tell({"event": "job", "job": job_record(there)})
                return True
        return False

    def _watch(self, job_id: str | None) -> None:
        control = self._scheduler.running.get(job_id) if job_id else None
        tracker = None if control is None else control.tracker
        self._maps.watch(job_id, None if tracker is None else tracker.map)

    def _forget(self) -> None:
        # In one step: each alone would wait for the disk.
        self._journal.forget_older(math.inf)
        self._tell({"event": "forgotten"})

    # --- running -------------------------------------------------------------------------------

    async def _run(self, job: Job, control: Control) -> Report:
        if job.options.start_over:
            # It was agreed to once: another try goes on with what this one has brought over.
            options = job.options._replace(start_over=False)
            self._journal.update(job.id, None, options=options)
        self._samples[job.id] = Sample(control)
        self._log(logging.INFO, f"{job.kind}: {job.source} -> {job.destination}", job.id)
        try:
            report = await self._runner(job, control)
            self._session.moved += report.bytes_sent + report.bytes_received
            self._session.saved += report.saved
            return report
        finally:
            sample = self._samples.pop(job.id)
            if control.tracker is not None:
                last = sample.take(job.id, time.monotonic(), last=True)
                self._tell({"event": "progress", "jobs": [last]})
                self._maps.ended(job.id, control.tracker.map)

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_EVERY)
            now = time.monotonic()
            found = [sample.take(job_id, now) for job_id, sample in self._samples.items()]
            jobs = [one for one in found if one is not None]
            if jobs:
                self._tell({"event": "progress", "jobs": jobs})
            rate = sum(one["rate"] for one in jobs)
            if rate != self._rate:
                self._rate = rate
                self._tell_totals()
            watched = self._samples.get(self._maps.job or "")
            if watched is not None and watched.control.tracker is not None:
                self._maps.look(watched.control.tracker.map)

    # --- telling -------------------------------------------------------------------------------

    def _notice(self, notice: Notice) -> None:
        if isinstance(notice, JobAdded | JobChanged):
            self._tell({"event": "job", "job": job_record(notice.job)})
            if isinstance(notice, JobChanged) and notice.before.state is not notice.job.state:
                self._changed_state(notice.job)
        else:
            self._tell({"event": "removed", "job": notice.job.id})

    def _changed_state(self, job: Job) -> None:
        if job.state is JobState.RUNNING:
            return
        if job.error is not None and job.state in (JobState.FAILED, JobState.WAITING):
            level = logging.ERROR if job.state is JobState.FAILED else logging.WARNING
            self._log(level, job.error.message, job.id)
        elif not job.state.is_final:
            self._log(logging.INFO, str(job.state), job.id)
        if job.state.is_final:
            self._tell_totals()

    def _tell_totals(self) -> None:
        totals = self._journal.totals()
        self._tell(
            {
                "event": "totals",
                "jobs": totals.jobs,
                "moved": totals.moved,
                "saved": totals.saved,
                "session_moved": self._session.moved,
                "session_saved": self._session.saved,
                "paused": self._scheduler.is_paused,
                "rate": self._rate,
            }
        )

    def _log(self, level: int, text: str, job: str = "") -> None:
        self._tell({"event": "log", "time": time.time(), "level": level, "text": text, "job": job})


# --- the process ---------------------------------------------------------------------------------


def _listen(worker: Worker, loop: asyncio.AbstractEventLoop) -> None:
    """Read commands in a thread: pipes cannot be watched by every loop."""

    def read() -> None:
        rest = b""
        with suppress(RuntimeError, OSError):  # the loop or the input is closed
            # Not through sys.stdin, whose lock would be held when the interpreter ends.
            while chunk := os.read(0, READ_AT_ONCE):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(_command, worker, line)
            loop.call_soon_threadsafe(worker.stop)

    threading.Thread(target=read, name="lacuna-listen", daemon=True).start()


def _command(worker: Worker, line: bytes) -> None:
    with suppress(LacunaError):
        worker.command(decode(line))


async def _main(output: Output) -> None:
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(journal_path()))
        worker = Worker(journal, output.tell)
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, worker.stop)
        _listen(worker, loop)
        await worker.run()


def main() -> int:
    """Run the worker process."""
    output = Output()
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICE)
    try:
        with recording("worker"):
            asyncio.run(_main(output))
    except LacunaError as error:
        output.tell({"event": "failed", "text": str(error), "hint": error.hint})
        return 1
    finally:
        output.close()
    return 0
