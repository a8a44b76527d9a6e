"""Details of a volume or a pool: everything known, in rows, and the daemon's XML below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QPlainTextEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lacuna_engine.storage import Permissions, PoolDescription, VolumeDescription, display_name
from lacuna_gui import words
from lacuna_gui.dialogs.form import note_label
from lacuna_gui.format import bytes_text, exact_bytes_text
from lacuna_gui.hosts import PoolRecord

__all__ = ["DetailsDialog", "pool_rows", "volume_rows"]

translate = QCoreApplication.translate

_NANOSECONDS = 1_000_000_000


class DetailsDialog(QDialog):
    """Shows rows of label and text, and XML."""

    def __init__(
        self,
        title: str,
        rows: Sequence[tuple[str, str]],
        xml: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        facts = QWidget()
        form = QFormLayout(facts)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        for label, text in rows:
            value = note_label(text)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            form.addRow(label, value)
        self.xml = QPlainTextEdit(xml)
        self.xml.setReadOnly(True)
        self.xml.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.xml.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.xml.setAccessibleName("XML")
        tabs = QTabWidget()
        tabs.setAccessibleName(title)
        tabs.addTab(facts, self.tr("Details"))
        tabs.addTab(self.xml, "XML")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(self.tr("&Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        text = "\n".join(f"{label} {value}" for label, value in rows)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{text}\n\n{xml}"))
        buttons.rejected.connect(self.reject)
        body = QVBoxLayout(self)
        body.addWidget(tabs)
        body.addWidget(buttons)
        self.resize(620, 440)


def volume_rows(about: VolumeDescription) -> list[tuple[str, str]]:
    """Return what is known of a volume."""
    rows = [
        (translate("Details", "Name:"), display_name(about.name)),
        (translate("Details", "Path:"), display_name(about.path)),
        (translate("Details", "Kind:"), str(about.type)),
        (translate("Details", "Format:"), about.format),
        (translate("Details", "Capacity:"), _size(about.capacity)),
        (translate("Details", "Allocated:"), _size(about.allocation)),
        (translate("Details", "Length of the file:"), _size(about.physical)),
    ]
    if about.backing is not None:
        below = f"{display_name(about.backing.path)} ({about.backing.format})"
        rows.append((translate("Details", "Overlay of:"), below))
    if (times := about.timestamps) is not None:
        rows.append((translate("Details", "Modified:"), _time(times.modification)))
        rows.append((translate("Details", "Last read:"), _time(times.access)))
    rows += _permission_rows(about.permissions)
    if about.encrypted:
        rows.append((translate("Details", "Encrypted:"), translate("Details", "yes")))
    return [(label, text) for label, text in rows if text]


def pool_rows(record: PoolRecord, about: PoolDescription, volumes: int) -> list[tuple[str, str]]:
    """Return what is known of a pool."""
    yes, no = translate("Details", "yes"), translate("Details", "no")
    source = about.source
    rows = [
        (translate("Details", "Name:"), display_name(about.name)),
        (translate("Details", "State:"), words.pool_state_text(record.state)),
        (translate("Details", "Kind:"), str(about.type)),
        (translate("Details", "Path:"), display_name(about.target_path)),
        (translate("Details", "Source:"), _source(source.name, source.directory, *source.devices)),
        (translate("Details", "Hosts:"), ", ".join(host.name for host in source.hosts)),
        (translate("Details", "Capacity:"), _size(record.capacity)),
        (translate("Details", "Allocated:"), _size(record.allocation)),
        (translate("Details", "Free:"), _size(record.available)),
        (translate("Details", "Volumes:"), str(volumes) if record.active else ""),
        (translate("Details", "Starts with the host:"), yes if record.autostart else no),
        (translate("Details", "Persistent:"), yes if record.persistent else no),
        (translate("Details", "UUID:"), str(about.uuid or "")),
        *_permission_rows(about.permissions),
    ]
    return [(label, text) for label, text in rows if text]


def _permission_rows(permissions: Permissions | None) -> list[tuple[str, str]]:
    if permissions is None:
        return []
    owner = "" if permissions.owner is None else str(permissions.owner)
    group = "" if permissions.group is None else str(permissions.group)
    return [
        (translate("Details", "Owner and group:"), f"{owner}:{group}" if owner or group else ""),
        (
            translate("Details", "Mode:"),
            "" if permissions.mode is None else f"{permissions.mode:04o}",
        ),
        (translate("Details", "Label:"), permissions.label or ""),
    ]


def _source(*parts: str) -> str:
    return ", ".join(display_name(part) for part in parts if part)


def _size(size: int) -> str:
    return f"{bytes_text(size)} ({exact_bytes_text(size)})" if size >= 1000 else bytes_text(size)


def _time(nanoseconds: int | None) -> str:
    if not nanoseconds:
        return ""
    try:
        # From universal time: with local time at once, Windows refuses the first day of 1970.
        moment = datetime.fromtimestamp(nanoseconds / _NANOSECONDS, UTC).astimezone()
    except (OSError, OverflowError, ValueError):
        return ""  # this system cannot tell it
    return moment.strftime("%Y-%m-%d %H:%M:%S")
