"""Noting a transfer's checkpoints while it runs, neither too seldom nor too often."""

from __future__ import annotations

import time
from contextlib import suppress

from lacuna_engine.errors import LacunaError
from lacuna_engine.transfer.checkpoint import Checkpoint, Keeper, Stage, VolumeMark

__all__ = ["Notebook"]

SAVE_SHARE = 20
"""A checkpoint is saved only every that many times as long as saving one takes."""


class Notebook:
    """The checkpoint of a running transfer, kept by ``keeper`` if there is one."""

    def __init__(self, keeper: Keeper | None) -> None:
        self._keeper = keeper
        self._checkpoint: Checkpoint | None = None
        self._kept: Stage | None = None
        self._next_save = 0.0

    def load(self) -> Checkpoint | None:
        """Return where an interrupted try was."""
        return None if self._keeper is None else self._keeper.load()

    def begin(self, checkpoint: Checkpoint) -> None:
        """Note what is about to be done, before it is done."""
        self._checkpoint = checkpoint
        self._save(durable=True)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on noting in what was noted before, which is kept already."""
        self._checkpoint = checkpoint
        self._kept = checkpoint.stage

    def owned(self, identity: str, left: int = 0, *, made: bool = True) -> None:
        """The destination is there, empty but for ``left`` bytes, and ours if ``made``."""
        if self._checkpoint is not None:
            self._checkpoint.stage = Stage.FILLING
            self._checkpoint.identity = identity
            self._checkpoint.left = left
            self._checkpoint.made = made
            self._checkpoint.seen = time.time()
            self._save(durable=True)

    def defer(self, ranges: tuple[tuple[int, int], ...]) -> None:
        """Note which ranges are left out, before the volume grows over them."""
        if self._checkpoint is not None and self._checkpoint.deferred != ranges:
            self._checkpoint.deferred = ranges
            self._save(durable=True)

    def save(self, *, durable: bool = False) -> None:
        """Note how far it is; call this after having heard of the daemon.

        From time to time only, unless it is to be ``durable``: then at once, and it is on the disk
        when this returns.
        """
        if self._checkpoint is None:
            return
        self._checkpoint.seen = time.time()
        started = time.monotonic()
        if durable or started >= self._next_save:
            self._save(durable=durable)
            self._next_save = time.monotonic() + SAVE_SHARE * (time.monotonic() - started)

    def advance(self, stage: Stage) -> None:
        """Note that a stage is reached, before the next one is begun."""
        if self._checkpoint is not None:
            self._checkpoint.stage = stage
            self._save(durable=True)

    def placing(self, old: VolumeMark | None) -> None:
        """It is complete; ``old``, whose place it takes, is about to be deleted."""
        if self._checkpoint is not None:
            self._checkpoint.old = old
        self.advance(Stage.PLACING)

    def is_at(self, stage: Stage) -> bool:
        """Whether that was the last stage noted."""
        return self._checkpoint is not None and self._checkpoint.stage is stage

    def keep(self) -> bool:
        """Note for the last time how far it is; tell whether it can be gone on with.

        When the daemon was last heard of stays as it was: it may be long gone. Whoever calls this
        has an error of their own to report, so it raises none: if this note cannot be made, an
        earlier one may do.
        """
        if self._checkpoint is None:
            return False
        with suppress(LacunaError):
            self._save(durable=True)
        return self._kept not in (None, Stage.MAKING)

    def finish(self) -> None:
        """All is done. The note of that stays until whoever keeps it has written it down."""
        if self._checkpoint is not None:
            self._checkpoint.stage = Stage.COMPLETE
            self._save(durable=False)
            self._checkpoint = None
        if self._keeper is not None:
            self._keeper.finish()

    def forget(self) -> None:
        """There is nothing to go on with any more."""
        self._checkpoint = None
        if self._keeper is not None:
            self._keeper.forget()

    def _save(self, *, durable: bool) -> None:
        if self._keeper is not None and self._checkpoint is not None:
            self._keeper.save(self._checkpoint, durable=durable)
            self._kept = self._checkpoint.stage
