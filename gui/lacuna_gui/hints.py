"""The engine's words in those of the window: its language, and no options of a command line.

What is known is said as a whole, in one language. What is not is shown as it came, and in another
language than English marked as somebody else's words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication

from lacuna_gui.advice import ADVICE, OTHER_ADVICE
from lacuna_gui.causes import CAUSES, OTHER_CAUSES

translate = QCoreApplication.translate
_in_language = translate  # of texts that are marked for translators elsewhere

__all__ = ["in_window_words", "known_words", "quoted_daemon", "quoted_engine"]

_COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z]|'lacuna |\(lacuna ")
"""What gives a command line away."""

_SENTENCES = re.compile(r"(?<=[.!?]) +")

_LONGEST = 2000
"""Characters of what may be a sentence of ours."""


def in_window_words(text: str) -> str:
    """Return advice, a note or a line of the log as the window says it.

    A sentence that speaks of the command line, and for which there are no other words, is left out.
    """
    known = known_words(text)
    if known is not None:
        return known
    if _COMMAND_LINE.search(text):
        parts = _SENTENCES.split(text)
        text = " ".join(part for part in parts if not _COMMAND_LINE.search(part))
        known = known_words(text)
    return quoted_engine(text) if known is None else known


def known_words(text: str) -> str | None:
    """Return one of the engine's texts in the language of the window; None if it is not known."""
    if not text:
        return ""
    parts = _SENTENCES.split(text)
    # Sentences first, for what varies in a whole would swallow those behind it. What follows an
    # error is an advice, which may be of several.
    for pieces in (parts, [parts[0], " ".join(parts[1:])]) if len(parts) > 1 else ():
        said = _each_said(pieces)
        if said is not None:
            return said
    return _said(text)


def quoted_engine(text: str) -> str:
    """Mark a text of the engine that has no translation; in English it needs no mark."""
    # Translators write here that what follows is in English.
    return translate("Hints", "{0}", "in English").format(text) if text else ""


def quoted_daemon(text: str) -> str:
    """Mark the words of a daemon, whatever language they are in."""
    return translate("Hints", "The daemon says: “{0}”").format(text)


def _each_said(parts: list[str]) -> str | None:
    said: list[str] = []
    for part in parts:
        one = _said(part) or _ended(part)
        if one is None:
            return None
        said.append(one)
    return " ".join(filter(None, said))


def _ended(sentence: str) -> str | None:
    """Return what is known without its full stop, and close it again."""
    said = _said(sentence.removesuffix("."))
    return None if said is None else translate("Hints", "{0}.").format(said)


def _said(text: str) -> str | None:
    found = _found(text)
    if found is None:
        return None
    context, sentence, values = found
    return _in_language(context, sentence).format(*values)


@functools.lru_cache(maxsize=256)
def _found(text: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the sentence that a text is, with its context, and what varies in it."""
    if len(text) > _LONGEST:
        return None
    for context, sentence, pattern in _patterns():
        if match := pattern.fullmatch(text):
            return context, sentence, match.groups()
    return None


@functools.cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return what the engine may say, the most definite first, each with what the window says."""
    known = [(context, own, _pattern(theirs)) for context, own, theirs in _sentences()]
    return tuple(sorted(known, key=lambda entry: entry[2].groups))


def _sentences() -> Iterator[tuple[str, str, str]]:
    for context, ours, theirs in (
        ("Advice", ADVICE, OTHER_ADVICE),
        ("Causes", CAUSES, OTHER_CAUSES),
    ):
        # Qt's marks for translators are typed as anything, and give back what they are given.
        yield from ((context, str(own), str(own)) for own in ours)
        yield from ((context, own, other) for other, own in theirs.items())


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(sentence)), re.DOTALL)
