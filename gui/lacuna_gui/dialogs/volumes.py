"""Dialogs that make or change one volume: create, clone, resize."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from lacuna_engine.errors import UsageError
from lacuna_engine.storage import VolumeDescription, display_name, validate_volume_name
from lacuna_gui.dialogs.fields import SizeField
from lacuna_gui.dialogs.form import FormDialog, plain_label
from lacuna_gui.format import bytes_text, exact_bytes_text
from lacuna_gui.problem import problem_of
from lacuna_gui.slots import ignoring

__all__ = [
    "CloneDialog",
    "NewVolume",
    "NewVolumeDialog",
    "ResizeDialog",
    "free_name",
    "name_problem",
]

_FORMATS = ("qcow2", "raw", "vmdk", "vdi", "qed")
_THIN_ONLY = frozenset({"qcow2", "vmdk", "vdi", "qed"})


@dataclass(frozen=True, slots=True)
class NewVolume:
    """What was asked for. Sizes in bytes; ``format`` None is the pool's own."""

    name: str
    capacity: int
    allocation: int
    format: str | None


class NewVolumeDialog(FormDialog):
    """Asks for an empty volume."""

    wanted = Signal(object)

    def __init__(
        self,
        pool: str,
        taken: Collection[str],
        *,
        devices: bool = False,
        available: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("New volume in {0}").format(display_name(pool)))
        self.ok.setText(self.tr("Create"))
        self._taken, self._devices, self._available = taken, devices, available
        self.name = QLineEdit()
        self.name.setPlaceholderText("disk.qcow2")
        self.image_format = QComboBox()
        self.image_format.addItems(_FORMATS)
        self.capacity = SizeField(20 << 30)
        self.full = QCheckBox(self.tr("&Allocate all of it now"))
        self.form.addRow(self.tr("&Name:"), self.name)
        self.form.addRow(self.tr("&Format:"), self.image_format)
        self.form.addRow(self.tr("&Capacity:"), self.capacity)
        self.form.addRow("", self.full)
        if devices:
            # Devices have no format, and always all of their size.
            self.form.setRowVisible(self.image_format, False)  # noqa: FBT003 - Qt's own
            self.form.setRowVisible(self.full, False)  # noqa: FBT003
        if available:
            self.form.addRow(self.tr("Free in the pool:"), plain_label(bytes_text(available)))
        self.name.textChanged.connect(self._on_name)
        self.capacity.changed.connect(self.recheck)
        self.full.toggled.connect(ignoring(self.recheck))
        self.image_format.currentTextChanged.connect(self._on_format)
        self._on_format(self.image_format.currentText())
        self.recheck()

    def _on_name(self, name: str) -> None:
        suffix = PurePath(name).suffix.removeprefix(".").lower()
        chosen = {"img": "raw", "iso": "raw"}.get(suffix, suffix)
        if chosen in _FORMATS:
            self.image_format.setCurrentText(chosen)
        self.recheck()

    def _on_format(self, chosen: str) -> None:
        self.full.setEnabled(chosen not in _THIN_ONLY)
        self.recheck()

    def check(self) -> str:
        """Say what is missing."""
        if not self.name.text():
            return self.tr("Give the volume a name.")
        if wrong := name_problem(self.name.text(), self._taken):
            return wrong
        capacity = self.capacity.size_bytes()
        if not capacity:
            return self.tr("Write the capacity like 40 GiB.")
        if self._wanted().allocation > self._available > 0:
            return self.tr("The pool has only {0} free.").format(bytes_text(self._available))
        return ""

    def _wanted(self) -> NewVolume:
        capacity = self.capacity.size_bytes() or 0
        chosen = self.image_format.currentText()
        all_now = self._devices or (self.full.isChecked() and chosen not in _THIN_ONLY)
        return NewVolume(
            self.name.text(),
            capacity,
            capacity if all_now else 0,
            None if self._devices else chosen,
        )

    def accept(self) -> None:
        """Tell what is wanted and close."""
        self.wanted.emit(self._wanted())
        super().accept()


class CloneDialog(FormDialog):
    """Asks under which name the daemon shall copy a volume."""

    wanted = Signal(str)

    def __init__(self, name: str, taken: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Clone {0}").format(display_name(name)))
        self.ok.setText(self.tr("Clone"))
        self._taken = taken
        self.name = QLineEdit(free_name(name, taken))
        self.name.selectAll()
        self.form.addRow(self.tr("&New name:"), self.name)
        self.name.textChanged.connect(ignoring(self.recheck))
        self.recheck()

    def check(self) -> str:
        """Say what is wrong with the name."""
        return name_problem(self.name.text(), self._taken)

    def accept(self) -> None:
        """Tell the name and close."""
        self.wanted.emit(self.name.text())
        super().accept()


class ResizeDialog(FormDialog):
    """Asks for another capacity."""

    wanted = Signal(object, bool)
    """The capacity in bytes (beyond what a Qt int holds), and whether shrinking is meant."""

    def __init__(self, about: VolumeDescription, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Resize {0}").format(display_name(about.name)))
        self.ok.setText(self.tr("Resize"))
        self._now = about.capacity
        self.capacity = SizeField(about.capacity)
        self.capacity.selectAll()
        self.shrink = QCheckBox(self.tr("&Shrink: what is behind the new end is lost"))
        now = plain_label(bytes_text(about.capacity))
        now.setToolTip(exact_bytes_text(about.capacity))
        self.form.addRow(self.tr("Now:"), now)
        self.form.addRow(self.tr("&Capacity:"), self.capacity)
        self.form.addRow("", self.shrink)
        self.capacity.changed.connect(self.recheck)
        self.shrink.toggled.connect(ignoring(self.recheck))
        self.recheck()

    def check(self) -> str:
        """Say why this is no new capacity."""
        wanted = self.capacity.size_bytes()
        if not wanted:
            return self.tr("Write the capacity like 40 GiB.")
        if wanted == self._now:
            return self.tr("That is the capacity it has.")
        if wanted < self._now and not self.shrink.isChecked():
            return self.tr("That is smaller than now. Tick the box if this is meant.")
        return ""

    def accept(self) -> None:
        """Tell the capacity and close."""
        wanted = self.capacity.size_bytes() or self._now
        self.wanted.emit(wanted, wanted < self._now)
        super().accept()


def name_problem(name: str, taken: Collection[str]) -> str:
    """Say what is wrong with the name of a new volume, empty if nothing is."""
    try:
        validate_volume_name(name)
    except UsageError as error:
        return problem_of(error).line()
    if name in taken:
        return QCoreApplication.translate("Volumes", "There is a volume of that name already.")
    return ""


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name like ``name`` that is not taken: disk.qcow2 becomes disk-1.qcow2."""
    suffix = PurePath(name).suffix
    stem = name[: len(name) - len(suffix)]
    number = 1
    while (candidate := f"{stem}-{number}{suffix}") in taken:
        number += 1
    return candidate
