"""Choosing which connections of other programs to take over."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from lacuna_engine.profiles import Candidate
from lacuna_gui.dialogs.form import FormDialog
from lacuna_gui.slots import ignoring

__all__ = ["ImportDialog"]


class ImportDialog(FormDialog):
    """Lists what was found; `wanted` brings the ticked ones."""

    wanted = Signal(object)

    def __init__(
        self, found: Sequence[Candidate], known: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Import connections"))
        self.ok.setText(self.tr("Import"))
        self._found = found
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Connections found"))
        for one in found:
            item = QListWidgetItem(f"{one.name}: {one.uri}  ({one.source})")
            fresh = one.uri not in known
            flags = Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags | Qt.ItemFlag.ItemIsEnabled if fresh else Qt.ItemFlag.NoItemFlags)
            item.setCheckState(Qt.CheckState.Checked if fresh else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.body.insertWidget(0, self.list, 1)
        self.list.itemChanged.connect(ignoring(self.recheck))
        self.resize(560, 340)
        self.recheck()

    def _ticked(self) -> list[Candidate]:
        return [
            one
            for row, one in enumerate(self._found)
            if self.list.item(row).checkState() == Qt.CheckState.Checked
        ]

    def check(self) -> str:
        """Say why there is nothing to import."""
        if not self._found:
            return self.tr("Nothing was found in libvirt.conf, nor of virt-manager.")
        return "" if self._ticked() else self.tr("Tick what to import.")

    def accept(self) -> None:
        """Tell the ticked ones and close."""
        self.wanted.emit(self._ticked())
        super().accept()
