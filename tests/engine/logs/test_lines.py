"""A line of the log: one event, no secrets, whatever is in it."""

from __future__ import annotations

import json
import logging
import re
from types import TracebackType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine import logs
from lacuna_engine.errors import RemoteSystemError
from lacuna_engine.logs import Field, LineFormatter, error_fields, hide, log_event, redacted
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion

LOGGER = logging.getLogger("lacuna_engine.tests")


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", set())


class Kept(logging.Handler):
    """Keeps the last record."""

    def emit(self, record: logging.LogRecord) -> None:
        self.record = record


def line(event: str = "tested", **fields: Field) -> str:
    handler = Kept()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)
    try:
        log_event(LOGGER, logging.INFO, event, **fields)
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(logging.NOTSET)
    return LineFormatter().format(handler.record)


def raised(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    try:
        raise error
    except type(error) as caught:
        return type(caught), caught, caught.__traceback__


def test_an_event_is_pairs() -> None:
    text = line("job ended", job="3f2a", seconds=1.23456, moved=10, digest=None)
    assert re.fullmatch(
        r"time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=info pid=\d+ from=tests "
        r'event="job ended" job=3f2a seconds=1\.235 moved=10',
        text,
    )


@given(st.text())
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    made = line(message=text)
    assert made.isprintable()
    value = made.split("message=", 1)[1]
    assert (json.loads(value) if value.startswith('"') else value) == redacted(text)


def test_a_defect_is_one_line_with_its_trace() -> None:
    error = raised(ValueError("one\ntwo"))
    record = LOGGER.makeRecord("other", logging.ERROR, "", 0, "it broke", (), error)
    text = LineFormatter().format(record)
    assert "\n" not in text
    assert 'text="it broke"' in text
    assert "error=ValueError" in text
    assert "test_lines.py" in text


@pytest.mark.parametrize("secret", ["hunter22", 'quo"te\\s', "new\nline", "pässwörd", "a b&c=d/e"])
def test_what_was_typed_never_appears(secret: str) -> None:
    hide(secret)
    error = raised(OSError(f"login with {secret!r} failed"))
    record = LOGGER.makeRecord("x", logging.ERROR, "", 0, "%s", (secret,), error)
    texts = [line(message=str(error[1]), url=f"x?{secret}"), LineFormatter().format(record)]
    for text in texts:
        for form in (
            secret,
            json.dumps(secret)[1:-1],
            repr(secret)[1:-1],
            secret.partition("\n")[0],
        ):
            assert form not in text
        assert "***" in text


@pytest.mark.parametrize(
    "text",
    [
        "qemu+tcp://ann:hunter22@kvm/system",
        "password=hunter22",
        "Passphrase: hunter22",
        "{'passwd': 'hunter22'}",
        "token = hunter22;",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter22\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter22 cut short",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    assert "hunter22" not in redacted(text)
    assert "hunter22" not in line(message=text)


@pytest.mark.parametrize("name", ["password", "key_passphrase", "credentials", "secret"])
def test_a_field_that_is_named_like_a_secret_is_not_shown(name: str) -> None:
    assert line(**{name: "x"}).endswith(f"{name}=***")


@pytest.mark.parametrize(
    "text",
    ["qemu+ssh://ann@kvm:2222/system", "wrong user name or password for 'ann'", "unix:/run/socket"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


async def test_answers_of_a_person_are_hidden() -> None:
    class Person:
        async def secret(self, question: SecretQuestion) -> str | None:
            return f"answer to {question.kind}"

        async def confirm_host(self, question: HostKeyQuestion) -> bool:
            raise AssertionError(question)

    inquiry = Inquiry(Person())
    for kind in SecretKind:
        answer = await inquiry.secret(kind, "host.of.this.test")
        assert answer is not None
        assert (answer in line(message=answer)) == (kind is SecretKind.SASL_USER)


def test_an_error_is_told_by_where_it_was_raised() -> None:
    try:
        logs._number(None, 3)  # type: ignore[arg-type]
    except TypeError as error:
        place = error_fields(error)["raised"]
        assert re.fullmatch(r"lacuna_engine/logs\.py:\d+", str(place))
    daemon = RemoteSystemError("no space", code=38, errno=28)
    assert error_fields(daemon) | {"raised": None} == {
        "error": "RemoteSystemError",
        "raised": None,
        "code": 38,
        "errno": 28,
        "message": "no space",
    }
