"""Commands in the documents do what they are said to do.

Blocks marked ``sh`` are run as they stand, against a real libvirtd that is saved as "lab". In all
other blocks each line that is a whole command of ``lacuna`` must at least be one.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from docs.places import DOCS, ROOT, pages
from integration.images import data, hole, make_image, zeros
from integration.libvirtd import MIB, PrivateLibvirtd
from lacuna_engine.cli.main import cli
from lacuna_engine.profiles import ProfileStore

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATTERN = re.compile(r"[|\[\]]|\.\.\.|\b[A-Z]{3,}\b")
"""What stands for something else, in the summary of a command."""


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in BLOCK.finditer(page.read_text())]


def runnable() -> list[Path]:
    return [page for page in pages() if any(kind == "sh" for kind, _ in blocks(page))]


@pytest.mark.parametrize("page", runnable(), ids=lambda page: page.stem)
def test_the_shell_blocks_run(daemon: PrivateLibvirtd, page: Path, tmp_path: Path) -> None:
    pools = [daemon.make_pool(name, "tmpfs") for name in ("default", "backup")]
    for name in ("disk.raw", "disk.qcow2"):
        make_image(tmp_path / name, data(MIB), hole(4 * MIB), zeros(MIB), data(MIB))
    ProfileStore(tmp_path / "config" / "profiles.json").create("lab", daemon.uri)
    environment = {
        **{name: text for name, text in os.environ.items() if "DISPLAY" not in name},
        "LACUNA_CONFIG": str(tmp_path / "config"),
        "LACUNA_DATA": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    try:
        for kind, text in blocks(page):
            if kind == "sh":
                script = ["bash", "-euo", "pipefail", "-c", text]
                done = subprocess.run(
                    script, cwd=tmp_path, env=environment, check=False, capture_output=True,
                    text=True, timeout=120, stdin=subprocess.DEVNULL,
                )  # fmt: skip
                assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    finally:
        for pool in pools:
            daemon.drop_pool(pool)


def commands(page: Path) -> list[str]:
    lines = (line for _, text in blocks(page) for line in text.splitlines())
    spoken = re.findall(r"`(lacuna [^`]+)`", page.read_text())
    found = [line for line in (*lines, *spoken) if line.startswith("lacuna ")]
    return [line for line in found if not PATTERN.search(line)]


def parse(command: str) -> None:
    """Take a command apart as the program would, without doing anything. Raises UsageError."""
    words = shlex.split(command, comments=True)[1:]
    group: click.Group = cli
    while words and words[0].startswith("-"):
        group.make_context("lacuna", [words.pop(0)])
    while words:
        found = group.commands.get(words[0])
        if found is None:
            raise click.UsageError(f"there is no command {words[0]}")
        if not isinstance(found, click.Group) or words[1:2] == [] or words[1].startswith("-"):
            found.make_context(words[0], words[1:])
            return
        group, words = found, words[1:]


def test_every_command_is_one() -> None:
    found = [(page.name, command) for page in pages() for command in commands(page)]
    assert len(found) > 30
    for page, command in found:
        try:
            parse(command)
        except (click.exceptions.Exit, click.MissingParameter):
            pass  # --help, --version, and commands that are only spoken of
        except click.UsageError as error:
            raise AssertionError(f"{page}: {command}: {error.message}") from error


def test_a_command_that_is_none_is_found() -> None:
    for command in (
        "lacuna fly",
        "lacuna ls a --wide",
        "lacuna upload a b c --fast",
        "lacuna jobs stop 1",
    ):
        with pytest.raises(click.UsageError):
            parse(command)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, command in cli.commands.items():
        if not command.hidden:
            assert f"lacuna {name}" in readme, name
    assert DOCS.is_dir()
