"""The connection editor: a form for each transport, and the URI that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from lacuna_engine.errors import UsageError
from lacuna_engine.profiles import Profile
from lacuna_engine.profiles.profile import check_name, check_uri, free_name
from lacuna_engine.transport import parse_uri
from lacuna_gui import words
from lacuna_gui.dialogs.connection_uri import UriFields, build_uri, take_apart
from lacuna_gui.dialogs.fields import ConnectionsField, RateField
from lacuna_gui.dialogs.form import FormDialog, note_label
from lacuna_gui.dialogs.path_field import PathField
from lacuna_gui.problem import Problem, problem_of
from lacuna_gui.work import Runner

__all__ = ["ConnectionDialog", "Tester"]

Tester = Callable[[Profile], Coroutine[Any, Any, str]]
"""Connects for a trial and returns what answered there, in words."""

_TRANSPORTS = ("ssh", "unix", "tls", "tcp", "uri")


class ConnectionDialog(FormDialog):
    """Makes or changes a connection; `saved` brings the profile."""

    saved = Signal(object)

    def __init__(
        self,
        runner: Runner,
        tester: Tester,
        profile: Profile | None = None,
        *,
        groups: Iterable[str] = (),
        taken: Iterable[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Edit connection") if profile else self.tr("New connection"))
        self.ok.setText(self.tr("Save"))
        self.setMinimumWidth(480)  # addresses are long
        self._runner, self._tester = runner, tester
        self._taken = tuple(taken)
        self._profile = profile or Profile(id="", name="", uri="")
        self._make_rows(groups)
        self._make_test()
        self._fill()
        self._on_transport()

    # --- rows ----------------------------------------------------------------------------------

    def _make_rows(self, groups: Iterable[str]) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("like the host, if left empty"))
        self.group = QComboBox()
        self.group.setEditable(True)
        self.group.addItems(["", *sorted(set(groups) - {""})])
        self.transport = QComboBox()
        texts = (
            self.tr("SSH"),
            self.tr("This computer"),
            self.tr("TLS with certificates"),
            self.tr("TCP (not encrypted)"),
            self.tr("URI as typed"),
        )
        for key, text in zip(_TRANSPORTS, texts, strict=True):
            self.transport.addItem(text, key)
        self.host, self.user = QLineEdit(), QLineEdit()
        self.port = QSpinBox()
        self.port.setRange(0, 65535)
        self.port.setSpecialValueText(self.tr("usual"))
        self.daemon = QComboBox()
        self.daemon.addItem(self.tr("System"), "/system")
        self.daemon.addItem(self.tr("Only mine (session)"), "/session")
        usual = self.tr("usual")
        self.key_row = PathField(self.tr("Key file"), folder=False, empty=usual)
        self.pki_row = PathField(self.tr("Folder of certificates"), folder=True, empty=usual)
        self.key, self.pki = self.key_row.edit, self.pki_row.edit
        self.no_verify = QCheckBox(self.tr("Accept any certificate (not safe)"))
        self.socket = QLineEdit()
        self.socket.setPlaceholderText(usual)
        self.uri = QLineEdit()
        self.uri.setPlaceholderText("qemu+ssh://user@host/system")
        self.address = note_label()
        self.address.setObjectName("address")
        self.pool = QLineEdit()
        self.pool.setPlaceholderText(self.tr("the first one that is active"))
        self.limit = RateField()
        self.connections = ConnectionsField()
        self.verify = QCheckBox(words.verify_text())
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("&Name:"), self.name),
            (self.tr("&Group:"), self.group),
            (self.tr("Transp&ort:"), self.transport),
            (self.tr("&Host:"), self.host),
            (self.tr("&User:"), self.user),
            (self.tr("&Port:"), self.port),
            (self.tr("&Daemon:"), self.daemon),
            (self.tr("&Key file:"), self.key_row),
            (self.tr("&Certificates in:"), self.pki_row),
            ("", self.no_verify),
            (self.tr("&Socket:"), self.socket),
            (self.tr("UR&I:"), self.uri),
            (self.tr("Address:"), self.address),
            (self.tr("&First pool:"), self.pool),
            (self.tr("Sp&eed of each transfer:"), self.limit),
            (words.connections_label(), self.connections),
            ("", self.verify),
        )
        for text, field in rows:
            self.form.addRow(text, field)
        for edit in (self.name, self.host, self.user, self.key, self.pki, self.socket, self.uri):
            edit.textChanged.connect(self._on_change)
        self.group.editTextChanged.connect(self._on_change)
        self.port.valueChanged.connect(self._on_change)
        self.daemon.currentIndexChanged.connect(self._on_change)
        self.no_verify.toggled.connect(self._on_change)
        self.transport.currentIndexChanged.connect(self._on_transport)

    def _make_test(self) -> None:
        self.test = QPushButton(self.tr("&Test connection"))
        self.test.setAutoDefault(False)
        self.outcome = note_label()
        self.outcome.setObjectName("outcome")
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addWidget(self.outcome, 1)
        self.body.insertLayout(2, row)
        self.test.clicked.connect(self._on_test)

    def _fill(self) -> None:
        self.name.setText(self._profile.name)
        self.group.setCurrentText(self._profile.group)
        fields = take_apart(self._profile.uri) if self._profile.uri else UriFields("ssh")
        self.transport.setCurrentIndex(_TRANSPORTS.index(fields.transport))
        self.host.setText(fields.host)
        self.user.setText(fields.user)
        self.port.setValue(fields.port)
        self.daemon.setCurrentIndex(max(0, self.daemon.findData(fields.daemon)))
        self.key.setText(fields.key)
        self.pki.setText(fields.pki)
        self.no_verify.setChecked(fields.no_verify)
        self.socket.setText(fields.socket)
        self.uri.setText(self._profile.uri)
        self.pool.setText(self._profile.pool)
        self.limit.set_rate(self._profile.limit)
        self.connections.set_text_value(self._profile.connections)
        self.verify.setChecked(self._profile.verify)

    # --- what the user does --------------------------------------------------------------------

    def _fields(self) -> UriFields:
        return UriFields(
            transport=str(self.transport.currentData()),
            host=self.host.text().strip(),
            user=self.user.text().strip(),
            port=self.port.value(),
            daemon=str(self.daemon.currentData()),
            key=self.key.text().strip(),
            pki=self.pki.text().strip(),
            no_verify=self.no_verify.isChecked(),
            socket=self.socket.text().strip(),
            text=self.uri.text().strip(),
        )

    def _on_transport(self) -> None:
        kind = str(self.transport.currentData())
        remote = kind in ("ssh", "tls", "tcp")
        visible = {
            self.host: remote,
            self.user: remote,
            self.port: remote,
            self.daemon: kind != "uri",
            self.key_row: kind == "ssh",
            self.pki_row: kind == "tls",
            self.no_verify: kind == "tls",
            self.socket: kind in ("unix", "ssh"),
            self.uri: kind == "uri",
            self.address: kind != "uri",
        }
        for field, shown in visible.items():
            self.form.setRowVisible(field, shown)
        self._on_change()

    def _on_change(self, *_: object) -> None:
        self.address.setText(build_uri(self._fields()))
        self.outcome.setText("")
        self.recheck()

    def check(self) -> str:
        """Say what is missing."""
        fields = self._fields()
        if fields.transport in ("ssh", "tls", "tcp") and not fields.host:
            return self.tr("Name the host.")
        if fields.transport == "uri" and not fields.text:
            return self.tr("Type a URI, for example qemu+ssh://user@host/system.")
        try:
            check_uri(build_uri(fields))
            if name := self.name.text().strip():
                check_name(name, self._taken)
        except UsageError as error:
            return problem_of(error).line()
        return ""

    def recheck(self) -> None:
        """Also say whether a trial makes sense."""
        super().recheck()
        if hasattr(self, "test"):
            self.test.setEnabled(self.ok.isEnabled())

    def profile(self) -> Profile:
        """Return what has been put in."""
        fields = self._fields()
        uri = build_uri(fields)
        name = self.name.text().strip() or free_name(
            fields.host or _name_of(uri, self.tr("This computer")), self._taken
        )
        return replace(
            self._profile,
            name=name,
            uri=uri,
            group=self.group.currentText().strip(),
            pool=self.pool.text().strip(),
            limit=self.limit.rate(),
            connections=self.connections.text_value(),
            verify=self.verify.isChecked(),
        )

    def accept(self) -> None:
        """Tell the profile and close."""
        self.saved.emit(self.profile())
        super().accept()

    def _on_test(self) -> None:
        self.test.setEnabled(False)
        self.outcome.setText(self.tr("Connecting…"))

        def worked(answer: str) -> None:
            self.test.setEnabled(True)
            self.outcome.setText(answer)

        def failed(problem: Problem) -> None:
            self.test.setEnabled(True)
            self.outcome.setText("\n".join(filter(None, (problem.what, problem.why, problem.cure))))
            self.outcome.setToolTip(words.plain_tip(problem.details))

        self._runner.run(self._tester(self.profile()), worked, failed=failed, owner=self)


def _name_of(uri: str, local: str) -> str:
    try:
        return parse_uri(uri).host or local
    except UsageError:
        return uri
