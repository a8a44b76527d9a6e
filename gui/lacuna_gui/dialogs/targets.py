"""Where something goes: a local folder for downloads, a pool for copies; and a limit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QWidget,
)

from lacuna_engine.profiles import Profile
from lacuna_engine.storage import display_name, local_file_name
from lacuna_engine.transfer import IfExists
from lacuna_gui.dialogs.fields import RateField
from lacuna_gui.dialogs.form import FormDialog, note_label, plain_label
from lacuna_gui.dialogs.path_field import PathField
from lacuna_gui.dialogs.transfer_options import OptionFields
from lacuna_gui.dialogs.volumes import name_problem
from lacuna_gui.format import bytes_text
from lacuna_gui.hosts import Hosts
from lacuna_gui.models.volumes import VolumeRow
from lacuna_gui.settings import Preferences
from lacuna_gui.slots import ignoring

__all__ = ["CopyDialog", "DownloadDialog", "LimitDialog"]


class DownloadDialog(FormDialog):
    """Asks into which folder volumes are saved; one volume also under which name."""

    wanted = Signal(object, object)
    """A list of (volume name, path), and `JobOptions`."""

    def __init__(
        self,
        volumes: Sequence[VolumeRow],
        preferences: Preferences,
        profile: Profile | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self._volumes = volumes
        only = volumes[0].name if len(volumes) == 1 else ""
        self.setWindowTitle(
            self.tr("Download {0}").format(display_name(only))
            if only
            else self.tr("Download {0} volumes").format(len(volumes))
        )
        self.ok.setText(self.tr("Download"))
        usual = preferences.download_folder or str(Path.home())
        place = PathField(self.tr("Download to"), folder=True, text=usual)
        self.folder = place.edit
        self.name = QLineEdit(local_file_name(only, windows=os.name == "nt") if only else "")
        self.form.addRow(self.tr("&Folder:"), place)
        self.form.addRow(self.tr("&Name:"), self.name)
        self.form.setRowVisible(self.name, bool(only))
        size = sum(one.about.allocation for one in volumes if one.about)
        if size:
            self.form.addRow(self.tr("At most:"), plain_label(bytes_text(size)))
        self.fields = OptionFields(self.form, preferences)
        self.fields.use_profile(profile)
        self.fields.on_change(self.recheck)
        self.folder.textChanged.connect(ignoring(self.recheck))
        self.name.textChanged.connect(ignoring(self.recheck))
        self.recheck()

    def targets(self) -> list[tuple[str, Path]]:
        """Return the volumes and their files."""
        folder = Path(self.folder.text()).expanduser()
        if len(self._volumes) == 1:
            return [(self._volumes[0].name, folder / self.name.text())]
        windows = os.name == "nt"
        return [
            (one.name, folder / local_file_name(one.name, windows=windows)) for one in self._volumes
        ]

    def check(self) -> str:
        """Say why nothing can be saved there."""
        folder = Path(self.folder.text()).expanduser()
        if not self.folder.text() or not folder.is_dir():
            return self.tr("That folder does not exist.")
        if not os.access(folder, os.W_OK):
            return self.tr("You may not write to that folder.")
        if len(self._volumes) == 1 and (not self.name.text() or "/" in self.name.text()):
            return self.tr("Give the file a name.")
        paths = [path for _, path in self.targets()]
        if len(set(paths)) < len(paths):
            return self.tr("Two volumes would have the same file name.")
        there = [path for path in paths if os.path.lexists(path)]
        if there and self.fields.policy() is IfExists.FAIL:
            return self.tr("{0} exists already.").format(there[0].name)
        return ""

    def accept(self) -> None:
        """Tell what is wanted and close."""
        self.wanted.emit(self.targets(), self.fields.options())
        super().accept()


class CopyDialog(FormDialog):
    """Asks to which pool volumes are copied; one volume also under which name."""

    wanted = Signal(str, str, object, object)
    """The host's id, the pool, a list of (volume, new name), and `JobOptions`."""

    def __init__(
        self,
        names: Sequence[str],
        hosts: Hosts,
        preferences: Preferences,
        *,
        source: tuple[str, str],
        target: tuple[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self._names, self._source = names, source
        self.setWindowTitle(
            self.tr("Copy {0}").format(display_name(names[0]))
            if len(names) == 1
            else self.tr("Copy {0} volumes").format(len(names))
        )
        self.ok.setText(self.tr("Copy"))
        self.target = QComboBox()
        for host in hosts:
            for record in host.pools.values():
                if record.active and (host.id, record.name) != source:
                    place = f"{host.title} / {display_name(record.name)}"
                    self.target.addItem(place, (host.id, record.name))
                    if (host.id, record.name) == target:
                        self.target.setCurrentIndex(self.target.count() - 1)
        self.name = QLineEdit(names[0])
        self.form.addRow(self.tr("&To pool:"), self.target)
        self.form.addRow(self.tr("&Name there:"), self.name)
        self.form.setRowVisible(self.name, len(names) == 1)
        self.fields = OptionFields(self.form, preferences, volumes=True)
        self._hosts = hosts
        self.target.currentIndexChanged.connect(ignoring(self._on_target))
        self._on_target()
        self.name.textChanged.connect(ignoring(self.recheck))
        self.recheck()

    def _on_target(self) -> None:
        place = self.target.currentData()
        host = None if place is None else self._hosts.get(place[0])
        self.fields.use_profile(None if host is None else host.profile)

    def check(self) -> str:
        """Say why nothing can be copied."""
        if self.target.currentData() is None:
            return self.tr("There is no other active pool. Connect to another host, or start one.")
        return name_problem(self.name.text(), ()) if len(self._names) == 1 else ""

    def accept(self) -> None:
        """Tell what is wanted and close."""
        host, pool = self.target.currentData()
        pairs = [(name, name) for name in self._names]
        if len(pairs) == 1:
            pairs = [(self._names[0], self.name.text())]
        self.wanted.emit(host, pool, pairs, self.fields.options())
        super().accept()


class LimitDialog(FormDialog):
    """Asks for a limit of speed."""

    wanted = Signal(object)
    """Bytes a second (beyond what a Qt int holds), 0 for none."""

    def __init__(self, title: str, text: str, limit: int, parent: QWidget | None = None) -> None:
        super().__init__(title, "", parent)
        self.ok.setText(self.tr("Limit"))
        self.body.insertWidget(0, note_label(text))
        self.limit = RateField(limit)
        self.limit.selectAll()
        self.form.addRow(self.tr("&Limit:"), self.limit)

    def accept(self) -> None:
        """Tell the limit and close."""
        self.wanted.emit(self.limit.rate())
        super().accept()
