"""What can be asked of transfers, as a group of fields that several dialogs share."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout

from lacuna_engine.transfer import IfExists
from lacuna_gui import words
from lacuna_gui.dialogs.fields import RateField
from lacuna_gui.queue import JobOptions
from lacuna_gui.settings import Preferences

__all__ = ["OptionFields"]


class OptionFields:
    """Rows in a form: if it exists, speed, verify, start. Filled from the preferences."""

    def __init__(self, form: QFormLayout, preferences: Preferences, *, zeros: bool) -> None:
        self.if_exists = QComboBox()
        for policy in IfExists:
            self.if_exists.addItem(words.if_exists_text(policy), policy.value)
        self.if_exists.setCurrentIndex(max(0, self.if_exists.findData(preferences.if_exists)))
        self.limit = RateField()
        self.verify = QCheckBox(words.verify_text())
        self.verify.setChecked(preferences.verify)
        self.zero_scan = QCheckBox(words.zeros_text())
        self.zero_scan.setChecked(True)
        self.start = QCheckBox(words.start_text())
        self.start.setChecked(preferences.start_at_once)
        form.addRow(words.if_exists_label(), self.if_exists)
        form.addRow(words.limit_label(), self.limit)
        form.addRow("", self.verify)
        if zeros:
            form.addRow("", self.zero_scan)
        form.addRow("", self.start)

    def policy(self) -> IfExists:
        """Return what happens if the destination exists."""
        return IfExists(str(self.if_exists.currentData()))

    def options(self, image_format: str = "auto") -> JobOptions:
        """Return what has been chosen."""
        return JobOptions(
            if_exists=self.policy(),
            verify=self.verify.isChecked(),
            limit=self.limit.rate(),
            zero_scan=self.zero_scan.isChecked(),
            format=image_format,
            start=self.start.isChecked(),
        )
