"""The file of profiles: JSON with a format version, one value a line.

::

    {
      "format": 1,
      "profiles": [
        {
          "id": "6f0c9d2e4b1a",
          "name": "kvm-lab",
          "uri": "qemu+ssh://root@kvm-lab/system",
          ...
        }
      ]
    }

What is not known here, keys as well as whole entries, is kept as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lacuna_engine.errors import LocalFileError

__all__ = ["FORMAT", "CorruptError", "Document", "read_document", "write_document"]

FORMAT = 1
MAX_SIZE = 16 << 20
"""Bytes of a file at most; a profile has some 300."""

Entry = dict[str, Any]


class CorruptError(ValueError):
    """The file is no file of profiles; never leaves this package."""


@dataclass(slots=True)
class Document:
    """What is in the file. ``others`` are the top-level keys not known here."""

    entries: list[object] = field(default_factory=list[object])
    others: Entry = field(default_factory=dict[str, Any])
    format: int = FORMAT

    @property
    def is_newer(self) -> bool:
        """Whether a newer Lacuna wrote it: there may be things that writing would damage."""
        return self.format > FORMAT


def read_document(path: Path) -> Document:
    """Read the file; an absent one is empty.

    Raises :class:`CorruptError` and :class:`LocalFileError`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return Document()
    except OSError as error:
        raise LocalFileError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > MAX_SIZE:
        raise CorruptError("it is far too large")
    try:
        content: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptError("it is not JSON") from error
    if not isinstance(content, dict):
        raise CorruptError("it has no object at the top")
    others = cast("Entry", content)
    version, entries = others.pop("format", None), others.pop("profiles", None)
    if type(version) is not int or version < 1:
        raise CorruptError("it has no format version")
    if isinstance(entries, list):
        return Document(cast("list[object]", entries), others, version)
    if version <= FORMAT:
        raise CorruptError("it has no list of profiles")
    return Document([], others, version)


def write_document(path: Path, document: Document) -> None:
    """Replace the file at once and for good. Raises :class:`LocalFileError`."""
    content = {"format": document.format, "profiles": document.entries} | document.others
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    temporary = ""
    try:
        # Made with mode 0600: whom one manages is nobody else's business.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise LocalFileError(f"cannot write {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """Have the new name survive a power cut, where a folder can be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
