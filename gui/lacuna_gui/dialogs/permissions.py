"""Owner and mode that a new volume gets on the daemon's host, as two fields."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox

__all__ = ["PermissionFields", "parse_mode", "parse_owner"]

translate = QCoreApplication.translate

_OWNER = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?", re.ASCII)
_MODE = re.compile(r"[0-7]{3,4}", re.ASCII)
_MOST = 2**32 - 2
"""The largest id; the next one means none."""

_OWNERS = ("", "0:0", "107:107")
_MODES = ("", "0600", "0640", "0644", "0660")


def parse_owner(text: str) -> tuple[int, int] | None:
    """Return owner and group of ``0:0`` or ``107``, -1 where nothing is said; None if it is none.

    Only numbers: names are those of the daemon's host, which libvirt does not look up.
    """
    if not text.strip():
        return -1, -1
    match = _OWNER.fullmatch(text.strip())
    if match is None:
        return None
    owner, group = int(match[1]), -1 if match[2] is None else int(match[2])
    return None if max(owner, group) > _MOST else (owner, group)


def parse_mode(text: str) -> int | None:
    """Return the bits of ``0644``, -1 where nothing is said; None if it is none."""
    if not text.strip():
        return -1
    return int(text.strip(), 8) if _MODE.fullmatch(text.strip()) else None


class PermissionFields:
    """The fields; empty is what the pool has."""

    def __init__(self, owner: str, mode: str) -> None:
        self.owner = _choice(_OWNERS, owner)
        self.mode = _choice(_MODES, mode)

    @staticmethod
    def labels() -> tuple[str, str]:
        """Return the labels of owner and mode."""
        return translate("Permissions", "O&wner and group:"), translate("Permissions", "&Mode:")

    def check(self) -> str:
        """Say what is wrong, empty if nothing is."""
        if parse_owner(self.owner.currentText()) is None:
            return translate("Permissions", "Write owner and group as numbers, like 107:107.")
        if parse_mode(self.mode.currentText()) is None:
            return translate("Permissions", "Write the mode in octal digits, like 0644.")
        return ""

    def numbers(self) -> tuple[int, int, int]:
        """Return owner, group and mode, -1 where nothing is said."""
        owner, group = parse_owner(self.owner.currentText()) or (-1, -1)
        mode = parse_mode(self.mode.currentText())
        return owner, group, -1 if mode is None else mode

    def texts(self) -> tuple[str, str]:
        """Return owner and mode as written."""
        return self.owner.currentText().strip(), self.mode.currentText().strip()


def _choice(texts: tuple[str, ...], text: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(texts)
    box.setCurrentText(text)
    edit = box.lineEdit()
    assert edit is not None  # noqa: S101 - of an editable box
    edit.setPlaceholderText(translate("Permissions", "as the pool has it"))
    return box
