"""Names and modules that are loaded when they are asked for, and what programs start without."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from lacuna_engine import late

PACKAGES = ("lacuna_engine.journal", "lacuna_engine.storage", "lacuna_engine.transfer")

HEAVY = frozenset({"asyncssh", "cryptography", "keyring", "numpy", "rich", "scramp"})
"""Third parties' packages that some jobs need and no start does."""


def loaded_by(program: str) -> set[str]:
    """Return the modules of a new interpreter that has run a program."""
    program += "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def below(package: str, modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith(f"{package}.")}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_is_offered_is_there(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
        # Found by plain look-up from now on.
        assert name in vars(module)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there(package: str) -> None:
    module = importlib.import_module(package)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = module.nonsense


def test_a_package_is_loaded_without_its_modules() -> None:
    program = "import lacuna_engine.journal, lacuna_engine.storage, lacuna_engine.transfer"
    modules = loaded_by(program)
    for package in PACKAGES:
        assert below(package, modules) == set()
    modules = loaded_by("from lacuna_engine.storage import display_name")
    assert below("lacuna_engine.storage", modules) == {"lacuna_engine.storage.names"}


def test_a_late_module_is_imported_when_something_of_it_is_wanted() -> None:
    program = """
import sys
from lacuna_engine.late import LateModule
colours = LateModule("colorsys")
assert "colorsys" not in sys.modules
assert colours.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
"""
    assert "colorsys" in loaded_by(program)


def test_a_late_module_that_does_not_exist_says_so() -> None:
    missing = late.LateModule("lacuna_engine.nonsense")
    with pytest.raises(ModuleNotFoundError, match=r"lacuna_engine\.nonsense"):
        _ = missing.anything


def test_the_version_is_told_without_what_transfers() -> None:
    program = """
import sys
from lacuna_engine.cli.main import run
sys.argv = ["lacuna"]
assert run(["--version"]) == 0
"""
    modules = loaded_by(program)
    assert modules & HEAVY == set()
    unwanted = {
        "client.connection",
        "journal.scheduler",
        "journal.store",
        "storage.api",
        "transfer.upload",
    }
    assert {f"lacuna_engine.{name}" for name in unwanted} & modules == set()


def test_a_listing_needs_no_journal() -> None:
    modules = loaded_by("import lacuna_engine.cli.listing")
    assert modules & HEAVY == set()
    assert "lacuna_engine.journal.store" not in modules
    assert "lacuna_engine.transfer.filling" not in modules
