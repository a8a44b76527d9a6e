"""The application: the only place that builds long-lived things and puts them together."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QUrl, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from lacuna_engine import __version__
from lacuna_engine.errors import LacunaError
from lacuna_engine.log_file import recording
from lacuna_engine.profiles import Profile, ProfileStore, Secrets
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
from lacuna_engine.transport.prompts import Prompter
from lacuna_gui.bridge import Bridge, make_loop
from lacuna_gui.collector import Collector
from lacuna_gui.commands.connections import GIVEN
from lacuna_gui.desktop import Desktop
from lacuna_gui.dialogs.prompts import ProfilePrompter, WindowPrompter
from lacuna_gui.hosts import Host, Hosts
from lacuna_gui.instance import Instance, Request, channel_of
from lacuna_gui.language import install_language
from lacuna_gui.preload import Preload
from lacuna_gui.qt_log import log_qt
from lacuna_gui.screenshot import Screenshot
from lacuna_gui.settings import Settings
from lacuna_gui.theme import Scheme, Theme, app_icon
from lacuna_gui.tray import Tray
from lacuna_gui.unexpected import Unexpected
from lacuna_gui.views.drops import offer_of
from lacuna_gui.window import MainWindow
from lacuna_gui.worker_queue import WorkerQueue

__all__ = ["Application", "main"]


class Application(QObject):
    """Everything that lives as long as the window."""

    def __init__(
        self,
        application: QApplication,
        loop: asyncio.AbstractEventLoop,
        settings: Settings,
        store: ProfileStore,
        *,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.loop = loop
        self.settings = settings
        self.store = store
        self._theme = theme
        self._application = application
        self._ending: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[int] = loop.create_future()
        self.bridge = Bridge(loop, self)
        self.prompter = WindowPrompter()
        self.secrets = Secrets()
        self.hosts = Hosts(self.open_session)
        preferences = settings.preferences
        self.queue = WorkerQueue(loop, self.prompter_of, hosts=self.hosts)
        self.window = MainWindow(
            self.bridge,
            hosts=self.hosts,
            store=store,
            opener=self.open_session,
            settings=settings,
            queue=self.queue,
        )
        self.prompter.window = self.window
        self.bridge.problem.connect(self.window.problem)
        self.bridge.busy.connect(self.window.show_busy)
        self.hosts.removed.connect(self._on_removed)
        self.window.closing.connect(self.quit)
        self.desktop = Desktop(loop, self)
        self.window.endings.told.connect(self.desktop.show)
        self.desktop.activated.connect(self.window.come_to_front)
        self.tray = Tray(
            self.window, self.window.actions_, self.window.transfers.active, self.queue.signals
        )
        self.tray.wanted.connect(self.window.come_to_front)
        self.tray.show(preferences.tray)
        self.desktop.icon = self.tray.icon
        settings.changed.connect(self._on_settings)
        self.queue.attach()
        self.queue.set_limit(preferences.limit)
        self.queue.set_concurrency(preferences.concurrency)

    def prompter_of(self, host: str) -> Prompter:
        """Return who answers for a connection."""
        if not host or host.startswith(GIVEN):
            return self.prompter
        return ProfilePrompter(self.prompter, self.secrets, host)

    async def open_session(self, profile: Profile) -> Session:
        """Open a session for browsing."""
        session = Session(parse_uri(profile.uri), prompter=self.prompter_of(profile.id))
        await session.open()
        return session

    def _on_removed(self, host: Host) -> None:
        """The passwords of a deleted connection go with it."""
        if not host.id.startswith(GIVEN):
            self.bridge.run(self.secrets.forget(host.id))

    def _on_settings(self) -> None:
        preferences = self.settings.preferences
        self._theme.set_scheme(Scheme(preferences.theme))
        self.tray.show(preferences.tray)
        self.desktop.icon = self.tray.icon

    def start(self, uris: Sequence[str] = (), files: Sequence[Path] = ()) -> None:
        """Show the window, the saved connections and those given; ask about files given."""
        self.window.connection_commands.load()
        for number, uri in enumerate(uris, 1):
            self._connect_given(number, uri)
        if self.settings.preferences.connect_at_start:
            for host in self.hosts:
                if not host.id.startswith(GIVEN):
                    self.window.connection_commands.connect_host(host)
        self.window.show()
        self.take(files)

    def take(self, files: Sequence[Path]) -> None:
        """Ask what to do with files that came from outside of the window."""
        if files:
            self.window.moving_commands.take(offer_of(files), None)

    def take_one(self, file: Path) -> None:
        """Ask what to do with a file that was dropped on the application's icon."""
        self.take([file])

    def on_request(self, request: Request) -> None:
        """Do what a process wanted that was started later: come to the front, take its files."""
        if request.token:
            os.environ["XDG_ACTIVATION_TOKEN"] = request.token  # Qt spends it on the next wish
        self.window.come_to_front()
        self.take(request.files)

    def _connect_given(self, number: int, uri: str) -> None:
        """Open a connection that holds for this run only."""
        name = uri
        with suppress(LacunaError):
            parsed = parse_uri(uri)
            name = parsed.host or (self.tr("This computer") if number == 1 else uri)
        host = self.hosts.add(Profile(f"{GIVEN}{number}", name, uri))
        self.window.connections.choose_host(host.id)
        self.window.connection_commands.connect_host(host)

    def quit(self, code: int = 0) -> None:
        """End everything cleanly; the second time at once."""
        self.window.hide()
        self.tray.close()
        if self._ending is None:
            self._ending = self.loop.create_task(self._end(code))

    async def _end(self, code: int) -> None:
        try:
            await self.desktop.close()
            await self.queue.close()
            await self.hosts.close()
            await self.bridge.close()
        finally:
            if not self.ended.done():
                self.ended.set_result(code)


