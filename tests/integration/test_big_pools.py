"""Pools with more volumes than libvirt can list (protocol.md 0.9)."""

import json
from pathlib import Path

import pytest

from integration.conftest import PoolFactory
from integration.images import assert_same, data, make_image
from integration.libvirtd import MIB, Pool, PrivateLibvirtd, run
from integration.moves import REPLACE, download, upload
from integration.naive import Naive, NaiveError
from lacuna_engine.errors import ExistsError
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc.records import ListVolumes
from lacuna_engine.storage import VolumeHandle
from lacuna_engine.transfer import IfExists, Session, TransferOptions

LISTED = 16_384
COUNT = 17_000


@pytest.fixture
def crowd(daemon: PrivateLibvirtd, pool_factory: PoolFactory) -> Pool:
    pool = pool_factory()
    for number in range(COUNT):
        pool.file(f"v{number:05}").touch()
    daemon.virsh("pool-refresh", pool.name)
    return pool


async def test_a_crowded_pool(
    daemon: PrivateLibvirtd, session: Session, crowd: Pool, tmp_path: Path
) -> None:
    storage = session.storage
    handle = await storage.pool(crowd.name)
    assert daemon.virsh("vol-list", crowd.name, check=False).returncode == 1
    with Naive(daemon.socket_path) as naive, pytest.raises(NaiveError, match="16384"):
        naive.call(p.LIST_ALL_VOLUMES, ListVolumes(handle))

    listing = await storage.volumes(handle)
    assert len(listing.volumes) == LISTED
    assert listing.unlisted == COUNT - LISTED
    names = [volume.name for volume in listing.volumes]
    assert names == sorted(set(names))
    assert (await storage.describe_volume(listing.volumes[0])).path == str(crowd.file(names[0]))

    hidden = next(f"v{number:05}" for number in range(COUNT) if f"v{number:05}" not in set(names))
    content = make_image(tmp_path / "content", data(MIB))
    await upload(session, content, crowd, hidden, REPLACE)
    await download(session, crowd, hidden, tmp_path / "back")
    assert_same(content, tmp_path / "back")

    await upload(session, content, crowd, "new")
    assert_same(content, crowd.file("new"))
    with pytest.raises(ExistsError):
        await upload(session, content, crowd, hidden)
    rename = TransferOptions(if_exists=IfExists.RENAME)
    await upload(session, content, crowd, hidden, rename)
    assert_same(content, crowd.file(f"{hidden}-1"))
    await storage.delete_volume(VolumeHandle(crowd.name, "new", ""))
    assert (await storage.volumes(handle)).unlisted == COUNT + 1 - LISTED


async def test_the_command_line_says_how_many_more(
    daemon: PrivateLibvirtd, crowd: Pool, lacuna: Path
) -> None:
    done = run(lacuna, "ls", daemon.uri, crowd.name, "--json")
    assert f"{COUNT - LISTED} more volumes" in done.stderr
    assert len(json.loads(done.stdout)) == LISTED


async def test_exactly_as_many_as_can_be_listed(
    daemon: PrivateLibvirtd, session: Session, crowd: Pool
) -> None:
    for number in range(LISTED, COUNT):
        crowd.file(f"v{number:05}").unlink()
    daemon.virsh("pool-refresh", crowd.name)
    listing = await session.storage.volumes(await session.storage.pool(crowd.name))
    assert (len(listing.volumes), listing.unlisted) == (LISTED, 0)
