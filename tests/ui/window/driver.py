"""The window over a server of its own, and how tests use it: by what a user sees and does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lacuna_engine.profiles import Profile, ProfileStore
from lacuna_engine.server import Address, Faults, Registry, StorageServer
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri
from lacuna_gui.bridge import Bridge, make_loop
from lacuna_gui.hosts import Host, Hosts, HostState
from lacuna_gui.queue import JobOptions, Place, QueueSignals, TransferQueue
from lacuna_gui.settings import Settings
from lacuna_gui.window import MainWindow

__all__ = [
    "Driver",
    "ScriptedQueue",
    "Served",
    "check_model",
    "click",
    "end_loop",
    "press",
    "start_loop",
    "type_text",
    "until",
]

PATIENCE = 10_000
"""Milliseconds that anything may take on a busy machine."""


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Let Qt and asyncio run until something holds."""
    qtbot.waitUntil(condition, timeout=PATIENCE)


def click(widget: QWidget, where: QPoint | None = None) -> None:
    """Click into the middle of a widget, or somewhere else in it."""
    place = where if where is not None else widget.rect().center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(widget, left, none, place)


def press(widget: QWidget, key: Qt.Key) -> None:
    """Press a key."""
    QTest.keyClick(widget, key)


def type_text(widget: QWidget, text: str) -> None:
    """Type."""
    QTest.keyClicks(widget, text)


def check_model(tester: Any, model: QAbstractItemModel) -> None:
    """Have pytest-qt look whether a model keeps the rules of models."""
    tester.check(model, force_py=True)


def start_loop(application: QApplication) -> asyncio.AbstractEventLoop:
    """Make the shared loop for a test whose waiting runs Qt."""
    return make_loop(application, already_running=True)


