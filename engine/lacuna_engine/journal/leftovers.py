"""What a job that nobody wants any more has left at its destination, and deleting it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.journal.board import Board
from lacuna_engine.journal.job import Job, Problem
from lacuna_engine.journal.keeper import JobKeeper
from lacuna_engine.journal.owner import Claim
from lacuna_engine.journal.store import Journal
from lacuna_engine.journal.waiting import until_free
from lacuna_engine.transfer.checkpoint import Keeper

__all__ = ["Discard", "Leftovers"]

_LOG = logging.getLogger(__name__)

Discard = Callable[[Job, Keeper], Awaitable[None]]


class Leftovers:
    """Deletes them with ``discard``; without that they stay. ``clock`` tells seconds since 1970."""

    def __init__(
        self, journal: Journal, board: Board, discard: Discard | None, clock: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._board = board
        self._discard = discard
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, job: Job) -> bool:
        """Whether there is something that would be deleted."""
        if self._discard is None or job.state.is_final:
            return False
        saved = JobKeeper(self._journal, job.id).load()
        return saved is not None and saved.has_leftovers

    @property
    def is_clearing(self) -> bool:
        """Whether something that :meth:`start_clearing` began is not deleted yet."""
        return bool(self._tasks)

    def start_clearing(
        self, job: Job, claim: Claim, *, forget: bool, then: Callable[[], None]
    ) -> None:
        """Do what :meth:`clear` does without waiting for it, and call ``then`` at its end."""
        task = asyncio.get_running_loop().create_task(self.clear(job, claim, forget=forget))
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            then()

        task.add_done_callback(ended)

    async def wait_cleared(self) -> None:
        """Wait until all is deleted that is being deleted now."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def clear(self, job: Job, claim: Claim, *, forget: bool) -> None:
        """Delete what ``job`` has left, holding its claim, and give that back.

        Then the job leaves the journal if ``forget``, and begins anew otherwise. If it cannot be
        deleted the job stays, and its error says why.
        """
        try:
            if self._discard is not None:
                await self._discard(job, JobKeeper(self._journal, job.id))
            await until_free(self._journal)
            if forget:
                self._board.remove(self._journal.remove(job.id))
            else:
                self._journal.forget_checkpoint(job.id)
        except UsageError:  # removed meanwhile
            pass
        except Exception as error:  # noqa: BLE001 - a defect is told to the user as well
            self._say(job, error)
        finally:
            claim.release()

    def _say(self, job: Job, error: Exception) -> None:
        """Let the job's error say why it is still there."""
        try:
            with suppress(UsageError):  # removed meanwhile
                changed = self._journal.update(job.id, None, error=Problem.of(error, self._clock()))
                if changed is not None:
                    self._board.put(changed)
        except LocalFileError as full:
            _LOG.warning("what job %s has left is not deleted: %s; %s", job.id, error, full)
