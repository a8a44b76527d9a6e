"""A scripted daemon that every URI leads to."""

from __future__ import annotations

import pytest

from engine.scripted import Daemon
from lacuna_engine.transport import OPENERS


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    made = Daemon()
    monkeypatch.setitem(OPENERS, "unix", made.open)
    return made
