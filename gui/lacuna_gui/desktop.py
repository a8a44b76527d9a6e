"""Telling somebody something outside of the window, in the way the desktop has for it.

On desktops of freedesktop.org that is their notification service on the session's D-Bus, spoken to
by a client that never blocks the window. Elsewhere it is the balloon of the tray icon, or of one
that is there only for that. Where there is neither, nothing is told: nothing depends on it.
"""

from __future__ import annotations

import asyncio
import html
import importlib
import sys
from contextlib import suppress
from typing import Any, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from lacuna_gui.slots import ignoring
from lacuna_gui.theme import app_icon

__all__ = ["Desktop"]

PATIENCE = 5.0
"""Seconds that the service may take to answer."""

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_AFTER_ANSWERS = 0.05
"""Seconds."""

_DEFAULT = "default"
"""The action of a click on the notification itself."""


class Desktop(QObject):
    """Shows notifications; `activated` when somebody clicks on one."""

    activated = Signal()

    def __init__(self, loop: asyncio.AbstractEventLoop, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = loop
        self._service: _Service | None = None
        self.icon: QSystemTrayIcon | None = None
        """The icon that is in the tray anyway."""
        self._tray: QSystemTrayIcon | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, title: str, text: str) -> None:
        """Tell something; returns at once."""
        task = self._loop.create_task(self._show(title, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show(self, title: str, text: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._service is None:
                    self._service = await _Service.reach(self.activated.emit)
                await self._service.notify(title, text)
        except (OSError, EOFError, ImportError, KeyError, ValueError, RuntimeError):
            # No bus, no service there, or it has gone.
            await self._forget_service()
            self._show_balloon(title, text)

    def _show_balloon(self, title: str, text: str) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self.icon is not None:
            if self._tray is not None:
                self._tray.hide()  # one is enough
            self.icon.showMessage(title, text, app_icon())
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.setToolTip("Lacuna")
            self._tray.activated.connect(ignoring(self.activated.emit))
            self._tray.messageClicked.connect(self.activated)
        self._tray.show()
        self._tray.showMessage(title, text, app_icon())

    async def _forget_service(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            await service.close()

    async def close(self) -> None:
        """Put everything away."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._forget_service()
        if self._tray is not None:
            self._tray.hide()


class _Service:
    """The notification service of the session."""

    def __init__(self, router: Any, connection: Any, clicked: Any) -> None:
        self._router, self._connection, self._clicked = router, connection, clicked
        self._closed: Any = importlib.import_module("jeepney.io.common").RouterClosed
        self._features: frozenset[str] = frozenset()
        self._shown: set[int] = set()

    @classmethod
    async def reach(cls, clicked: Any) -> _Service:
        """Connect to it. Raises ``OSError``, ``KeyError`` and others where there is none."""
        if not sys.platform.startswith("linux"):
            raise OSError("no D-Bus here")
        # 20 ms, and only needed when something is told. It has no types.
        dbus: Any = importlib.import_module("jeepney")
        asking: Any = importlib.import_module("jeepney.io.asyncio")
        connection = await asking.open_dbus_connection()
        service = cls(asking.DBusRouter(connection), connection, clicked)
        try:
            rule = dbus.MatchRule(
                type="signal", interface=_NAME, path=_PATH, member="ActionInvoked"
            )
            service._router.filter(rule, queue=_Clicks(service._on_click))
            await service._router.send_and_get_reply(dbus.message_bus.AddMatch(rule))
            service._features = frozenset((await service._call("GetCapabilities"))[0])
        except BaseException:
            await service.close()
            raise
        return service

    async def notify(self, title: str, text: str) -> None:
        """Show something. Raises ``OSError`` if the service refuses."""
        # Names come from servers, and may look like markup.
        body = html.escape(text, quote=False) if "body-markup" in self._features else text
        actions = [_DEFAULT, ""] if "actions" in self._features else []
        hints = {"desktop-entry": ("s", "lacuna")}
        values = ("Lacuna", 0, "lacuna", title, body, actions, hints, -1)
        (number,) = await self._call("Notify", "susssasa{sv}i", values)
        self._shown.add(number)

    async def _call(
        self, method: str, signature: str | None = None, values: tuple[object, ...] = ()
    ) -> Any:
        dbus: Any = importlib.import_module("jeepney")
        where = dbus.DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
        message = dbus.new_method_call(where, method, signature, values)
        try:
            reply = await self._router.send_and_get_reply(message)
        except self._closed as error:
            raise ConnectionError("the bus has gone") from error
        if reply.header.message_type == dbus.MessageType.error:
            raise OSError(f"{method}: {reply.body}")
        return reply.body

    def _on_click(self, message: Any) -> None:
        number, action = cast("tuple[int, str]", message.body)
        if action == _DEFAULT:
            # It is taken in before the answer that told the number, if both came together.
            asyncio.get_running_loop().call_later(_AFTER_ANSWERS, self._judge, number)

    def _judge(self, number: int) -> None:
        if number in self._shown:
            self._clicked()

    async def close(self) -> None:
        """Leave the bus."""
        with suppress(OSError, EOFError):  # it may have gone
            await self._router.__aexit__(None, None, None)
        with suppress(OSError):
            await self._connection.close()


class _Clicks(asyncio.Queue[Any]):
    """Hands messages on instead of keeping them: nobody need wait for them."""

    def __init__(self, take: Any) -> None:
        super().__init__()
        self._take = take

    def put_nowait(self, item: Any) -> None:
        self._take(item)
