"""The version has one place, and what desktops read fits the programs."""

import configparser
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from lacuna_engine import __version__

from .conftest import ROOT, Built

FILL = ROOT / "packaging/fill.py"
DESKTOP = ROOT / "resources/desktop"
TEMPLATES = (DESKTOP / "lacuna.metainfo.xml.in", ROOT / "packaging/deb/debian/changelog.in")
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"


def run(*arguments: str | Path, epoch: str = "1700000000") -> str:
    done = subprocess.run(
        [sys.executable, FILL, *arguments],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string((DESKTOP / "lacuna.desktop").read_text(encoding="utf-8"))
    return parser["Desktop Entry"]


def test_the_tools_know_the_version() -> None:
    assert run("--version").strip() == __version__


def test_the_version_is_written_nowhere_else() -> None:
    """A release changes one line."""
    places: list[Path] = [ROOT / "pyproject.toml", ROOT / "dev"]
    for folder in ("packaging", "resources/desktop", "engine", "gui", "resources/lacuna_resources"):
        places += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    said = [
        path.relative_to(ROOT).as_posix()
        for path in places
        if "__pycache__" not in path.parts
        # These name versions of others, which may be the same number.
        and "locks" not in path.parts
        and path.name != "wheels.json"
        and re.search(
            rf"(?<![\w.=]){re.escape(__version__)}(?![\w.])",
            path.read_text(encoding="utf-8", errors="replace"),
        )
    ]
    assert said == ["engine/lacuna_engine/__init__.py"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_take_version_and_date(template: Path, tmp_path: Path) -> None:
    run(template, tmp_path / "filled")
    text = (tmp_path / "filled").read_text(encoding="utf-8")
    assert __version__ in text
    assert "2023" in text  # the year of 1700000000
    assert not re.search("@[A-Z0-9]+@", text)


def test_the_desktop_entry_starts_a_program_of_the_wheel() -> None:
    scripts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    program = entry()["Exec"].split()[0]
    assert re.search(rf'^{program} = "lacuna_gui', scripts, re.MULTILINE)
    assert entry()["TryExec"] == program
    assert entry()["Exec"].endswith(" %F")  # several local files


def test_the_window_has_the_name_of_its_desktop_entry() -> None:
    """Desktops find a window's icon and name by it."""
    code = (ROOT / "gui/lacuna_gui/app.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{entry()["Icon"]}")' in code
    assert (DESKTOP / f"{entry()['StartupWMClass']}.desktop").exists()


def test_disk_images_are_for_lacuna() -> None:
    kinds = set(entry()["MimeType"].rstrip(";").split(";"))
    assert kinds >= {
        "application/x-qemu-disk",
        "application/x-raw-disk-image",
        "application/x-cd-image",
        "application/x-vmdk-disk",
        "application/x-vdi-disk",
    }
    added = ET.parse(DESKTOP / "lacuna-mime.xml").getroot()  # noqa: S314
    for kind in added.iter(f"{MIME}mime-type"):
        assert kind.attrib["type"] in kinds


def test_metadata_and_desktop_entry_agree(tmp_path: Path) -> None:
    run(TEMPLATES[0], tmp_path / "metainfo.xml")
    component = ET.parse(tmp_path / "metainfo.xml").getroot()  # noqa: S314
    assert component.findtext("launchable") == "lacuna.desktop"
    assert component.findtext("name") == entry()["Name"]
    assert component.findtext("project_license") == "Apache-2.0"
    release = component.find("releases/release")
    assert release is not None
    assert release.attrib == {"version": __version__, "date": "2023-11-14"}


def test_the_desktop_finds_all_it_needs_below_a_prefix(built: Built, tmp_path: Path) -> None:
    subprocess.run([built.source / "packaging/desktop", tmp_path], check=True)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    for name in (
        "share/applications/lacuna.desktop",
        "share/icons/hicolor/scalable/apps/lacuna.svg",
        "share/icons/hicolor/symbolic/apps/lacuna-symbolic.svg",
        "share/icons/hicolor/16x16/apps/lacuna.svg",
        "share/metainfo/org.lacuna_transfer.Lacuna.metainfo.xml",
        "share/mime/packages/lacuna.xml",
        "share/man/man1/lacuna.1",
    ):
        assert name in files