@recording("window")
def main(argv: Sequence[str] | None = None) -> int:
    """Open the window; returns the exit code when it is closed."""
    arguments = _parsed(sys.argv[1:] if argv is None else argv)
    if arguments.screenshot is not None and not _has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    log_qt()
    application = _application()
    instance = Instance(channel_of(os.environ, arguments.settings, arguments.profiles))
    if _is_plain(arguments):
        token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
        if instance.hand_over(Request(tuple(arguments.files), token)):
            return 0
    elif arguments.screenshot is None:
        instance.listen()
    settings = Settings(arguments.settings)
    if arguments.theme:
        settings.override(theme=arguments.theme)
    if arguments.language:
        settings.override(language=arguments.language)
    install_language(application, settings.preferences.language)
    loop = make_loop(application)
    theme = Theme(application, Scheme(settings.preferences.theme))
    store = ProfileStore(arguments.profiles)
    built = Application(application, loop, settings, store, theme=theme)
    if arguments.size:
        built.window.resize(*arguments.size)
    unexpected = Unexpected(built)
    unexpected.told.connect(built.window.problem)
    _on_signals(loop, built)
    instance.asked.connect(built.on_request)
    if isinstance(application, _Program):
        application.opened.connect(built.take_one)
    built.start(arguments.connect, arguments.files)
    collector = Collector(built)
    Preload(built)
    if arguments.screenshot is not None:
        picture = Screenshot(built.window, arguments.screenshot, uploads=arguments.upload)
        task = loop.create_task(picture.run(arguments.until, arguments.patience))
        task.add_done_callback(lambda ended: built.quit(_code(ended)))
    elif arguments.upload:
        demo = Screenshot(built.window, uploads=arguments.upload)
        built.bridge.run(demo.begin(arguments.patience))
    try:
        return loop.run_until_complete(built.ended)
    finally:
        unexpected.close()
        instance.close()
        # Widgets go before the application does; what is left of them is for Python.
        built.window.deleteLater()
        application.processEvents()
        loop.close()
        collector.close()
        gc.collect()


class _Program(QApplication):
    """The application; desktops that open files by events tell them here."""

    opened = Signal(object)
    """A `Path` that was dropped on the application's icon."""

    def event(self, event: QEvent) -> bool:
        """Take files out of the events that bring them."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self.opened.emit(Path(event.file()))
            return True
        return super().event(event)


def _is_plain(arguments: argparse.Namespace) -> bool:
    """Tell whether a window that is there can do all that is wanted."""
    own = (arguments.connect, arguments.screenshot, arguments.upload, arguments.theme)
    return not any((*own, arguments.language, arguments.size))


def _application() -> QApplication:
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else _Program(["lacuna"])
    application.setApplicationName("lacuna")
    application.setApplicationDisplayName("Lacuna")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("lacuna")
    application.setWindowIcon(app_icon())
    # The loop ends when everything has been put away, not when the window is gone.
    application.setQuitOnLastWindowClosed(False)
    return application


def _on_signals(loop: asyncio.AbstractEventLoop, built: Application) -> None:
    if sys.platform == "win32":
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, built.quit)


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _code(ended: asyncio.Task[bool]) -> int:
    if ended.cancelled() or ended.exception() is not None or not ended.result():
        return 1
    return 0


def _path(text: str) -> Path:
    """Return a file's path, absolute: it may be for a process that stands elsewhere."""
    url = QUrl(text)
    return Path(url.toLocalFile() if url.isLocalFile() else text).absolute()


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lacuna", description="Open the window of Lacuna.")
    parser.add_argument("files", nargs="*", type=_path, metavar="FILE", help="images to upload")
    parser.add_argument(
        "--connect", action="append", default=[], metavar="URI", help="connect, for this run only"
    )
    parser.add_argument("--theme", choices=[scheme.value for scheme in Scheme])
    parser.add_argument("--language", help="a code like de")
    parser.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="of the window")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="other settings")
    parser.add_argument("--profiles", type=Path, metavar="FILE", help="other saved connections")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="picture, then quit")
    parser.add_argument(
        "--upload", action="append", default=[], type=Path, metavar="FILE",
        help="upload to the first pool without asking",
    )  # fmt: skip
    parser.add_argument(
        "--until", choices=Screenshot.CONDITIONS, default="",
        help="for a screenshot: what to wait for; default: done with --upload, else listed",
    )  # fmt: skip
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for it")
    return parser.parse_args(list(argv))
