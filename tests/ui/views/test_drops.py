"""What is made of what is dropped or pasted."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from lacuna_gui.views.drops import offers_something, read_offer


def urls(*places: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls(
        [QUrl.fromLocalFile(str(one)) if isinstance(one, Path) else QUrl(one) for one in places]
    )
    return data


def test_files_once_each_and_in_order(tmp_path: Path) -> None:
    first, second = tmp_path / "b c.raw", tmp_path / "a.raw"
    first.touch()
    second.touch()
    offer = read_offer(urls(first, second, first))
    assert offer.files == (first, second)
    assert offer.refusal == offer.note == ""


def test_a_folder_gives_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("z.raw", "a.raw", ".hidden"):
        (tmp_path / name).touch()
    offer = read_offer(urls(tmp_path))
    assert [path.name for path in offer.files] == ["a.raw", "z.raw"]
    assert "left out (1)" in offer.note


def test_an_empty_folder(tmp_path: Path) -> None:
    offer = read_offer(urls(tmp_path))
    assert offer.files == ()
    assert "no files" in offer.refusal


def test_what_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "neither a file nor a folder" in read_offer(urls(pipe)).refusal
    assert "cannot be read" in read_offer(urls(tmp_path / "gone")).refusal
    assert "not on this computer" in read_offer(urls("sftp://host/image.raw")).refusal


def test_some_of_several_is_better_than_nothing(tmp_path: Path) -> None:
    there = tmp_path / "there.raw"
    there.touch()
    offer = read_offer(urls(there, tmp_path / "gone.raw"))
    assert offer.files == (there,)
    assert "gone.raw cannot be read" in offer.note


def test_paths_as_text(tmp_path: Path) -> None:
    there = tmp_path / "there.raw"
    there.touch()
    data = QMimeData()
    data.setText(f"{there}\nnot a path\n")
    assert read_offer(data).files == (there,)


def test_other_things_are_refused() -> None:
    data = QMimeData()
    data.setText("some words")
    assert not offers_something(data)
    assert "Only files" in read_offer(data).refusal
