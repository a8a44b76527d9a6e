"""Messages stack, wait to be dismissed, and can be read by everyone."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lacuna_gui.theme import Severity, colours
from lacuna_gui.widgets import Message, MessageAction, MessageBar
from lacuna_gui.widgets.message import MessagePanel
from ui.hands import click, press


def failure(key: str = "", **more: object) -> Message:
    fields: dict[str, object] = {
        "severity": Severity.BAD,
        "what": "Upload of <b>disk</b> failed",
        "why": "No space is left.",
        "cure": "Delete volumes.",
        "details": "libvirt: error 38\nsecond line",
        "key": key,
    }
    return Message(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[MessageBar]:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    made = MessageBar(window)
    layout.addWidget(made)
    layout.addStretch(1)
    window.resize(600, 500)
    window.show()
    yield made
    window.close()


def panels(bar: MessageBar) -> list[MessagePanel]:
    return bar._panels


def test_an_empty_bar_takes_no_room(bar: MessageBar) -> None:
    assert not bar.isVisible()
    bar.show_message(failure())
    assert bar.isVisible()
    bar.clear()
    assert not bar.isVisible()
    assert bar.messages == ()


def test_the_latest_is_on_top_and_few_are_shown(bar: MessageBar, qtbot: QtBot) -> None:
    for number in range(5):
        bar.show_message(Message(Severity.INFO, f"number {number}"))
    assert [message.what[-1] for message in bar.messages] == list("43210")
    assert [panel.isVisible() for panel in panels(bar)] == [True, True, True, False, False]
    assert bar._more.text() == "2 more messages"
    click(bar._more)
    assert all(panel.isVisible() for panel in panels(bar))
    click(bar._more)
    panels(bar)[0]._close.click()
    assert bar._more.text() == "1 more message"
    panels(bar)[0]._close.click()
    assert not bar._more.isVisible()


def test_one_with_the_same_key_takes_the_place_of_the_other(bar: MessageBar) -> None:
    bar.show_message(failure("job 1"))
    bar.show_message(Message(Severity.GOOD, "Done", key="job 1"))
    bar.show_message(failure("job 2"))
    assert [message.key for message in bar.messages] == ["job 2", "job 1"]
    assert bar.messages[1].what == "Done"
    bar.dismiss("job 2")
    bar.dismiss("")
    assert len(bar.messages) == 1


def test_the_same_again_is_counted(bar: MessageBar) -> None:
    for _ in range(3):
        bar.show_message(failure())
    assert len(bar.messages) == 1
    assert panels(bar)[0]._what.text().endswith("(3 times)")


def test_details_are_folded(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message(failure())
    panel = panels(bar)[0]
    assert not panel._details.isVisible()
    click(panel._unfold)
    assert panel._details.isVisible()
    assert panel._details.toPlainText() == "libvirt: error 38\nsecond line"
    assert panel._details.isReadOnly()
    panel.resize(300, 200)
    click(panel._unfold)
    assert not panel._details.isVisible()
    bar.show_message(Message(Severity.INFO, "short"))
    assert not panels(bar)[0]._unfold.isVisible()


def test_all_of_it_can_be_copied(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message(failure())
    click(panels(bar)[0]._copy)
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines() == [
        "Upload of <b>disk</b> failed",
        "No space is left.",
        "Delete volumes.",
        "libvirt: error 38",
        "second line",
    ]


def test_names_are_not_markup(bar: MessageBar) -> None:
    bar.show_message(failure())
    assert panels(bar)[0]._what.textFormat() == Qt.TextFormat.PlainText


def test_actions(bar: MessageBar, qtbot: QtBot) -> None:
    done: list[str] = []
    bar.show_message(
        failure(
            actions=(
                MessageAction("Open folder", lambda: done.append("folder"), "folder-open", True),
                MessageAction("Retry", lambda: done.append("retry")),
            )
        )
    )
    first, second = panels(bar)[0]._buttons
    click(first)
    assert bar.isVisible()
    with qtbot.waitSignal(bar.dismissed) as gone:
        click(second)
    assert done == ["folder", "retry"]
    assert gone.args is not None
    assert gone.args[0].what.startswith("Upload")
    assert bar.messages == ()


def test_escape_dismisses_and_the_focus_goes_on(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message(Message(Severity.INFO, "below"))
    bar.show_message(failure())
    panel = panels(bar)[0]
    panel._close.setFocus()
    with qtbot.waitSignal(bar.count_changed) as counted:
        press(panel, Qt.Key.Key_Escape)
    assert counted.args == [1]
    press(panels(bar)[0], Qt.Key.Key_A)
    assert len(bar.messages) == 1


def test_good_news_go_by_themselves(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message(Message(Severity.GOOD, "Done", seconds=0.05))
    qtbot.waitUntil(lambda: bar.messages == ())


def test_not_while_someone_reads(
    bar: MessageBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessagePanel, "is_busy", True)
    bar.show_message(Message(Severity.GOOD, "Done", seconds=0.01))
    qtbot.wait(60)
    assert len(bar.messages) == 1


def test_a_severity_is_seen_and_named(palette: QPalette, bar: MessageBar, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: colours(bar.palette()) is colours(palette))
    names = set()
    for severity in Severity:
        bar.show_message(Message(severity, severity.value))
        panel = panels(bar)[0]
        image = panel.grab().toImage()
        assert image.pixelColor(1, 5) == colours(palette).of_severity(severity)
        assert image.pixelColor(image.width() - 2, 2) == colours(palette).behind(severity)
        names.add(panel._icon.accessibleName())
    assert names == {"Note", "Success", "Warning", "Error"}


def test_what_is_read_out(bar: MessageBar, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", told.append)
    bar.show_message(failure())
    assert len(told) == 2
    bar.show_message(Message(Severity.INFO, "note"))
    assert len(told) == 3
    assert panels(bar)[1].accessibleDescription() == (
        "Upload of <b>disk</b> failed No space is left. Delete volumes."
    )


LONG = {
    "unbroken": "x" * 3000,
    "words": "word " * 900,
}


@pytest.mark.parametrize("kind", sorted(LONG))
def test_a_long_text_takes_little_room_and_is_all_there(
    bar: MessageBar, qtbot: QtBot, kind: str
) -> None:
    window = bar.window()
    before = window.size()
    bar.show_message(failure(what=LONG[kind], why=LONG[kind], details=""))
    qtbot.waitUntil(lambda: bar.height() > 50)
    (panel,) = panels(bar)
    assert bar.height() < 350
    assert window.size() == before
    assert panel._why.text().endswith("… Delete volumes.")
    whole = panel._details.toPlainText()
    assert whole.count(LONG[kind]) == 2
    panel.copy_text()
    assert QGuiApplication.clipboard().text() == whole


def test_several_messages_do_not_make_the_window_higher(bar: MessageBar, qtbot: QtBot) -> None:
    window = bar.window()
    window.resize(600, 350)
    for number in range(3):
        bar.show_message(failure(str(number), why="A rather long reason for it. " * 5))
    qtbot.waitUntil(lambda: bar.height() > 150)
    qtbot.wait(50)
    assert window.height() == 350
