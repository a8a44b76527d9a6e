"""Asking before something that cannot be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lacuna_engine.storage import display_name
from lacuna_gui.slots import ignoring

__all__ = ["confirm"]

SHOWN = 12
"""Names listed; of more only the number is told."""


def confirm(
    parent: QWidget | None,
    title: str,
    text: str,
    button: str,
    agreed: Callable[[], object],
    *,
    names: Sequence[str] = (),
) -> QMessageBox:
    """Open a question; call ``agreed`` if the answer is ``button``. Return is the safe answer."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    # Names from a server may look like HTML.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    lines = [display_name(name) for name in names[:SHOWN]]
    if len(names) > SHOWN:
        more = QCoreApplication.translate("Confirm", "and {0} more").format(len(names) - SHOWN)
        lines.append(more)
    box.setInformativeText("\n".join(lines))
    yes = box.addButton(button, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    yes.clicked.connect(ignoring(agreed))
    box.open()
    return box
