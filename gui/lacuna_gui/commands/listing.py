"""Which pool is shown, and filling the table with its volumes without ever blocking.

The names come with one call and are shown at once. What the volumes are takes a call for each: the
rows on the screen first, then the rest in small batches, with a pause between them, so that
painting and typing always come in between. A pool that is shown again keeps what was known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer

from lacuna_engine.errors import LacunaError
from lacuna_engine.storage import VolumeDescription, VolumeHandle, VolumeListing, display_name
from lacuna_gui.commands.context import Context
from lacuna_gui.hosts import Host, PoolRecord
from lacuna_gui.models.connections import Node
from lacuna_gui.problem import Problem
from lacuna_gui.views.connections import ConnectionsView
from lacuna_gui.views.volumes import VolumesPanel
from lacuna_gui.work import Job

__all__ = ["Listing"]

BATCH = 32
"""Volumes described at a time: some 20 ms of this process' time."""

PAUSE = 0.005
"""Seconds between batches that nobody is waiting for."""

SCROLL_DELAY = 30
"""Milliseconds without scrolling until the rows that came into sight are asked for."""


class Listing(QObject):
    """Follows the sidebar: the current pool's volumes are in the table."""

    def __init__(self, context: Context, view: ConnectionsView, panel: VolumesPanel) -> None:
        super().__init__(context.window)
        self._context, self._view, self._panel = context, view, panel
        self._host: Host | None = None
        self._pool = ""
        self._loading: Job | None = None
        self._scrolled = QTimer(self)
        self._scrolled.setSingleShot(True)
        self._scrolled.setInterval(SCROLL_DELAY)
        self._scrolled.timeout.connect(self._look_at_visible)
        view.chosen.connect(self._on_chosen)
        panel.scrolled.connect(self._scrolled.start)
        for host in context.hosts:
            self._watch(host)
        context.hosts.added.connect(self._watch)

    def current(self) -> tuple[Host, PoolRecord] | None:
        """Return the pool that is shown."""
        if self._host is None:
            return None
        record = self._host.pools.get(self._pool)
        return None if record is None else (self._host, record)

    @property
    def busy(self) -> bool:
        """Whether volumes are still being looked at."""
        return self._loading is not None and not self._loading.done()

    # --- what to show --------------------------------------------------------------------------

    def _watch(self, host: Host) -> None:
        host.volumes_changed.connect(partial(self._on_volumes, host))
        host.pools_changed.connect(lambda: self._on_pools(host))
        host.pool_changed.connect(partial(self._on_pool, host))
        host.changed.connect(lambda: self._on_host(host))

    def _on_chosen(self, node: Node | None) -> None:
        host = node.host if node is not None else None
        pool = node.pool if node is not None else ""
        if host is self._host and pool == self._pool:
            return
        self._host, self._pool = host, pool
        self._reload()

    def _on_host(self, host: Host) -> None:
        if host is self._host:
            self._reload() if not host.online else self._show_state()

    def _on_pools(self, host: Host) -> None:
        if host is self._host and self._pool and self._pool not in host.pools:
            self._reload()

    def _on_pool(self, host: Host, name: str) -> None:
        if host is self._host and name == self._pool:
            shown = self._panel.model.rowCount() > 0
            record = host.pools[name]
            if record.active != shown:
                self._reload()
            else:
                self._show_state()

    def _on_volumes(self, host: Host, name: str) -> None:
        if host is self._host and name == self._pool:
            self._reload()

    async def look_again(self, host: Host, pool: str, names: Collection[str] = ()) -> None:
        """Bring pool and table up to date after ``names`` were changed. Never raises."""
        try:
            await host.look_at_pool(pool)
        except LacunaError:
            return
        if host is self._host and pool == self._pool:
            self._reload(frozenset(names))

    def _show_state(self) -> None:
        current = self.current()
        self._panel.show_place(self._host, current[1] if current else None)

    # --- filling the table ---------------------------------------------------------------------

    def _reload(self, names: frozenset[str] | None = None) -> None:
        """List anew; of what is known already look only at these again, None for all."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._show_state()
        current = self.current()
        if current is None or not current[0].online or not current[1].active:
            self._panel.model.clear()
            return
        host, record = current
        what = self.tr("The volumes of {0} cannot be listed").format(display_name(record.name))
        self._panel.set_loading(True)
        self._loading = self._context.runner.run(
            self._load(host, record, names), what=what, failed=self._on_failed, owner=self
        )

    def _on_failed(self, problem: Problem) -> None:
        self._panel.set_loading(False)
        self._context.messages.problem(problem)

    async def _load(self, host: Host, record: PoolRecord, names: frozenset[str] | None) -> None:
        model = self._panel.model
        listing: VolumeListing = await host.storage.volumes(record.handle)
        await asyncio.sleep(0)  # reading a long answer has taken its time, and so will showing it
        model.show_volumes(host.id, record.name, listing.volumes)
        self._panel.set_loading(False)
        if listing.unlisted:
            self._context.messages.note(
                self.tr(
                    "{0} more volumes are in the pool; libvirt cannot list more than 16384. "
                    "They can be used by name."
                ).format(listing.unlisted)
            )
        await self._describe(host, model.undescribed(*self._panel.visible_rows()))
        model.settle()
        # Sizes change without a word (protocol.md 0.11), so a look at a pool is one at all of it.
        unknown = {one.name for one in model.undescribed(0, len(listing.volumes))}
        rest = [
            one
            for one in listing.volumes
            if names is None or one.name in names or one.name in unknown
        ]
        for start in range(0, len(rest), BATCH):
            await self._describe(host, rest[start : start + BATCH])
            await asyncio.sleep(PAUSE)
        model.settle()

    async def _describe(self, host: Host, handles: Sequence[VolumeHandle]) -> None:
        answers = await host.storage.describe_volumes(handles)
        known = [one for one in answers if isinstance(one, VolumeDescription)]
        self._panel.model.describe(known)
        for handle, answer in zip(handles, answers, strict=True):
            if not isinstance(answer, VolumeDescription):
                # It went between the list and the look.
                self._panel.model.drop(handle.name)

    def _look_at_visible(self) -> None:
        """The rows that were scrolled to need not wait for their turn."""
        host = self._host
        if host is None or not host.online:
            return
        wanted = self._panel.model.undescribed(*self._panel.visible_rows())
        if wanted:
            self._context.runner.run(
                self._describe(host, wanted), failed=lambda _: None, owner=self
            )
