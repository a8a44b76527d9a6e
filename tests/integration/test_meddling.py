"""Somebody else changes the source, the volume or the pool while a transfer runs."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.failing import IMAGE, PROMPT
from integration.images import assert_same, data, files_in, hole, make_image, make_volume
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import SLOW, run_into
from lacuna_engine.errors import (
    LacunaError,
    NotProvedError,
    PoolNotFoundError,
    SourceChangedError,
    VerificationError,
    VolumeNotFoundError,
)
from lacuna_engine.transfer import Download, Session, TransferOptions, Upload

# --- the source changes ---------------------------------------------------------------------------


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"!")


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def cut(path: Path) -> None:
    os.truncate(path, MIB)


def cut_a_little(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize("change", [rewrite, grow, cut, cut_a_little])
async def test_a_file_that_changes_while_it_is_sent(
    session: Session, pool: Pool, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    image = make_image(tmp_path / "image", *IMAGE)
    transfer = Upload(session, image, pool.name, options=SLOW)
    with pytest.raises(SourceChangedError, match=r"while it was (read|sent)") as caught:
        await run_into(transfer, lambda: change(image))
    assert "start again" in caught.value.hint
    assert files_in(pool.path) == []


async def test_a_file_that_is_replaced_is_sent_as_it_was(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    """Renaming another file over it changes nothing of the file that is open."""
    image = make_image(tmp_path / "image", *IMAGE)
    kept = tmp_path / "kept"
    kept.hardlink_to(image)
    other = make_image(tmp_path / "other", data(MIB), seed=5)
    await run_into(Upload(session, image, pool.name, options=SLOW), lambda: other.replace(image))
    assert_same(kept, pool.file("image"))


@pytest.mark.parametrize("change", [rewrite, grow, cut, cut_a_little])
async def test_a_volume_that_changes_while_it_is_read(
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
    change: Callable[[Path], None],
) -> None:
    volume = make_volume(daemon, pool, "v", *IMAGE)
    transfer = Download(session, pool.name, "v", tmp_path / "v", options=SLOW)
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        await run_into(transfer, lambda: change(volume))
    assert files_in(tmp_path) == []


async def test_a_volume_deleted_while_it_is_read(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    make_volume(daemon, pool, "v", *IMAGE)
    transfer = Download(session, pool.name, "v", tmp_path / "v", options=SLOW)
    with pytest.raises(VolumeNotFoundError):
        await run_into(transfer, lambda: daemon.virsh("vol-delete", "--pool", pool.name, "v"))
    assert files_in(tmp_path) == []


async def test_a_volume_unlinked_while_it_is_read(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    volume = make_volume(daemon, pool, "v", *IMAGE)
    with pytest.raises(LacunaError):
        await run_into(
            Download(session, pool.name, "v", tmp_path / "v", options=SLOW), volume.unlink
        )
    assert files_in(tmp_path) == []


# --- somebody else meddles with the volume that is being written ----------------------------------


def when_written(stored: Path, change: Callable[[Path], object]) -> Callable[[], None]:
    """Return what changes a volume as soon as the daemon has written a MiB of it."""

    def meddle() -> None:
        deadline = time.monotonic() + PROMPT
        while stored.stat().st_size < MIB:
            assert time.monotonic() < deadline
        change(stored)

    return meddle


@pytest.mark.parametrize("tail", [0, 2 * MIB])
async def test_a_volume_that_somebody_cuts_while_it_is_written(
    session: Session, pool: Pool, tmp_path: Path, tail: int
) -> None:
    """The daemon writes on where it was, so the size is right and the content is not."""
    image = make_image(tmp_path / "image", *IMAGE, hole(tail))
    transfer = Upload(session, image, pool.name, options=SLOW)
    with pytest.raises((NotProvedError, VerificationError)):
        await run_into(
            transfer, when_written(pool.file("image"), lambda path: os.truncate(path, 4096))
        )


async def test_a_volume_that_somebody_extends_while_it_is_written(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", data(6 * MIB))
    transfer = Upload(session, image, pool.name, options=SLOW)
    with pytest.raises(NotProvedError):
        await run_into(
            transfer, when_written(pool.file("image"), lambda path: os.truncate(path, 9 * MIB))
        )
    assert files_in(pool.path) == []


@pytest.mark.parametrize("how", ["virsh", "unlink"])
async def test_a_volume_deleted_while_it_is_written(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, how: str
) -> None:
    image = make_image(tmp_path / "image", *IMAGE)
    transfer = Upload(session, image, pool.name, options=SLOW)

    def meddle() -> None:
        if how == "unlink":
            pool.file("image").unlink()
        else:
            daemon.virsh("vol-delete", "--pool", pool.name, "image")

    with pytest.raises(LacunaError):
        await run_into(transfer, meddle)
    assert files_in(pool.path) == []


async def test_what_somebody_writes_into_it_is_found_when_read_back(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", *IMAGE)
    options = TransferOptions(limit=4 * MIB, verify=True)
    transfer = Upload(session, image, pool.name, options=options)
    with pytest.raises(VerificationError, match="differs at bytes 0-4194304") as caught:
        await run_into(transfer, when_written(pool.file("image"), rewrite))
    assert caught.value.exit_code == 5
    assert files_in(pool.path) == ["image"]  # kept, to be looked at


async def test_a_pool_stopped_while_it_is_written_to(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(tmp_path / "image", *IMAGE)
    transfer = Upload(session, image, pool.name, options=SLOW)
    with pytest.raises(LacunaError) as caught:
        await run_into(transfer, lambda: daemon.virsh("pool-destroy", pool.name))
    assert "image" in caught.value.hint
    assert "could not be removed" in caught.value.hint


async def test_a_pool_undefined_while_it_is_read(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path
) -> None:
    make_volume(daemon, pool, "v", *IMAGE)
    transfer = Download(session, pool.name, "v", tmp_path / "v", options=SLOW)
    with pytest.raises(PoolNotFoundError):
        await run_into(transfer, lambda: daemon.undefine_pool(pool.name))
    assert files_in(tmp_path) == []
