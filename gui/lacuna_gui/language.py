"""The language of the window: Lacuna's translations, Qt's own, and how numbers are written."""

from __future__ import annotations

from importlib import resources

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

__all__ = ["install_language"]


def install_language(application: QCoreApplication, language: str) -> None:
    """Use a language by its code; empty is the system's."""
    locale = QLocale(language) if language else QLocale.system()
    if language:
        QLocale.setDefault(locale)
    # English is in the code, but for plurals.
    for code in (*(name.replace("-", "_") for name in locale.uiLanguages()), "en"):
        if _install(application, code):
            break
    if locale.language() != QLocale.Language.English:
        own = QTranslator(application)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if own.load(locale, "qtbase", "_", folder):
            application.installTranslator(own)


def _install(application: QCoreApplication, code: str) -> bool:
    """Install Lacuna's translation of a language, if there is one."""
    place = resources.files("lacuna_resources") / "translations" / f"lacuna_{code}.qm"
    if not place.is_file():
        return False
    translator = QTranslator(application)
    with resources.as_file(place) as path:
        if not translator.load(str(path)):
            return False
    application.installTranslator(translator)
    return True
