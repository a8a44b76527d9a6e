"""The log file: shared by processes, bounded, private, and never in the way."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lacuna_engine import log_file
from lacuna_engine.log_file import log_path, recent_lines, recording, show_debug
from lacuna_engine.logs import log_event

LOG = logging.getLogger("lacuna_engine.tests")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LACUNA_DEBUG", raising=False)
    return tmp_path / "data"


def test_events_are_written_for_this_user_alone(folder: Path) -> None:
    with recording("test"):
        log_event(LOG, logging.INFO, "something", number=3)
        log_event(LOG, logging.DEBUG, "too much")
    assert log_path() == folder / "lacuna.log"
    lines = recent_lines(10)
    assert "role=test" in lines[0]
    assert lines[1].endswith("event=something number=3")
    assert len(lines) == 2
    if sys.platform != "win32":
        assert stat.S_IMODE(log_path().stat().st_mode) == 0o600


def test_without_a_folder_of_ones_own_it_is_where_the_platform_keeps_logs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LACUNA_DATA")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert log_path().is_relative_to(tmp_path)
    assert log_path().name == "lacuna.log"


def test_nothing_is_left_of_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("lacuna_engine")
    before = logger.level, list(logger.handlers)
    with recording("outer"), recording("inner"):
        show_debug()
        log_event(LOG, logging.DEBUG, "shown")
    assert (logger.level, logger.handlers) == before
    assert "LACUNA_DEBUG" not in os.environ
    assert "event=shown" in capsys.readouterr().err
    assert sum("event=started" in line for line in recent_lines(10)) == 1


def test_people_see_warnings_in_plain_words_and_no_events(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with recording("test"):
        LOG.warning("the journal is damaged: password=hunter22")
        log_event(LOG, logging.ERROR, "job failed")
    assert capsys.readouterr().err == "the journal is damaged: password=***\n"


def test_a_crash_is_written_down_and_raised() -> None:
    with pytest.raises(ZeroDivisionError), recording("test"):
        raise ZeroDivisionError("by zero")
    last = recent_lines(1)[0]
    assert "event=crashed role=test error=ZeroDivisionError" in last
    assert last.endswith('message="by zero"')


def test_a_log_that_cannot_be_written_disturbs_nobody(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("in the way of the folder")
    with recording("test"):
        log_event(LOG, logging.INFO, "something")
    assert capsys.readouterr().err == ""
    assert recent_lines(5) == []


WRITER = """
import logging, sys
from lacuna_engine import log_file
from lacuna_engine.logs import log_event
log_file.LIMIT = 20_000
with log_file.recording(sys.argv[1]):
    for number in range(1000):
        log_event(logging.getLogger("lacuna_engine"), 20, "n", who=sys.argv[1], number=number)
"""


def test_several_processes_share_a_file_that_does_not_grow(folder: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(one)]) for one in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    files = sorted(folder.glob("lacuna.log*"))
    assert [file.name for file in files] == [
        "lacuna.log", "lacuna.log.1", "lacuna.log.2", "lacuna.log.3",
    ]  # fmt: skip
    for file in files:
        assert file.stat().st_size < 60_000  # who renames may be kept waiting while others write
        lines = file.read_text().splitlines()
        assert all(line.startswith("time=") and line.count("time=") == 1 for line in lines)
    # The four files hold the latest events of some 3000, none of them twice.
    kept = [line.split("who=")[1] for file in files for line in file.read_text().splitlines()
            if "who=" in line]  # fmt: skip
    assert len(kept) == len(set(kept)) > 500


def test_what_is_needed_of_older_lines_is_read(folder: Path) -> None:
    folder.mkdir()
    (folder / "lacuna.log.1").write_text("one\ntwo\n")
    (folder / "lacuna.log").write_text("three\n")
    assert recent_lines(2) == ["two", "three"]
    assert recent_lines(1) == ["three"]


def test_a_removed_file_is_made_anew() -> None:
    with recording("test"):
        log_path().unlink()
        log_event(LOG, logging.INFO, "later")
    assert "event=later" in recent_lines(5)[0]
    assert log_file.KEPT == 3
