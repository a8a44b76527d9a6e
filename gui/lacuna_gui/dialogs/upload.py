"""The upload sheet: which files, what they are, where they go, and what stands against it.

Everything that can be checked is checked before the first byte: the name, whether it exists, the
state of the pool, the room there. Files are looked at in a thread, one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from lacuna_engine.errors import LacunaError
from lacuna_engine.extents import Kind, allocated_bytes, file_map, open_source
from lacuna_engine.storage import HEAD_BYTES, ImageFacts, display_name, read_facts
from lacuna_engine.transfer import IfExists
from lacuna_gui.dialogs.form import FormDialog
from lacuna_gui.dialogs.transfer_options import OptionFields
from lacuna_gui.dialogs.volumes import free_name, name_problem
from lacuna_gui.format import bytes_text, exact_bytes_text
from lacuna_gui.hosts import Host, Hosts
from lacuna_gui.problem import Problem, problem_of
from lacuna_gui.queue import JobOptions
from lacuna_gui.settings import Preferences
from lacuna_gui.slots import ignoring
from lacuna_gui.words import plain_tip
from lacuna_gui.work import Runner

__all__ = ["FileFacts", "UploadDialog", "UploadWish", "look_at_file"]

_FILE, _FORMAT, _SIZE, _ALLOCATED, _SEND, _TARGET, _CHECK = range(7)
_NUMBERS = (_SIZE, _ALLOCATED, _SEND)

_FORMATS = ("auto", "raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhdx", "luks", "iso")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found out about a file. Sizes in bytes; ``data`` is what is left without holes."""

    image: ImageFacts
    size: int
    allocated: int
    data: int


@dataclass(frozen=True, slots=True)
class UploadWish:
    """What was agreed to: files and the names of their volumes, and where to."""

    host: str
    pool: str
    files: tuple[tuple[Path, str], ...]
    options: JobOptions


def look_at_file(path: Path) -> FileFacts:
    """Find out about a file; blocking. Raises :class:`LocalFileError`."""
    with open_source(path) as source:
        head = memoryview(bytearray(HEAD_BYTES))
        image = read_facts(bytes(head[: source.read_into(0, head)]))
        extents = file_map(source.fd)
        size = source.size
        allocated = size if source.device else allocated_bytes(path)
    return FileFacts(image, size, allocated, extents.bytes_of(Kind.DATA))


