"""What can be asked of a transfer."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from lacuna_engine.storage.records import Permissions

__all__ = ["MOST_CONNECTIONS", "START_OVER", "IfExists", "TransferOptions"]

START_OVER = "Start over (lacuna resume --start-over), which gives up what has arrived."
"""The advice where only that helps; who knows of the option looks for this text."""


MOST_CONNECTIONS = 16
"""Streams of data of one transfer that can be asked for: a daemon admits 20 clients that are not
let in yet, and there are others."""


class IfExists(StrEnum):
    """What to do when the destination exists."""

    FAIL = "fail"
    REPLACE = "replace"
    RENAME = "rename"
    SKIP = "skip"


class TransferOptions(NamedTuple):
    """Options of one transfer.

    ``verify`` reads the destination back and compares; ``limit`` is bytes of data a second, 0 for
    none; ``zero_scan`` turns runs of zeros inside data into holes. ``start_over`` agrees to lose
    what an interrupted transfer has brought over, where it cannot go on with that.

    ``keep_until_complete`` has a volume that is replaced keep its content until the new one is
    complete, which takes the space twice; downloads always do so. ``force`` writes to a volume
    although a running domain uses it.

    ``owner``, ``group`` (numbers) and ``mode`` are what a volume that is uploaded gets; below 0
    each is as the pool has it.
    """

    if_exists: IfExists = IfExists.FAIL
    verify: bool = False
    limit: int = 0
    zero_scan: bool = True
    start_over: bool = False
    keep_until_complete: bool = False
    force: bool = False
    connections: int = 0
    owner: int = -1
    group: int = -1
    mode: int = -1

    @property
    def permissions(self) -> Permissions | None:
        """What of them was asked for; None if nothing was."""
        owner, group, mode = (
            None if number < 0 else number for number in (self.owner, self.group, self.mode)
        )
        asked = Permissions(owner=owner, group=group, mode=mode)
        return None if asked == Permissions() else asked
