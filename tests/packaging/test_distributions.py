"""What is in the wheel and in the source distribution, and that a build can be repeated."""

import configparser
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

from lacuna_engine import __version__

from .conftest import ROOT, Built, build

WHEEL_MOST = 2 << 20
PACKAGES = ("engine/lacuna_engine", "gui/lacuna_gui", "resources/lacuna_resources")


@pytest.fixture
def wheel(built: Built) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(built.wheel) as archive:
        yield archive


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(f"lacuna-{__version__}.dist-info/{name}").decode()


def test_the_wheel_is_small(built: Built) -> None:
    assert built.wheel.name == f"lacuna-{__version__}-py3-none-any.whl"
    assert built.wheel.stat().st_size < WHEEL_MOST


def test_the_wheel_holds_the_packages_and_nothing_else(
    built: Built, wheel: zipfile.ZipFile
) -> None:
    there = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted: set[str] = set()
    for package in PACKAGES:
        folder = built.source / package
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in {".pyc", ".ts"}:
                wanted.add(path.relative_to(folder.parent).as_posix())
    assert there == wanted
    endings = {PurePosixPath(name).suffix or PurePosixPath(name).name for name in there}
    assert endings == {".py", ".typed", ".svg", ".qm"}
    for name in (
        "lacuna_engine/py.typed",
        "lacuna_gui/py.typed",
        "lacuna_resources/app/lacuna.svg",
        "lacuna_resources/translations/lacuna_de.qm",
    ):
        assert name in there


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    about = Parser().parsestr(metadata(wheel, "METADATA"))
    assert about["Version"] == __version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.11"
    assert (
        wheel.read(f"lacuna-{__version__}.dist-info/licenses/LICENSE")
        == (ROOT / "LICENSE").read_bytes()
    )
    points = configparser.ConfigParser()
    points.read_string(metadata(wheel, "entry_points.txt"))
    assert dict(points["console_scripts"]) == {"lacuna": "lacuna_engine.cli:main"}
    assert dict(points["gui_scripts"]) == {"lacuna-window": "lacuna_gui.app:main"}
    assert dict(points["lacuna.frontend"]) == {"window": "lacuna_gui.app:main"}


def test_every_dependency_has_a_lowest_version(wheel: zipfile.ZipFile) -> None:
    about = Parser().parsestr(metadata(wheel, "METADATA"))
    for text in about.get_all("Requires-Dist") or []:
        operators = {part.operator for part in Requirement(text).specifier}
        assert operators & {">=", "=="}, text


def test_the_source_distribution_holds_the_repository(built: Built) -> None:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    left_out = (".ci/",)
    with tarfile.open(built.sdist) as archive:
        there = {name.split("/", 1)[1] for name in archive.getnames()}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert not {name for name in tracked - there if not name.startswith(left_out)}
    for name in there:
        folders = set(PurePosixPath(name).parts[:-1])
        assert not {"__pycache__", ".venv", ".git", "dist", "build"} & folders, name


def test_two_builds_are_the_same(built: Built, tmp_path: Path) -> None:
    wheel, sdist = build(built.source, tmp_path / "again")
    assert wheel.read_bytes() == built.wheel.read_bytes()
    assert sdist.read_bytes() == built.sdist.read_bytes()


def test_the_wheel_works_where_it_lies(built: Built, tmp_path: Path) -> None:
    """Icons and texts are found in a wheel too: a bundle reads its packages in such a way."""
    code = (
        f"import sys; sys.path.insert(0, {str(built.wheel)!r})\n"
        "import lacuna_engine, lacuna_resources\n"
        "assert '.whl' in lacuna_engine.__file__ and '.whl' in lacuna_resources.__file__\n"
        "print(lacuna_engine.__version__, len(lacuna_resources.icon_names()))\n"
        "print(len(lacuna_resources.app_icon_svg()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    version, icons, size = done.stdout.split()
    assert version == __version__
    assert int(icons) > 50
    assert int(size) > 500
