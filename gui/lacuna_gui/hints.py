"""The engine's advice in the words of the window: there are no options of a command line here."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

__all__ = ["in_window_words"]

_COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z]|'lacuna |\(lacuna ")
"""What gives a command line away."""

_SENTENCES = re.compile(r"(?<=[.!?;]) +")


def in_window_words(text: str) -> str:
    """Return advice, or a text with some in it, as the window says it.

    A sentence that speaks of the command line, and for which there are no other words, is left out.
    """
    if not _COMMAND_LINE.search(text):
        return text
    for theirs, ours in _words().items():
        text = text.replace(theirs, ours)
    kept = [part for part in _SENTENCES.split(text) if not _COMMAND_LINE.search(part)]
    return " ".join(kept)


def _words() -> dict[str, str]:
    """Return the engine's sentences, or ends of them, and ours."""
    refresh = translate("Hints", "Refresh the list: it may have been removed.")
    another_name = translate(
        "Hints", "Choose another name, or say that it may be replaced or skipped."
    )
    return {
        "'lacuna jobs' lists them.": translate("Hints", "It may have been removed."),
        "List the pools with 'lacuna ls URI'; it may have been removed.": refresh,
        "List the volumes with 'lacuna ls URI POOL'; it may have been removed.": refresh,
        "Choose another name, or what to do with --if-exists.": another_name,
        "Choose another name, or --if-exists replace, rename or skip.": another_name,
        "Leave --keep-until-complete out, or upload it under another name.": translate(
            "Hints", "Do not ask to keep the old content, or upload it under another name."
        ),
        "or leave --keep-until-complete out: then the old content is given up first.": translate(
            "Hints", "or do not ask to keep the old content: then it is given up first."
        ),
        "--keep-until-complete keeps it until then.": translate(
            "Hints", "it can be kept until then, which takes the space twice."
        ),
        "--force writes to the volume all the same, which destroys what the machine has on "
        "it.": translate(
            "Hints",
            "If you ask for it, it is written to all the same, which destroys what the machine "
            "has on it.",
        ),
        "Start over (lacuna resume --start-over), which gives up what has arrived.": translate(
            "Hints", "Try again to start over, which gives up what has arrived."
        ),
        "Leave --format out, or give raw to send it as it is.": translate(
            "Hints", "Choose the format as detected, or raw to send it as it is."
        ),
        "Start the transfer again with --if-exists replace.": translate(
            "Hints", "Start the transfer again, and let it replace what is there."
        ),
    }
