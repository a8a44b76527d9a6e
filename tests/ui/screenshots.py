"""The pictures of the documentation, taken of the real application: ``./dev screenshots``.

The window talks to a server of its own, a process like ``lacuna serve``, and really transfers the
demo's images. Each picture is taken in a process of its own, since language and scale hold for one.
What would differ from run to run for no good reason is fixed: names, dates of volumes, sizes. What
is measured is shown as measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QApplication, QWidget

from lacuna_engine.demo import make_samples, write_qcow2
from lacuna_engine.extents import make_sparse
from lacuna_engine.profiles import Profile, ProfileStore
from lacuna_gui.app import Application
from lacuna_gui.bridge import make_loop
from lacuna_gui.commands.context import place_of
from lacuna_gui.dialogs.connection import ConnectionDialog
from lacuna_gui.dialogs.upload import UploadDialog
from lacuna_gui.language import install_language
from lacuna_gui.qt_log import log_qt
from lacuna_gui.queue import JobOptions, Place
from lacuna_gui.settings import Settings
from lacuna_gui.theme import Scheme, Theme, app_icon

ROOT: Final = Path(__file__).resolve().parents[2]
IMAGES: Final = ROOT / "docs" / "images"
MIB: Final = 1 << 20
NOON: Final = 1_767_096_000
"""The date of all volumes: 2025-12-30, 12:00 UTC."""
SIZE: Final = (1200, 780)
PATIENCE: Final = 60.0
SETTLE: Final = 0.5
"""Seconds for what has just changed to be laid out and painted."""


# -- the server and its volumes


def _fill_pools(folder: Path) -> dict[str, Path]:
    """Make folders with volumes in them; return them by the names of their pools."""
    pools = {name: folder / "pools" / name for name in ("images", "iso", "scratch")}
    for place in pools.values():
        place.mkdir(parents=True)
    content = bytes(range(256)) * 256
    clusters = [(number * 37, content) for number in range(420)]
    write_qcow2(pools["images"] / "debian-13.qcow2", 40 << 30, clusters)
    write_qcow2(pools["images"] / "build-runner.qcow2", 80 << 30, clusters[:160])
    _sparse(pools["images"] / "windows-11.raw", 64 << 30, 61 * MIB)
    _sparse(pools["images"] / "database.raw", 1 << 30, 512 * MIB)
    _sparse(pools["iso"] / "installer.iso", 96 * MIB, 96 * MIB)
    for number, file in enumerate(
        sorted(path for pool in pools.values() for path in pool.iterdir())
    ):
        when = NOON - number * 93_784
        os.utime(file, (when, when))
    return pools


def _sparse(path: Path, size: int, data: int) -> None:
    with path.open("wb") as file:
        make_sparse(file.fileno())
        for _ in range(data // MIB):
            file.write(bytes(range(256)) * (MIB // 256))
        file.truncate(size)


@contextmanager
def _serving(folder: Path, pools: dict[str, Path]) -> Iterator[str]:
    """Serve the pools from a process of its own; gives the URI."""
    options = [option for name, place in pools.items() for option in ("--pool", f"{name}={place}")]
    program = [sys.executable, "-m", "lacuna_engine.cli", "serve", *options]
    with subprocess.Popen(
        [*program, "--listen", f"unix:{folder / 'socket'}"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


# -- what the pictures show


class Stage:
    """The application, and hands for it."""

    def __init__(self, built: Application, uri: str, samples: list[Path], downloads: Path) -> None:
        self._downloads = downloads
        self.built, self.window, self.uri = built, built.window, uri
        self.samples = {path.stem: path for path in samples}
        store = built.store
        self.lab = store.create("kvm-lab", uri, group="Lab")
        store.create("kvm-build", "qemu+ssh://ci@build.example.org/system", group="Lab")
        store.create("kvm-prod", "qemu+tls://prod.example.org/system", group="Production")

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something on the screen."""
        limit = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > limit:
                raise TimeoutError("what the picture shows has not come")
            await asyncio.sleep(0.02)

    async def connect(self, pool: str = "images") -> None:
        """Connect to the server, and look at a pool."""
        window = self.window
        host = next(host for host in self.built.hosts if host.id == self.lab.id)
        window.connections.choose_host(host.id)
        window.connection_commands.connect_host(host)
        await self.until(lambda: host.online and pool in host.pools)
        window.connections.choose_pool(host.id, pool)
        await self.until(self._is_listed)

    def _is_listed(self) -> bool:
        current, model = self.window.listing.current(), self.window.volumes.model
        if current is None or self.window.listing.busy:
            return False
        return not model.undescribed(0, model.rowCount() - 1)

    def _place(self, name: str) -> Place:
        host = self.built.hosts.get(self.lab.id)
        assert host is not None
        return place_of(host, "images", name)

    def upload(self, name: str, *, limit: int = 0) -> str:
        """Queue the upload of a sample."""
        file = self.samples[name]
        return self.built.queue.add_upload(file, self._place(file.name), JobOptions(limit=limit))

    def download(self, name: str, *, limit: int = 0) -> str:
        """Queue the download of a volume."""
        target = self._downloads / name
        return self.built.queue.add_download(self._place(name), target, JobOptions(limit=limit))

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        panel = self.window.transfers
        await self.until(lambda: not panel.active.rowCount() and not panel.queued.rowCount())
        await self.until(self._is_listed)

    async def dialog(self, kind: type[QWidget]) -> QWidget:
        """Wait for a dialog."""
        await self.until(lambda: self.window.findChildren(kind))
        return self.window.findChildren(kind)[0]


