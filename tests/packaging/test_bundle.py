"""Frozen, Lacuna's program stands in for Python where the engine starts helpers."""

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest

from lacuna_engine.transport.ssh import askpass_program

from .conftest import ROOT


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", ROOT / "packaging/bundle/start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORKER = "lacuna_engine.worker"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], None),
        (["demo"], None),
        (["map", "-m"], None),
        (["-m"], None),
        (["-m", WORKER], (WORKER, [])),
        (["-P", "-m", WORKER, "--x"], (WORKER, ["--x"])),
        (["-m", "lacuna_engine.cli", "serve", "-h"], ("lacuna_engine.cli", ["serve", "-h"])),
        # Nobody gets a Python out of it.
        (["-m", "http.server"], None),
        (["-m", "lacuna_engine_evil.x"], None),
        (["-I", "-S", "/tmp/evil.py"], None),  # noqa: S108 - no file is touched
        (["askpass_program.py"], None),
    ],
)
def test_which_module_is_wanted(
    start: ModuleType, arguments: list[str], wanted: tuple[str, list[str]] | None
) -> None:
    assert start.module_wanted(arguments) == wanted


def test_the_question_program_of_ssh(start: ModuleType) -> None:
    arguments = ["-I", "-S", str(askpass_program.__file__), "Password: "]
    assert start.module_wanted(arguments) == (askpass_program.__name__, ["Password: "])


@pytest.mark.parametrize("before", ["/opt/lib", None])
def test_other_programs_get_the_system_s_libraries(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lacuna/_internal")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    give_back: Callable[[], None] = start.give_back_library_path
    give_back()
    assert start.os.environ.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in start.os.environ
