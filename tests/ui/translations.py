"""Texts of the window on their way to translators and back: ``./dev translations``.

Qt's own lupdate collects what the sources say, and lrelease makes of the translations what the
window loads. Between the two everything is checked that can be checked without understanding a
language; ``--check`` does only that, and writes nothing.

One .ts file for each language. That of English has plurals only: all other English is in the code.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

__all__ = [
    "LANGUAGES",
    "TRANSLATIONS",
    "Text",
    "extracted",
    "main",
    "problems_of",
    "read",
    "update",
]

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ROOT / "gui" / "lacuna_gui"
TRANSLATIONS: Final = ROOT / "resources" / "lacuna_resources" / "translations"

LANGUAGES: Final = {"en": 2, "de": 2, "zh_CN": 1}
"""The languages there are, with the number of forms a plural has."""

_MNEMONIC = re.compile(r"&(?!&)(.)")
_ENDS = {
    "…": "…",
    ":": ":\N{FULLWIDTH COLON}",
    ".": ".\N{IDEOGRAPHIC FULL STOP}",
    "?": "?\N{FULLWIDTH QUESTION MARK}",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the window, and what has become of it in a language."""

    context: str
    source: str
    comment: str = ""
    plural: bool = False
    state: str = ""
    """Empty when it is translated; else what Qt Linguist calls it."""
    forms: tuple[str, ...] = ()
    """The translation; of a plural all its forms."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the window asks for."""
        return self.context, self.source, self.comment


# -- Qt's tools


def _run(tool: str, *arguments: str | Path) -> None:
    """Run one of the programs that come with PySide6; its complaints are an error."""
    program = Path(sys.executable).with_name(f"pyside6-{tool}")
    done = subprocess.run(
        [str(program), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{program.name} failed:\n{done.stdout}{done.stderr}")


def _python_files() -> list[Path]:
    return sorted(SOURCES.rglob("*.py"))


def _collect(file: Path, *options: str) -> None:
    """Bring a .ts file up to date with the sources."""
    _run("lupdate", "-no-obsolete", "-locations", "none", *options, *_python_files(), "-ts", file)


def extracted() -> list[Text]:
    """Return what Qt finds in the sources."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.ts"
        _collect(file)
        return read(file)


def update() -> None:
    """Bring all files up to date: .ts with the sources, .qm with .ts."""
    for language in LANGUAGES:
        file = TRANSLATIONS / f"lacuna_{language}.ts"
        options = ["-pluralonly"] if language == "en" else []
        _collect(file, "-source-language", "en", "-target-language", language, *options)
        _run("lrelease", "-silent", file, "-qm", file.with_suffix(".qm"))


def read(file: Path) -> list[Text]:
    """Return the texts in a .ts file."""
    texts: list[Text] = []
    for context in ET.parse(file).getroot().iter("context"):  # noqa: S314 - our own file
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation.findall("numerusform")]
            texts.append(
                Text(
                    name,
                    message.findtext("source") or "",
                    message.findtext("comment") or "",
                    plural=message.get("numerus") == "yes",
                    state=translation.get("type") or "",
                    forms=tuple(forms or [translation.text or ""]),
                )
            )
    return texts


# -- checks


def problems_of(language: str, found: list[Text], texts: list[Text]) -> Iterator[str]:
    """Tell what is wrong with the translation of what was found in the sources."""
    wanted = {text.key for text in found if text.plural or language != "en"}
    there = {text.key for text in texts}
    for context, source, _ in sorted(wanted - there):
        yield f"{context}: {source!r} is missing"
    for context, source, _ in sorted(there - wanted):
        yield f"{context}: {source!r} is not in the sources"
    for text in texts:
        if text.state:
            yield f"{text.context}: {text.source!r} is {text.state}"
        elif "" in text.forms:
            yield f"{text.context}: {text.source!r} has no translation"
        else:
            for wrong in _wrong_with(text, language):
                yield f"{text.context}: {text.source!r}: {wrong}"


def _wrong_with(text: Text, language: str) -> Iterator[str]:
    count = LANGUAGES[language] if text.plural else 1
    if len(text.forms) != count:
        yield f"{len(text.forms)} forms, not {count}"
    for number, form in enumerate(text.forms):
        # "One volume" needs no number where that form is only for one.
        dispensable = text.plural and number == 0 and count > 1
        if _placeholders(form) != _placeholders(text.source) and not (
            dispensable and _placeholders(f"{form}%n") == _placeholders(text.source)
        ):
            yield f"other placeholders in {form!r}"
        if form.strip() != form or "  " in form:
            yield f"needless spaces in {form!r}"
        yield from _wrong_mnemonic(text.source, form, language)
        for end, translated in _ENDS.items():
            if text.source.endswith(end) and not form.endswith(tuple(translated)):
                yield f"{form!r} does not end with {' or '.join(translated)}"


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\d*\}|%n", text))


def _wrong_mnemonic(source: str, form: str, language: str) -> Iterator[str]:
    wanted, given = _MNEMONIC.findall(source), _MNEMONIC.findall(form)
    if len(wanted) != len(given):
        yield f"{len(given)} mnemonics in {form!r}, not {len(wanted)}"
    elif any(not letter.isalnum() for letter in given):
        yield f"the mnemonic of {form!r} is no letter"
    elif language == "zh_CN" and given and f"(&{wanted[0].upper()})" not in form:
        yield f"{form!r} has not (&{wanted[0].upper()}), as is usual"


def unextractable(found: list[Text]) -> Iterator[str]:
    """Tell what the sources would translate, but Qt did not find."""
    known = {text.source for text in found}
    for path in _python_files():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            arguments = node.args[1:2] if name == "translate" else node.args[:1]
            if name not in {"tr", "translate", "_tr"} or not arguments:
                continue
            text = arguments[0]
            if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
                yield f"{place}: the text must be written out"
            elif text.value not in known:
                yield f"{place}: Qt does not find {text.value!r} here"


def stale(language: str) -> Iterator[str]:
    """Tell whether what the window loads was made of another .ts."""
    file = TRANSLATIONS / f"lacuna_{language}.ts"
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh.qm"
        _run("lrelease", "-silent", file, "-qm", fresh)
        made = file.with_suffix(".qm")
        if not made.exists() or made.read_bytes() != fresh.read_bytes():
            yield f"{made.name} is older than {file.name}: run ./dev translations"


def check() -> list[str]:
    """Return everything that is wrong."""
    found = extracted()
    wrong = list(unextractable(found))
    for language in LANGUAGES:
        file = TRANSLATIONS / f"lacuna_{language}.ts"
        texts = read(file)
        wrong += [f"{file.name}: {problem}" for problem in problems_of(language, found, texts)]
        wrong += stale(language)
    return wrong


def main() -> int:
    """Bring everything up to date unless only asked to check; tell what is left to do."""
    parser = argparse.ArgumentParser(prog="./dev translations", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        update()
    wrong = check()
    print("\n".join(wrong) or "The translations are complete.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
