"""The journal as the keeper of a transfer's checkpoints."""

from __future__ import annotations

from lacuna_engine.errors import TransferError
from lacuna_engine.journal.store import Journal
from lacuna_engine.transfer.checkpoint import Checkpoint, Stage

__all__ = ["JobKeeper"]


class JobKeeper:
    """Keeps the checkpoint of one job in the journal."""

    def __init__(self, journal: Journal, job_id: str) -> None:
        self._journal = journal
        self._job_id = job_id
        self._stage: Stage | None = None

    def load(self) -> Checkpoint | None:
        """Return what was kept last; what cannot be read counts as nothing, and is noted."""
        blob = self._journal.load_checkpoint(self._job_id)
        if blob is None:
            return None
        try:
            return Checkpoint.from_bytes(blob)
        except TransferError as error:
            self._journal.notes.append(f"The job {self._job_id} begins anew: {error.message}.")
            return None

    def save(self, checkpoint: Checkpoint, *, durable: bool) -> None:
        """Keep it instead of the one before. Raises :class:`LocalFileError`.

        What is not durable and only says how far it is can be left out while another process is
        busy with the journal: the next one says more.
        """
        if not durable and checkpoint.stage is self._stage and self._journal.is_busy():
            return
        self._journal.save_checkpoint(self._job_id, checkpoint.to_bytes(), durable=durable)
        self._stage = checkpoint.stage

    def finish(self) -> None:
        """Leave it: the journal drops it in the same step that says that the job is done."""

    def forget(self) -> None:
        """Drop it."""
        self._journal.forget_checkpoint(self._job_id)
