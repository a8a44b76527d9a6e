"""Commands on transfers, and bringing what the queue says into the models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from lacuna_engine.storage import display_name
from lacuna_gui import words
from lacuna_gui.commands.context import Context
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.targets import LimitDialog
from lacuna_gui.format import bytes_text
from lacuna_gui.models.transfers import (
    ACTIVE,
    FAILED,
    QUEUED,
    RowState,
    TransferRow,
    direction_text,
)
from lacuna_gui.paint.runs import RunTable
from lacuna_gui.queue import QueueTotals
from lacuna_gui.slots import ignoring
from lacuna_gui.views.map_panel import MapPanel
from lacuna_gui.views.transfers import TransfersPanel

__all__ = ["TransferCommands"]


class TransferCommands(QObject):
    """Acts on the jobs that are selected in the tab that is shown."""

    finished = Signal(object, float)
    """A row that has just ended, in whatever way, and the seconds since it first ran."""

    def __init__(self, context: Context, panel: TransfersPanel, maps: MapPanel) -> None:
        super().__init__(context.window)
        self._context, self._panel, self._map = context, panel, maps
        self._queue = context.queue
        self._states: dict[str, RowState] = {}
        self._began: dict[str, float] = {}
        self._watched: str | None = None
        self._chosen_by_user = False
        self.totals = QueueTotals()
        signals = self._queue.signals
        signals.rows_added.connect(self._on_added)
        signals.rows_changed.connect(self._on_rows)
        signals.row_removed.connect(self._on_removed)
        signals.map_replaced.connect(self._on_map)
        signals.map_outlined.connect(self._on_map_outlined)
        signals.map_changed.connect(self._on_map_changed)
        signals.totals.connect(self._on_totals)
        signals.log.connect(panel.log.add)
        self._connect_actions()
        panel.selection_changed.connect(self._on_selection)
        panel.queued.moved.connect(self._queue.move)
        panel.failed.counted.connect(ignoring(self.update_actions))

    def _connect_actions(self) -> None:
        queue = self._queue
        commands: dict[str, Callable[[Sequence[str]], object]] = {
            "transfer.start": queue.start,
            "transfer.pause": queue.pause,
            "transfer.resume": queue.resume,
            "transfer.cancel": self._cancel,
            "transfer.retry": queue.retry,
            "transfer.remove": self._remove,
            "transfer.up": partial(self._step, -1),
            "transfer.down": partial(self._step, 1),
            "transfer.top": self._to_top,
            "transfer.bottom": lambda jobs: queue.move(jobs, None),
            "transfer.priority_up": partial(self._priority, 1),
            "transfer.priority_down": partial(self._priority, -1),
            "transfer.limit": self._limit,
            "transfer.open_folder": self._open_folder,
            "transfer.copy_details": self._copy_details,
        }
        actions = self._context.actions
        actions.perform(commands, self._on_jobs)
        actions.perform({"queue.limit": self._limit_all, "queue.forget": queue.forget_finished})
        actions["queue.pause"].toggled.connect(self._on_pause)

    # --- what the queue says -------------------------------------------------------------------

    def _on_added(self, rows: Sequence[TransferRow]) -> None:
        for row in rows:
            self._states[row.id] = row.state
            if row.state in ACTIVE:
                self._began[row.id] = monotonic()
        self._panel.take(rows)
        if self._watched is None:
            self._watch(rows[0].id, rows[0])
        self.update_actions()

    def _on_rows(self, rows: Sequence[TransferRow]) -> None:
        self._panel.take(rows)
        changed = False
        for row in rows:
            before = self._states.get(row.id)
            self._states[row.id] = row.state
            if before is not row.state:
                changed = True
                if row.state in ACTIVE:
                    self._began.setdefault(row.id, monotonic())
                if before in ACTIVE and row.state not in ACTIVE | QUEUED:
                    now = monotonic()
                    self.finished.emit(row, now - self._began.pop(row.id, now))
                if row.state is RowState.RUNNING and before in QUEUED:
                    self._follow(row)
            if row.id == self._watched:
                self._map.show_row(row)
        if changed:
            self.update_actions()

    def _follow(self, row: TransferRow) -> None:
        """Show the map of what has just begun, unless the user looks at something else."""
        watched = self._panel.row_of(self._watched) if self._watched else None
        busy = watched is not None and watched.state in ACTIVE and watched.id != row.id
        if not busy and not self._chosen_by_user:
            self._watch(row.id, row)

    def _on_removed(self, job: str) -> None:
        self._states.pop(job, None)
        self._began.pop(job, None)
        self._panel.forget(job)
        if job == self._watched:
            self._chosen_by_user = False
            self._watch(None, None)
        self.update_actions()

    def _watch(self, job: str | None, row: TransferRow | None) -> None:
        if job != self._watched:
            self._watched = job
            self._map.show_job(row)
            self._queue.watch(job)

    def _on_map(self, job: str, table: RunTable) -> None:
        if job == self._watched:
            self._map.set_table(table)

    def _on_map_outlined(self, job: str, grain: int) -> None:
        if job == self._watched:
            self._map.show_grain(grain)

    def _on_map_changed(self, job: str, changes: object) -> None:
        if job == self._watched:
            self._map.change_map(changes)

    def _on_totals(self, totals: QueueTotals) -> None:
        self.totals = totals
        self._map.show_totals(totals)
        self._panel.show_totals(totals)
        action = self._context.actions["queue.pause"]
        if action.isChecked() != totals.paused:
            action.blockSignals(True)  # noqa: FBT003 - Qt's own
            action.setChecked(totals.paused)
            action.blockSignals(False)  # noqa: FBT003

    # --- what is selected ----------------------------------------------------------------------

    def _on_selection(self) -> None:
        rows = self._panel.selected()
        if len(rows) == 1:
            self._chosen_by_user = True
            self._watch(rows[0].id, rows[0])
        self.update_actions()

    def update_actions(self) -> None:
        """Enable what can be done with the selection."""
        rows = self._panel.selected()
        states = {row.state for row in rows}
        actions = self._context.actions
        waiting = bool(states & QUEUED)
        running = bool(states & ACTIVE)
        actions.enable(waiting, "transfer.start")
        actions.enable(running or RowState.QUEUED in states, "transfer.pause")
        actions.enable(RowState.PAUSED in states, "transfer.resume")
        actions.enable(running or waiting, "transfer.cancel", "transfer.limit")
        actions.enable(bool(states & FAILED), "transfer.retry")
        actions.enable(bool(rows), "transfer.remove", "transfer.copy_details")
        actions.enable(
            waiting,
            "transfer.up",
            "transfer.down",
            "transfer.top",
            "transfer.bottom",
            "transfer.priority_up",
            "transfer.priority_down",
        )
        actions.enable(any(row.local for row in rows), "transfer.open_folder")
        actions.enable(self._panel.finished.rowCount() > 0, "queue.forget")

    def _on_jobs(self, command: Callable[[Sequence[str]], object]) -> None:
        jobs = [row.id for row in self._panel.selected()]
        if jobs:
            command(jobs)

    # --- commands ------------------------------------------------------------------------------

    def _cancel(self, jobs: Sequence[str]) -> None:
        running = [row for row in self._panel.selected() if row.state in ACTIVE and row.moved]
        if not running:
            self._queue.cancel(jobs)
            return
        confirm(
            self._context.window,
            self.tr("Cancel transfers"),
            self.tr(
                "Cancel %n running transfer(s)? What has arrived is removed.", "", len(running)
            ),
            self.tr("Cancel transfer"),
            lambda: self._queue.cancel(jobs),
            names=[row.name for row in running],
        )

    def _remove(self, jobs: Sequence[str]) -> None:
        running = [row for row in self._panel.selected() if row.state in ACTIVE]
        if not running:
            self._queue.remove(jobs)
            return
        confirm(
            self._context.window,
            self.tr("Remove transfers"),
            self.tr("%n of them are running and are cancelled first.", "", len(running)),
            self.tr("Remove"),
            lambda: self._queue.remove(jobs),
            names=[row.name for row in running],
        )

    def _step(self, by: int, jobs: Sequence[str]) -> None:
        """Move a block of jobs one place up or down."""
        order = [row.id for row in self._panel.queued.rows()]
        places = [order.index(job) for job in jobs if job in order]
        if not places:
            return
        moved = [order[place] for place in sorted(places)]
        if by < 0:
            above = max(min(places) - 1, 0)
            before = next((job for job in order[above:] if job not in moved), None)
        else:
            below = max(places) + 2
            before = order[below] if below < len(order) else None
        self._queue.move(moved, before)
        self._panel.reselect(moved)

    def _to_top(self, jobs: Sequence[str]) -> None:
        first = next((row.id for row in self._panel.queued.rows() if row.id not in jobs), None)
        self._queue.move(jobs, first)
        self._panel.reselect(jobs)

    def _priority(self, by: int, jobs: Sequence[str]) -> None:
        for row in self._panel.selected():
            if row.id in jobs:
                self._queue.set_priority([row.id], row.priority + by)

    def _limit(self, jobs: Sequence[str]) -> None:
        rows = self._panel.selected()
        dialog = LimitDialog(
            self.tr("Limit speed"),
            self.tr("Data speed of each of the selected transfers:"),
            rows[0].limit,
            self._context.window,
        )

        def wanted(limit: int) -> None:
            for job in jobs:
                self._queue.set_limit(limit, job)

        dialog.wanted.connect(wanted)
        dialog.open()

    def _limit_all(self) -> None:
        dialog = LimitDialog(
            self.tr("Limit total speed"),
            self.tr("Data speed of all transfers together:"),
            self.totals.limit,
            self._context.window,
        )
        dialog.wanted.connect(self._queue.set_limit)
        dialog.open()

    def _on_pause(self, paused: bool) -> None:  # noqa: FBT001 - a slot
        if paused:
            self._queue.pause_all()
        else:
            self._queue.resume_all()

    def _open_folder(self, jobs: Sequence[str]) -> None:
        del jobs
        folders: dict[Path, None] = {}
        for row in self._panel.selected():
            if row.local:
                path = Path(row.local)
                folders[path if path.is_dir() else path.parent] = None
        for folder in folders:
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
                self._context.messages.note(
                    self.tr("Nothing on this desktop shows the folder {0}.").format(
                        display_name(str(folder))
                    ),
                    key="folder",
                )

    def _copy_details(self, jobs: Sequence[str]) -> None:
        del jobs
        QGuiApplication.clipboard().setText(
            "\n\n".join(self.details(row) for row in self._panel.selected())
        )

    def details(self, row: TransferRow) -> str:
        """Return everything about a job as text."""
        kind = direction_text(row.direction)
        state = words.state_text(row.state, row.phase, row.attempt)
        lines = [
            f"{kind} {display_name(row.name)} ({row.id}): {state}",
            f"{row.source} → {row.destination}",
            self.tr("Image {0}: data {1}, holes {2}, zeros {3}").format(
                *map(bytes_text, (row.total, row.data, row.hole, row.zero))
            ),
            self.tr("Moved {0}, saved {1}").format(bytes_text(row.moved), bytes_text(row.saved)),
            *([self.tr("Priority {0}").format(row.priority)] if row.priority else []),
            *row.notes,
        ]
        if row.error is not None:
            lines.append(row.error.text())
        return "\n".join(lines)

    def running(self) -> list[TransferRow]:
        """Return what is under way."""
        return list(self._panel.active.rows())
