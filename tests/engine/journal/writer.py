"""A process of its own that works on a journal; it says on its standard output what is done.

``writer.py write PATH``: adds jobs, advances them and saves checkpoints until it is killed.
``writer.py share PATH COUNT``: starts and finishes whatever jobs it gets, that many tries.
``writer.py claim PATH JOB``: claims a job and sleeps.
``writer.py open PATH``: opens the journal and says what it notes.
"""

from __future__ import annotations

import sys
import time
import zlib
from pathlib import Path

from lacuna_engine.journal import (
    Counts,
    Endpoint,
    Job,
    JobEvent,
    JobKind,
    JobState,
    Journal,
    LocalFile,
    Owner,
)


def new_job() -> Job:
    """A job like any other."""
    return Job(JobKind.UPLOAD, LocalFile("/x"), Endpoint("qemu:///system", "default", "x"))


def write(path: Path) -> None:
    """Change the journal as fast as it goes; a line is printed after what it says is done."""
    with Journal(path) as journal:
        print("ready", flush=True)
        for number in range(1_000_000):
            job = journal.add(new_job())
            print("queued", job.id, flush=True)
            journal.update(job.id, JobEvent.START)
            print("running", job.id, flush=True)
            blob = str(number).encode() * (number % 1000)
            journal.save_checkpoint(job.id, blob, durable=number % 2 == 0)
            print("checkpoint", job.id, zlib.crc32(blob), flush=True)
            if number % 2:
                journal.update(job.id, JobEvent.FINISH, counts=Counts(sent=1))
                print("done", job.id, flush=True)


def share(path: Path, count: int) -> None:
    """Run jobs as several processes do that know nothing of each other."""
    with Journal(path) as journal:
        owner = Owner.beside(journal)
        for _ in range(count):
            for job in journal.list_jobs({JobState.QUEUED}, limit=3):
                claim = owner.claim(job.id)
                if claim is None:
                    continue
                with claim:
                    if journal.update(job.id, JobEvent.START, expected={JobState.QUEUED}):
                        print("ran", job.id, flush=True)
                        journal.update(job.id, JobEvent.FINISH, counts=Counts(sent=1))


def claim_and_sleep(path: Path, job_id: str) -> None:
    """Hold a claim until killed."""
    with Journal(path) as journal:
        claim = Owner.beside(journal).claim(job_id)
        print("none" if claim is None else "claimed", flush=True)
        time.sleep(600)


def open_it(path: Path) -> None:
    """Say what is noted, and add a job."""
    with Journal(path) as journal:
        print("opened", len(journal.notes), journal.add(new_job()).id, flush=True)


if __name__ == "__main__":
    where = Path(sys.argv[2])
    match sys.argv[1]:
        case "write":
            write(where)
        case "share":
            share(where, int(sys.argv[3]))
        case "claim":
            claim_and_sleep(where, sys.argv[3])
        case _:
            open_it(where)
