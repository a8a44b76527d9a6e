"""Names and modules that are loaded when they are asked for, and what programs start without."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacuna_engine import late

PACKAGES = (
    "lacuna_engine.journal",
    "lacuna_engine.storage",
    "lacuna_engine.transfer",
    "lacuna_engine.transport",
)

HEAVY = frozenset({"asyncssh", "cryptography", "keyring", "numpy", "rich", "scramp"})
"""Third parties' packages that some jobs need and no start does."""


OTHER_WAYS = frozenset(f"lacuna_engine.transport.{name}" for name in ("ext", "ssh", "tcp", "tls"))
"""What a connection on this machine does without."""


def loaded_by(program: str, *arguments: str) -> set[str]:
    """Return the modules of a new interpreter that has run a program with arguments."""
    program += "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
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


RUN = """
import sys
from lacuna_engine.cli.main import run
assert run(sys.argv[1:]) == 0
"""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["upload", "--help"]])
def test_the_version_and_help_need_nothing_that_connects(arguments: list[str]) -> None:
    modules = loaded_by(RUN, *arguments)
    unwanted = {"asyncio", "socket", "sqlite3", "ssl", "subprocess", "xml"}
    assert modules & (HEAVY | OTHER_WAYS | unwanted) == set()
    packages = ("client", "extents", "profiles", "rpc", "server", "stream")
    assert modules & {f"lacuna_engine.{name}" for name in packages} == set()


@pytest.fixture
def uri(tmp_path: Path) -> Iterator[str]:
    """Where a server of ours listens on a unix socket; it has the pool ``images``."""
    folder = tmp_path / "images"
    folder.mkdir()
    command = [sys.executable, "-m", "lacuna_engine.cli", "serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_transfers_on_this_machine_load_no_more_than_they_need(uri: str, tmp_path: Path) -> None:
    (tmp_path / "small.img").write_bytes(b"small")
    here, back = str(tmp_path / "small.img"), tmp_path / "back.img"
    sent = loaded_by(RUN, "upload", here, uri, "images")
    received = loaded_by(RUN, "download", uri, "images/small.img", str(back))
    assert back.read_bytes() == b"small"
    for modules in (sent, received):
        assert "lacuna_engine.transport.local" in modules
        assert modules & (HEAVY | OTHER_WAYS) == set()
        packages = ("demo", "profiles", "server", "worker", "client.sasl.login")
        assert modules & {f"lacuna_engine.{name}" for name in packages} == set()


def test_a_listing_needs_no_journal() -> None:
    modules = loaded_by("import lacuna_engine.cli.listing")
    assert modules & HEAVY == set()
    assert "lacuna_engine.journal.store" not in modules
    assert "lacuna_engine.transfer.filling" not in modules
