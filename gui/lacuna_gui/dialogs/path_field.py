"""A path that is typed or chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

__all__ = ["PathField"]


class PathField(QWidget):
    """An ``edit`` for the path of a file or a ``folder``, and a button to choose one.

    ``name`` says what it is for; ``empty`` what it means if there is nothing.
    """

    def __init__(self, name: str, *, folder: bool, text: str = "", empty: str = "") -> None:
        super().__init__()
        self._folder = folder
        self.edit = QLineEdit(text)
        self.edit.setPlaceholderText(empty)
        self.edit.setAccessibleName(name)
        self._browse = QToolButton()
        self._browse.setText("…")
        self._browse.setAccessibleName(self.tr("Choose"))
        self._browse.setToolTip(self.tr("Choose"))
        self._browse.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._browse.clicked.connect(self._on_browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit)
        layout.addWidget(self._browse)
        self.setFocusProxy(self.edit)

    def _on_browse(self) -> None:
        dialog = QFileDialog(self, self.edit.accessibleName(), self.edit.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.edit.setText)
        dialog.open()
