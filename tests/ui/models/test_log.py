"""The log."""

from __future__ import annotations

import logging

from pytestqt.modeltest import ModelTester

from lacuna_gui.models import log
from lacuna_gui.models.log import LogModel
from ui.window.driver import check_model


def test_it_is_a_proper_model(qtmodeltester: ModelTester) -> None:
    model = LogModel()
    model.say("something")
    check_model(qtmodeltester, model)


def test_lines_can_be_copied_whole() -> None:
    model = LogModel()
    model.say("first")
    model.say("two\nlines", logging.ERROR)
    assert model.index(1, 2).data() == "two lines"
    assert "two\nlines" in model.text()
    assert "error" in model.text([1])
    assert "first" not in model.text([1])


def test_the_oldest_lines_leave() -> None:
    model = LogModel()
    for number in range(log.KEPT + 10):
        model.say(str(number))
    assert model.rowCount() == log.KEPT
    assert model.index(0, 2).data() == "10"
