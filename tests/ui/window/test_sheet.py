"""The upload sheet while it does not know yet what it asks about."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from lacuna_gui.dialogs import upload
from lacuna_gui.dialogs.upload import UploadDialog
from ui.window.driver import Driver, ScriptedQueue, press


def test_nothing_is_sent_before_all_files_were_looked_at(
    driver: Driver, scripted: ScriptedQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, going = tmp_path / "slow.raw", threading.Event()
    slow.write_bytes(b"x" * 5000)
    look = upload.look_at_file

    def look_slowly(path: Path) -> upload.FileFacts:
        assert going.wait(20)
        return look(path)

    monkeypatch.setattr(upload, "look_at_file", look_slowly)
    driver.connect()
    driver.window.moving_commands.ask_upload([slow])
    sheet = driver.dialog(UploadDialog)
    try:
        driver.until(lambda: sheet.table.item(0, 6).text() == "looking…")
        assert not sheet.ok.isEnabled()
        assert sheet.problem.text() == "The files are still being looked at…"
        press(sheet, Qt.Key.Key_Return)
        driver.pause()
        assert sheet.isVisible()
        assert not [one for one in scripted.commands if one[0] == "add_upload"]
    finally:
        going.set()
    driver.until(sheet.ok.isEnabled)
    assert "To send" in sheet.problem.text()
