"""The proof by growth, against sizes told one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from lacuna_engine.errors import LacunaError, NotProvedError, RemoteNoSpaceError
from lacuna_engine.rpc.records import VolumeHandle
from lacuna_engine.transfer import prove
from lacuna_engine.transfer.prove import GrowthProof

VOLUME = VolumeHandle("pool", "v", "")


class Sizes:
    """A storage where a volume has these sizes, one at each look; the last one stays."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.looks = 0

    async def physical(self, volume: VolumeHandle) -> int:
        assert volume is VOLUME
        self.looks += 1
        await asyncio.sleep(0)
        return self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "SETTLE", 0.02)
    monkeypatch.setattr(prove, "PATIENCE", 0.04)
    monkeypatch.setattr(prove, "SLOWEST_LOOK", 0.004)


def proof(sizes: Sizes, check: Callable[[], None] = lambda: None) -> GrowthProof:
    return GrowthProof(sizes, VOLUME, check)  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", [(10,), (0, 3, 3, 10), (0, 0, 0, 9, 10)])
async def test_gets_there(sizes: tuple[int, ...]) -> None:
    storage = Sizes(*sizes)
    assert await proof(storage).settle(10)
    assert storage.looks == len(sizes)
    made = proof(Sizes(*sizes))
    await made.confirm(10)
    assert made.reached == 10


async def test_nothing_is_there_at_once() -> None:
    await proof(Sizes(0)).confirm(0)


async def test_settling_stops_when_nothing_grows() -> None:
    made = proof(Sizes(0, 4))
    assert not await made.settle(10)
    assert made.reached == 4


async def test_what_stands_still_is_not_proved() -> None:
    with pytest.raises(NotProvedError, match="wrote 4 of 10 bytes") as caught:
        await proof(Sizes(0, 4)).confirm(10)
    assert "full" in caught.value.hint


async def test_more_than_all_is_not_proved() -> None:
    with pytest.raises(NotProvedError, match="11 of 10"):
        await proof(Sizes(11)).confirm(10)
    assert await proof(Sizes(11)).settle(10)


async def test_slow_growth_is_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than the patience in all, and never stands still that long."""
    monkeypatch.setattr(prove, "PATIENCE", 0.25)
    sizes = [number for number in range(30) for _ in range(3)]
    storage = Sizes(*sizes, 30)
    await proof(storage).confirm(30)
    assert storage.looks == 91


async def test_the_streams_error_says_more() -> None:
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise RemoteNoSpaceError("full", code=38, errno=28)

    with pytest.raises(RemoteNoSpaceError):
        await proof(Sizes(0, 4), check).confirm(10)
    assert looks == 3


async def test_an_error_of_the_look() -> None:
    class Broken:
        async def physical(self, _: VolumeHandle) -> int:
            raise LacunaError("gone")

    with pytest.raises(LacunaError, match="gone"):
        await GrowthProof(Broken(), VOLUME, lambda: None).settle(1)  # type: ignore[arg-type]
