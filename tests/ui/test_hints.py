"""The engine's advice, in words of the window."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lacuna_engine
from lacuna_engine.errors import LacunaError
from lacuna_gui.hints import in_window_words
from lacuna_gui.problem import problem_of

ENGINE = Path(lacuna_engine.__file__).parent
OTHER_FACES = {"cli", "server", "demo"}
"""Who speaks only to people at a command line."""

COMMAND = re.compile(r"--[a-z]|\blacuna [a-z]+\b")


def advice() -> Iterator[str]:
    """All texts of the engine that speak of its command line, docstrings apart."""
    for path in sorted(ENGINE.rglob("*.py")):
        if path.relative_to(ENGINE).parts[0] in OTHER_FACES:
            continue
        tree = ast.parse(path.read_text())
        docs = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if id(node) not in docs and COMMAND.search(text) and " " in text.strip():
                    yield text


@pytest.mark.parametrize("text", sorted(set(advice())))
def test_each_advice_has_words_for_the_window(text: str) -> None:
    said = in_window_words(text)
    assert not COMMAND.search(said)
    # Nothing had to be left out for want of words.
    assert len(said) > len(text) / 2


def test_there_is_such_advice() -> None:
    assert len(set(advice())) > 5


def test_what_is_not_known_is_left_out() -> None:
    text = "Make room there. Or give --something-new a try. Then try again."
    assert in_window_words(text) == "Make room there. Then try again."
    assert in_window_words("Set auth=sasl -- or not.") == "Set auth=sasl -- or not."


def test_problems_speak_the_window_s_words() -> None:
    hint = "Shut it down first. --force writes to the volume all the same, which destroys what the "
    problem = problem_of(LacunaError("in use", hint=f"{hint}machine has on it."), "It failed")
    assert problem.cure.startswith("Shut it down first. If you ask for it")
    assert "--" not in problem.text()
