"""Copying what somebody who helps needs to know: no secrets, and names only where agreed to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import QObject, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from lacuna_engine.errors import LacunaError
from lacuna_engine.transport import parse_uri
from lacuna_gui.commands.context import Context
from lacuna_gui.hosts import Host

if TYPE_CHECKING:
    from lacuna_engine.diagnostics import ConnectionFacts

__all__ = ["DiagnosticsCommands"]

PATIENCE = 3.0
"""Seconds that a daemon has to tell its version."""


class DiagnosticsCommands(QObject):
    """The action that copies diagnostics."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._context = context
        context.actions["app.diagnostics"].triggered.connect(self.copy)

    def copy(self) -> None:
        """Find everything out, put it into the clipboard, and say so."""
        what = self.tr("The diagnostics could not be gathered")
        self._context.runner.run(self._gather(), self._take, what=what, owner=self)

    async def _gather(self) -> str:
        from lacuna_engine.diagnostics import diagnostics  # noqa: PLC0415 - seldom wanted

        facts = [await _facts_of(host) for host in self._context.hosts]
        # In a thread: it reads the journal and the log.
        return await asyncio.to_thread(diagnostics, facts, more=_screen())

    def _take(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._context.messages.done(
            self.tr("Diagnostics copied. They name no hosts, pools or images.")
        )


async def _facts_of(host: Host) -> ConnectionFacts:
    """Describe a connection; an error's class says more than that it is lost."""
    from lacuna_engine.diagnostics import (  # noqa: PLC0415 - as above
        ConnectionFacts,
        facts_of_connection,
    )

    state = host.state.value
    if host.error is not None:
        state = f"{state}, {type(host.error).__name__}"
    try:
        uri = parse_uri(host.profile.uri)
    except LacunaError as error:  # an alias, or a profile written by hand
        return ConnectionFacts("?", "?", f"{state}, {type(error).__name__}")
    if host.online:
        with suppress(LacunaError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                return await facts_of_connection(uri, host.storage, state)
    return await facts_of_connection(uri, None, state)


def _screen() -> dict[str, str]:
    """Tell what the window is drawn with."""
    scale = QGuiApplication.primaryScreen().devicePixelRatio()
    style = QApplication.style().objectName()
    return {
        "Qt": f"{qVersion()}, PySide6 {PySide6.__version__}",
        "Screen": f"{QGuiApplication.platformName()}, {style}, scale {scale:g}",
    }
