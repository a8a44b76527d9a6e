"""The engine's words, in those of the window."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

import lacuna_engine
from lacuna_engine import errors
from lacuna_engine.errors import (
    InvalidOperationError,
    LacunaError,
    LocalFileError,
    PoolInactiveError,
    RemoteError,
    RemoteWriteError,
    UsageError,
)
from lacuna_engine.transfer.in_use import described
from lacuna_engine.transport import tls_failures
from lacuna_gui import causes
from lacuna_gui.advice import ADVICE, OTHER_ADVICE
from lacuna_gui.hints import in_window_words, known_words
from lacuna_gui.kinds import kind_text
from lacuna_gui.problem import problem_of
from ui import translations

ENGINE = Path(lacuna_engine.__file__).parent
OTHER_FACES = {"cli", "server", "demo"}
"""Who speaks only to people at a command line."""

ENGLISH = re.compile(r"\b(?:the|that|with|and|your|may|from|there|check|use)\b", re.IGNORECASE)
COMMAND = re.compile(r"--[a-z]|\blacuna [a-z]+\b")


def sources() -> Iterator[ast.Module]:
    for path in sorted(ENGINE.rglob("*.py")):
        if path.relative_to(ENGINE).parts[0] not in OTHER_FACES:
            yield ast.parse(path.read_text())


class Texts:
    """What an expression of a module may say: literals, and a sample for all that varies."""

    def __init__(self, module: ast.Module) -> None:
        self._constants: dict[str, list[str]] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        said = self.of(node.value)
                        self._constants.setdefault(target.id, []).extend(said)

    def of(self, node: ast.expr) -> list[str]:  # noqa: PLR0911 - one for each form
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                texts = [""]
                for value in values:
                    more = self._piece(value)
                    texts = [text + one for text in texts for one in more]
                return texts
            case ast.Name(id=name):
                return self._constants.get(name, [])
            case ast.IfExp(body=body, orelse=other):
                return self.of(body) + self.of(other)
            case ast.BoolOp(values=values):
                return [text for value in values for text in self.of(value)]
            case ast.Dict(values=values):
                return [text for value in values for text in self.of(value)]
            case ast.Call(func=ast.Attribute(value=inner, attr="get" | "strip" | "format")):
                return self.of(inner)
            case _:
                return []

    def _piece(self, value: ast.expr) -> list[str]:
        if isinstance(value, ast.Constant):
            return [str(value.value)]
        assert isinstance(value, ast.FormattedValue)
        if isinstance(value.value, ast.Attribute) and value.value.attr == "hint":
            return ["Try again."]  # of another error
        return self.of(value.value) or ["sample"]


def advice() -> Iterator[str]:
    """All that the engine gives as a hint, and what else is assigned to one."""
    for module in sources():
        texts = Texts(module)
        for node in ast.walk(module):
            match node:
                case ast.keyword(arg="hint", value=value):
                    yield from texts.of(value)
                case ast.Assign(targets=[ast.Attribute(attr="hint")], value=value):
                    yield from texts.of(value)
                case ast.Call(func=ast.Name(id="_rule"), args=[_, _, value]):
                    yield from texts.of(value)
                case _:
                    pass


def verdicts() -> Iterator[str]:
    for _, hint in tls_failures._VERDICTS.values():
        yield hint.format(ca="/pki/cacert.pem", crl="/pki/cacrl.pem")


HINTS = sorted({text for text in (*advice(), *verdicts()) if text.strip()})


@pytest.fixture(params=["de", "zh_CN"])
def other_language(request: pytest.FixtureRequest, qapp: QCoreApplication) -> Iterator[str]:
    translator = QTranslator()
    file = translations.TRANSLATIONS / f"lacuna_{request.param}.qm"
    assert translator.load(str(file))
    qapp.installTranslator(translator)
    yield str(request.param)
    qapp.removeTranslator(translator)


def test_there_is_such_advice() -> None:
    assert len(HINTS) > 100
    assert sum(bool(COMMAND.search(text)) for text in HINTS) > 5


@pytest.mark.parametrize("text", HINTS)
def test_each_advice_is_known_as_a_whole(text: str) -> None:
    said = known_words(text)
    assert said is not None
    assert not COMMAND.search(said)


def test_each_advice_is_in_one_language(other_language: str) -> None:
    for text in HINTS:
        said = in_window_words(text)
        assert said != text
        words = ENGLISH.findall(said)
        assert words == [], f"{other_language}: {said}"


def engine_text() -> str:
    """All literals of the engine, with one sign for whatever varies in them."""
    found: list[str] = []
    for module in sources():
        for node in ast.walk(module):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"\{\w*\}", "{}", node.value))
    return "\n".join(found)


def test_nothing_is_translated_that_nobody_says() -> None:
    said = engine_text()
    ours = {*map(str, ADVICE), *map(str, causes.CAUSES)}
    ours -= {*OTHER_ADVICE.values(), *causes.OTHER_CAUSES.values()}
    made = {
        # Of parts: the kind of a job and its places, a state, what is done to a file.
        *(f"{kind}: {{0}} -> {{1}}" for kind in ("upload", "download", "copy")),
        "cannot read {0}: {1}", "cannot write {0}: {1}", "cannot open {0}: {1}",
        *(text for text in ours if text.startswith("They are from {0}.")),
        *(text for text in ours if text.startswith("{0} is in use by the running")),
        "Check the address, the network and the firewall.",
        "It may have been removed.",
    }  # fmt: skip
    theirs = {*ours, *OTHER_ADVICE, *causes.OTHER_CAUSES} - made
    missing = [text for text in theirs if re.sub(r"\{\d\}", "{}", text) not in said]
    assert missing == []


SAID: dict[str, Callable[[], LacunaError]] = {
    "known": lambda: UsageError("there is no job '12345678'", hint="'lacuna jobs' lists them."),
    "unknown": lambda: LocalFileError("the disk is made of cheese", hint="Eat it."),
    "theirs": lambda: RemoteError("pool is sad", code=1),
}


def test_in_english_nothing_is_marked_but_the_daemon_s_own_words() -> None:
    assert problem_of(SAID["known"](), "It failed").why == "There is no job '12345678'."
    unknown = problem_of(SAID["unknown"](), "It failed")
    assert (unknown.why, unknown.cure) == ("The disk is made of cheese.", "Eat it.")
    assert problem_of(SAID["theirs"](), "It failed").why == "The daemon says: “pool is sad”."


def test_elsewhere_what_is_not_known_is_marked(other_language: str) -> None:
    known = problem_of(SAID["known"]())
    assert "12345678" in known.what
    assert not re.search(r"there|job|list", known.text())
    mark = {"de": "Auf Englisch: „{}“", "zh_CN": "（英文原文）“{}”"}[other_language]  # noqa: RUF001
    unknown = problem_of(SAID["unknown"]())
    kind = kind_text(SAID["unknown"]())
    assert unknown.what == f"{kind} {mark.format('the disk is made of cheese')}"
    assert unknown.cure == mark.format("Eat it.")
    theirs = problem_of(SAID["theirs"]())
    assert "pool is sad”" in theirs.what.replace("“。", "”").replace("sad“", "sad”")
    assert "The daemon" not in theirs.what


def test_every_error_has_a_kind(other_language: str) -> None:
    del other_language
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, LacunaError):
            make: Any = kind
            error = make("x", code=0) if issubclass(kind, RemoteError) else make("x")
            assert kind_text(error)
            assert not re.search(r"\b(the|was|not|could)\b", kind_text(error))


def test_what_is_not_known_is_left_out() -> None:
    text = "Make room there. Or give --something-new a try. Then try again."
    assert in_window_words(text) == "Make room there. Then try again."
    assert in_window_words("Set auth=sasl -- or not.") == "Set auth=sasl -- or not."


def test_sentences_behind_each_other_are_known_too() -> None:
    assert known_words("there is no job 'x'. 'lacuna jobs' lists them.") == (
        "there is no job 'x'. It may have been removed."
    )
    assert known_words("there is no job 'x'. What now?") is None


def test_an_error_does_not_swallow_its_advice() -> None:
    advice = "Shut it down first. --force writes to the volume all the same, which destroys what "
    for hint in ("'lacuna jobs' lists them.", f"{advice}the machine has on it."):
        said = known_words(f"cannot open /a: no such file. {hint}")
        assert said is not None
        assert said.startswith("cannot open /a: no such file. ")
        assert not COMMAND.search(said)
    assert known_words("cannot open /a: broken. Or so.") == "cannot open /a: broken. Or so."


@pytest.mark.parametrize("users", [("vm",), ("a", "b")])
def test_a_machine_that_uses_a_volume(users: tuple[str, ...], other_language: str) -> None:
    del other_language
    machines = described(users)
    for tail in (
        "",
        ": what is read is the state of different moments, and may be inconsistent.",
    ):
        said = known_words(f"p/disk.raw is in use by {machines}{tail}")
        assert said is not None
        assert all(f"'{name}'" in said for name in users)
        assert not re.search("running|machine |machines|state of", said)


def test_what_cannot_be_locked(other_language: str) -> None:
    del other_language
    said = known_words("cannot open or lock /a/b: denied")
    assert said is not None
    assert "/a/b" in said
    assert "lock" not in said


def test_the_engine_s_own_words_are_not_the_daemon_s() -> None:
    hint = "Start it first, for example with: virsh pool-start p"
    inactive = problem_of(PoolInactiveError("the pool p is not active", code=55, hint=hint))
    assert inactive.what == "The pool p is not active"
    assert inactive.cure == "Start the pool p first."
    assert "domain" not in inactive.details
    lost = "the daemon could not write to the volume and lost the reason"
    assert problem_of(RemoteWriteError(lost, code=1)).what == f"T{lost[1:]}"
    theirs = problem_of(InvalidOperationError("the pool p is not active", code=55))
    assert theirs.what == "The daemon says: “the pool p is not active”"


@pytest.mark.parametrize("text", ["{0}", "{} {1} %1 %n", "x" * 100_000, "\n", ""])
def test_texts_that_are_odd(text: str) -> None:
    assert in_window_words(text) == text
    said = problem_of(LacunaError(f"there is no job '{text}'")).what
    assert said.casefold() == f"there is no job '{text}'".casefold()


def test_problems_speak_the_window_s_words() -> None:
    hint = "Shut it down first. --force writes to the volume all the same, which destroys what the "
    problem = problem_of(LacunaError("in use", hint=f"{hint}machine has on it."), "It failed")
    assert problem.cure.startswith("Shut it down first. If you ask for it")
    assert "--" not in problem.text()
