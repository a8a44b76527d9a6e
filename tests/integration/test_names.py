"""Names of volumes: anything a file can be called, both ways, and never a way out of a folder."""

import os
from pathlib import Path

import pytest

from integration.images import assert_same, data, files_in, hole, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd
from integration.moves import REPLACE, download, upload
from lacuna_engine.errors import LacunaError, UsageError
from lacuna_engine.storage import display_name
from lacuna_engine.transfer import IfExists, Session
from lacuna_engine.transfer.target import choose_target

NAMES = (
    "plain.img",
    "Größe-日本語-🙂.qcow2",
    "with space",
    " leading space",
    "trailing space ",
    "quotes 'single' \"double\"",
    "<tag> & &amp; ]]>",
    "back\\slash\\..\\x",
    "100%s %d %n",
    "$(reboot) `id` ; * ? [a]",
    "-n",
    "--help",
    ".hidden",
    "..twodots",
    "...",
    "~root",
    "tab\there",
    "new\nline",
    "e\u0301 combining",
    "\u202eright to left",
    "x" * 255,
    "é" * 127,
)


def label(name: str) -> str:
    return display_name(name)[:20]


@pytest.mark.parametrize("name", NAMES, ids=label)
async def test_up_and_down(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, name: str
) -> None:
    image = make_image(tmp_path / "image", data(5000), hole(MIB))
    await upload(session, image, pool, name)
    await upload(session, image, pool, name, REPLACE)
    assert files_in(pool.path) == [name]
    listing = await session.storage.volumes(await session.storage.pool(pool.name))
    assert [volume.name for volume in listing.volumes] == [name]
    daemon.virsh("vol-info", "--pool", pool.name, "--vol", name)

    folder = tmp_path / "down"
    folder.mkdir()
    await download(session, pool, name, folder / "given")
    assert_same(image, folder / "given")
    (folder / "given").unlink()
    await download(session, pool, name, folder)
    assert len(files_in(folder)) == 1
    assert_same(image, folder / files_in(folder)[0])
    if "\n" not in name and "\t" not in name and "\u202e" not in name:
        assert files_in(folder) == [name]


@pytest.mark.parametrize("name", ["a/b", "../up", "/abs", ".", "..", "x" * 256, "bell\a", "nul\0"])
async def test_names_that_no_volume_can_have(
    session: Session, pool: Pool, tmp_path: Path, name: str
) -> None:
    image = make_image(tmp_path / "image", data(5000))
    with pytest.raises(LacunaError):
        await upload(session, image, pool, name)
    assert files_in(pool.path) == []
    assert "up" not in files_in(pool.path.parent)


async def test_the_file_s_own_name_is_checked_too(
    session: Session, pool: Pool, tmp_path: Path
) -> None:
    image = make_image(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.img")), data(5000))
    with pytest.raises(UsageError):
        await upload(session, image, pool)
    await upload(session, image, pool, "café.img")
    assert files_in(pool.path) == ["café.img"]


@pytest.mark.parametrize("raw", [b"caf\xe9.img", b"\xff\xfe", b"ok-\xc3\xa9-not-\xc3"])
async def test_a_volume_whose_name_is_not_utf_8(
    daemon: PrivateLibvirtd, session: Session, pool: Pool, tmp_path: Path, raw: bytes
) -> None:
    name = os.fsdecode(raw)
    stored = make_image(pool.file(name), data(5000), hole(MIB), data(1))
    daemon.virsh("pool-refresh", pool.name)
    pool_handle = await session.storage.pool(pool.name)
    listing = await session.storage.volumes(pool_handle)
    assert [volume.name for volume in listing.volumes] == [name]
    report = await download(session, pool, name, tmp_path)
    assert [os.fsencode(found) for found in files_in(tmp_path)] == [raw]
    assert_same(stored, tmp_path / name)
    assert report.bytes_total == stored.stat().st_size
    assert await session.storage.volume_path(listing.volumes[0]) == str(stored)

    image = make_image(tmp_path / "new", data(9000))
    await upload(session, image, pool, name, REPLACE)
    assert_same(image, stored)


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "..", ".", "a/../../b", "~/x"])
async def test_a_hostile_server_cannot_leave_the_folder(
    *,
    monkeypatch: pytest.MonkeyPatch,
    daemon: PrivateLibvirtd,
    session: Session,
    pool: Pool,
    tmp_path: Path,
    name: str,
) -> None:
    """A real daemon has no such names; another one may send what it likes."""
    stored = make_image(pool.file("v"), data(5000))
    daemon.virsh("pool-refresh", pool.name)
    folder = tmp_path / "folder"
    folder.mkdir()

    def choose(given: Path, _: str, if_exists: IfExists) -> Path | None:
        return choose_target(given, name, if_exists)

    monkeypatch.setattr("lacuna_engine.transfer.download.choose_target", choose)
    await download(session, pool, "v", folder)
    assert files_in(tmp_path) == ["folder"]
    assert len(files_in(folder)) == 1
    assert_same(stored, folder / files_in(folder)[0])
