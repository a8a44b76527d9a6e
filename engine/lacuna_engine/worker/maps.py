"""Telling the map of the one job that somebody looks at: all of it once, then what changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from lacuna_engine.extents import ExtentMap
from lacuna_engine.extents.outline import Outline
from lacuna_engine.worker.messages import Message

__all__ = ["MapTeller"]

REMEMBERED = 16
"""Maps of ended jobs that can still be looked at."""

MOST_CHANGES = 20_000
"""Runs told one by one; if more have changed the whole map is shorter."""


class MapTeller:
    """Tells with ``tell``; ``find`` gives what there is of the map of a job that does not run."""

    def __init__(
        self, tell: Callable[[Message], None], find: Callable[[str], Outline | None]
    ) -> None:
        self._tell = tell
        self._find = find
        self._job: str | None = None
        self._told: ExtentMap | None = None
        self._ended: OrderedDict[str, ExtentMap] = OrderedDict()

    @property
    def job(self) -> str | None:
        """The job that is looked at."""
        return self._job

    def watch(self, job: str | None, running: ExtentMap | None) -> None:
        """Look at another job; ``running`` is its map if it runs."""
        if self._told is not None:
            self._told.note_changes(on=False)
        self._job, self._told = job, None
        if job is None:
            return
        if running is not None:
            self.look(running)
            return
        ended = self._ended.get(job)
        found = self._find(job) if ended is None else Outline(ended)
        if found is not None:
            whole = {"event": "map", "job": job, "map": found.map.to_record()}
            self._tell({**whole, "grain": found.grain})

    def look(self, extents: ExtentMap) -> None:
        """Tell what is new of the watched job's map; a transfer may have made another one."""
        if extents is not self._told:
            if self._told is not None:
                self._told.note_changes(on=False)
            self._told = extents
            extents.note_changes()
            self._tell({"event": "map", "job": self._job, "map": extents.to_record()})
            return
        ranges = [
            (start, end, kind.value, progress.value)
            for first, last in extents.take_changes()
            for start, end, kind, progress in extents.runs(first, last)
        ]
        if len(ranges) > MOST_CHANGES:
            self._tell({"event": "map", "job": self._job, "map": extents.to_record()})
        elif ranges:
            self._tell({"event": "changes", "job": self._job, "ranges": ranges})

    def ended(self, job: str, extents: ExtentMap) -> None:
        """A job has stopped running: tell the last of it, and remember its map."""
        if job == self._job:
            self.look(extents)
        self._ended[job] = extents
        self._ended.move_to_end(job)
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
