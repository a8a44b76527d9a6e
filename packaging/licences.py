"""Writes docs/licences.md: what Lacuna is made with, and under which licences.

    python packaging/licences.py            write it
    python packaging/licences.py --check    say what differs; exit code 1 if anything does

The libraries are those of packaging/locks/run.txt, each licence is what the installed library says
of itself. What this system does not install keeps the row that is there, once written by hand.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from fill import HERE

DOCUMENT = HERE / "docs/licences.md"
LOCK = HERE / "packaging/locks/run.txt"

SPELLED = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""How older metadata names what has a name of its own by now (spdx.org/licenses)."""

_PINNED = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| (.+) \|$", re.MULTILINE)

TEXT = """\
# Licences

Lacuna is under the [Apache License 2.0](../LICENSE), its icons too. It uses these libraries, which
`pip` installs and the Debian package and the bundle contain. `packaging/licences.py` writes this
page.

| library | licence |
| --- | --- |
{rows}

Qt and PySide6 are used under the LGPL 3: they are shared libraries in files of their own, which
whoever has a package or bundle can replace by others. Their sources are at Qt's own site.
"""


def names() -> list[str]:
    """Return the libraries that an installed Lacuna needs on some system."""
    return sorted(set(_PINNED.findall(LOCK.read_text(encoding="utf-8"))))


def rows() -> dict[str, str]:
    """Return the page's libraries with their licences, as it is."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    return dict(_ROW.findall(text))


def licence(name: str, written: dict[str, str]) -> str:
    """Return a library's licence. Raises :class:`SystemExit` if nothing says it."""
    try:
        found = _said_by(distribution(name))
    except PackageNotFoundError:
        found = written.get(name, "")
    if not found:
        raise SystemExit(f"nothing here says the licence of {name}: write its row into {DOCUMENT}")
    return SPELLED.get(found, found)


def _said_by(library: Distribution) -> str:
    metadata = library.metadata
    # Some have put the whole text in the older field.
    for field in ("License-Expression", "License"):
        said = str(metadata[field] or "") if field in metadata else ""
        if said and "\n" not in said:
            return said
    classifiers = [str(text) for text in metadata.get_all("Classifier") or []]
    licences = [text.split(" :: ")[-1] for text in classifiers if text.startswith("License ::")]
    return licences[-1] if licences else ""


def document() -> str:
    """Return the whole page."""
    written = rows()
    lines = (f"| {name} | {licence(name, written)} |" for name in names())
    return TEXT.format(rows="\n".join(lines))


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit code."""
    wanted = document()
    if arguments == ["--check"]:
        there = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
        differences = sorted(set(wanted.splitlines()) ^ set(there.splitlines()))
        for line in differences:
            sys.stdout.write(f"{'missing' if line in wanted else 'outdated'}: {line}\n")
        return 1 if differences else 0
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
