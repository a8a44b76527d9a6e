"""Claims on jobs that are to run here, held before their turn has come."""

from __future__ import annotations

from lacuna_engine.journal.job import Job
from lacuna_engine.journal.owner import Claim, Owner
from lacuna_engine.journal.store import Journal

__all__ = ["Reservations"]


class Reservations:
    """The claims of this process on jobs that do not run yet.

    All methods raise :class:`LocalFileError` if the lock of a job cannot be taken.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._claims: dict[str, Claim] = {}

    def add(self, journal: Journal, job: Job) -> Job:
        """Put a job into the journal, claimed before anybody can see it; return it as it is kept.

        Raises :class:`LocalFileError` also if the journal cannot be written.
        """
        claim = self._owner.claim(job.id)
        try:
            kept = journal.add(job)
            if claim is not None and kept.id != job.id:  # the id was taken
                claim.release()
                claim = self._owner.claim(kept.id)
        except BaseException:
            if claim is not None:
                claim.release()
            raise
        if claim is not None:
            self._claims[kept.id] = claim
        return kept

    def take(self, job_id: str) -> Claim | None:
        """Return the claim on a job, to be released by the caller; None if somebody else has it."""
        return self._claims.pop(job_id, None) or self._owner.claim(job_id)

    def drop(self, job_id: str) -> None:
        """Let anybody run a job that was reserved, if it was."""
        if claim := self._claims.pop(job_id, None):
            claim.release()

    def drop_all(self) -> None:
        """Let anybody run what was reserved."""
        for job_id in list(self._claims):
            self.drop(job_id)