async def _busy_window(stage: Stage) -> QWidget:
    """Some transfers done, one in each direction in the middle, one waiting."""
    await stage.connect()
    stage.upload("mostly-zeros")
    stage.upload("system")
    await stage.finish()
    job = stage.upload("fragmented", limit=3 * MIB)
    stage.download("debian-13.qcow2", limit=4 * MIB)
    stage.upload("dense")
    active = stage.window.transfers.active
    await stage.until(lambda: any(row.id == job and row.percent >= 55 for row in active.rows()))
    stage.window.transfers.show_tab(0)
    stage.window.transfers.reselect([job])
    return stage.window


async def _map_close(stage: Stage) -> QWidget:
    """The extent map of a finished transfer, closer."""
    stage.window.whole.setSizes([200, 120, 260])
    await stage.connect()
    job = stage.upload("fragmented")
    await stage.finish()
    stage.window.transfers.show_tab(2)
    stage.window.transfers.reselect([job])
    canvas = stage.window.map.map.canvas
    await stage.until(lambda: canvas.table is not None)
    await asyncio.sleep(SETTLE)
    canvas.show_range(96 * MIB, 104 * MIB)
    return stage.window.map


async def _upload_sheet(stage: Stage) -> QWidget:
    """What will be sent, before the first byte."""
    await stage.connect()
    stage.window.moving_commands.ask_upload(list(stage.samples.values()))
    sheet = await stage.dialog(UploadDialog)
    assert isinstance(sheet, UploadDialog)
    await stage.until(lambda: all(_cell(sheet, row) for row in range(len(stage.samples))))
    return sheet


def _cell(sheet: UploadDialog, row: int) -> str:
    """Return the size of a file, empty as long as nobody has looked at it."""
    item = sheet.table.item(row, 2)
    return item.text() if item is not None else ""


async def _error(stage: Stage) -> QWidget:
    """A connection that nobody answers: what, why, and what to do."""
    await stage.connect()
    profile = Profile("nobody", "kvm-test", f"{stage.uri}-none")
    host = stage.built.hosts.add(profile)
    stage.window.connection_commands.connect_host(host)
    await stage.until(lambda: stage.window.messages.messages)
    return stage.window


