"""Fills ``@VERSION@``, ``@DATE@`` and ``@RFC2822@`` into the files that name a release.

    python3 packaging/fill.py TEMPLATE OUTPUT    (or --version to print it)

The version has one place, ``lacuna_engine/__init__.py``. The date is SOURCE_DATE_EPOCH if that is
set, else that of the last commit, so that building twice gives the same bytes. Runs with nothing
but Python's own library: builders of packages have no more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
FIRST_WHEEL_DATE = 315532800
"""1980, before which no zip file can be dated; used where there is neither variable nor commit."""


def version() -> str:
    """Return the version of the source tree."""
    text = (HERE / "engine/lacuna_engine/__init__.py").read_text(encoding="utf-8")
    found = _VERSION.search(text)
    if found is None:
        raise SystemExit("engine/lacuna_engine/__init__.py has no line __version__ = ...")
    return found[1]


def epoch() -> int:
    """Return the release's date in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return FIRST_WHEEL_DATE
    return int(done.stdout)


def filled(template: str) -> str:
    """Return the template with the release's version and date."""
    when = datetime.fromtimestamp(epoch(), UTC)
    facts = {"VERSION": version(), "DATE": f"{when:%Y-%m-%d}", "RFC2822": format_datetime(when)}
    return re.sub("@([A-Z0-9]+)@", lambda name: facts[name[1]], template)


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit code."""
    match arguments:
        case ["--version"]:
            sys.stdout.write(f"{version()}\n")
        case ["--epoch"]:
            sys.stdout.write(f"{epoch()}\n")
        case [template, output]:
            text = filled(Path(template).read_text(encoding="utf-8"))
            Path(output).write_text(text, encoding="utf-8")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
