"""The tests of the engine within the Windows Python: which of them do not apply there, and why.

A plugin of pytest. It leaves out what is listed, and nothing else; an entry that fits no test is an
error. Paths are those below ``tests/engine``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[1] / "engine"

CANNOT_BE_IMPORTED = (
    "server",  # what it tests finds its files by folders that it holds open
    "cli/test_serving.py",
    "client/test_sasl_login.py",  # against that server
    "extents/test_other_platforms.py",  # of macOS, by fcntl
)

NOT_THERE: dict[str, tuple[str, ...]] = {
    "SIGTERM and SIGINT of another process end a program of Windows at once": (
        "cli/test_main.py::test_a_signal_stops_it_cleanly*",
    ),
    "Wine knows no holes, so that these read 16 TiB of zeros": (
        "extents/test_survey.py::test_all_hole_is_instant*",
    ),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the setting of pytest-qt, which is not here."""
    parser.addini("qt_api", "for the tests of the window")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out whole files."""
    if any(collection_path == ENGINE / name for name in CANNOT_BE_IMPORTED):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out single tests."""
    patterns = [pattern for found in NOT_THERE.values() for pattern in found]
    left_out: list[pytest.Item] = []
    for item in list(items):
        name = item.path.relative_to(ENGINE).as_posix() + "::" + item.nodeid.partition("::")[2]
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            items.remove(item)
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
