"""About Lacuna, and the list of shortcuts."""

from __future__ import annotations

import platform
from collections.abc import Iterable

import PySide6
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lacuna_engine import __version__
from lacuna_gui.theme import app_icon
from lacuna_gui.words import plain_text

__all__ = ["ShortcutsDialog", "about_box"]

translate = QCoreApplication.translate


def about_box(parent: QWidget | None) -> QMessageBox:
    """Return a box that says what this is."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(translate("About", "About Lacuna"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Lacuna {__version__}")
    box.setIconPixmap(app_icon().pixmap(64, 64))
    box.setInformativeText(
        translate(
            "About",
            "Transfer manager for libvirt storage pools: moves disk images, sends only what is "
            "data, proves what arrived.",
        )
        + f"\n\nPython {platform.python_version()}, PySide6 {PySide6.__version__}\n"
        + translate("About", "Apache License 2.0")
    )
    return box


class ShortcutsDialog(QDialog):
    """All actions that have a shortcut."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        rows = [
            (plain_text(action.text()), keys)
            for action in actions
            if (keys := action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
        ]
        rows += [
            (self.tr("Zoom the extent map in, out, to fit"), "+  -  0"),
            (self.tr("Move in the extent map"), "←  →"),
        ]
        self.table = QTableWidget(len(rows), 2)
        self.table.setAccessibleName(self.tr("Keyboard shortcuts"))
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.table.horizontalHeader().setDefaultAlignment(left)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                self.table.setItem(number, column, QTableWidgetItem(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        body = QVBoxLayout(self)
        body.addWidget(self.table)
        body.addWidget(buttons)
        self.resize(460, 520)
