"""The window in every language: nothing left in English, nothing cut off, no shortcut twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QLocale, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTabBar,
    QWidget,
)

from lacuna_gui.language import install_language
from lacuna_gui.widgets.elided_label import ElidedLabel
from ui import translations
from ui.window.driver import Driver, Served

OPEN, CLOSE = "[[", "]]"
SAME_EVERYWHERE = re.compile(
    # Names, formats, kinds, addresses; numbers with units; keys; and what is no word.
    r"Lacuna.*|lab( .*)?|default|fast|images|disk\.\w+|SSH|XML|UUID:|URI:|English|Deutsch|简体中文"
    r"|dir|file|raw|qcow2?|iso|luks|qed|vdi|vmdk|vpc|vhdx|qemu\+ssh://.*|/.*|[0-9a-f]+(-[0-9a-f]+){4}"
    r"|[\d.,: ]*([KMGT]iB(/s)?)?|(Ctrl|Alt|Shift|F\d|Del|Home|End).*|[^a-zA-Z]*"
)


class Marking(QTranslator):
    """Puts every text that is asked for, and is among those for translators, into brackets."""

    def __init__(self) -> None:
        super().__init__()
        self._known = {(text.context, text.source) for text in translations.extracted()}

    def isEmpty(self) -> bool:  # noqa: N802
        return False

    def translate(
        self,
        context: str,
        sourceText: str,  # noqa: N803
        disambiguation: str | None = None,  # noqa: ARG002 - Qt's
        n: int = -1,  # noqa: ARG002
    ) -> str:
        # Qt's own texts have Qt's names for contexts.
        if context.startswith("Q") or (context, sourceText) in self._known:
            return f"{OPEN}{sourceText}{CLOSE}"
        return ""


@pytest.fixture
def speak(qapp: QApplication) -> Iterator[Callable[[str], None]]:
    """Gives what makes the windows to come speak a language; all is taken back."""
    before = set(qapp.findChildren(QTranslator))
    locale = QLocale()
    marking: list[Marking] = []

    def install(language: str) -> None:
        if language:
            install_language(qapp, language)
        else:
            marking.append(Marking())
            qapp.installTranslator(marking[0])

    yield install
    for translator in {*qapp.findChildren(QTranslator), *marking} - before:
        qapp.removeTranslator(translator)
    QLocale.setDefault(locale)


def windows_of(driver: Driver) -> Iterator[QWidget]:
    """Give the window with a volume in it, then all dialogs that actions open."""
    driver.connect("lab")
    driver.select("disk.raw")
    host = driver.host("lab")
    yield driver.window
    for action in driver.window.actions_:
        asks = "…" in action.text() or action.objectName() in {"app.shortcuts", "app.about"}
        if not asks:
            continue
        driver.choose(host, "default")  # a duplicate of the connection is chosen at once
        driver.select("disk.raw")
        if not action.isEnabled():
            continue
        action.trigger()
        driver.until(lambda: bool(driver.dialogs()))
        (dialog,) = driver.dialogs()
        yield dialog
        dialog.reject()
        driver.until(lambda: not driver.dialogs())


def shown(widget: QWidget) -> list[QWidget]:
    """Return a widget and all in it that is on the screen, without other windows."""
    inside = [child for child in widget.findChildren(QWidget) if child.window() is widget]
    return [widget, *(child for child in inside if child.isVisibleTo(widget))]


def texts_of(widget: QWidget) -> Iterator[str]:
    yield widget.windowTitle()
    yield widget.toolTip()
    yield widget.accessibleName()
    for action in widget.actions():
        yield from (action.text(), action.iconText(), action.toolTip(), action.statusTip())
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(index) for index in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(index) for index in range(widget.count()))
    if isinstance(widget, QHeaderView):
        yield from _titles(widget)


def _titles(header: QHeaderView) -> list[str]:
    model = header.model()
    if header.isHidden() or model is None:
        return []
    return [str(model.headerData(i, header.orientation()) or "") for i in range(header.count())]


@pytest.fixture
def speaking(
    served: Served, speak: Callable[[str], None], request: pytest.FixtureRequest
) -> Callable[[str], Driver]:
    """Gives what opens a window in a language."""
    (served.path("default") / "disk.raw").write_bytes(bytes(1 << 20))

    def opened(language: str) -> Driver:
        speak(language)
        driver: Driver = request.getfixturevalue("driver")
        return driver

    return opened


def test_every_text_can_be_translated(speaking: Callable[[str], Driver]) -> None:
    driver = speaking("")
    left: dict[str, set[str]] = {}
    for window in windows_of(driver):
        for widget in shown(window):
            for text in texts_of(widget):
                if OPEN not in text and not SAME_EVERYWHERE.fullmatch(text):
                    left.setdefault(type(window).__name__, set()).add(text)
    assert left == {}


@pytest.mark.parametrize("language", ["en", "de", "zh_CN"])
def test_a_window(speaking: Callable[[str], Driver], language: str) -> None:
    """One walk through the window for all that can be seen of it."""
    driver = speaking(language)
    wrong: list[str] = []
    count = 0
    for window in windows_of(driver):
        count += 1
        where = type(window).__name__
        wrong += [f"{where}: Alt+{keys}" for keys in twice(mnemonics_of(window))]
        wrong += [f"{where}: {text!r} is cut off" for text in cut_off(window)]
    wrong += twice([action.text() for action in driver.window.menuBar().actions()])
    for menu in driver.window.menuBar().findChildren(QMenu):
        names = [action.text() for action in menu.actions()]
        wrong += [f"{menu.title()}: {keys}" for keys in twice(names)]

    assert wrong == []
    assert count > 20


def mnemonics_of(window: QWidget) -> list[str]:
    """Return texts with a letter that works in this window, also of rows that are not shown yet."""
    return [
        widget.text()
        for widget in window.findChildren(QWidget)
        if widget.window() is window and isinstance(widget, QAbstractButton | QLabel)
    ]


def twice(texts: list[str]) -> list[str]:
    """Return letters that more than one of the texts has, with these texts."""
    by_letter: dict[str, list[str]] = {}
    for text in texts:
        found = re.search(r"&([^&])", text)
        if found:
            by_letter.setdefault(found.group(1).casefold(), []).append(text)
    return [f"{letter}: {', '.join(some)}" for letter, some in by_letter.items() if len(some) > 1]


def cut_off(window: QWidget) -> Iterator[str]:
    """Give texts that do not fit into the place they have."""
    for widget in shown(window):
        if isinstance(widget, ElidedLabel) or not widget.isVisible():
            continue
        if isinstance(widget, QAbstractButton) or (
            isinstance(widget, QLabel) and not widget.wordWrap()
        ):
            needed, text = widget.sizeHint().width(), widget.text()
        elif isinstance(widget, QComboBox):
            needed = widget.fontMetrics().horizontalAdvance(widget.currentText())
            text = widget.currentText()
        elif isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
            yield from _cut_titles(widget)
            continue
        else:
            continue
        if text and needed > widget.width():
            yield text


def _cut_titles(header: QHeaderView) -> Iterator[str]:
    for index, title in enumerate(_titles(header)):
        size = header.fontMetrics().horizontalAdvance(title)
        if not header.isSectionHidden(index) and size > header.sectionSize(index):
            yield title
