"""Messages that the guide explains are messages that Lacuna has."""

from __future__ import annotations

import re

from docs.messages import texts
from docs.places import DOCS

PAGE = DOCS / "guide" / "troubleshooting.md"
ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def exists(message: str) -> bool:
    fragments = (re.escape(part) for part in message.split("…"))
    wanted = re.compile("\0+".join(fragments))
    return any(wanted.fullmatch(text) for text in texts())


def test_every_quoted_message_is_in_the_source() -> None:
    quoted = ROW.findall(PAGE.read_text())
    assert len(quoted) > 40
    assert [message for message in quoted if not exists(message)] == []


def test_a_message_that_nobody_says_is_found() -> None:
    assert exists("the pool … is not active")
    assert not exists("the pool … is not very active")
    assert not exists("the pool … is")
