"""Where the journal lives."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "data_folder", "journal_path"]

FOLDER_VARIABLE = "LACUNA_DATA"
"""The environment variable that names another folder."""


def data_folder() -> Path:
    """Return the folder of what Lacuna keeps; it need not exist yet."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path  # noqa: PLC0415 - 3 ms, where it is not known already

    return user_data_path("lacuna", appauthor=False)


def journal_path() -> Path:
    """Return the path of the journal."""
    return data_folder() / "journal.db"
