"""Defining a pool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from lacuna_engine.errors import UsageError
from lacuna_engine.storage import pool_xml
from lacuna_engine.storage.records import PoolHost, PoolSource
from lacuna_gui.dialogs.form import FormDialog
from lacuna_gui.problem import problem_of
from lacuna_gui.slots import ignoring

__all__ = ["DefinePoolDialog", "NewPool"]

_DEFAULT_FOLDER = "/var/lib/libvirt/images"


@dataclass(frozen=True, slots=True)
class NewPool:
    """What was asked for."""

    name: str
    xml: str
    build: bool
    start: bool
    autostart: bool


class DefinePoolDialog(FormDialog):
    """Asks for a pool of one of the usual kinds; libvirt knows more, which XML can define."""

    wanted = Signal(object)

    def __init__(self, taken: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Define pool"))
        self.ok.setText(self.tr("Define"))
        self._taken = taken
        self.name = QLineEdit()
        self.name.setPlaceholderText("images")
        self.kind = QComboBox()
        for key, text in (
            ("dir", self.tr("Folder")),
            ("fs", self.tr("File system on a device")),
            ("netfs", self.tr("Network file system")),
            ("logical", self.tr("LVM volume group")),
            ("disk", self.tr("Partitions of a disk")),
        ):
            self.kind.addItem(text, key)
        self.path = QLineEdit()
        self.path.setPlaceholderText(_DEFAULT_FOLDER)
        self.host = QLineEdit()
        self.source = QLineEdit()
        self.build = QCheckBox(self.tr("&Make the folder if it is not there"))
        self.start = QCheckBox(self.tr("&Start it now"))
        self.autostart = QCheckBox(self.tr("Start it with the h&ost"))
        self.build.setChecked(True)
        self.start.setChecked(True)
        self.autostart.setChecked(True)
        self.form.addRow(self.tr("&Name:"), self.name)
        self.form.addRow(self.tr("&Kind:"), self.kind)
        self.form.addRow(self.tr("&Host:"), self.host)
        self.form.addRow(self.tr("So&urce:"), self.source)
        self.form.addRow(self.tr("&Path there:"), self.path)
        for box in (self.build, self.start, self.autostart):
            self.form.addRow("", box)
        for edit in (self.name, self.path, self.host, self.source):
            edit.textChanged.connect(ignoring(self.recheck))
        self.kind.currentIndexChanged.connect(ignoring(self._on_kind))
        self._on_kind()

    def _on_kind(self) -> None:
        kind = str(self.kind.currentData())
        self.form.setRowVisible(self.host, kind == "netfs")
        self.form.setRowVisible(self.source, kind != "dir")
        self.form.setRowVisible(self.build, kind in ("dir", "fs", "netfs"))
        examples = {
            "fs": "/dev/vdb1",
            "netfs": "/export/images",
            "logical": "vg0",
            "disk": "/dev/vdb",
        }
        self.source.setPlaceholderText(examples.get(kind, ""))
        self.recheck()

    def check(self) -> str:
        """Say what is missing."""
        if not self.name.text().strip():
            return self.tr("Give the pool a name.")
        if self.name.text().strip() in self._taken:
            return self.tr("There is a pool of that name already.")
        kind = str(self.kind.currentData())
        if kind != "dir" and not self.source.text().strip():
            return self.tr("Say where its storage comes from.")
        if kind == "netfs" and not self.host.text().strip():
            return self.tr("Name the host that exports the folder.")
        try:
            self._xml()
        except UsageError as error:
            return problem_of(error).line()
        return ""

    def _xml(self) -> str:
        kind = str(self.kind.currentData())
        source, host = self.source.text().strip(), self.host.text().strip()
        path = self.path.text().strip()
        if not path:
            path = {
                "dir": _DEFAULT_FOLDER,
                "disk": "/dev",
                "logical": f"/dev/{source}",
            }.get(kind, f"{_DEFAULT_FOLDER}/{self.name.text().strip()}")
        made = {
            "fs": PoolSource(devices=(source,)),
            "netfs": PoolSource(hosts=(PoolHost(host),), directory=source),
            "logical": PoolSource(name=source),
            "disk": PoolSource(devices=(source,)),
        }.get(kind)
        return pool_xml(self.name.text().strip(), kind, path=path, source=made)

    def accept(self) -> None:
        """Tell what is wanted and close."""
        kind = str(self.kind.currentData())
        self.wanted.emit(
            NewPool(
                self.name.text().strip(),
                self._xml(),
                # A disk or volume group that is built anew loses what is on it.
                self.build.isChecked() and kind in ("dir", "fs", "netfs"),
                self.start.isChecked(),
                self.autostart.isChecked(),
            )
        )
        super().accept()
