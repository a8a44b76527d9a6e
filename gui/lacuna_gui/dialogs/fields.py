"""Input fields for sizes and speeds."""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

from lacuna_engine.transfer.options import MOST_CONNECTIONS
from lacuna_gui.format import bytes_text
from lacuna_gui.slots import ignoring

__all__ = ["ConnectionsField", "RateField", "SizeField", "connections_of", "parse_size"]

_SIZE = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([kmgtpe]?)(?:i?b|bytes?)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_MIB = 1 << 20

MAX_SIZE = 2**63 - 1
"""What a daemon's file systems can hold at most."""


def parse_size(text: str) -> int | None:
    """Return bytes from ``40G``, ``1.5 TiB`` or ``4096``; None if it is no size.

    Units are powers of 1024; both points and commas end the whole part.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = match[1].replace(",", "."), match[2].lower()
    if "." not in number:
        # Exact, also where a float would not be.
        size = int(number) << (10 * _POWERS[unit])
    else:
        size = int(float(number) * 1024 ** _POWERS[unit])
    return size if size <= MAX_SIZE else None


class SizeField(QLineEdit):
    """A size as people write it."""

    changed = Signal()

    def __init__(self, size: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if size:
            self.set_size(size)
        self.setPlaceholderText("40 GiB")
        self.textChanged.connect(ignoring(self.changed.emit))

    def size_bytes(self) -> int | None:
        """Return the size in bytes, None if what is written is none."""
        return parse_size(self.text())

    def set_size(self, size: int) -> None:
        """Write a size, in a unit only if nothing of it is lost."""
        short = bytes_text(size, QLocale(QLocale.Language.C))
        self.setText(short if parse_size(short) == size else str(size))


class ConnectionsField(QSpinBox):
    """How many streams of data a transfer has at a time; 0 is as many as make it faster."""

    def __init__(self, count: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, MOST_CONNECTIONS)
        self.setSpecialValueText(self.tr("automatic"))
        self.setValue(count)

    def text_value(self) -> str:
        """Return it as profiles write it."""
        return str(self.value()) if self.value() else "auto"

    def set_text_value(self, text: str) -> None:
        """Show what a profile says."""
        self.setValue(connections_of(text))


def connections_of(text: str) -> int:
    """Return the number that a profile says; 0 is automatic."""
    return min(int(text), MOST_CONNECTIONS) if text.isdecimal() else 0


class RateField(QSpinBox):
    """A speed in MiB a second; 0 is no limit."""

    def __init__(self, rate: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, 100_000)
        self.setSuffix(" MiB/s")
        self.setSpecialValueText(self.tr("no limit"))
        self.setGroupSeparatorShown(True)
        self.set_rate(rate)

    def rate(self) -> int:
        """Return bytes a second, 0 for no limit."""
        # What was set from elsewhere stays exact as long as nobody changes it here.
        shown = -(-self._exact // _MIB)
        return self._exact if self.value() == shown else self.value() * _MIB

    def set_rate(self, rate: int) -> None:
        """Show a limit; below a MiB a second it is one."""
        self._exact = rate
        self.setValue(-(-rate // _MIB))
