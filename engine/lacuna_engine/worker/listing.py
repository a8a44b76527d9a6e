"""The jobs there are, told page after page: a line of thousands would stop the window (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lacuna_engine.worker.messages import Message

__all__ = ["PAGE", "listing"]

PAGE = 200
"""Jobs in one line: some 200 KiB, which the window reads and shows in about 10 ms."""


def listing(records: Sequence[Message], version: str) -> Iterator[Message]:
    """Yield the events that tell of all jobs, by their records: ``listed`` ones, then ``ready``.

    The open ones come in their order, then those that have stopped, the latest last.
    """
    # Sorting keeps the order of those that are alike, which have not ended.
    ordered = sorted(records, key=lambda record: record["ended"] or 0.0)
    last = max(0, len(ordered) - 1) // PAGE * PAGE
    for start in range(0, last, PAGE):
        yield {"event": "listed", "jobs": ordered[start : start + PAGE]}
    yield {"event": "ready", "jobs": ordered[last:], "version": version}
