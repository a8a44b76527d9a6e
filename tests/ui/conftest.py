"""What all tests of the window share: an application in our style, and silence on Qt's part."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.pop("QT_SCALE_FACTOR", None)

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from lacuna_gui.theme import Scheme, Theme, dark_palette, light_palette

HERE = Path(__file__).parent

HARMLESS = (
    # The offscreen platform has no window manager to pass such wishes on to.
    r"This plugin does not support (propagateSizeHints|raise|grabbing).*",
    # It has no tray either, and tells an icon so.
    r"QObject::connect: No such signal QPlatformNativeInterface::systemTrayWindowChanged.*",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Anything Qt complains about fails the test in which it does."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*HARMLESS, extend=True))


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The application's theme; each test begins with the light one."""
    qapp.setQuitOnLastWindowClosed(False)
    return Theme(qapp, Scheme.LIGHT)


@pytest.fixture(autouse=True)
def usual(theme: Theme) -> Iterator[None]:
    """Every test begins light and in plain English, whatever the one before did."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    theme.set_scheme(Scheme.LIGHT)
    yield
    QToolTip.hideText()
    theme.set_scheme(Scheme.LIGHT)
    QLocale.setDefault(before)


@pytest.fixture(params=["light", "dark"])
def palette(request: pytest.FixtureRequest, theme: Theme) -> QPalette:
    """The test runs in both schemes."""
    dark = request.param == "dark"
    theme.set_scheme(Scheme.DARK if dark else Scheme.LIGHT)
    return dark_palette() if dark else light_palette()


@pytest.fixture
def dark(theme: Theme) -> QPalette:
    """The window is dark."""
    theme.set_scheme(Scheme.DARK)
    return dark_palette()


@pytest.fixture
def german() -> QLocale:
    """Numbers are written as in Germany."""
    locale = QLocale(QLocale.Language.German, QLocale.Country.Germany)
    QLocale.setDefault(locale)
    return locale
