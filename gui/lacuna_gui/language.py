"""The language of the window: Lacuna's translations, Qt's own, and how numbers are written."""

from __future__ import annotations

from importlib import resources
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

__all__ = ["LANGUAGES", "install_language"]

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "zh_CN": "简体中文"}
"""The languages there are, each by its code and written in itself."""

_SCRIPTS: Final = {"zh_Hans": "zh_CN"}
"""What is written alike in several countries: Singapore reads the Chinese of the mainland."""


def install_language(application: QCoreApplication, language: str) -> None:
    """Use a language by its code, one of `LANGUAGES`; empty is the system's.

    Dialogs of Qt speak the language that was found for Lacuna, so that a window is never in two.
    Where there is none for the system's it is English; numbers and times are the system's anyway.
    """
    locale = QLocale(language) if language else QLocale.system()
    if language:
        QLocale.setDefault(locale)
    code = _best(locale.uiLanguages())
    # English is in the code, but for plurals; Qt needs nothing for it.
    _install(application, f"lacuna_{code}", _own_folder())
    if code != "en":
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        _install(application, f"qtbase_{code}", folder)


def _best(wanted: list[str]) -> str:
    """Return the first language wanted that there is."""
    for name in wanted:
        code = name.replace("-", "_")
        code = _SCRIPTS.get(code, code)
        if code in LANGUAGES:
            return code
    return "en"


def _own_folder() -> str:
    # Qt reads the file itself: as packages are installed, it is one.
    return str(resources.files("lacuna_resources") / "translations")


def _install(application: QCoreApplication, name: str, folder: str) -> bool:
    """Install a translation, if there is that file."""
    translator = QTranslator(application)
    return translator.load(f"{name}.qm", folder) and application.installTranslator(translator)
