"""Commands on pools: define, start, stop, refresh, autostart, details, undefine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import QObject

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage import PoolDescription, PoolHandle, Storage, display_name
from lacuna_gui.commands.context import Context
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.details import DetailsDialog, pool_rows
from lacuna_gui.dialogs.pools import DefinePoolDialog, NewPool
from lacuna_gui.hosts import Host, PoolRecord
from lacuna_gui.views.connections import ConnectionsView

__all__ = ["PoolCommands"]


class PoolCommands(QObject):
    """Acts on the pool that is current in the sidebar."""

    def __init__(self, context: Context, view: ConnectionsView) -> None:
        super().__init__(context.window)
        self._context, self._view = context, view
        context.actions.perform({"pool.define": self._define})
        context.actions.perform(
            {
                "pool.start": self._start,
                "pool.stop": self._stop,
                "pool.refresh": self.refresh,
                "pool.details": self._details,
                "pool.undefine": self._undefine,
            },
            self._on_current,
        )
        context.actions["pool.autostart"].triggered.connect(self._autostart)

    def current(self) -> tuple[Host, PoolRecord] | None:
        """Return the host and the pool of the sidebar's current row."""
        node = self._view.current()
        if node is None or node.host is None or node.record is None:
            return None
        return node.host, node.record

    def _on_current(self, command: Callable[[Host, PoolRecord], object]) -> None:
        if (current := self.current()) is not None:
            command(*current)

    def update_actions(self) -> None:
        """Enable what can be done with the current pool."""
        node = self._view.current()
        online = node is not None and node.host is not None and node.host.online
        record = node.record if node is not None and online else None
        active = record is not None and record.active
        stopped = record is not None and not record.active
        actions = self._context.actions
        actions.enable(online, "pool.define")
        actions.enable(active, "pool.stop", "pool.refresh")
        actions.enable(stopped, "pool.start")
        actions.enable(stopped and record is not None and record.persistent, "pool.undefine")
        actions.enable(record is not None, "pool.details")
        persistent = record is not None and record.persistent
        actions.enable(persistent, "pool.autostart")
        actions["pool.autostart"].setChecked(record is not None and record.autostart)

    def _change(
        self,
        host: Host,
        name: str,
        change: Callable[[Storage, PoolHandle], Awaitable[object]],
        *,
        what: str,
        done: str = "",
    ) -> None:
        self._context.runner.run(
            host.change_pool(name, change),
            lambda _: self._context.messages.done(done) if done else None,
            what=what,
        )

    def _start(self, host: Host, pool: PoolRecord) -> None:
        self._change(
            host,
            pool.name,
            lambda storage, handle: storage.start_pool(handle),
            what=self.tr("The pool {0} could not be started").format(display_name(pool.name)),
        )

    def _stop(self, host: Host, pool: PoolRecord) -> None:
        text = self.tr("Stop the pool {0}? Nothing is deleted, but its volumes cannot be used.")
        if not pool.persistent:
            text = self.tr("Stop the pool {0}? It is transient: the daemon forgets it then.")
        confirm(
            self._context.window,
            self.tr("Stop pool"),
            text.format(display_name(pool.name)),
            self.tr("Stop"),
            lambda: self._change(
                host,
                pool.name,
                lambda storage, handle: storage.stop_pool(handle),
                what=self.tr("The pool {0} could not be stopped").format(display_name(pool.name)),
            ),
        )

    def refresh(self, host: Host, pool: PoolRecord) -> None:
        """Have the daemon read a pool again."""
        self._context.runner.run(
            host.refresh_pool(pool.name),
            what=self.tr("The pool {0} could not be refreshed").format(display_name(pool.name)),
        )

    def _autostart(self, on: bool) -> None:  # noqa: FBT001 - a slot
        current = self.current()
        if current is None:
            return
        host, pool = current
        self._change(
            host,
            pool.name,
            lambda storage, handle: storage.set_pool_autostart(handle, on),
            what=self.tr("Autostart of {0} could not be changed").format(display_name(pool.name)),
        )

    def _undefine(self, host: Host, pool: PoolRecord) -> None:
        confirm(
            self._context.window,
            self.tr("Undefine pool"),
            self.tr("Have the daemon forget the pool {0}? Its storage stays.").format(
                display_name(pool.name)
            ),
            self.tr("Undefine"),
            lambda: self._change(
                host,
                pool.name,
                lambda storage, handle: storage.undefine_pool(handle),
                what=self.tr("The pool {0} could not be undefined").format(display_name(pool.name)),
            ),
        )

    def _define(self) -> None:
        node = self._view.current()
        if node is None or node.host is None or not node.host.online:
            return
        host = node.host
        dialog = DefinePoolDialog(list(host.pools), self._context.window)

        def wanted(new: NewPool) -> None:
            self._context.runner.run(
                host.define_pool(
                    new.xml, build=new.build, start=new.start, autostart=new.autostart
                ),
                lambda name: self._view.choose_pool(host.id, name),
                what=self.tr("The pool {0} could not be defined").format(new.name),
            )

        dialog.wanted.connect(wanted)
        dialog.open()

    def _details(self, host: Host, pool: PoolRecord) -> None:
        async def ask() -> tuple[PoolDescription, str, int]:
            storage = host.storage
            about = await storage.describe_pool(pool.handle)
            call = storage.connection.call
            xml = (await call(p.POOL_GET_XML_DESC, r.PoolFlags(pool.handle))).value
            count = 0
            if pool.active:
                count = (await call(p.POOL_NUM_OF_VOLUMES, r.Pool(pool.handle))).value
            return about, xml, count

        def show(answer: tuple[PoolDescription, str, int]) -> None:
            about, xml, count = answer
            title = self.tr("Pool {0}").format(display_name(pool.name))
            DetailsDialog(title, pool_rows(pool, about, count), xml, self._context.window).open()

        self._context.runner.run(
            ask(),
            show,
            what=self.tr("The pool {0} cannot be read").format(display_name(pool.name)),
        )