def end_loop(qtbot: QtBot, loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left and put the loop away."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    qtbot.waitUntil(lambda: all(task.done() for task in tasks), timeout=PATIENCE)
    asyncio.events._set_running_loop(None)
    loop._QEventLoop__is_running = False  # type: ignore[attr-defined]  # no public way
    loop.close()
    # Its timers still run, and would be left without their object if that were collected by another
    # thread, which no test of one loop in one application ever sees.
    shiboken6.delete(loop._timer)  # type: ignore[attr-defined]  # no public way
    asyncio.set_event_loop(None)


class Served:
    """An embedded server on a thread, with pools in folders."""

    def __init__(self, folder: Path, *, pools: Sequence[str] = ("default", "fast")) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self.registry = Registry((str(folder),), allow_define=True)
        for name in pools:
            self.path(name).mkdir()
            self.registry.add(name, str(self.path(name)))
        self.faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._serving: Future[None] | None = None
        self.start()

    @property
    def uri(self) -> str:
        return Address("unix", path=str(self.socket)).uri

    @property
    def clients(self) -> int:
        """How many connections there are."""
        return self._server.clients

    def path(self, pool: str) -> Path:
        return self.folder / pool

    def run(self, work: Any) -> Any:
        """Run a coroutine on the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def start(self) -> None:
        """Serve, until `stop`. Server and its clean-up belong to one task."""
        ready = threading.Event()

        async def serve() -> None:
            self._stopping = asyncio.Event()
            server = StorageServer(self.registry, faults=lambda _: self.faults)
            self._server = server
            async with server:
                await server.listen(Address("unix", path=str(self.socket)))
                ready.set()
                await self._stopping.wait()

        self._serving = asyncio.run_coroutine_threadsafe(serve(), self._loop)
        assert ready.wait(10)

    def stop(self) -> None:
        """End the server, and with it all its connections."""
        if self._serving is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._serving.result(10)
            self._serving = None

    def elsewhere(self, work: Callable[[Session], Any]) -> Any:
        """Do something as another client."""

        async def act() -> Any:
            async with Session(parse_uri(self.uri)) as session:
                return await work(session)

        return self.run(act())

    def refresh(self, pool: str) -> None:
        """Have the pool read again, by another client."""

        async def refresh(session: Session) -> None:
            await session.storage.refresh_pool(await session.storage.pool(pool))

        self.elsewhere(refresh)

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class ScriptedQueue:
    """A queue that does as it is told by the test, and remembers what the window commanded."""

    def __init__(self) -> None:
        self.signals = QueueSignals()
        self.commands: list[tuple[Any, ...]] = []
        self._number = 0

    def _note(self, *command: Any) -> None:
        self.commands.append(command)

    def _add(self, *command: Any) -> str:
        self._number += 1
        self.commands.append(command)
        return f"job{self._number}"

    def last(self) -> Any:
        """The latest command: its name and its arguments."""
        return self.commands[-1]

    def attach(self) -> None:
        self._note("attach")

    def add_upload(self, file: Path, target: Place, options: JobOptions) -> str:
        return self._add("add_upload", file, target, options)

    def add_download(self, source: Place, target: Path, options: JobOptions) -> str:
        return self._add("add_download", source, target, options)

    def add_copy(self, source: Place, target: Place, options: JobOptions) -> str:
        return self._add("add_copy", source, target, options)

    def start(self, jobs: Sequence[str]) -> None:
        self._note("start", *jobs)

    def pause(self, jobs: Sequence[str]) -> None:
        self._note("pause", *jobs)

    def resume(self, jobs: Sequence[str]) -> None:
        self._note("resume", *jobs)

    def cancel(self, jobs: Sequence[str]) -> None:
        self._note("cancel", *jobs)

    def retry(self, jobs: Sequence[str]) -> None:
        self._note("retry", *jobs)

    def remove(self, jobs: Sequence[str]) -> None:
        self._note("remove", *jobs)

    def move(self, jobs: Sequence[str], before: str | None) -> None:
        self._note("move", tuple(jobs), before)

    def set_priority(self, jobs: Sequence[str], priority: int) -> None:
        self._note("set_priority", tuple(jobs), priority)

    def set_limit(self, limit: int, job: str | None = None) -> None:
        self._note("set_limit", limit, job)

    def pause_all(self) -> None:
        self._note("pause_all")

    def resume_all(self) -> None:
        self._note("resume_all")

    def set_concurrency(self, jobs: int) -> None:
        self._note("set_concurrency", jobs)

    def forget_finished(self) -> None:
        self._note("forget_finished")

    def watch(self, job: str | None) -> None:
        self._note("watch", job)

    async def close(self) -> None:
        self._note("close")


class Driver:
    """A window, and hands and eyes for it."""

    def __init__(
        self,
        qtbot: QtBot,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        queue: TransferQueue,
        *profiles: tuple[str, str],
    ) -> None:
        self.qtbot, self.loop = qtbot, loop
        self._closed = False
        self.queue = queue
        self.settings = Settings(folder / "window.ini")
        self.store = ProfileStore(folder / "profiles.json")
        for name, uri in profiles:
            self.store.create(name, uri)
        self.bridge = Bridge(loop)
        self.hosts = Hosts(self.open_session)
        self.window = MainWindow(
            self.bridge,
            hosts=self.hosts,
            store=self.store,
            opener=self.open_session,
            settings=self.settings,
            queue=queue,
        )
        self.bridge.problem.connect(self.window.problem)
        self.window.connection_commands.load()
        self.window.show()
        self.qtbot.waitExposed(self.window)

    async def open_session(self, profile: Profile) -> Session:
        session = Session(parse_uri(profile.uri))
        await session.open()
        return session

    def close(self) -> None:
        """Put everything away, as the application does; once."""
        if self._closed:
            return
        self._closed = True
        for dialog in self.dialogs():
            dialog.reject()
        self.window.hide()
        done: list[bool] = []

        async def end() -> None:
            await self.queue.close()
            await self.hosts.close()
            await self.bridge.close()
            done.append(True)

        task = self.loop.create_task(end())
        until(self.qtbot, lambda: bool(done) or task.done())
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # --- eyes ----------------------------------------------------------------------------------

    def until(self, condition: Callable[[], bool]) -> None:
        until(self.qtbot, condition)

    def pause(self, milliseconds: int = 150) -> None:
        """Let time pass, to see that something does not happen."""
        self.qtbot.wait(milliseconds)

    def rows(self) -> list[str]:
        """The names of the volumes on the screen, from the top."""
        model = self.window.volumes.model
        if not self.window.volumes.table.isVisible():
            return []
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def cell(self, name: str, column: int) -> str:
        model = self.window.volumes.model
        place = model.place_of(name)
        return "" if place is None else str(model.index(place, column).data())

    def messages(self) -> list[str]:
        """What the message bar says, the latest first."""
        return [message.text() for message in self.window.messages.messages]

    def host(self, title: str = "") -> Host:
        return next(host for host in self.hosts if not title or host.title == title)

    def dialogs(self) -> list[QDialog]:
        return [widget for widget in self.window.findChildren(QDialog) if widget.isVisible()]

    def dialog(self, kind: type[Any]) -> Any:
        """Wait for a dialog of a kind."""
        self.until(lambda: any(isinstance(one, kind) for one in self.dialogs()))
        return next(one for one in self.dialogs() if isinstance(one, kind))

    def is_enabled(self, action: str) -> bool:
        return self.window.actions_[action].isEnabled()

    # --- hands ---------------------------------------------------------------------------------

    def do(self, action: str) -> None:
        """Choose an action from a menu; it must be possible."""
        assert self.is_enabled(action), action
        self.window.actions_[action].trigger()

    def key(self, keys: Qt.Key, widget: QWidget) -> None:
        press(widget, keys)

    def connect(self, title: str = "", pool: str = "default") -> None:
        """Connect a saved connection and choose a pool."""
        host = self.host(title)
        states: list[HostState] = []

        def note() -> None:
            states.append(host.state)

        host.changed.connect(note)
        self.window.connections.choose_host(host.id)
        self.do("connection.open")
        ends = (HostState.ONLINE, HostState.LOST)
        self.until(lambda: bool(states) and states[-1] in ends)
        host.changed.disconnect(note)
        if host.online and pool:
            self.choose(host, pool)

    def choose(self, host: Host, pool: str) -> None:
        assert self.window.connections.choose_pool(host.id, pool)
        self.until(lambda: not self.window.listing.busy)

    def select(self, *names: str) -> None:
        self.until(lambda: all(name in self.rows() for name in names))
        self.window.volumes.select(names)

    def agree(self) -> None:
        """Click the button of a question that means yes."""
        box = self.dialog(QMessageBox)
        yes = next(
            button
            for button in box.findChildren(QPushButton)
            if box.buttonRole(button) == QMessageBox.ButtonRole.DestructiveRole
        )
        click(yes)
