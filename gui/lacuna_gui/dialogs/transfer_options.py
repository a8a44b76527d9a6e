"""What can be asked of transfers, as a group of fields that several dialogs share."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QToolButton, QWidget

from lacuna_engine.profiles import Profile
from lacuna_engine.transfer import IfExists
from lacuna_gui import words
from lacuna_gui.dialogs.fields import ConnectionsField, RateField, connections_of
from lacuna_gui.dialogs.permissions import PermissionFields
from lacuna_gui.queue import JobOptions
from lacuna_gui.settings import Preferences
from lacuna_gui.slots import ignoring

__all__ = ["OptionFields"]


class OptionFields:
    """Rows in a form: if it exists, speed, verify, start. Filled from the preferences.

    With ``volumes`` as destinations also what can be asked of those, and with ``images`` as sources
    what can be asked of those. What is seldom wanted is folded away.
    """

    def __init__(
        self,
        form: QFormLayout,
        preferences: Preferences,
        *,
        volumes: bool = False,
        images: bool = False,
    ) -> None:
        self._form, self._preferences = form, preferences
        self._volumes, self._images = volumes, images
        self._usual = (preferences.verify, 0, 0)
        self.if_exists = QComboBox()
        for policy in IfExists:
            self.if_exists.addItem(words.if_exists_text(policy), policy.value)
        self.if_exists.setCurrentIndex(max(0, self.if_exists.findData(preferences.if_exists)))
        self.keep = QCheckBox(words.keep_text())
        self.limit = RateField()
        self.verify = QCheckBox(words.verify_text())
        self.verify.setChecked(preferences.verify)
        self.zero_scan = QCheckBox(words.zeros_text())
        self.zero_scan.setChecked(True)
        self.start = QCheckBox(words.start_text())
        self.start.setChecked(preferences.start_at_once)
        self.more = QToolButton()
        self.connections = ConnectionsField()
        self.force = QCheckBox(words.force_text())
        self.permissions = PermissionFields(preferences.owner, preferences.mode)
        self._add_rows()
        self.if_exists.currentIndexChanged.connect(ignoring(self._on_policy))
        self._on_policy()

    def _add_rows(self) -> None:
        owner, mode = self.permissions.labels()
        rows: tuple[tuple[str, QWidget, bool], ...] = (
            (words.if_exists_label(), self.if_exists, True),
            ("", self.keep, self._volumes),
            (words.limit_label(), self.limit, True),
            ("", self.verify, True),
            ("", self.zero_scan, self._images),
            ("", self.start, True),
            ("", self.more, self._volumes),
        )
        for label, field, wanted in rows:
            if wanted:
                self._form.addRow(label, field)
        self._folded: list[QWidget] = []
        for label, field, wanted in (
            (words.connections_label(), self.connections, self._volumes),
            ("", self.force, self._volumes),
            (owner, self.permissions.owner, self._images),
            (mode, self.permissions.mode, self._images),
        ):
            if wanted:
                self._form.addRow(label, field)
                self._folded.append(field)
        self.more.setText(words.more_text())
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAutoRaise(True)
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more)
        # A preset that is not seen would surprise.
        self.more.setChecked(self._images and any(self.permissions.texts()))
        self._on_more(self.more.isChecked())

    def _on_more(self, shown: bool) -> None:  # noqa: FBT001 - a slot
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.more.setArrowType(arrow)
        for field in self._folded:
            self._form.setRowVisible(field, shown)

    def _on_policy(self) -> None:
        replacing = self.policy() is IfExists.REPLACE
        self.keep.setEnabled(replacing)
        self.force.setEnabled(replacing)

    def on_change(self, changed: Callable[[], object]) -> None:
        """Call ``changed`` when what is asked for can be judged anew."""
        slot = ignoring(changed)
        self.if_exists.currentIndexChanged.connect(slot)
        self.zero_scan.toggled.connect(slot)
        for box in (self.permissions.owner, self.permissions.mode):
            box.editTextChanged.connect(slot)

    def use_profile(self, profile: Profile | None) -> None:
        """Take what a connection has as its usual, unless something else has been chosen."""
        before = self._usual
        verify, limit, connections = self._preferences.verify, 0, 0
        if profile is not None:
            verify, limit = verify or profile.verify, profile.limit
            connections = connections_of(profile.connections)
        if self.verify.isChecked() == before[0]:
            self.verify.setChecked(verify)
        if self.limit.rate() == before[1]:
            self.limit.set_rate(limit)
        if self.connections.value() == before[2]:
            self.connections.setValue(connections)
        self._usual = verify, limit, connections

    def check(self) -> str:
        """Say what is wrong, empty if nothing is."""
        return self.permissions.check() if self._images else ""

    def policy(self) -> IfExists:
        """Return what happens if the destination exists."""
        return IfExists(str(self.if_exists.currentData()))

    def options(self, image_format: str = "auto") -> JobOptions:
        """Return what has been chosen."""
        replacing = self._volumes and self.policy() is IfExists.REPLACE
        owner, group, mode = self.permissions.numbers() if self._images else (-1, -1, -1)
        return JobOptions(
            if_exists=self.policy(),
            verify=self.verify.isChecked(),
            limit=self.limit.rate(),
            zero_scan=self.zero_scan.isChecked(),
            format=image_format,
            start=self.start.isChecked(),
            keep_until_complete=replacing and self.keep.isChecked(),
            force=replacing and self.force.isChecked(),
            owner=owner,
            group=group,
            mode=mode,
            connections=self.connections.value(),
        )
