"""Clients that die at a chosen step of a transfer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from lacuna_engine.storage import Storage
from lacuna_engine.transfer import IfExists, TransferOptions
from lacuna_engine.transfer.notebook import Notebook

KEEP = TransferOptions(if_exists=IfExists.REPLACE, keep_until_complete=True)

STEPS = [
    "before create_volume",
    "after create_volume",
    "after owned",
    "before refresh_pool",
    "before placing",
    "after placing",
    "before delete_volume",
    "after delete_volume",
    "before clone_volume",
    "after clone_volume",
    "before advance",
    "after advance",
]
"""The steps of replacing a volume that is kept until the new one is complete, in their order."""


class Crash(BaseException):
    """As if the process had died here: nothing is tidied up."""


@contextmanager
def crash_at(step: str) -> Generator[None]:
    """Have the client die inside the block when it comes to ``step``, and see that it does.

    From then on nothing is noted any more, until the end of the block.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        _arrange_crash(monkeypatch, step)
        with pytest.raises(Crash):
            yield


def _arrange_crash(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """``step`` is before or after a method."""
    when, _, method = step.partition(" ")
    owner: type = Notebook if method in ("placing", "owned", "advance") else Storage
    original: Callable[..., Any] = getattr(owner, method)

    def die() -> None:
        monkeypatch.setattr(Notebook, "keep", lambda _: True)
        raise Crash

    def noting(self: Notebook, *arguments: Any, **more: Any) -> None:
        if when == "after":
            original(self, *arguments, **more)
        die()

    async def calling(self: Storage, *arguments: Any, **more: Any) -> None:
        if when == "after":
            await original(self, *arguments, **more)
        die()

    monkeypatch.setattr(owner, method, noting if owner is Notebook else calling)
