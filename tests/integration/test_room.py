"""A transfer that has no room, there or here: refused, or failed, and never called done."""

import asyncio
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import (
    TIB,
    Piece,
    assert_same,
    data,
    files_in,
    fill,
    hole,
    make_image,
    make_volume,
    zeros,
)
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import download, upload
from lacuna_engine.errors import (
    LacunaError,
    NoSpaceError,
    NotProvedError,
    RemoteError,
    RemoteNoSpaceError,
)
from lacuna_engine.transfer import Download, Session, State, TransferOptions, Upload


async def test_a_pool_too_small_is_refused_before_the_first_byte(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(4 * MIB + 65_536))
    transfer = Upload(session, image, small_pool.name)
    with pytest.raises(NoSpaceError, match=str(4 * MIB + 65_536)) as caught:
        await transfer.run()
    assert "Make room" in caught.value.hint
    assert transfer.report.bytes_sent == 0
    assert transfer.report.state is State.FAILED
    assert files_in(small_pool.path) == []


async def test_only_data_needs_room(session: Session, small_pool: Pool, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image", data(MIB), hole(60 * MIB), data(2 * MIB), hole(TIB))
    await upload(session, image, small_pool)
    image = make_image(tmp_path / "zeros", zeros(20 * MIB), data(65_536), zeros(20 * MIB))
    await upload(session, image, small_pool)
    assert_same(image, small_pool.file("zeros"))


async def test_zeros_need_room_without_the_scan(
    session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "zeros", zeros(20 * MIB))
    with pytest.raises(NoSpaceError):
        await upload(session, image, small_pool, options=TransferOptions(zero_scan=False))


@pytest.fixture
def no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uploads run into a full pool, as when somebody else fills it meanwhile."""

    async def check_nothing(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("lacuna_engine.transfer.filling.check_room", check_nothing)


TOO_LARGE: dict[str, tuple[Piece, ...]] = {
    "64 KiB too much": (data(4 * MIB + 65_536),),
    "5 MiB": (data(5 * MIB),),
    "ends in a hole": (data(5 * MIB), hole(MIB)),
    "a hole in it": (data(3 * MIB), hole(MIB), data(2 * MIB)),
    "a byte too much": (data(4 * MIB + 1),),
}


@pytest.mark.parametrize("shape", TOO_LARGE)
async def test_what_did_not_fit_is_never_called_done(
    *,
    no_check: None,
    monkeypatch: pytest.MonkeyPatch,
    pool_factory: PoolFactory,
    session: Session,
    tmp_path: Path,
    shape: str,
) -> None:
    """Of these a naive client is told OK (protocol.md 0.1); 20 times each, 5 at a time."""
    # Nothing can follow the one byte that does not fit, so only patience brings it to light.
    monkeypatch.setattr("lacuna_engine.transfer.prove.PATIENCE", 1.0)
    pools = [pool_factory(size=4 * MIB) for _ in range(5)]
    image = make_image(tmp_path / "image", *TOO_LARGE[shape])

    async def try_it(pool: Pool) -> None:
        for _ in range(4):
            transfer = Upload(session, image, pool.name)
            with pytest.raises((RemoteError, NotProvedError)) as caught:
                await transfer.run()
            assert caught.value.hint
            assert transfer.report.state is State.FAILED
            assert files_in(pool.path) == []

    await asyncio.gather(*map(try_it, pools))


async def test_what_just_fits(
    no_check: None, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(4 * MIB), hole(MIB))
    await upload(session, image, small_pool)
    assert_same(image, small_pool.file("image"))


async def test_room_made_behind_the_daemon_s_back_is_found(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path
) -> None:
    make_volume(daemon, small_pool, "ballast", data(4 * MIB)).unlink()
    image = make_image(tmp_path / "image", data(3 * MIB))
    await upload(session, image, small_pool)
    assert_same(image, small_pool.file("image"))


@pytest.mark.parametrize("shape", ["data", "ends in a hole"])
async def test_room_taken_behind_the_daemon_s_back(
    daemon: PrivateLibvirtd, session: Session, small_pool: Pool, tmp_path: Path, shape: str
) -> None:
    """The daemon still believes that 4 MiB are free."""
    make_image(small_pool.file("ballast"), data(3 * MIB))
    tail = (hole(MIB),) if shape == "ends in a hole" else ()
    image = make_image(tmp_path / "image", data(2 * MIB), *tail)
    with pytest.raises((NoSpaceError, RemoteNoSpaceError, NotProvedError, RemoteError)) as caught:
        await upload(session, image, small_pool)
    assert "room" in caught.value.hint or "full" in caught.value.hint
    assert files_in(small_pool.path) == ["ballast"]
    assert small_pool.file("ballast").stat().st_size == 3 * MIB


async def test_a_file_system_that_knows_no_such_size(
    pool_factory: PoolFactory, session: Session, tmp_path: Path
) -> None:
    """A small ext4 has blocks of 1 KiB and files of 4 TiB at most; a naive client is told OK."""
    pool = pool_factory("ext4")
    image = make_image(tmp_path / "image", hole(8 * TIB))
    with pytest.raises((RemoteError, NotProvedError)):
        await upload(session, image, pool)
    assert files_in(pool.path) == []


async def test_no_room_here(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, small_pool: Pool
) -> None:
    """The local folder is too small: found before the first byte."""
    make_volume(daemon, pool, "v", data(5 * MIB))
    transfer = Download(session, pool.name, "v", small_pool.path / "v")
    with pytest.raises(NoSpaceError):
        await transfer.run()
    assert transfer.report.bytes_received == 0
    assert files_in(small_pool.path) == []


async def test_no_room_here_found_late(
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    small_pool: Pool,
) -> None:
    monkeypatch.setattr("lacuna_engine.transfer.target.LocalTarget.check_room", lambda *_: None)
    make_volume(daemon, pool, "v", data(5 * MIB))
    with pytest.raises(LacunaError, match="No space left"):
        await download(session, pool, "v", small_pool.path / "v")
    assert files_in(small_pool.path) == []


def test_fill_makes_dense(tmp_path: Path) -> None:
    """The judge's own tool: old content is really there."""
    (tmp_path / "old").touch()
    fill(tmp_path / "old", 5 * MIB)
    assert (tmp_path / "old").read_bytes() == b"\xee" * 5 * MIB
