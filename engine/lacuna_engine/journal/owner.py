"""Who works on a job: a lock for each, held by a living process.

The lock is the operating system's, on ``locks/<job>.lock`` beside the journal, so it ends with
its process, however that dies. The file says whose it is, for people; nothing reads it.

A claim is taken before the job is set running and given back after it has been set to something
else. So a job that is running in the journal and free here has lost its process.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.journal.job import Job
from lacuna_engine.journal.locking import open_lock_file, try_lock
from lacuna_engine.journal.states import JobEvent, JobState
from lacuna_engine.journal.store import Journal

__all__ = ["Claim", "Owner"]

GLANCES = 5
GLANCE = 0.001
"""Asking whether a job is owned holds its lock for a moment, which a claim must not take for an
owner: it looks this often, with that many seconds in between."""


class Claim:
    """The right to run one job, until :meth:`release`; a context manager."""

    def __init__(self, job_id: str, path: Path, fd: int) -> None:
        self.job_id = job_id
        self._path = path
        self._fd: int | None = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    @property
    def is_held(self) -> bool:
        """Whether it has not been given back."""
        return self._fd is not None

    def release(self) -> None:
        """Give it back. Does nothing the second time."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        # Removed while it is locked: whoever opened it before finds another file, or none, at the
        # path afterwards. Windows removes no open file, and leaves it if somebody opens it now.
        with suppress(OSError):
            self._path.unlink()
        os.close(fd)
        if os.name == "nt":
            with suppress(OSError):
                self._path.unlink()


class Owner:
    """Claims on jobs; ``folder`` holds the lock files, ``program`` is put into them for people."""

    def __init__(self, folder: Path, program: str = "lacuna") -> None:
        self._folder = folder
        self._program = program

    @classmethod
    def beside(cls, journal: Journal, program: str = "lacuna") -> Self:
        """Return the claims on a journal's jobs."""
        return cls(journal.path.parent / "locks", program)

    def claim(self, job_id: str) -> Claim | None:
        """Take the right to run a job; None if somebody has it, this process included.

        The job need not be in the journal yet. Raises :class:`LocalFileError`.
        """
        path = self._path(job_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = self._locked(path)
            if fd is None:
                return None
            try:
                os.ftruncate(fd, 0)
                os.lseek(fd, 0, os.SEEK_SET)
                os.write(fd, f"{os.getpid()} {self._program}\n".encode())
            except OSError:
                pass  # a full disk: the lock holds without words
        except OSError as error:
            raise LocalFileError(
                f"cannot lock {path}: {error.strerror}",
                hint="Lacuna needs a folder for its data that it may write to.",
            ) from error
        return Claim(job_id, path, fd)

    def is_owned(self, job_id: str) -> bool:
        """Whether a living process holds the job, this one included.

        Raises:
            LocalFileError: if that cannot be found out.
        """
        path = self._path(job_id)
        try:
            fd = open_lock_file(path, make=False)
            try:
                return not try_lock(fd)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise LocalFileError(f"cannot open or lock {path}: {error.strerror}") from error

    def adopt_orphans(self, journal: Journal) -> list[Job]:
        """Set jobs whose process died to interrupted, and return them."""
        adopted: list[Job] = []
        for job in journal.list_jobs({JobState.RUNNING}):
            claim = self.claim(job.id)
            if claim is None:
                continue
            changed = None
            with claim, suppress(UsageError):  # it has just been removed
                changed = journal.update(
                    job.id, JobEvent.INTERRUPT, expected={JobState.RUNNING}, request=None
                )
            if changed is not None:
                adopted.append(changed)
        return adopted

    def _path(self, job_id: str) -> Path:
        if not job_id.isalnum():
            raise ValueError(f"'{job_id}' is no name of a job")
        return self._folder / f"{job_id}.lock"

    @staticmethod
    def _locked(path: Path) -> int | None:
        """Return a descriptor of the locked file that is at ``path``. Raises ``OSError``."""
        glances = GLANCES
        while True:
            fd = open_lock_file(path)
            try:
                locked = try_lock(fd)
                if locked and _is_at(fd, path):
                    return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
            if locked:
                continue  # its last owner removed it between our opening and locking
            glances -= 1
            if not glances:
                return None
            time.sleep(GLANCE)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
