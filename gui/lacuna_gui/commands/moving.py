"""Commands that move images: upload, download, copy; what is dropped, pasted and dragged out.

Each asks what is to be known and then orders jobs of the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from lacuna_engine.storage import display_name, local_file_name
from lacuna_engine.transfer import IfExists
from lacuna_gui.commands.context import Context, place_of
from lacuna_gui.commands.listing import Listing
from lacuna_gui.dialogs.fields import connections_of
from lacuna_gui.dialogs.targets import CopyDialog, DownloadDialog
from lacuna_gui.dialogs.upload import UploadDialog, UploadWish
from lacuna_gui.hosts import Host
from lacuna_gui.models.volumes import VolumeRow
from lacuna_gui.queue import JobOptions
from lacuna_gui.slots import ignoring
from lacuna_gui.views.drops import Offer, VolumeOffer, read_offer
from lacuna_gui.views.volumes import VolumesPanel

__all__ = ["MovingCommands"]

_WAITING = "files waiting"
"""The key of the message about files for which there is no pool yet."""


class MovingCommands(QObject):
    """Acts on files from outside, and on the volumes that are selected in the table."""

    def __init__(self, context: Context, panel: VolumesPanel, listing: Listing) -> None:
        super().__init__(context.window)
        self._context, self._panel, self._listing = context, panel, listing
        self._waiting: tuple[Path, ...] = ()
        self._sheet: UploadDialog | None = None
        context.actions.perform(
            {
                "volume.upload": self.ask_upload,
                "volume.download": self._download,
                "volume.copy_to": self._copy_to,
                "volume.paste": self.paste,
            }
        )
        panel.dropped.connect(self.take)
        panel.dragged_out.connect(self._save_where_dropped)
        panel.drag_refused.connect(self._explain_drag)
        panel.selection_changed.connect(self.update_actions)
        for host in context.hosts:
            self._watch(host)
        context.hosts.added.connect(self._watch)

    def update_actions(self) -> None:
        """Enable what can be done with the selection.

        Uploads always can: what stands against one is said where it is asked for.
        """
        place, rows = self._listing.current(), self._panel.selected()
        usable = place is not None and place[1].active and place[0].online
        readable = usable and bool(rows) and all(row.transferable for row in rows)
        self._context.actions.enable(readable, "volume.download", "volume.copy_to")

    # --- uploads -------------------------------------------------------------------------------

    def ask_upload(
        self, files: Sequence[Path] = (), target: tuple[str, str] | None = None
    ) -> UploadDialog | None:
        """Open the upload sheet; if there is no pool to upload to, as soon as there is one."""
        hosts = self._context.hosts
        if not any(record for host in hosts for record in host.pools.values()):
            self._waiting = tuple(dict.fromkeys((*self._waiting, *files)))
            text = self.tr("Connect to a daemon first: there is no pool to upload to.")
            if files:
                text = self.tr(
                    "Connect to a daemon first: then you are asked where to upload %n file(s).",
                    "",
                    len(self._waiting),
                )
            self._context.messages.note(text, key=_WAITING)
            return None
        if self._sheet is not None:
            self._sheet.add_files(files)
            return self._sheet
        place = self._listing.current()
        if target is None and place is not None:
            target = (place[0].id, place[1].name)
        dialog = self._sheet = UploadDialog(
            self._context.runner,
            hosts,
            self._context.settings.preferences,
            files,
            target=target,
            parent=self._context.window,
        )
        dialog.wanted.connect(self._upload)
        dialog.finished.connect(ignoring(self._on_sheet_closed))
        dialog.open()
        return dialog

    def _on_sheet_closed(self) -> None:
        self._sheet = None

    def _watch(self, host: Host) -> None:
        for signal in (host.changed, host.pools_changed, host.pool_changed):
            signal.connect(ignoring(partial(self._offer_waiting, host)))

    def _offer_waiting(self, host: Host) -> None:
        """Ask about files that came before there was a pool for them."""
        active = [record.name for record in host.pools.values() if record.active]
        if self._waiting and host.online and active:
            files, self._waiting = self._waiting, ()
            self._context.messages.settled(_WAITING)
            wanted = host.profile.pool
            self.ask_upload(files, (host.id, wanted if wanted in active else active[0]))

    def _upload(self, wish: UploadWish) -> None:
        host = self._context.hosts.get(wish.host)
        if host is None:
            return
        for path, name in wish.files:
            self._context.queue.add_upload(path, place_of(host, wish.pool, name), wish.options)

    def paste(self) -> None:
        """Take files from the clipboard."""
        self.take(read_offer(QGuiApplication.clipboard().mimeData()), None)

    def take(self, offer: Offer, target: tuple[str, str] | None) -> None:
        """Take what was dropped or pasted, or say why not. Without a target: the shown pool."""
        if offer.refusal:
            self._context.messages.note(offer.refusal)
            return
        if offer.note:
            self._context.messages.note(offer.note)
        if target is None and (place := self._listing.current()) is not None:
            target = (place[0].id, place[1].name)
        if wrong := self._refusal(target):
            self._context.messages.note(wrong)
            return
        if offer.volumes is not None:
            self._take_volumes(offer.volumes, target)
        elif offer.files:
            self.ask_upload(offer.files, target)

    def _refusal(self, target: tuple[str, str] | None) -> str:
        """Say why nothing can be dropped there, empty if it can."""
        if target is None:
            return ""
        host = self._context.hosts.get(target[0])
        if host is None or not host.online:
            title = host.title if host else ""
            return self.tr("{0} is not connected. Connect first, then drop again.").format(title)
        record = host.pools.get(target[1])
        if record is None:
            return self.tr("Drop onto one of the pools of {0}.").format(host.title)
        if not record.active:
            return self.tr("The pool {0} is stopped. Start it first.").format(
                display_name(record.name)
            )
        return ""

    # --- downloads and copies ------------------------------------------------------------------

    def _download(self) -> None:
        place, rows = self._listing.current(), self._panel.selected()
        if place is None or not rows:
            return
        host, pool = place
        dialog = DownloadDialog(
            rows, self._context.settings.preferences, host.profile, self._context.window
        )

        def wanted(targets: Sequence[tuple[str, Path]], options: JobOptions) -> None:
            for name, path in targets:
                self._context.queue.add_download(place_of(host, pool.name, name), path, options)

        dialog.wanted.connect(wanted)
        dialog.open()

    def _explain_drag(self) -> None:
        self._context.messages.note(
            self.tr(
                "A volume cannot be dragged out of the window here: this desktop has no way to ask "
                "where it is to be saved. Use Download instead."
            ),
            key="drag",
        )

    def _save_where_dropped(self, rows: Sequence[VolumeRow], first: Path) -> None:
        """Download volumes of the shown pool to where another program wants the first of them."""
        place = self._listing.current()
        if place is None:
            return
        host, pool = place
        preferences, profile = self._context.settings.preferences, host.profile
        # Nobody was asked, so nothing is replaced.
        options = JobOptions(
            if_exists=IfExists.RENAME,
            verify=preferences.verify or profile.verify,
            limit=profile.limit,
            start=preferences.start_at_once,
            connections=connections_of(profile.connections),
        )
        names = [first.name, *(local_file_name(row.name, windows=False) for row in rows[1:])]
        for row, name in zip(rows, names, strict=True):
            source = place_of(host, pool.name, row.name)
            self._context.queue.add_download(source, first.with_name(name), options)

    def _copy_to(self) -> None:
        place, rows = self._listing.current(), self._panel.selected()
        if place is not None and rows:
            names = tuple(row.name for row in rows)
            self._ask_copy(VolumeOffer(place[0].id, place[1].name, names), None)

    def _take_volumes(self, volumes: VolumeOffer, target: tuple[str, str] | None) -> None:
        if target is None or target == (volumes.host, volumes.pool):
            self._context.messages.note(
                self.tr("The volumes are in this pool already. Drop them onto another one.")
            )
            return
        self._ask_copy(volumes, target)

    def _ask_copy(self, volumes: VolumeOffer, target: tuple[str, str] | None) -> None:
        hosts = self._context.hosts
        source = hosts.get(volumes.host)
        if source is None:
            return
        dialog = CopyDialog(
            volumes.names,
            hosts,
            self._context.settings.preferences,
            source=(volumes.host, volumes.pool),
            target=target,
            parent=self._context.window,
        )

        def wanted(
            host_id: str, pool: str, pairs: Sequence[tuple[str, str]], options: JobOptions
        ) -> None:
            host = hosts.get(host_id)
            for old, new in pairs if host is not None else ():
                assert host is not None  # noqa: S101 - as the loop says
                self._context.queue.add_copy(
                    place_of(source, volumes.pool, old), place_of(host, pool, new), options
                )

        dialog.wanted.connect(wanted)
        dialog.open()
