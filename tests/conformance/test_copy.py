"""Copies between libvirtd and the embedded server, either way: the same bytes, holes as holes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.target import Target
from engine.transfer.keeping import MemoryKeeper
from integration.images import (
    assert_same,
    assert_sparse,
    data,
    files_in,
    fill,
    hole,
    make_image,
    zeros,
)
from integration.libvirtd import MIB, run
from lacuna_engine.errors import (
    DestinationChangedError,
    ExistsError,
    LacunaError,
    NoSpaceError,
    SourceChangedError,
    UsageError,
    VolumeNotFoundError,
)
from lacuna_engine.transfer import (
    Copy,
    IfExists,
    RemoteVolume,
    Report,
    Session,
    State,
    TransferOptions,
)
from lacuna_engine.transport import parse_uri

SHAPE = (data(5 * MIB), hole(9 * MIB), zeros(2 * MIB), data(6 * MIB + 4096), hole(3 * MIB))
DATA = 11 * MIB + 4096
SLOW = TransferOptions(limit=6 * MIB)

Pair = tuple[Target, Target]


@pytest.fixture(params=["from libvirtd", "from lacuna"])
def pair(both: Pair, request: pytest.FixtureRequest) -> Pair:
    """The pool that is copied from and the one that is copied to, both empty."""
    for target in both:
        for name in files_in(target.path):
            target.file(name).unlink()
        refresh(target)
    return both if request.param == "from libvirtd" else (both[1], both[0])


def refresh(target: Target) -> None:
    run("virsh", "-q", "-c", target.uri, "pool-refresh", target.pool)


class Copies:
    """Copies one volume, over sessions of its own, with one keeper."""

    def __init__(self, pair: Pair, name: str = "image", new: str = "copy") -> None:
        self.source, self.target = pair
        self.name, self.new = name, new
        self.keeper = MemoryKeeper()

    async def __call__(
        self,
        options: TransferOptions | None = None,
        *,
        until: Callable[[Copy], bool] | None = None,
        keeper: MemoryKeeper | None = None,
    ) -> Report:
        async with (
            Session(parse_uri(self.source.uri)) as one,
            Session(parse_uri(self.target.uri)) as two,
        ):
            copy = Copy(
                RemoteVolume(one, self.source.pool, self.name),
                RemoteVolume(two, self.target.pool, self.new),
                options=options,
                keeper=keeper or self.keeper,
            )
            task = asyncio.create_task(copy.run())
            while until is not None and not until(copy) and not task.done():
                await asyncio.sleep(0.005)
            if until is not None:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                return copy.report
            return await task

    @property
    def files(self) -> tuple[Path, Path]:
        return self.source.file(self.name), self.target.file(self.new)


@pytest.fixture
def copies(pair: Pair) -> Copies:
    make_image(pair[0].file("image"), *SHAPE)
    refresh(pair[0])
    return Copies(pair)


async def test_a_copy_has_the_same_bytes_and_its_holes(copies: Copies) -> None:
    report = await copies(TransferOptions(verify=True))
    assert (report.state, report.verified) == (State.DONE, True)
    assert (report.bytes_data, report.bytes_sent) == (DATA, DATA)
    assert report.bytes_total == copies.files[0].stat().st_size
    assert_same(*copies.files)
    assert_sparse(copies.files[1], DATA)
    assert copies.keeper.data is None


@pytest.mark.parametrize("pieces", [(), (data(1),), (hole(3 * MIB),), (hole(MIB), data(4097))])
async def test_odd_images(pair: Pair, pieces: tuple) -> None:  # type: ignore[type-arg]
    make_image(pair[0].file("image"), *pieces)
    refresh(pair[0])
    copies = Copies(pair)
    await copies()
    assert_same(*copies.files)


async def test_a_copy_within_a_pool(pair: Pair) -> None:
    make_image(pair[0].file("image"), *SHAPE)
    refresh(pair[0])
    copies = Copies((pair[0], pair[0]))
    await copies()
    assert_same(*copies.files)
    with pytest.raises(UsageError, match="onto itself"):
        await Copies((pair[0], pair[0]), new="image")()


async def test_an_interrupted_copy_goes_on(copies: Copies) -> None:
    first = await copies(SLOW, until=lambda copy: copy.tracker.moved > 4 * MIB)
    assert files_in(copies.target.path) == ["copy"]
    report = await copies(TransferOptions(verify=True))
    assert report.resumed
    assert report.verified
    assert first.bytes_sent + report.bytes_sent <= DATA + 5 * MIB
    assert_same(*copies.files)
    # Where it goes on zeros are looked for in other grains: a few at an edge may count as data.
    assert DATA <= report.bytes_data <= DATA + 8192
    assert report.bytes_total == copies.files[0].stat().st_size


async def test_a_changed_source(copies: Copies) -> None:
    await copies(SLOW, until=lambda copy: copy.tracker.moved > 4 * MIB)
    copies.files[0].touch()
    with pytest.raises(SourceChangedError):
        await copies()
    await copies(TransferOptions(start_over=True))
    assert_same(*copies.files)


async def test_a_changed_copy(copies: Copies) -> None:
    await copies(SLOW, until=lambda copy: copy.tracker.moved > 4 * MIB)
    content = copies.files[1].read_bytes()
    copies.files[1].write_bytes(content[:-4096] + b"?" * 4096)
    with pytest.raises(DestinationChangedError):
        await copies()


async def test_policies(copies: Copies) -> None:
    make_image(copies.files[1], data(MIB))
    fill(copies.files[1], 30 * MIB)
    refresh(copies.target)
    with pytest.raises(ExistsError):
        await copies()
    assert (await copies(TransferOptions(if_exists=IfExists.SKIP))).state is State.SKIPPED
    await copies(TransferOptions(if_exists=IfExists.REPLACE))
    assert_same(*copies.files)
    await copies(TransferOptions(if_exists=IfExists.RENAME))
    assert files_in(copies.target.path) == ["copy", "copy-1"]


async def test_failures_leave_nothing(copies: Copies) -> None:
    """Without a journal, as an upload."""

    class Forgetful(MemoryKeeper):
        def save(self, checkpoint: object, *, durable: bool) -> None:
            del checkpoint, durable
            raise NoSpaceError("no room for the journal")

    with pytest.raises(LacunaError):
        await copies(keeper=Forgetful())
    assert files_in(copies.target.path) == []
    with pytest.raises(VolumeNotFoundError):
        await Copies((copies.source, copies.target), name="nope")()


async def test_too_large_for_the_pool(pair: Pair) -> None:
    make_image(pair[0].file("image"), data(40 * MIB))
    refresh(pair[0])
    make_image(pair[1].file("filler"), data(40 * MIB))
    refresh(pair[1])
    with pytest.raises(NoSpaceError):
        await Copies(pair)()
    assert files_in(pair[1].path) == ["filler"]
