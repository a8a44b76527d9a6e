"""Slots that do not care for what a signal brings."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ignoring"]


def ignoring(slot: Callable[[], object]) -> Callable[..., None]:
    """Return a slot that calls ``slot`` without the signal's arguments."""

    def call(*_: object) -> None:
        slot()

    return call
