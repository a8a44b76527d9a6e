"""Texts are found, translated in all languages, and what is wrong with a translation is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from lacuna_gui.language import LANGUAGES, install_language
from lacuna_gui.words import plain_text
from ui import translations
from ui.translations import Text, problems_of

PLAIN = Text("Actions", "Copy {0} to {1}…", forms=("{0} nach {1} kopieren …",))
MENU = Text("Actions", "&Copy", forms=("&Kopieren",))
PLURAL = Text("Window", "%n volume(s)", plural=True, forms=("ein Datenträger", "%n Datenträger"))
ALL = [PLAIN, MENU, PLURAL]


def told(language: str, *texts: Text) -> list[str]:
    found = [replace(text, forms=("",)) for text in ALL]
    return list(problems_of(language, found, list(texts)))


def test_everything_is_translated() -> None:
    assert translations.check() == []


def test_the_window_and_the_tool_know_the_same_languages() -> None:
    assert set(LANGUAGES) == set(translations.LANGUAGES)


def test_nothing_is_told_of_what_is_right() -> None:
    assert told("de", *ALL) == []
    chinese = [
        replace(PLAIN, forms=("将 {0} 复制到 {1}…",)),
        replace(MENU, forms=("复制(&C)",)),
        replace(PLURAL, forms=("%n 个卷",)),
    ]
    assert told("zh_CN", *chinese) == []
    assert told("en", replace(PLURAL, forms=("one volume", "%n volumes"))) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (replace(PLAIN, forms=("{0} kopieren …",)), "placeholders"),
        (replace(PLAIN, forms=("{0} nach {0} kopieren …",)), "placeholders"),
        (replace(PLAIN, forms=("{0} nach {1} kopieren",)), "does not end"),
        (replace(PLAIN, forms=("{0}  nach {1} kopieren …",)), "spaces"),
        (replace(PLAIN, forms=("",)), "no translation"),
        (replace(PLAIN, state="unfinished"), "unfinished"),
        (replace(MENU, forms=("Kopieren",)), "mnemonics"),
        (replace(MENU, forms=("& Kopieren",)), "no letter"),
        (replace(PLURAL, forms=("%n Datenträger",)), "forms"),
        (replace(PLURAL, forms=("ein Datenträger", "Datenträger")), "placeholders"),
        (replace(PLURAL, source="%n volumes"), "not in the sources"),
    ],
)
def test_what_is_wrong_is_told(wrong: Text, word: str) -> None:
    others = [text for text in ALL if text.context != wrong.context or text.source != wrong.source]
    assert any(word in problem for problem in told("de", *others, wrong))


def test_what_is_missing_is_told() -> None:
    assert told("de", PLAIN, PLURAL) == ["Actions: '&Copy' is missing"]


def test_chinese_menus_have_the_letter_of_the_english_ones() -> None:
    (problem,) = told(
        "zh_CN",
        replace(PLAIN, forms=("将 {0} 复制到 {1}…",)),
        replace(MENU, forms=("复制(&F)",)),
        replace(PLURAL, forms=("%n 个卷",)),
    )
    assert "(&C)" in problem


def test_a_text_that_cannot_be_found_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sources")
    lines = (
        'self.tr("seen")',
        "self.tr(name)",
        'self.tr(f"{name}")',
        '_tr("hidden")',
        'translate("A", "seen")',
    )
    (folder / "sample.py").write_text("\n".join(lines))
    monkeypatch.setattr(translations, "SOURCES", folder)
    monkeypatch.setattr(translations, "ROOT", folder)
    assert list(translations.unextractable([Text("A", "seen")])) == [
        "sample.py:2: the text must be written out",
        "sample.py:3: the text must be written out",
        "sample.py:4: Qt does not find 'hidden' here",
    ]


# -- what the window makes of them


@pytest.mark.parametrize(
    ("code", "upload", "cancel", "number"),
    [
        ("en", "Upload", "Cancel", "1.5"),
        ("en_GB", "Upload", "Cancel", "1.5"),
        ("de", "Hochladen", "Abbrechen", "1,5"),
        ("de_AT", "Hochladen", "Abbrechen", "1,5"),
        ("zh_CN", "上传", "取消", "1.5"),
        ("zh_SG", "上传", "取消", "1.5"),
        ("zh_TW", "Upload", "Cancel", "1.5"),
        ("fr", "Upload", "Cancel", "1,5"),
    ],
)
def test_a_language_is_used_for_everything_or_for_nothing(
    qapp: QCoreApplication, code: str, upload: str, cancel: str, number: str
) -> None:
    before = set(qapp.findChildren(QTranslator))
    install_language(qapp, code)
    try:
        translate = QCoreApplication.translate
        assert translate("MainWindow", "Upload") == upload
        assert translate("QPlatformTheme", "Cancel") == cancel
        assert QLocale().toString(1.5, "f", 1) == number
    finally:
        for translator in set(qapp.findChildren(QTranslator)) - before:
            qapp.removeTranslator(translator)
            translator.deleteLater()


@pytest.mark.parametrize(
    ("code", "one", "many"),
    [
        ("en", "one volume", "3 volumes"),
        ("de", "ein Datenträger", "3 Datenträger"),
        ("zh_CN", "1 个卷", "3 个卷"),
    ],
)
def test_plurals(code: str, one: str, many: str) -> None:
    translator = QTranslator()
    assert translator.load(str(translations.TRANSLATIONS / f"lacuna_{code}.qm"))
    asked = "VolumesPanel", "%n volume(s)", ""
    said = [str(translator.translate(*asked, count)) for count in (1, 3)]
    assert [text.replace("%n", str(n)) for text, n in zip(said, (1, 3), strict=True)] == [one, many]


def test_buttons_have_no_mnemonics_of_menus() -> None:
    texts = (
        "&Upload…",
        "De&lete…",
        "Ta&ke off",
        "上传(&U)…",
        "全部暂停(&A)",
        "&Hochladen …",
        "A && B",
    )
    assert [plain_text(text) for text in texts] == [
        "Upload", "Delete", "Take off", "上传", "全部暂停", "Hochladen", "A & B",
    ]  # fmt: skip
