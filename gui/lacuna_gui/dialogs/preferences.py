"""Preferences."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QSpinBox,
    QWidget,
)

from lacuna_engine.transfer import IfExists
from lacuna_gui import words
from lacuna_gui.dialogs.fields import RateField
from lacuna_gui.dialogs.form import FormDialog
from lacuna_gui.dialogs.path_field import PathField
from lacuna_gui.dialogs.permissions import PermissionFields
from lacuna_gui.language import LANGUAGES
from lacuna_gui.settings import Preferences
from lacuna_gui.slots import ignoring

__all__ = ["PreferencesDialog"]


class PreferencesDialog(FormDialog):
    """Theme, language and what transfers do unless told otherwise."""

    wanted = Signal(object)

    def __init__(
        self, preferences: Preferences, parent: QWidget | None = None, *, tray_there: bool = True
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Preferences"))
        self.ok.setText(self.tr("Save"))
        self._before = preferences
        self.theme = QComboBox()
        for key, text in (
            ("system", self.tr("Like the desktop")),
            ("light", self.tr("Light")),
            ("dark", self.tr("Dark")),
        ):
            self.theme.addItem(text, key)
        self.language = QComboBox()
        self.language.addItem(self.tr("Like the desktop"), "")
        for key, text in LANGUAGES.items():
            self.language.addItem(text, key)
        self.if_exists = QComboBox()
        for policy in IfExists:
            self.if_exists.addItem(words.if_exists_text(policy), policy.value)
        self.verify = QCheckBox(self.tr("&Read back and compare after each transfer"))
        self.limit = RateField(preferences.limit)
        self.concurrency = QSpinBox()
        self.concurrency.setRange(1, 16)
        self.start_at_once = QCheckBox(self.tr("St&art transfers at once"))
        self.notify = QCheckBox(self.tr("&Notify when a long transfer ends"))
        self.tray = QCheckBox(self.tr("Show an &icon in the tray"))
        if not tray_there:
            self.tray.setText(self.tr("Show an &icon in the tray (this desktop has no tray)"))
            self.tray.setEnabled(False)
        self.connect_at_start = QCheckBox(self.tr("&Connect to all saved connections at start"))
        place = PathField(
            self.tr("Download to"),
            folder=True,
            text=preferences.download_folder,
            empty=self.tr("ask each time"),
        )
        self.folder = place.edit
        self.form.addRow(self.tr("&Theme:"), self.theme)
        self.form.addRow(self.tr("&Language:"), self.language)
        self.form.addRow(self.tr("If it &exists:"), self.if_exists)
        self.form.addRow(self.tr("Total &speed:"), self.limit)
        self.form.addRow(self.tr("Transfers at &once:"), self.concurrency)
        self.form.addRow(self.tr("&Download to:"), place)
        self.permissions = PermissionFields(preferences.owner, preferences.mode)
        for text, field in zip(
            (self.tr("O&wner of new volumes:"), self.tr("&Mode of new volumes:")),
            (self.permissions.owner, self.permissions.mode),
            strict=True,
        ):
            self.form.addRow(text, field)
            field.editTextChanged.connect(ignoring(self.recheck))
        for box in (
            self.verify,
            self.start_at_once,
            self.notify,
            self.tray,
            self.connect_at_start,
        ):
            self.form.addRow("", box)
        self._fill()

    def _fill(self) -> None:
        now = self._before
        self.theme.setCurrentIndex(max(0, self.theme.findData(now.theme)))
        self.language.setCurrentIndex(max(0, self.language.findData(now.language)))
        self.if_exists.setCurrentIndex(max(0, self.if_exists.findData(now.if_exists)))
        self.verify.setChecked(now.verify)
        self.concurrency.setValue(now.concurrency)
        self.start_at_once.setChecked(now.start_at_once)
        self.notify.setChecked(now.notify)
        self.tray.setChecked(now.tray)
        self.connect_at_start.setChecked(now.connect_at_start)
        self.language.currentIndexChanged.connect(ignoring(self.recheck))

    def check(self) -> str:
        """Say what is wrong."""
        return self.permissions.check()

    def recheck(self) -> None:
        """Also say when another language is seen."""
        super().recheck()
        if self.ok.isEnabled() and self.language.currentData() != self._before.language:
            self.problem.setText(
                self.tr("The language changes when Lacuna is started the next time.")
            )

    def accept(self) -> None:
        """Tell the preferences and close."""
        owner, mode = self.permissions.texts()
        self.wanted.emit(
            Preferences(
                theme=str(self.theme.currentData()),
                language=str(self.language.currentData()),
                if_exists=str(self.if_exists.currentData()),
                verify=self.verify.isChecked(),
                limit=self.limit.rate(),
                concurrency=self.concurrency.value(),
                start_at_once=self.start_at_once.isChecked(),
                notify=self.notify.isChecked(),
                tray=self.tray.isChecked(),
                connect_at_start=self.connect_at_start.isChecked(),
                download_folder=self.folder.text().strip(),
                owner=owner,
                mode=mode,
            )
        )
        super().accept()
