"""Translations: complete, with the same placeholders, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

FOLDER = Path(str(resources.files("lacuna_resources"))) / "translations"
GUI = Path(str(resources.files("lacuna_gui")))


def messages(file: Path) -> list[ET.Element]:
    return list(ET.parse(file).getroot().iter("message"))  # noqa: S314 - our own file


@pytest.mark.parametrize("language", ["de", "en"])
def test_placeholders_are_the_same(language: str) -> None:
    for message in messages(FOLDER / f"lacuna_{language}.ts"):
        source = message.findtext("source") or ""
        translation = message.find("translation")
        assert translation is not None
        texts = [form.text or "" for form in translation.findall("numerusform")]
        for text in texts or [translation.text or ""]:
            if text:
                assert sorted(re.findall(r"\{\d\}", text)) == sorted(re.findall(r"\{\d\}", source))


def test_shortcuts_of_menus_are_given_once() -> None:
    """In German, too: no letter twice among the menus of the menu bar."""
    german = QTranslator()
    assert german.load(str(FOLDER / "lacuna_de.qm"))
    titles = ("&Connection", "&Pool", "&Volume", "&Transfer", "V&iew", "&Help")
    letters = [
        (german.translate("MainWindow", title) or "").partition("&")[2][:1] for title in titles
    ]
    assert len(set(letters)) == len(letters)
    assert "" not in letters


def test_nothing_is_left_untranslated(tmp_path: Path) -> None:
    """The texts of the sources are those of the German file."""
    sources = [str(path) for path in sorted(GUI.rglob("*.py"))]
    fresh = tmp_path / "fresh.ts"
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    done = subprocess.run(
        [str(tool), *sources, "-ts", str(fresh)],
        capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    known = {
        message.findtext("source")
        for message in messages(FOLDER / "lacuna_de.ts")
        if (found := message.find("translation")) is not None and found.get("type") != "unfinished"
    }
    wanted = {message.findtext("source") for message in messages(fresh)}
    # New texts: pyside6-lupdate -no-obsolete -locations none (find gui -name '*.py') -ts FILE.ts,
    # translate in Qt Linguist or in the file, pyside6-lrelease FILE.ts -qm FILE.qm.
    # lupdate does not know Python's named characters, and takes their names for the text.
    assert {text for text in wanted - known if text and "N{" not in text} == set()


def test_a_window_in_german() -> None:
    german = QTranslator()
    assert german.load(str(FOLDER / "lacuna_de.qm"))
    QCoreApplication.installTranslator(german)
    try:
        assert QCoreApplication.translate("MainWindow", "Upload") == "Hochladen"
        plural = QCoreApplication.translate("VolumesPanel", "%n volume(s)", "", 3)
        assert plural == "3 Datenträger"
    finally:
        QCoreApplication.removeTranslator(german)