class UploadDialog(FormDialog):
    """Asks what to upload and how; `wanted` brings an `UploadWish`."""

    wanted = Signal(object)

    def __init__(
        self,
        runner: Runner,
        hosts: Hosts,
        preferences: Preferences,
        files: Sequence[Path] = (),
        *,
        target: tuple[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Upload"))
        self.ok.setText(self.tr("Upload"))
        self._runner, self._hosts = runner, hosts
        self._files: list[Path] = []
        self._facts: dict[Path, FileFacts | Problem] = {}
        self._taken: frozenset[str] | None = None
        self._pool_problem = ""
        self._make_table()
        self.target = QComboBox()
        self.target.setAccessibleName(self.tr("Pool"))
        self.form.addRow(self.tr("&To pool:"), self.target)
        self.image_format = QComboBox()
        self.image_format.addItem(self.tr("as detected"), "auto")
        for name in _FORMATS[1:]:
            self.image_format.addItem(name, name)
        self.form.addRow(self.tr("&Format:"), self.image_format)
        self.fields = OptionFields(self.form, preferences, volumes=True, images=True)
        self.fields.on_change(self._judge)
        self.image_format.currentIndexChanged.connect(ignoring(self._judge))
        self._fill_targets(target)
        self.target.currentIndexChanged.connect(ignoring(self._on_target))
        self.resize(QSize(860, 560))
        self.add_files(files)
        self._on_target()

    def _make_table(self) -> None:
        self.table = QTableWidget(0, 7)
        self.table.setAccessibleName(self.tr("Files"))
        self.table.setHorizontalHeaderLabels(
            [
                self.tr("File"),
                self.tr("Format"),
                self.tr("Size"),
                self.tr("Allocated"),
                self.tr("To send"),
                self.tr("Volume"),
                self.tr("Check"),
            ]
        )
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((190, 64, 84, 84, 84, 170)):
            self.table.setColumnWidth(column, width)
        for column in _NUMBERS:
            if (title := self.table.horizontalHeaderItem(column)) is not None:
                title.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(_CHECK, QHeaderView.ResizeMode.Stretch)
        self.table.itemChanged.connect(self._on_item)
        self.add = QPushButton(self.tr("A&dd files…"))
        self.add.setAutoDefault(False)
        self.drop = QPushButton(self.tr("Take off the &list"))
        self.drop.setAutoDefault(False)
        self.add.clicked.connect(self._on_add)
        self.drop.clicked.connect(self._on_drop)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.add)
        layout.addWidget(self.drop)
        layout.addStretch(1)
        self.body.insertWidget(0, self.table, 1)
        self.body.insertWidget(1, row)

    # --- files ---------------------------------------------------------------------------------

    def add_files(self, files: Sequence[Path]) -> None:
        """Put files on the list and look at them."""
        fresh = [path for path in dict.fromkeys(files) if path not in self._files]
        if not fresh:
            return
        self._files += fresh
        self.table.blockSignals(True)  # noqa: FBT003 - Qt's own
        for path in fresh:
            row = self.table.rowCount()
            self.table.insertRow(row)
            for column in range(7):
                item = QTableWidgetItem()
                if column != _TARGET:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                if column in _NUMBERS:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(row, column, item)
            self._item(row, _FILE).setText(display_name(path.name))
            self._item(row, _FILE).setToolTip(plain_tip(display_name(str(path))))
            self._item(row, _TARGET).setText(path.name)
        self.table.blockSignals(False)  # noqa: FBT003
        self._runner.run(self._look(fresh), owner=self)
        self._judge()

    async def _look(self, files: Sequence[Path]) -> None:
        """Look at each file aside; one at a time, since disks like that."""
        for path in files:
            try:
                self._facts[path] = await asyncio.to_thread(look_at_file, path)
            except (LacunaError, OSError) as error:
                self._facts[path] = problem_of(error)
            self._judge()

    def _on_add(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose images"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._on_chosen)
        dialog.open()

    def _on_chosen(self, names: list[str]) -> None:
        self.add_files([Path(name) for name in names])

    def _on_drop(self) -> None:
        rows = sorted({item.row() for item in self.table.selectedItems()}, reverse=True)
        for row in rows:
            self.table.removeRow(row)
            del self._files[row]
        self._judge()

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None  # noqa: S101 - made with the row
        return item

    # --- the pool ------------------------------------------------------------------------------

    def _fill_targets(self, target: tuple[str, str] | None) -> None:
        for host in self._hosts:
            for record in host.pools.values():
                place = f"{host.title} / {display_name(record.name)}"
                text = place if record.active else self.tr("{0} (stopped)").format(place)
                self.target.addItem(text, (host.id, record.name))
                if target == (host.id, record.name):
                    self.target.setCurrentIndex(self.target.count() - 1)

    def chosen(self) -> tuple[Host, str] | None:
        """Return the host and the pool that are chosen."""
        data = self.target.currentData()
        if data is None:
            return None
        host = self._hosts.get(data[0])
        return None if host is None else (host, str(data[1]))

    def _on_target(self) -> None:
        self._taken, self._pool_problem = None, ""
        chosen = self.chosen()
        self.fields.use_profile(chosen[0].profile if chosen is not None else None)
        if chosen is not None:
            host, pool = chosen
            record = host.pools.get(pool)
            if record is not None and record.active and host.online:

                async def names() -> tuple[str, frozenset[str]]:
                    listing = await host.storage.volumes(record.handle)
                    return pool, frozenset(volume.name for volume in listing.volumes)

                self._runner.run(names(), self._on_names, failed=self._on_no_names, owner=self)
        self._judge()

    def _on_names(self, result: tuple[str, frozenset[str]]) -> None:
        chosen = self.chosen()
        if chosen is not None and chosen[1] == result[0]:
            self._taken = result[1]
            self._judge()

    def _on_no_names(self, problem: Problem) -> None:
        self._pool_problem = problem.line()
        self._judge()

    # --- judging -------------------------------------------------------------------------------

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == _TARGET:
            self._judge()

    def _judge(self) -> None:
        """Fill in what is known, and say of each file what will become of it."""
        self.table.blockSignals(True)  # noqa: FBT003
        seen: set[str] = set()
        for row, path in enumerate(self._files):
            facts = self._facts.get(path)
            if isinstance(facts, FileFacts):
                self._show_facts(row, facts)
            wrong, text = self._verdict(row, facts, seen)
            item = self._item(row, _CHECK)
            item.setText(text)
            item.setToolTip(plain_tip(text))
            item.setData(Qt.ItemDataRole.UserRole, wrong)
            seen.add(self._item(row, _TARGET).text())
        self.table.blockSignals(False)  # noqa: FBT003
        self.recheck()

    def _show_facts(self, row: int, facts: FileFacts) -> None:
        virtual = facts.image.virtual_size
        self._item(row, _FORMAT).setText(facts.image.format)
        for column, size in (
            (_SIZE, facts.size),
            (_ALLOCATED, facts.allocated),
            (_SEND, facts.data),
        ):
            self._item(row, column).setText(bytes_text(size))
            self._item(row, column).setToolTip(exact_bytes_text(size))
        if virtual is not None:
            self._item(row, _FORMAT).setToolTip(
                self.tr("A guest sees {0}").format(bytes_text(virtual))
            )

    def _verdict(  # noqa: PLR0911 - one for each thing that can be said
        self, row: int, facts: FileFacts | Problem | None, seen: set[str]
    ) -> tuple[bool, str]:
        """Return whether a file cannot be sent, and why, or what is to be known."""
        target = self._item(row, _TARGET).text()
        if facts is None:
            return False, self.tr("looking…")
        if isinstance(facts, Problem):
            return True, facts.line()
        if wrong := name_problem(target, ()):
            return True, wrong
        if target in seen:
            return True, self.tr("Two files cannot have the same name.")
        chosen_format = str(self.image_format.currentData())
        if chosen_format not in ("auto", "raw", facts.image.format):
            return True, self.tr("This is not {0}; it looks like {1}.").format(
                chosen_format, facts.image.format
            )
        if self._taken is not None and target in self._taken:
            match self.fields.policy():
                case IfExists.FAIL:
                    return True, self.tr("exists already")
                case IfExists.REPLACE:
                    return False, self.tr("replaces the volume that is there")
                case IfExists.SKIP:
                    return False, self.tr("exists already, will be skipped")
                case _:
                    name = free_name(target, self._taken)
                    return False, self.tr("will be named {0}").format(name)
        if facts.image.backing_file:
            return False, self.tr("overlay of {0}, which is not sent").format(
                display_name(facts.image.backing_file)
            )
        saved = facts.size - facts.data
        return False, self.tr("saves {0}").format(bytes_text(saved)) if saved else self.tr("ready")

    def check(self) -> str:
        """Say why nothing can be sent yet."""
        return self._pool_verdict() or self._files_verdict() or self.fields.check()

    def _pool_verdict(self) -> str:
        chosen = self.chosen()
        if chosen is None:
            return self.tr("Connect to a daemon first: there is no pool to upload to.")
        host, pool = chosen
        record = host.pools.get(pool)
        if record is None or not host.online:
            return self.tr("The connection is closed.")
        if not record.active:
            return self.tr("The pool {0} is stopped. Start it first.").format(display_name(pool))
        return self._pool_problem

    def _files_verdict(self) -> str:
        if not self._files:
            return self.tr("Add files, or drop them onto the window.")
        wrong = [
            self._item(row, _FILE).text()
            for row in range(len(self._files))
            if self._item(row, _CHECK).data(Qt.ItemDataRole.UserRole)
        ]
        if wrong:
            return self.tr("This cannot be sent: {0}").format(", ".join(wrong[:3]))
        if any(path not in self._facts for path in self._files):
            return self.tr("The files are still being looked at…")
        chosen = self.chosen()
        record = chosen[0].pools.get(chosen[1]) if chosen else None
        available = record.available if record and record.capacity else None
        needed = sum(facts.data for facts in self._known())
        # Zeros among the data may still make it fit; the engine finds out.
        if available is not None and needed > available and not self.fields.zero_scan.isChecked():
            return self.tr("{0} to send, and only {1} free in the pool.").format(
                bytes_text(needed), bytes_text(available)
            )
        return ""

    def _known(self) -> list[FileFacts]:
        found = [self._facts.get(path) for path in self._files]
        return [facts for facts in found if isinstance(facts, FileFacts)]

    def recheck(self) -> None:
        """Also tell the sum."""
        super().recheck()
        facts = self._known()
        if self.ok.isEnabled() and facts:
            chosen = self.chosen()
            record = chosen[0].pools.get(chosen[1]) if chosen else None
            self.problem.setText(
                self.tr("To send: {0} of {1}. Free in the pool: {2}.").format(
                    bytes_text(sum(one.data for one in facts)),
                    bytes_text(sum(one.size for one in facts)),
                    bytes_text(record.available if record else 0),
                )
            )

    def accept(self) -> None:
        """Tell the wish and close."""
        chosen = self.chosen()
        if chosen is None:
            return
        options = self.fields.options(str(self.image_format.currentData()))
        files = tuple(
            (path, self._item(row, _TARGET).text()) for row, path in enumerate(self._files)
        )
        self.wanted.emit(UploadWish(chosen[0].id, chosen[1], files, options))
        super().accept()
