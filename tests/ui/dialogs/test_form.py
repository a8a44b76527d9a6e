"""Dialogs are used from the keyboard: typing goes to the first row, Return accepts."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from lacuna_gui.dialogs.form import FormDialog
from ui.hands import press


def dialog(qtbot: QtBot) -> tuple[FormDialog, list[QWidget]]:
    made = FormDialog("Title", "Go")
    rows: list[QWidget] = [QLineEdit(), QCheckBox("&Check"), QLineEdit()]
    for row in rows:
        made.form.addRow("Row:", row)
    made.form.addRow("Note:", QLabel("text"))
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made, rows


def test_the_first_row_has_the_focus_and_return_accepts(qtbot: QtBot) -> None:
    made, rows = dialog(qtbot)
    qtbot.waitUntil(rows[0].hasFocus)
    assert made.ok.isDefault()
    with qtbot.waitSignal(made.accepted):
        press(rows[0], Qt.Key.Key_Return)


def test_tab_goes_through_the_rows_to_the_buttons(qtbot: QtBot) -> None:
    made, rows = dialog(qtbot)
    qtbot.waitUntil(rows[0].hasFocus)
    cancel = next(button for button in made.buttons.buttons() if button is not made.ok)
    met: list[QWidget | None] = []
    for _ in range(6):
        focus = QApplication.focusWidget()
        met.append(focus)
        assert focus is not None
        press(focus, Qt.Key.Key_Tab)
    assert met == [*rows, made.ok, cancel, rows[0]]
