"""What is dropped from the cache behind a transfer, and when."""

from __future__ import annotations

import pytest

from lacuna_engine.extents.source import Source
from lacuna_engine.transfer import trail as module
from lacuna_engine.transfer.trail import LENGTH, Trail

MIB = 1 << 20
IMAGE = Source(7, "image", 1 << 30, device=False)

Dropped = list[tuple[int, int, int]]


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> Dropped:
    calls: Dropped = []
    monkeypatch.setattr(module, "drop_cached", lambda *call: calls.append(call))
    return calls


def memory(monkeypatch: pytest.MonkeyPatch, size: int | None) -> None:
    monkeypatch.setattr(module, "available_memory", lambda: size)


def test_the_oldest_go_first_whoever_used_them(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory(monkeypatch, 1 << 30)
    trail = Trail(IMAGE)
    assert trail.is_dropped
    far = 512 * MIB
    trail.leave([(0, LENGTH // 2), (far, far + LENGTH // 2)])
    assert dropped == []
    trail.leave([(LENGTH // 2, LENGTH // 2 + 1)])
    assert dropped == [(7, 0, LENGTH // 2)]
    trail.end()
    assert dropped[1:] == [(7, far, far + LENGTH // 2), (7, LENGTH // 2, LENGTH // 2 + 1)]
    trail.end()
    assert len(dropped) == 3


@pytest.mark.parametrize("size", [2 << 30, None])
def test_what_fits_stays(
    size: int | None, dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory(monkeypatch, size)
    trail = Trail(IMAGE)
    assert not trail.is_dropped
    trail.leave([(0, IMAGE.size)])
    trail.end()
    assert dropped == []
