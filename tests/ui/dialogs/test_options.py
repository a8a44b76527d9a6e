"""What can be asked of transfers: the fields, where their values come from, where they go."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFormLayout, QWidget
from pytestqt.qtbot import QtBot

from lacuna_engine.journal import Job
from lacuna_engine.journal.job import options_from_record, options_to_record
from lacuna_engine.profiles import Profile
from lacuna_engine.storage import Permissions
from lacuna_engine.transfer import IfExists, TransferOptions
from lacuna_gui.dialogs.permissions import parse_mode, parse_owner
from lacuna_gui.dialogs.preferences import PreferencesDialog
from lacuna_gui.dialogs.transfer_options import OptionFields
from lacuna_gui.orders import upload_order
from lacuna_gui.queue import JobOptions, Place
from lacuna_gui.settings import Preferences, Settings

MIB = 1 << 20


class Form:
    """Fields as a dialog has them."""

    def __init__(self, qtbot: QtBot, preferences: Preferences, **kinds: bool) -> None:
        self.widget = QWidget()
        qtbot.addWidget(self.widget)
        self.fields = OptionFields(QFormLayout(self.widget), preferences, **kinds)
        self.widget.show()


@pytest.fixture
def upload(qtbot: QtBot) -> OptionFields:
    return _kept(Form(qtbot, Preferences(), volumes=True, images=True))


def _kept(form: Form) -> OptionFields:
    form.fields.form = form  # type: ignore[attr-defined]  # or its widgets would go
    return form.fields


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", (-1, -1)), ("0:0", (0, 0)), (" 107:108 ", (107, 108)), ("107", (107, -1)),
        ("4294967294", (4294967294, -1)), ("4294967295", None), ("root", None), ("-1", None),
        ("1:", None), (":1", None), ("1:2:3", None), ("\N{ARABIC-INDIC DIGIT ONE}", None),
    ],
)  # fmt: skip
def test_owners(text: str, numbers: tuple[int, int] | None) -> None:
    assert parse_owner(text) == numbers


@pytest.mark.parametrize(
    ("text", "mode"),
    [("", -1), ("0644", 0o644), ("600", 0o600), ("7777", 0o7777), ("8", None), ("0o644", None),
     ("10644", None), ("rw", None)],
)  # fmt: skip
def test_modes(text: str, mode: int | None) -> None:
    assert parse_mode(text) == mode


def test_what_only_makes_sense_when_replacing(upload: OptionFields) -> None:
    assert not upload.keep.isEnabled()
    upload.if_exists.setCurrentIndex(upload.if_exists.findData(IfExists.REPLACE.value))
    upload.keep.setChecked(True)
    upload.force.setChecked(True)
    chosen = upload.options()
    assert (chosen.keep_until_complete, chosen.force) == (True, True)
    upload.if_exists.setCurrentIndex(upload.if_exists.findData(IfExists.FAIL.value))
    chosen = upload.options()
    assert (chosen.keep_until_complete, chosen.force) == (False, False)


def test_what_is_seldom_wanted_is_folded(upload: OptionFields) -> None:
    folded = (upload.force, upload.permissions.owner, upload.permissions.mode)
    assert not any(field.isVisible() for field in folded)
    upload.more.click()
    assert all(field.isVisible() for field in folded)


def test_a_preset_is_seen(qtbot: QtBot) -> None:
    fields = _kept(
        Form(qtbot, Preferences(owner="107:107", mode="0640"), volumes=True, images=True)
    )
    assert fields.permissions.owner.isVisible()
    chosen = fields.options()
    assert (chosen.owner, chosen.group, chosen.mode) == (107, 107, 0o640)
    fields.permissions.mode.setEditText("rw")
    assert "octal" in fields.check()
    assert fields.options().mode == -1


def test_downloads_have_no_say_in_volumes(qtbot: QtBot) -> None:
    fields = _kept(Form(qtbot, Preferences(owner="0:0", if_exists="replace")))
    fields.keep.setChecked(True)
    assert fields.options() == JobOptions(if_exists=IfExists.REPLACE)
    assert fields.keep.parent() is None


def test_a_connection_s_usual_options(upload: OptionFields) -> None:
    careful = Profile("1", "a", "u:///x", verify=True, limit=5 * MIB + 1, connections="3")
    upload.use_profile(careful)
    assert (upload.options().verify, upload.options().limit) == (True, 5 * MIB + 1)
    assert upload.options().connections == 3
    upload.use_profile(Profile("2", "b", "u:///y"))
    assert upload.options() == JobOptions()
    # What somebody has chosen stays, whatever is usual there.
    upload.limit.setValue(9)
    upload.use_profile(careful)
    assert (upload.options().verify, upload.options().limit) == (True, 9 * MIB)


def test_options_reach_the_job_and_its_record(tmp_path: Path) -> None:
    options = JobOptions(
        if_exists=IfExists.REPLACE, keep_until_complete=True, force=True, owner=107, mode=0o640,
        connections=5,
    )  # fmt: skip
    place = Place("h", "qemu:///system", "host", "default")
    job: Job = upload_order(tmp_path / "a.raw", place, options)
    kept = options_from_record(options_to_record(job.options))
    assert (kept.keep_until_complete, kept.force, kept.connections) == (True, True, 5)
    assert kept.permissions == Permissions(owner=107, mode=0o640)
    assert TransferOptions().permissions is None
    assert TransferOptions(owner=0, group=0).permissions == Permissions(owner=0, group=0)


def test_presets_are_preferences(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    wanted: list[Preferences] = []
    dialog.wanted.connect(wanted.append)
    dialog.permissions.owner.setEditText("nobody")
    assert not dialog.ok.isEnabled()
    assert "numbers" in dialog.problem.text()
    dialog.permissions.owner.setEditText("107:107")
    dialog.permissions.mode.setEditText("0640")
    assert dialog.ok.isEnabled()
    dialog.accept()
    settings = Settings(tmp_path / "window.ini")
    settings.set_preferences(wanted[0])
    again = Settings(tmp_path / "window.ini").preferences
    assert (again.owner, again.mode) == ("107:107", "0640")
