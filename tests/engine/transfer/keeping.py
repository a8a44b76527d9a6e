"""A keeper that holds checkpoints in memory, the way a journal holds them on disk."""

from __future__ import annotations

from lacuna_engine.transfer.checkpoint import Checkpoint

__all__ = ["MemoryKeeper"]


class MemoryKeeper:
    """Keeps bytes, so that nothing of the saving transfer's own objects leaks into the next."""

    def __init__(self) -> None:
        self.data: bytes | None = None
        self.saves: list[bool] = []
        self.forgotten = 0

    def load(self) -> Checkpoint | None:
        return None if self.data is None else Checkpoint.from_bytes(self.data)

    def save(self, checkpoint: Checkpoint, *, durable: bool) -> None:
        self.data = checkpoint.to_bytes()
        self.saves.append(durable)

    def finish(self) -> None:
        self.data = None

    def forget(self) -> None:
        self.data = None
        self.forgotten += 1
