"""What is being dropped or pasted: local files, volumes, or something of which nothing can be made.

Pure but for looking at the file system for what a path is.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QUrl

from lacuna_gui.models.volumes import VOLUMES_MIME

__all__ = ["Offer", "VolumeOffer", "offer_of", "offers_something", "read_offer"]

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class VolumeOffer:
    """Volumes of one pool, by name."""

    host: str
    pool: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What was dropped. ``refusal`` says why nothing can be made of it, ``note`` what was left."""

    files: tuple[Path, ...] = ()
    volumes: VolumeOffer | None = None
    refusal: str = ""
    note: str = ""


def offers_something(data: QMimeData) -> bool:
    """Tell at a glance, while something hovers: no file is looked at."""
    return data.hasUrls() or data.hasFormat(VOLUMES_MIME)


def read_offer(data: QMimeData) -> Offer:
    """Return what was dropped or pasted."""
    if data.hasFormat(VOLUMES_MIME):
        raw = bytes(data.data(VOLUMES_MIME).data()).decode("utf-8", "surrogateescape")
        host, pool, *names = raw.split("\0")
        return Offer(volumes=VolumeOffer(host, pool, tuple(names)))
    urls = data.urls()
    if not urls and data.hasText():
        # File managers and terminals also copy paths as text.
        lines = [line.strip() for line in data.text().splitlines()]
        urls = [QUrl.fromLocalFile(line) for line in lines if Path(line).is_absolute()]
    if not urls:
        return Offer(
            refusal=translate("Drops", "Only files, folders and volumes can be dropped here.")
        )
    remote = [url for url in urls if not url.isLocalFile()]
    if remote:
        return Offer(
            refusal=translate(
                "Drops", "{0} is not on this computer. Save it here first, then drop the file."
            ).format(remote[0].toDisplayString())
        )
    return offer_of(Path(url.toLocalFile()) for url in urls)


def offer_of(paths: Iterable[Path]) -> Offer:
    """Return what can be made of local files and folders."""
    files: list[Path] = []
    wrong: list[str] = []
    skipped = 0
    for path in paths:
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                inside, left = _in_folder(path)
                files += inside
                skipped += left
            elif stat.S_ISREG(mode) or stat.S_ISBLK(mode):
                files.append(path)
            else:
                wrong.append(
                    translate("Drops", "{0} is neither a file nor a folder.").format(path.name)
                )
        except OSError as error:
            wrong.append(
                translate("Drops", "{0} cannot be read: {1}.").format(path.name, error.strerror)
            )
    if not files:
        wrong = wrong or [translate("Drops", "There are no files in that folder.")]
        return Offer(refusal=" ".join(wrong))
    if skipped:
        wrong.append(
            translate("Drops", "Folders inside of folders were left out ({0}).").format(skipped)
        )
    return Offer(files=tuple(dict.fromkeys(files)), note=" ".join(wrong))


def _in_folder(folder: Path) -> tuple[list[Path], int]:
    """Return the files of a folder that are not hidden, and how many folders it has."""
    files: list[Path] = []
    folders = 0
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_file():
            files.append(path)
        elif path.is_dir():
            folders += 1
    return files, folders
