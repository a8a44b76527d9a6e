"""What can be asked of a transfer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["IfExists", "TransferOptions"]


class IfExists(StrEnum):
    """What to do when the destination exists."""

    FAIL = "fail"
    REPLACE = "replace"
    RENAME = "rename"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Options of one transfer.

    ``verify`` reads the destination back and compares; ``limit`` is bytes of data a second, 0 for
    none; ``zero_scan`` turns runs of zeros inside data into holes. ``start_over`` agrees to lose
    what an interrupted transfer has brought over, where it cannot go on with that.

    ``keep_until_complete`` has a volume that is replaced keep its content until the new one is
    complete, which takes the space twice; downloads always do so. ``force`` writes to a volume
    although a running domain uses it.
    """

    if_exists: IfExists = IfExists.FAIL
    verify: bool = False
    limit: int = 0
    zero_scan: bool = True
    start_over: bool = False
    keep_until_complete: bool = False
    force: bool = False
