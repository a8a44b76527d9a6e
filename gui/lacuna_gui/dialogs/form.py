"""What the dialogs have in common: a form, a line that says what is still wrong, two buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

__all__ = ["FormDialog", "note_label", "plain_label"]


class FormDialog(QDialog):
    """A dialog with a form. Subclasses add rows and override `check`."""

    def __init__(self, title: str, accept_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self.problem = note_label()
        self.problem.setObjectName("problem")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = self.buttons.addButton(accept_text, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.body = QVBoxLayout(self)
        self.body.addLayout(self.form)
        self.body.addWidget(self.problem)
        # Takes what is left only if nothing in the dialog wants to grow.
        self.body.addStretch(0)
        self.body.addWidget(self.buttons)
        # Only now: a button without its dialog cannot be the dialog's default.
        self.ok.setDefault(True)
        self.setMinimumWidth(420)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102, N802
        if not event.spontaneous():
            # The buttons are older than the rows: Tab would meet them first, and Return cancel.
            for button in self.buttons.buttons():
                last = self.previousInFocusChain()
                while last is not None and last.focusPolicy() == Qt.FocusPolicy.NoFocus:
                    last = last.previousInFocusChain()  # Qt orders nothing behind labels
                if last is not None:
                    self.setTabOrder(last, button)
        super().showEvent(event)

    def check(self) -> str:
        """Return what is wrong with the input, empty if nothing is."""
        return ""

    def recheck(self) -> None:
        """Show what is wrong, and let the dialog be accepted only if nothing is."""
        wrong = self.check()
        self.problem.setText(wrong)
        self.ok.setEnabled(not wrong)


def note_label(text: str = "") -> QLabel:
    """Return a label for sentences, which wraps and can be read by assistive technology."""
    label = plain_label(text)
    label.setWordWrap(True)
    label.setMinimumHeight(label.fontMetrics().height())
    return label


def plain_label(text: str = "") -> QLabel:
    """Return a label that shows its text as it is: names from a server may look like HTML."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
