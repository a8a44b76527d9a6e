"""The connection editor, passwords and unknown hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from lacuna_engine.errors import LacunaError, UnreachableError
from lacuna_engine.profiles import Candidate, Profile, Secrets
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion
from lacuna_gui.dialogs.connection import ConnectionDialog
from lacuna_gui.dialogs.connection_uri import build_uri, take_apart
from lacuna_gui.dialogs.importing import ImportDialog
from lacuna_gui.dialogs.prompts import HostKeyDialog, ProfilePrompter, SecretDialog, WindowPrompter
from lacuna_gui.problem import Problem, problem_of
from ui.window.driver import click, end_loop, press, start_loop, type_text, until


class Immediately:
    """Runs work to its end at once."""

    def run(
        self,
        work: Coroutine[Any, Any, Any],
        done: Callable[[Any], object] | None = None,
        *,
        what: str = "",
        failed: Callable[[Problem], object] | None = None,
        owner: object = None,
    ) -> Any:
        del owner
        try:
            work.send(None)
        except StopIteration as end:
            if done:
                done(end.value)
        except LacunaError as error:
            assert failed is not None
            failed(problem_of(error, what))


async def works(profile: Profile) -> str:
    return f"It works: {profile.uri}"


async def fails(profile: Profile) -> str:
    raise UnreachableError(f"nothing answers at {profile.uri}", hint="Start it.")


def dialog(qtbot: QtBot, profile: Profile | None = None, **others: Any) -> ConnectionDialog:
    made = ConnectionDialog(Immediately(), others.pop("tester", works), profile, **others)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    "uri",
    [
        "qemu:///system", "qemu:///session", "qemu+unix:///system?socket=/tmp/a%20b",
        "qemu+ssh://root@host/system", "qemu+ssh://host:2222/session?keyfile=/home/me/key",
        "qemu+tls://host/system", "qemu+tls://host/system?pkipath=/pki&no_verify=1",
        "qemu+tcp://[fe80::1]:16509/system", "qemu+ssh://me%40corp@host/system",
    ],
)  # fmt: skip
def test_uris_go_through_the_form(uri: str) -> None:
    fields = take_apart(uri)
    assert fields.transport != "uri"
    assert take_apart(build_uri(fields)) == type(fields)(
        **{name: getattr(fields, name) for name in fields.__slots__ if name != "text"},
        text=build_uri(fields),
    )


@pytest.mark.parametrize(
    "uri",
    [
        "storage+unix:///system?socket=/x", "xen+ssh://host/system", "test:///default",
        "qemu+ssh://host/system?proxy=netcat", "qemu+libssh2://host/system", "nonsense",
    ],
)  # fmt: skip
def test_what_the_form_cannot_say_is_kept_as_typed(uri: str) -> None:
    fields = take_apart(uri)
    assert fields.transport == "uri"
    assert build_uri(fields) == uri


def test_a_new_connection(qtbot: QtBot) -> None:
    made = dialog(qtbot, taken=["lab"])
    saved: list[Profile] = []
    made.saved.connect(saved.append)
    assert "Name the host" in made.problem.text()
    assert not made.ok.isEnabled()
    made.host.setText("kvm.example.org")
    made.user.setText("root")
    assert made.address.text() == "qemu+ssh://root@kvm.example.org/system"
    made.name.setText("LAB")
    assert "already" in made.problem.text()
    made.name.setText("")
    made.group.setCurrentText("Work")
    made.accept()
    assert [(one.id, one.name, one.uri, one.group) for one in saved] == [
        ("", "kvm.example.org", "qemu+ssh://root@kvm.example.org/system", "Work")
    ]


def test_a_connection_s_options(qtbot: QtBot) -> None:
    before = Profile(
        "1", "lab", "qemu+ssh://host/system", pool="fast", verify=True, limit=1000, connections="2"
    )
    made = dialog(qtbot, before)
    saved: list[Profile] = []
    made.saved.connect(saved.append)
    assert made.profile() == before, "what nobody changes stays exactly as it is"
    made.pool.setText("slow")
    made.limit.setValue(7)
    made.connections.setValue(0)
    made.verify.setChecked(False)
    made.accept()
    assert (saved[0].pool, saved[0].limit, saved[0].verify) == ("slow", 7 << 20, False)
    assert saved[0].connections == "auto"


def test_only_what_a_transport_needs_is_shown(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    shown = {
        "ssh": (True, True, True, False, False),
        "unix": (False, False, True, False, False),
        "tls": (True, False, False, True, False),
        "tcp": (True, False, False, False, False),
        "uri": (False, False, False, False, True),
    }
    for kind, expected in shown.items():
        made.transport.setCurrentIndex(made.transport.findData(kind))
        fields = (made.host, made.key, made.socket, made.pki, made.uri)
        assert tuple(field.isVisible() for field in fields) == expected, kind


def test_a_password_does_not_belong_in_a_uri(qtbot: QtBot) -> None:
    made = dialog(qtbot)
    made.transport.setCurrentIndex(made.transport.findData("uri"))
    made.uri.setText("qemu+ssh://me:secret@host/system")
    assert "password" in made.problem.text()
    assert not made.ok.isEnabled()


def test_a_trial(qtbot: QtBot) -> None:
    made = dialog(qtbot, Profile("1", "lab", "qemu+ssh://host/system"))
    click(made.test)
    assert made.outcome.text() == "It works: qemu+ssh://host/system"
    made.host.setText("other")
    assert made.outcome.text() == "", "what was found out holds no longer"
    made = dialog(qtbot, Profile("1", "lab", "qemu+ssh://host/system"), tester=fails)
    click(made.test)
    assert "Nothing answers at qemu+ssh://host/system" in made.outcome.text()
    assert "Start it." in made.outcome.text()


def test_importing(qtbot: QtBot) -> None:
    found = [Candidate("a", "qemu+ssh://a/system", "libvirt.conf"), Candidate("b", "u:///x", "v")]
    made = ImportDialog(found, ["u:///x"])
    qtbot.addWidget(made)
    wanted: list[Any] = []
    made.wanted.connect(wanted.append)
    made.accept()
    assert wanted == [[found[0]]], "what is there already is not offered"
    empty = ImportDialog([], [])
    qtbot.addWidget(empty)
    assert not empty.ok.isEnabled()
    assert "Nothing was found" in empty.problem.text()


# --- questions while a connection is being opened ------------------------------------------------


@pytest.fixture
def loop(qapp: QApplication, qtbot: QtBot) -> Iterator[asyncio.AbstractEventLoop]:
    made = start_loop(qapp)
    yield made
    end_loop(qtbot, made)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def asked(qtbot: QtBot, window: QWidget, kind: type[Any]) -> Any:
    until(qtbot, lambda: any(one.isVisible() for one in window.findChildren(kind)))
    return next(one for one in window.findChildren(kind) if one.isVisible())


def test_a_password(qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget) -> None:
    question = SecretQuestion(
        SecretKind.SSH_PASSWORD, "host", "me", "me@host's password:", attempt=2
    )
    task = loop.create_task(WindowPrompter(window).secret(question))
    box = asked(qtbot, window, SecretDialog)
    assert box.answer.echoMode() == QLineEdit.EchoMode.Password
    assert "not accepted" in box.problem.text()
    type_text(box.answer, "s3cret")
    press(box.answer, Qt.Key.Key_Return)
    until(qtbot, task.done)
    assert task.result() == "s3cret"


def test_no_password(qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget) -> None:
    task = loop.create_task(
        WindowPrompter(window).secret(SecretQuestion(SecretKind.SASL_USER, "h"))
    )
    box = asked(qtbot, window, SecretDialog)
    assert box.answer.echoMode() == QLineEdit.EchoMode.Normal
    press(box, Qt.Key.Key_Escape)
    until(qtbot, task.done)
    assert task.result() is None


def test_questions_come_one_at_a_time(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget
) -> None:
    prompter = WindowPrompter(window)
    question = SecretQuestion(SecretKind.SSH_PASSWORD, "host")
    tasks = [loop.create_task(prompter.secret(question)) for _ in range(2)]
    for answer in ("one", "two"):
        box = asked(qtbot, window, SecretDialog)
        assert sum(other.isVisible() for other in window.findChildren(SecretDialog)) == 1
        type_text(box.answer, answer)
        press(box.answer, Qt.Key.Key_Return)
    until(qtbot, lambda: all(task.done() for task in tasks))
    assert [task.result() for task in tasks] == ["one", "two"]


def test_a_cancelled_question_closes(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget
) -> None:
    question = SecretQuestion(SecretKind.SSH_PASSWORD, "host")
    task = loop.create_task(WindowPrompter(window).secret(question))
    asked(qtbot, window, SecretDialog)
    task.cancel()
    until(qtbot, task.done)
    until(qtbot, lambda: not any(box.isVisible() for box in window.findChildren(SecretDialog)))


@pytest.mark.parametrize("trust", [True, False])
def test_an_unknown_host(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget, trust: bool
) -> None:
    question = HostKeyQuestion("kvm.example.org", 22, "ED25519", "SHA256:abc")
    task = loop.create_task(WindowPrompter(window).confirm_host(question))
    box = asked(qtbot, window, HostKeyDialog)
    if trust:
        click(box.ok)
    else:
        # Return does not make anybody trusted.
        press(box, Qt.Key.Key_Return)
    until(qtbot, task.done)
    assert task.result() is trust


class Remembering(Secrets):
    """A keyring in memory."""

    def __init__(self, *, there: bool = True) -> None:
        super().__init__()
        self.there = there
        self.kept: dict[tuple[str, str], str] = {}

    async def available(self) -> bool:
        return self.there

    async def get(self, owner: str, label: str) -> str | None:
        return self.kept.get((owner, label))

    async def set(self, owner: str, label: str, secret: str, *, remember: bool) -> bool:
        if remember:
            self.kept[owner, label] = secret
        return remember

    async def forget(self, owner: str, label: str = "") -> bool:
        self.kept.pop((owner, label), None)
        return True


def test_a_password_is_remembered_and_a_wrong_one_forgotten(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget
) -> None:
    secrets = Remembering()
    prompter = ProfilePrompter(WindowPrompter(window), secrets, "profile")
    question = SecretQuestion(SecretKind.SSH_PASSWORD, "host", "me")
    task = loop.create_task(prompter.secret(question))
    box = asked(qtbot, window, SecretDialog)
    type_text(box.answer, "s3cret")
    box.remember.setChecked(True)
    press(box.answer, Qt.Key.Key_Return)
    until(qtbot, task.done)
    assert list(secrets.kept.values()) == ["s3cret"]
    again = loop.create_task(prompter.secret(question))
    until(qtbot, again.done)
    assert again.result() == "s3cret"
    wrong = loop.create_task(prompter.secret(question._replace(attempt=2)))
    box = asked(qtbot, window, SecretDialog)
    assert secrets.kept == {}
    press(box, Qt.Key.Key_Escape)
    until(qtbot, wrong.done)
    assert wrong.result() is None


def test_without_a_keyring_nothing_can_be_remembered(
    qtbot: QtBot, loop: asyncio.AbstractEventLoop, window: QWidget
) -> None:
    prompter = ProfilePrompter(WindowPrompter(window), Remembering(there=False), "profile")
    task = loop.create_task(prompter.secret(SecretQuestion(SecretKind.SSH_PASSWORD, "host")))
    box = asked(qtbot, window, SecretDialog)
    assert not box.remember.isEnabled()
    assert "no keyring" in box.remember.text()
    press(box, Qt.Key.Key_Escape)
    until(qtbot, task.done)
