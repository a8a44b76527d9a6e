"""What a job that nobody wants any more has left at its destination, and deleting it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from lacuna_engine.errors import LacunaError, UsageError
from lacuna_engine.journal.board import Board
from lacuna_engine.journal.job import Job, Problem
from lacuna_engine.journal.keeper import JobKeeper
from lacuna_engine.journal.owner import Claim
from lacuna_engine.journal.store import Journal
from lacuna_engine.transfer.checkpoint import Keeper

__all__ = ["Discard", "Leftovers"]

Discard = Callable[[Job, Keeper], Awaitable[None]]


class Leftovers:
    """Deletes them with ``discard``; without that they stay. ``clock`` as in the scheduler."""

    def __init__(
        self, journal: Journal, board: Board, discard: Discard | None, clock: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._board = board
        self._discard = discard
        self._clock = clock

    def of(self, job: Job) -> bool:
        """Whether there is something that would be deleted."""
        if self._discard is None or job.state.is_final:
            return False
        saved = JobKeeper(self._journal, job.id).load()
        return saved is not None and saved.has_leftovers

    async def clear(self, job: Job, claim: Claim, *, forget: bool) -> None:
        """Delete what ``job`` has left, holding its claim, and give that back.

        Then the job leaves the journal if ``forget``, and begins anew otherwise. If it cannot be
        deleted the job stays, and its error says why.
        """
        try:
            if self._discard is not None:
                await self._discard(job, JobKeeper(self._journal, job.id))
            if forget:
                self._board.remove(self._journal.remove(job.id))
            else:
                self._journal.forget_checkpoint(job.id)
        except UsageError:  # removed meanwhile
            pass
        except LacunaError as error:
            with suppress(UsageError):
                problem = Problem.of(error, self._clock())
                changed = self._journal.update(job.id, None, error=problem)
                if changed is not None:
                    self._board.put(changed)
        finally:
            claim.release()
