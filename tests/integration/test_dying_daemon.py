"""The daemon dies, and comes back or not."""

import time
from pathlib import Path

import pytest

from integration.failing import IMAGE, PROMPT
from integration.images import assert_same, files_in, make_image, make_volume
from integration.libvirtd import PrivateLibvirtd
from integration.moves import REPLACE, SLOW, download, run_into, session_to, upload
from lacuna_engine.errors import ConnectionLostError
from lacuna_engine.transfer import Download, State, Upload


async def test_the_daemon_dies_during_an_upload(
    own_daemon: PrivateLibvirtd, tmp_path: Path
) -> None:
    pool = own_daemon.make_pool("p")
    image = make_image(tmp_path / "image", *IMAGE)
    async with session_to(own_daemon.uri) as session:
        transfer = Upload(session, image, pool.name, options=SLOW)
        started = time.monotonic()
        with pytest.raises(ConnectionLostError) as caught:
            await run_into(transfer, own_daemon.kill)
        assert time.monotonic() - started < PROMPT
        assert caught.value.retryable
        assert "'image'" in caught.value.hint
        assert "could not be removed" in caught.value.hint
        assert transfer.report.state is State.FAILED
        assert files_in(pool.path) == ["image"]

        own_daemon.start()
        await session.reopen()
        await upload(session, image, pool, options=REPLACE)
    assert_same(image, pool.file("image"))


async def test_the_daemon_comes_back_in_time(own_daemon: PrivateLibvirtd, tmp_path: Path) -> None:
    """Then even what was half-written can be removed."""
    pool = own_daemon.make_pool("p")
    image = make_image(tmp_path / "image", *IMAGE)

    def restart() -> None:
        own_daemon.kill()
        own_daemon.start()

    async with session_to(own_daemon.uri) as session:
        with pytest.raises(ConnectionLostError) as caught:
            await run_into(Upload(session, image, pool.name, options=SLOW), restart)
    assert "could not be removed" not in caught.value.hint
    assert files_in(pool.path) == []


@pytest.mark.parametrize("how", ["kill", "terminate"])
async def test_the_daemon_ends_during_a_download(
    own_daemon: PrivateLibvirtd, tmp_path: Path, how: str
) -> None:
    pool = own_daemon.make_pool("p")
    make_volume(own_daemon, pool, "v", *IMAGE)
    (tmp_path / "here").mkdir()
    async with session_to(own_daemon.uri) as session:
        transfer = Download(session, pool.name, "v", tmp_path / "here/v", options=SLOW)
        started = time.monotonic()
        with pytest.raises(ConnectionLostError):
            await run_into(transfer, getattr(own_daemon, how))
        assert time.monotonic() - started < PROMPT + 5
    assert files_in(tmp_path / "here") == []


async def test_the_daemon_is_gone_before_the_upload(
    own_daemon: PrivateLibvirtd, tmp_path: Path
) -> None:
    pool = own_daemon.make_pool("p")
    image = make_image(tmp_path / "image", *IMAGE)
    async with session_to(own_daemon.uri) as session:
        own_daemon.kill()
        with pytest.raises(ConnectionLostError):
            await upload(session, image, pool)
        with pytest.raises(ConnectionLostError):
            await download(session, pool, "image", tmp_path / "v")
    assert files_in(tmp_path) == ["image"]
