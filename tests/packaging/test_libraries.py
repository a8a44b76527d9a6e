"""The libraries: locks that fit, licences written down, Qt's parts all packed."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN = PROJECT["dependencies"]
DEVELOP = [*RUN, *PROJECT["optional-dependencies"]["dev"]]
LOCKS = ROOT / "packaging/locks"
BUILD = [
    line
    for line in (LOCKS / "build.in").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PINNED = re.compile(r"^([a-z0-9-]+)(?:\[[\w,-]+\])?==(\S+?)(?: ; (.*?))? \\$((?:\n +--hash.*)*)",
    re.MULTILINE)  # fmt: skip


def locked(lock: str) -> list[tuple[str, Version, str]]:
    """Return name, version and hashes of each line."""
    text = (LOCKS / lock).read_text(encoding="utf-8")
    return [(name, Version(version), hashes) for name, version, _, hashes in PINNED.findall(text)]


@pytest.mark.parametrize(
    ("lock", "wanted"), [("run.txt", RUN), ("develop.txt", DEVELOP), ("build.txt", BUILD)]
)
def test_a_lock_fits_the_ranges(lock: str, wanted: list[str]) -> None:
    """``./dev package lock`` brings it up to date."""
    versions: dict[str, list[Version]] = {}
    for name, version, hashes in locked(lock):
        assert "--hash=sha256:" in hashes, name
        versions.setdefault(name, []).append(version)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not in {lock}"
        assert any(version in requirement.specifier for version in versions[name]), requirement


def test_the_lock_for_running_is_part_of_the_other() -> None:
    develop = {(name, version) for name, version, _ in locked("develop.txt")}
    assert {(name, version) for name, version, _ in locked("run.txt")} <= develop


def test_packages_are_built_with_what_is_locked() -> None:
    """What builds leaves traces: without a lock two builds of a commit may differ."""
    for recipe in ("deb/debian/rules", "bundle/build"):
        text = (ROOT / "packaging" / recipe).read_text(encoding="utf-8").replace("\\\n", " ")
        fetches = re.findall(r"^\s*(?:pip|\$\(PIP\)) .*\binstall\b.*$", text, re.MULTILINE)
        assert any("locks/build.txt" in line for line in fetches)
        for line in fetches:
            assert "--require-hashes" in line or "--no-index" in line, line


def test_licences_are_written_down() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging/licences.py", "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"run ./dev package licences\n{done.stdout}{done.stderr}"


def test_packages_keep_the_parts_of_qt_that_are_imported() -> None:
    """What is trimmed off a package is missed only when it is wanted."""
    imported: set[str] = set()
    for path in (ROOT / "gui/lacuna_gui").rglob("*.py"):
        imported |= set(
            re.findall(r"^ *from PySide6\.(\w+)", path.read_text("utf-8"), re.MULTILINE)
        )
    kept = set(re.findall(r"\b(Qt\w+)\.\*", (ROOT / "packaging/trim").read_text("utf-8")))
    assert imported
    assert imported <= kept


VOID_CALLS = """
import sys
from PySide6.QtCore import QObject
thing = QObject()
before = sys.getrefcount(None)
for _ in range(2000):
    thing.setObjectName("x")
print(before - sys.getrefcount(None))
"""


def test_none_outlives_calls_without_a_result() -> None:
    """Some releases of PySide6 give a reference to None away at each such call, until Python ends.

    pyproject.toml leaves them out where this goes wrong. From Python 3.12 on None cannot die.
    """
    done = subprocess.run(
        [sys.executable, "-c", VOID_CALLS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert abs(int(done.stdout)) < 100


def test_the_reason_of_each_dependency_is_given() -> None:
    text = Path(ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[
        text.index("\ndependencies = [") : text.index("\n]\n", text.index("\ndependencies"))
    ]
    lines = [line.strip() for line in block.splitlines()[2:]]
    for number, line in enumerate(lines):
        if line.startswith('"'):
            # Two lines for one library share what is said above them.
            above = [lines[number - 1], lines[number - 2]]
            assert " # " in line or any(text.startswith("#") for text in above), line
