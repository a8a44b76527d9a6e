"""Sizes as people write them, and the forms of volumes."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from lacuna_engine.storage import VolumeDescription, VolumeType
from lacuna_gui.dialogs.fields import RateField, SizeField, parse_size
from lacuna_gui.dialogs.volumes import (
    CloneDialog,
    NewVolume,
    NewVolumeDialog,
    ResizeDialog,
    free_name,
)

GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("40G", 40 * GIB), ("40 GiB", 40 * GIB), ("40gb", 40 * GIB), ("1.5 TiB", 1536 * GIB),
        ("1,5 g", 3 * GIB // 2), ("4096", 4096), ("4096 bytes", 4096), ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("", None), ("much", None), ("-1", None), ("1e9", None), ("9999999P", None), ("5X", None),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("size", [20 * GIB, 1, 5_000_000_001, 2**62, 3 * GIB // 2])
def test_a_size_is_written_so_that_nothing_is_lost(qtbot: QtBot, size: int) -> None:
    field = SizeField(size)
    qtbot.addWidget(field)
    assert field.size_bytes() == size


def test_a_rate(qtbot: QtBot) -> None:
    field = RateField()
    qtbot.addWidget(field)
    assert field.text() == "no limit"
    field.set_rate(1)
    assert (field.value(), field.rate()) == (1, 1), "a limit is never made none by rounding"
    field.setValue(2)
    assert field.rate() == 2 << 20


def test_a_new_volume(qtbot: QtBot) -> None:
    dialog = NewVolumeDialog("pool", {"taken"}, available=10 * GIB)
    qtbot.addWidget(dialog)
    wanted: list[NewVolume] = []
    dialog.wanted.connect(wanted.append)
    for name, wrong in (
        ("", "name"),
        ("taken", "already"),
        ("a/b", "slash"),
        ("x" * 300, "longer"),
    ):
        dialog.name.setText(name)
        assert wrong in dialog.problem.text()
        assert not dialog.ok.isEnabled()
    dialog.name.setText("disk.img")
    assert dialog.image_format.currentText() == "raw"
    dialog.capacity.setText("nonsense")
    assert "40 GiB" in dialog.problem.text()
    dialog.capacity.setText("20 GiB")
    assert dialog.ok.isEnabled(), "thin volumes may be larger than the pool"
    dialog.full.setChecked(True)
    assert "only 10 GiB free" in dialog.problem.text()
    dialog.capacity.setText("5 GiB")
    dialog.accept()
    assert wanted == [NewVolume("disk.img", 5 * GIB, 5 * GIB, "raw")]


def test_a_device_has_no_format(qtbot: QtBot) -> None:
    dialog = NewVolumeDialog("pool", (), devices=True)
    qtbot.addWidget(dialog)
    wanted: list[NewVolume] = []
    dialog.wanted.connect(wanted.append)
    dialog.name.setText("lv1")
    dialog.capacity.setText("1G")
    dialog.accept()
    assert wanted == [NewVolume("lv1", GIB, GIB, None)]


def test_shrinking_must_be_meant(qtbot: QtBot) -> None:
    dialog = ResizeDialog(VolumeDescription("v", "", VolumeType.FILE, capacity=5 * GIB))
    qtbot.addWidget(dialog)
    wanted: list[tuple[int, bool]] = []
    dialog.wanted.connect(lambda *what: wanted.append(what))
    assert not dialog.ok.isEnabled()
    dialog.capacity.setText("4 GiB")
    assert not dialog.ok.isEnabled()
    dialog.shrink.setChecked(True)
    assert dialog.ok.isEnabled()
    dialog.accept()
    assert wanted == [(4 * GIB, True)]


def test_names_of_clones(qtbot: QtBot) -> None:
    assert free_name("disk.qcow2", {"disk-1.qcow2"}) == "disk-2.qcow2"
    dialog = CloneDialog("disk.qcow2", {"disk.qcow2"})
    qtbot.addWidget(dialog)
    assert dialog.name.text() == "disk-1.qcow2"
    dialog.name.setText("disk.qcow2")
    assert not dialog.ok.isEnabled()
