"""Commands on volumes where they are: create, clone, resize, wipe, delete, details."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from lacuna_engine.errors import LacunaError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.storage import PoolType, VolumeDescription, display_name, volume_xml
from lacuna_gui.commands.context import Context
from lacuna_gui.commands.listing import Listing
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.details import DetailsDialog, volume_rows
from lacuna_gui.dialogs.volumes import CloneDialog, NewVolume, NewVolumeDialog, ResizeDialog
from lacuna_gui.hosts import Host, PoolRecord
from lacuna_gui.models.volumes import VolumeRow
from lacuna_gui.problem import problem_of
from lacuna_gui.views.volumes import VolumesPanel

__all__ = ["VolumeCommands"]

_DEVICES = frozenset({PoolType.LOGICAL, PoolType.DISK, PoolType.ZFS})


class VolumeCommands(QObject):
    """Acts on the volumes that are selected in the table."""

    def __init__(self, context: Context, panel: VolumesPanel, listing: Listing) -> None:
        super().__init__(context.window)
        self._context, self._panel, self._listing = context, panel, listing
        context.actions.perform(
            {
                "volume.new": self._new,
                "volume.wipe": self._wipe,
                "volume.delete": self._delete,
                "volume.copy_name": self._copy_names,
                "volume.filter": panel.focus_filter,
            }
        )
        context.actions.perform(
            {
                "volume.clone": self._clone,
                "volume.resize": self._resize,
                "volume.details": self._details,
            },
            self._on_one,
        )
        panel.selection_changed.connect(self.update_actions)
        panel.activated.connect(lambda: self._on_one(self._details))

    # --- what is selected ----------------------------------------------------------------------

    def _place(self) -> tuple[Host, PoolRecord] | None:
        return self._listing.current()

    def _on_one(self, command: Callable[[Host, PoolRecord, VolumeRow], object]) -> None:
        place, rows = self._place(), self._panel.selected()
        if place is not None and len(rows) == 1:
            command(*place, rows[0])

    def update_actions(self) -> None:
        """Enable what can be done with the selection."""
        place, rows = self._place(), self._panel.selected()
        usable = place is not None and place[1].active and place[0].online
        one, some = usable and len(rows) == 1, usable and bool(rows)
        actions = self._context.actions
        actions.enable(usable, "volume.new", "volume.filter")
        actions.enable(one, "volume.clone", "volume.resize", "volume.details")
        actions.enable(some, "volume.wipe", "volume.delete", "volume.copy_name")

    # --- one volume ----------------------------------------------------------------------------

    def _run(
        self,
        host: Host,
        pool: PoolRecord,
        work: Coroutine[Any, Any, object],
        *,
        names: Collection[str],
        what: str,
        done: str,
    ) -> None:
        """Do something that changes volumes, then look at the pool again, whatever came of it."""

        async def change() -> None:
            try:
                await work
            finally:
                await self._listing.look_again(host, pool.name, names)

        self._context.runner.run(change(), lambda _: self._context.messages.done(done), what=what)

    def _new(self) -> None:
        place = self._place()
        if place is None:
            return
        host, pool = place
        dialog = NewVolumeDialog(
            pool.name,
            self._panel.model.names(),
            devices=pool.type in _DEVICES,
            available=pool.available,
            parent=self._context.window,
        )

        def wanted(new: NewVolume) -> None:
            work = host.storage.create_volume(
                pool.handle,
                new.name,
                capacity=new.capacity,
                allocation=new.allocation,
                format=new.format,
            )
            what = self.tr("The volume {0} could not be created").format(display_name(new.name))
            done = self.tr("{0} was created").format(display_name(new.name))
            self._run(host, pool, work, names=[new.name], what=what, done=done)

        dialog.wanted.connect(wanted)
        dialog.open()

    def _clone(self, host: Host, pool: PoolRecord, row: VolumeRow) -> None:
        dialog = CloneDialog(row.name, self._panel.model.names(), self._context.window)

        def wanted(name: str) -> None:
            image_format = row.about.format if row.about else "raw"
            devices = pool.type in _DEVICES
            xml = volume_xml(name, capacity=None, format=None if devices else image_format or "raw")
            work = host.storage.clone_volume(pool.handle, xml, row.handle)
            what = self.tr("{0} could not be cloned").format(display_name(row.name))
            done = self.tr("{0} was cloned").format(display_name(row.name))
            self._run(host, pool, work, names=[name], what=what, done=done)

        dialog.wanted.connect(wanted)
        dialog.open()

    def _resize(self, host: Host, pool: PoolRecord, row: VolumeRow) -> None:
        if row.about is None:
            return
        dialog = ResizeDialog(row.about, self._context.window)

        def wanted(capacity: int, shrink: bool) -> None:  # noqa: FBT001 - a slot
            work = host.storage.resize_volume(row.handle, capacity, shrink=shrink)
            what = self.tr("{0} could not be resized").format(display_name(row.name))
            done = self.tr("{0} was resized").format(display_name(row.name))
            self._run(host, pool, work, names=[row.name], what=what, done=done)

        dialog.wanted.connect(wanted)
        dialog.open()

    def _details(self, host: Host, pool: PoolRecord, row: VolumeRow) -> None:
        del pool

        async def ask() -> tuple[VolumeDescription, str]:
            storage = host.storage
            about = await storage.describe_volume(row.handle)
            call = storage.connection.call
            return about, (await call(p.VOL_GET_XML_DESC, r.VolumeFlags(row.handle))).value

        def show(answer: tuple[VolumeDescription, str]) -> None:
            about, xml = answer
            title = self.tr("Volume {0}").format(display_name(row.name))
            DetailsDialog(title, volume_rows(about), xml, self._context.window).open()

        what = self.tr("{0} cannot be read").format(display_name(row.name))
        self._context.runner.run(ask(), show, what=what)

    # --- several -------------------------------------------------------------------------------

    def _wipe(self) -> None:
        count = len(self._panel.selected())
        self._for_all(
            self.tr("Wipe volumes"),
            self.tr("Overwrite all data of %n volume(s) with zeros? It is lost.", "", count),
            self.tr("Wipe"),
            self.tr("{0} could not be wiped"),
            lambda host, row: host.storage.wipe_volume(row.handle),
        )

    def _delete(self) -> None:
        count = len(self._panel.selected())
        self._for_all(
            self.tr("Delete volumes"),
            self.tr("Delete %n volume(s) on the host? This cannot be undone.", "", count),
            self.tr("Delete"),
            self.tr("{0} could not be deleted"),
            lambda host, row: host.storage.delete_volume(row.handle),
        )

    def _for_all(
        self,
        title: str,
        question: str,
        button: str,
        what: str,
        act: Callable[[Host, VolumeRow], Awaitable[object]],
    ) -> None:
        place, rows = self._place(), self._panel.selected()
        if place is None or not rows:
            return
        host, pool = place

        def agreed() -> None:
            async def all_of_them() -> list[tuple[VolumeRow, LacunaError]]:
                failed: list[tuple[VolumeRow, LacunaError]] = []
                for row in rows:
                    try:
                        await act(host, row)
                    except LacunaError as error:
                        failed.append((row, error))
                await self._listing.look_again(host, pool.name, [row.name for row in rows])
                return failed

            def ended(failed: Sequence[tuple[VolumeRow, LacunaError]]) -> None:
                for row, error in failed:
                    text = what.format(display_name(row.name))
                    self._context.messages.problem(problem_of(error, text))

            self._context.runner.run(all_of_them(), ended, what=title)

        confirm(
            self._context.window,
            title,
            question,
            button,
            agreed,
            names=[row.name for row in rows],
        )

    def _copy_names(self) -> None:
        names = "\n".join(display_name(row.name) for row in self._panel.selected())
        QGuiApplication.clipboard().setText(names)
