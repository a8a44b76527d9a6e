"""Passwords and unknown host keys: asked in the window while a connection is being opened."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QLineEdit, QWidget

from lacuna_engine.profiles import Secrets, label_of
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion
from lacuna_gui.dialogs.form import FormDialog, note_label, plain_label

translate = QCoreApplication.translate

__all__ = ["HostKeyDialog", "ProfilePrompter", "SecretDialog", "WindowPrompter"]


class SecretDialog(FormDialog):
    """Asks for a password, a passphrase, a user name or a one-time code.

    ``keyring`` tells whether the answer can be remembered; None where that makes no sense.
    """

    def __init__(
        self,
        question: SecretQuestion,
        parent: QWidget | None = None,
        *,
        keyring: bool | None = None,
    ) -> None:
        super().__init__(_title(question), translate("Prompts", "Connect"), parent)
        who = f"{question.user}@{question.host}" if question.user else question.host
        self.form.addRow(self.tr("For:"), plain_label(who))
        if question.text.strip():
            self.form.addRow(note_label(question.text.strip()))
        self.answer = QLineEdit()
        if not (question.echo or question.kind is SecretKind.SASL_USER):
            self.answer.setEchoMode(QLineEdit.EchoMode.Password)
        label = QLabel(self.tr("&Answer:"))
        if question.kind is SecretKind.SASL_USER:
            label.setText(self.tr("&User name:"))
        elif question.kind is SecretKind.KEY_PASSPHRASE:
            label.setText(self.tr("&Passphrase:"))
        elif question.kind is not SecretKind.KEYBOARD_INTERACTIVE:
            label.setText(self.tr("&Password:"))
        label.setBuddy(self.answer)
        self.form.addRow(label, self.answer)
        self.remember = QCheckBox(self.tr("&Remember in the keyring"))
        self.form.addRow("", self.remember)
        self.form.setRowVisible(self.remember, keyring is not None)
        if keyring is False:
            self.remember.setEnabled(False)
            self.remember.setText(self.tr("Kept until Lacuna ends: there is no keyring"))
        if question.attempt > 1:
            self.problem.setText(self.tr("That was not accepted. Try again."))
        self.answer.setFocus()


class HostKeyDialog(FormDialog):
    """Asks whether the key of a host that is seen for the first time is the right one."""

    def __init__(self, question: HostKeyQuestion, parent: QWidget | None = None) -> None:
        super().__init__(
            translate("Prompts", "Unknown host"), translate("Prompts", "Trust this host"), parent
        )
        place = question.host if question.port in (0, 22) else f"{question.host}:{question.port}"
        self.body.insertWidget(
            0,
            note_label(
                self.tr(
                    "This computer has never connected to {0} before. Compare the fingerprint with "
                    "what its administrator gives you; if it differs, somebody may be in between."
                ).format(place)
            ),
        )
        self.form.addRow(self.tr("Key type:"), plain_label(question.key_type))
        fingerprint = plain_label(question.fingerprint)
        fingerprint.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        fingerprint.setStyleSheet("font-family: monospace")
        self.form.addRow(self.tr("Fingerprint:"), fingerprint)
        # Return must not be enough to trust somebody.
        self.ok.setDefault(False)
        self.ok.setAutoDefault(False)
        cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setDefault(True)
        cancel.setFocus()


class WindowPrompter:
    """Asks with dialogs, one at a time. Implements the engine's `Prompter`."""

    def __init__(self, window: QWidget | None = None) -> None:
        self.window = window
        self._one_at_a_time = asyncio.Lock()

    async def secret(self, question: SecretQuestion) -> str | None:
        """Return the answer, None if the dialog was cancelled."""
        return (await self.ask(question))[0]

    async def ask(
        self, question: SecretQuestion, *, keyring: bool | None = None
    ) -> tuple[str | None, bool]:
        """Return the answer and whether it is to be remembered."""
        async with self._one_at_a_time:
            dialog = SecretDialog(question, self.window, keyring=keyring)
            if not await _shown(dialog):
                return None, False
            return dialog.answer.text(), dialog.remember.isChecked()

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Return whether the host is to be trusted."""
        async with self._one_at_a_time:
            return await _shown(HostKeyDialog(question, self.window))


class ProfilePrompter:
    """Answers for one saved connection: what is remembered, and else the user.

    What is asked a second time was wrong, and is forgotten.
    """

    def __init__(self, window: WindowPrompter, secrets: Secrets, owner: str) -> None:
        self._window, self._secrets, self._owner = window, secrets, owner

    async def secret(self, question: SecretQuestion) -> str | None:
        """Return the remembered answer or the user's."""
        label = label_of(question)
        if question.attempt > 1:
            await self._secrets.forget(self._owner, label)
        elif (known := await self._secrets.get(self._owner, label)) is not None:
            return known
        # A one-time code is good for once.
        lasting = question.kind is not SecretKind.KEYBOARD_INTERACTIVE
        keyring = await self._secrets.available() if lasting else None
        answer, remember = await self._window.ask(question, keyring=keyring)
        if answer is not None and lasting:
            await self._secrets.set(self._owner, label, answer, remember=remember)
        return answer

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        """Return whether the host is to be trusted."""
        return await self._window.confirm_host(question)


async def _shown(dialog: QDialog) -> bool:
    """Open a dialog and wait for its end, without a loop inside the loop."""
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def on_finished(result: int) -> None:
        if not ended.done():
            ended.set_result(result == int(QDialog.DialogCode.Accepted))

    # The answer is read after the end, so the dialog stays until then.
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    dialog.finished.connect(on_finished)
    dialog.open()
    try:
        return await ended
    finally:
        dialog.close()
        dialog.deleteLater()


def _title(question: SecretQuestion) -> str:
    if question.kind is SecretKind.SASL_USER:
        return translate("Prompts", "User name needed")
    if question.kind is SecretKind.KEY_PASSPHRASE:
        return translate("Prompts", "Passphrase needed")
    return translate("Prompts", "Password needed")
