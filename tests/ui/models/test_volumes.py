"""The volumes' table: order, filter, and telling views no more than has changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from lacuna_engine.storage import Timestamps, VolumeDescription, VolumeHandle, VolumeType
from lacuna_gui.models.volumes import VOLUMES_MIME, Column, VolumesModel
from lacuna_gui.views.drops import read_offer
from ui.window.driver import check_model

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
TIB = 1 << 40


def handle(name: str) -> VolumeHandle:
    return VolumeHandle("pool", name, "")


def about(name: str, capacity: int, allocation: int = 0, modified: int = 0) -> VolumeDescription:
    times = Timestamps(modification=modified) if modified else None
    return VolumeDescription(
        name, "", VolumeType.FILE, capacity, allocation, format="raw", timestamps=times
    )


def filled(**sizes: int) -> VolumesModel:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle(name) for name in sizes])
    model.describe([about(name, size) for name, size in sizes.items()])
    return model


def names(model: VolumesModel) -> list[str]:
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_it_is_a_proper_model(qtmodeltester: ModelTester) -> None:
    check_model(qtmodeltester, filled(a=1, b=2))


def test_names_are_ordered_as_people_count() -> None:
    model = filled(disk10=1, disk2=1, Disk1=1, apple=1)
    assert names(model) == ["apple", "Disk1", "disk2", "disk10"]
    model.sort(Column.NAME, DESCENDING)
    assert names(model) == ["disk10", "disk2", "Disk1", "apple"]


def test_sizes_beyond_32_bits_are_ordered_and_shown() -> None:
    model = filled(small=3, large=2**63 - 1, middle=5 * TIB, other=2**32 + 1)
    model.sort(Column.CAPACITY, ASCENDING)
    assert names(model) == ["small", "other", "middle", "large"]
    assert model.index(2, Column.CAPACITY).data() == "5 TiB"
    model.describe([about("small", 2**64 - 1)])
    assert model.index(0, Column.CAPACITY).data() == "16 EiB"


def test_what_is_not_known_yet_comes_first_and_says_so() -> None:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle("a"), handle("b")])
    model.describe([about("a", 1)])
    model.sort(Column.CAPACITY, ASCENDING)
    assert names(model) == ["b", "a"]
    assert model.index(0, Column.CAPACITY).data() == "…"


def test_times_are_ordered() -> None:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle("old"), handle("new"), handle("none")])
    second = 1_000_000_000
    model.describe([
        about("old", 1, modified=1 * second), about("new", 1, modified=2**62), about("none", 1),
    ])  # fmt: skip
    model.sort(Column.MODIFIED, DESCENDING)
    assert names(model) == ["new", "old", "none"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ["a.QCOW2", "b.raw", "c[1].raw"]),
        ("qcow", ["a.QCOW2"]),
        ("*.raw", ["b.raw", "c[1].raw"]),
        ("?.raw", ["b.raw"]),
        ("[1]", ["c[1].raw"]),
        ("nothing", []),
    ],
)
def test_the_filter(text: str, shown: list[str]) -> None:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle(n) for n in ("b.raw", "a.QCOW2", "c[1].raw")])
    model.set_filter(text)
    assert names(model) == shown
    assert len(model.names()) == 3


def test_descriptions_come_with_one_signal_for_their_range() -> None:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle(f"v{number:03}") for number in range(100)])
    told: list[tuple[int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        told.append((first.row(), last.row()))

    model.dataChanged.connect(note)
    model.describe([about(f"v{number:03}", 1) for number in range(20, 40)])
    assert told == [(20, 39)]


def test_the_same_volumes_again_keep_what_was_known(qtbot: QtBot) -> None:
    model = filled(a=5, b=6)
    with qtbot.assertNotEmitted(model.modelReset):
        model.show_volumes("host", "pool", [handle("a"), handle("b")])
    assert model.index(0, Column.CAPACITY).data() == "5 bytes"
    model.show_volumes("host", "pool", [handle("a"), handle("b"), handle("c")])
    assert names(model) == ["a", "b", "c"]
    assert model.index(0, Column.CAPACITY).data() == "5 bytes"
    model.show_volumes("host", "other", [handle("a")])
    assert model.index(0, Column.CAPACITY).data() == "…"


def test_a_selection_survives_sorting() -> None:
    model = filled(a=3, b=1, c=2)
    kept = QPersistentModelIndex(model.index(0, 0))
    model.sort(Column.CAPACITY, ASCENDING)
    assert kept.row() == 2
    assert kept.data() == "a"


def test_a_volume_that_is_gone() -> None:
    model = filled(a=3, b=1, c=2)
    model.drop("b")
    assert names(model) == ["a", "c"]
    assert model.place_of("c") == 1
    assert model.place_of("b") is None


def test_names_cannot_play_tricks() -> None:
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle("a\nb\u202egpj.exe"), handle("bytes\udcff")])
    assert names(model) == ["a\\nb\\u202egpj.exe", "bytes\\xff"]


def test_dragging_carries_any_name() -> None:
    model = VolumesModel()
    wild = ["a\nb", "bytes\udcff", "plain"]
    model.show_volumes("host", "pool", [handle(name) for name in wild])
    data = model.mimeData([model.index(row, 0) for row in range(3)])
    offer = read_offer(data)
    assert data.formats() == [VOLUMES_MIME]
    assert offer.volumes is not None
    assert (offer.volumes.host, offer.volumes.pool) == ("host", "pool")
    assert sorted(offer.volumes.names) == sorted(wild)


def test_numbers_without_end_in_a_name_are_ordered_too() -> None:
    long = "9" * 5000  # more than Python turns into a number
    model = VolumesModel()
    model.show_volumes("host", "pool", [handle(f"disk{long}"), handle("disk10"), handle("disk9")])
    assert names(model)[:2] == ["disk9", "disk10"]


def calls_of(work: Callable[..., object], *arguments: object) -> int:
    """Return how many functions written in Python are called meanwhile."""
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work(*arguments)
    finally:
        sys.setprofile(before)
    return calls


def test_order_and_filter_call_nothing_for_each_comparison() -> None:
    model = VolumesModel()
    count = 20_000
    all_names = [f"disk{number * 7919 % count}.qcow2" for number in range(count)]
    random.Random(1).shuffle(all_names)
    # Putting 20,000 in order takes some 280,000 comparisons.
    assert calls_of(model.show_volumes, "host", "pool", map(handle, all_names)) < 10 * count
    model.describe([about(name, number << 20) for number, name in enumerate(all_names)])
    for column in Column:
        assert count <= calls_of(model.sort, column, DESCENDING) < 8 * count
    for text in ("disk", "*.qcow2", ""):
        assert calls_of(model.set_filter, text) < 8 * count
    assert model.rowCount() == count


def test_roles_that_have_no_answer_look_at_no_row() -> None:
    model = filled(a=1)
    index = model.index(0, 0)
    assert model.data(index, int(Qt.ItemDataRole.CheckStateRole)) is None
    assert calls_of(model.data, index, int(Qt.ItemDataRole.CheckStateRole)) == 1