async def _empty(stage: Stage) -> QWidget:
    """A pool without volumes."""
    await stage.connect("scratch")
    return stage.window


async def _profile(stage: Stage) -> QWidget:
    """The editor of a connection."""
    host = next(host for host in stage.built.hosts if host.title == "kvm-build")
    stage.window.connections.choose_host(host.id)
    stage.window.connection_commands.edit(host)
    return await stage.dialog(ConnectionDialog)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: what is on it and how."""

    scene: Callable[[Stage], Awaitable[QWidget]]
    theme: str = "light"
    language: str = "en"
    scale: int = 1


PICTURES: Final = {
    "window": Picture(_busy_window),
    "window-dark": Picture(_busy_window, theme="dark"),
    "window-de": Picture(_busy_window, language="de"),
    "window-zh": Picture(_busy_window, language="zh_CN"),
    "window-2x": Picture(_busy_window, scale=2),
    "upload": Picture(_upload_sheet),
    "map": Picture(_map_close),
    "error": Picture(_error),
    "empty": Picture(_empty),
    "connection": Picture(_profile),
}


# -- taking them


def take(name: str, folder: Path, samples: list[Path], file: Path) -> None:
    """Take one picture, in this process."""
    picture = PICTURES[name]
    log_qt()
    application = QApplication(["lacuna"])
    application.setApplicationName("lacuna")
    application.setWindowIcon(app_icon())
    install_language(application, picture.language)
    theme = Theme(application, Scheme(picture.theme))
    loop = make_loop(application)
    settings, store = Settings(folder / "window.ini"), ProfileStore(folder / "profiles.json")
    pools, downloads = _fill_pools(folder), folder / "downloads"
    downloads.mkdir()
    built = Application(application, loop, settings, store, theme=theme)
    built.window.resize(*SIZE)

    async def act() -> None:
        try:
            stage = Stage(built, uri, samples, downloads)
            built.start()
            widget = await picture.scene(stage)
            await asyncio.sleep(SETTLE)
            if not widget.grab().save(str(file)):
                raise OSError(f"{file} cannot be written")
        finally:
            built.quit()
            await built.ended

    with _serving(folder, pools) as uri:
        loop.run_until_complete(act())
    built.window.deleteLater()
    application.processEvents()
    loop.close()


def _take_apart(name: str, samples: Path, folder: Path, target: Path) -> None:
    """Take one picture in a process of its own, whose settings and journal are its own too."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": str(PICTURES[name].scale),
        "LACUNA_DATA": str(folder / "data"),
        "LACUNA_CONFIG": str(folder / "config"),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
    words = ["--into", str(target), "--samples", str(samples), "--one", str(folder), name]
    command = [sys.executable, "-m", "ui.screenshots", *words]
    subprocess.run(command, env=environment, check=True, timeout=300)


def main() -> int:
    """Take the pictures named, or all."""
    parser = argparse.ArgumentParser(prog="./dev screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}")
    parser.add_argument("--into", type=Path, default=IMAGES, help="another folder")
    parser.add_argument("--samples", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.names or list(PICTURES)
    if unknown := set(names) - PICTURES.keys():
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    arguments.into.mkdir(parents=True, exist_ok=True)
    if arguments.one is not None:
        samples = sorted(arguments.samples.iterdir())
        take(names[0], arguments.one, samples, arguments.into / f"{names[0]}.png")
        return 0
    with _folder(Path(tempfile.gettempdir()) / "lacuna") as place:
        images = place / "images"
        images.mkdir()
        make_samples(images)
        for name in names:
            with _folder(place / "demo") as folder:
                _take_apart(name, images, folder, arguments.into)
            print(arguments.into / f"{name}.png")
    return 0


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Make a folder that can be read on the pictures, and remove it in the end."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        raise SystemExit(f"{path} is in the way: remove it, or wait for another run") from None
    try:
        yield path
    finally:
        shutil.rmtree(path)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
