"""What the parts of one transfer into a volume have in common."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lacuna_engine.storage import Storage
from lacuna_engine.transfer.limit import Limiter, TokenBucket
from lacuna_engine.transfer.notebook import Notebook
from lacuna_engine.transfer.options import TransferOptions
from lacuna_engine.transfer.progress import Tracker
from lacuna_engine.transfer.report import Report
from lacuna_engine.transfer.session import Session

__all__ = ["Context"]


@dataclass(slots=True)
class Context:
    """The daemon it goes to, what was asked for, and where it is told how it goes."""

    session: Session
    options: TransferOptions
    tracker: Tracker
    report: Report
    notes: Notebook
    limiter: Limiter | None

    @property
    def storage(self) -> Storage:
        """Pools and volumes of the destination."""
        return self.session.storage

    def pace(self) -> Limiter:
        """Return the rate limit, which all streams of the transfer share."""
        if self.limiter is None:
            self.limiter = TokenBucket(self.options.limit, asyncio.get_running_loop().time())
        return self.limiter
