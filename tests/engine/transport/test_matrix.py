"""The tables of docs/transports.md: complete, and of tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lacuna_engine.client.sasl.choice import KNOWN
from lacuna_engine.client.sasl.kerberos import Kerberos
from lacuna_engine.transport import OPENERS

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs/transports.md"
WAYS = {
    "unix": "unix",
    "tcp": "tcp",
    "tls": "tls",
    "ssh (OpenSSH)": "ssh",
    "ssh (asyncssh)": "ssh",
    "ext": "ext",
}


def section(title: str, level: int = 3) -> str:
    text = PAGE.read_text(encoding="utf-8").partition(f"\n{'#' * level} {title}\n")[2]
    assert text, title
    return re.split(rf"^#{{1,{level}}} ", text, flags=re.MULTILINE)[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [cells[0], *cells[2:]]


def listed(title: str) -> dict[str, str]:
    found = re.findall(r"^- ([tn]\d+) (.+(?:\n  .+)*)", section(title), re.MULTILINE)
    names = [name for name, _ in found]
    assert len(set(names)) == len(names)
    return dict(found)


DAEMONS = (
    "libvirtd, the system's",
    "libvirtd, a user's own",
    "virtstoraged, virtproxyd and virtqemud",
    "lacuna serve",
    "From Windows",
)


@pytest.mark.parametrize("daemon", DAEMONS)
def test_every_way_and_every_login(daemon: str) -> None:
    head, *body = rows(daemon)
    scram = {"SCRAM" if name.startswith("SCRAM") else name for name in (*KNOWN, Kerberos.name)}
    assert set(head[1:]) == {"no login", "polkit", *scram}
    assert [row[0] for row in body] == list(WAYS)
    assert set(WAYS.values()) == {"ssh" if name.startswith("libssh") else name for name in OPENERS}


def test_every_cell_is_explained() -> None:
    known = listed("Tests") | listed("Not run")
    used: set[str] = set()
    for title in (*DAEMONS, "SSH itself"):
        head, *body = rows(title)
        for row in body:
            assert len(row) == len(head)
            for cell in row[1:]:
                assert cell, (title, row)
                used.update(cell.split())
    assert used == set(known)


def test_the_tests_are_there() -> None:
    listed_tests = [name.partition(",")[0] for name in listed("Tests").values()]
    named = [*listed_tests, *re.findall(r"`(\S+::\S+)`", section("Not run"))]
    for name in named:
        file, _, function = name.strip("`").partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        found = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert function in {one.name for one in tree.body if isinstance(one, found)}, name
