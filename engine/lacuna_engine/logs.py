"""Events that are worth writing down, each as one line, without secrets.

Any module of the engine may use this; it uses none of them. A line is ``key=value`` pairs::

    time=2026-03-01T10:00:00.123Z level=info pid=71 from=client.connection event=connected
    transport=ssh seconds=0.31

Texts from a server cannot break out of their line: what is not plain is quoted, and what cannot be
printed is escaped. Secrets are taken out twice: what somebody typed or a keyring gave is known by
:func:`hide` and never appears, whatever it is part of; and what looks like a secret is taken for
one. Where the lines go is the business of :mod:`lacuna_engine.log_file`.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from pathlib import PurePath
from types import TracebackType
from urllib.parse import quote

__all__ = ["Field", "LineFormatter", "error_fields", "hide", "is_event", "log_event", "redacted"]

Field = str | int | float | bool | None
"""What a field may be. None is left out."""

ATTRIBUTE = "lacuna_fields"
"""Where a record carries its fields."""

HIDDEN = "***"
SHORTEST = 4
"""Characters of a secret that is looked for. Shorter ones would be found in ordinary words."""

_secrets: set[str] = set()

_SUSPECTS = re.compile(
    r"""\b((?:pass(?:word|wd|phrase)?|secret|token)["']?\s*[=:]\s*["']?)[^\s"',;&]+""",
    re.IGNORECASE,
)
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.DOTALL)
_USERINFO = re.compile(r"://[^/\s:@]*:[^/\s@]*@")
_PLAIN = re.compile(r"[\w.:/+@,#%*-]+")
_SECRET_NAMES = re.compile(r"pass|secret|token|credential", re.IGNORECASE)


def hide(secret: str | None) -> None:
    """Never let this appear in a line of the log, in whatever form it may be quoted there."""
    if secret and len(secret) >= SHORTEST:
        escaped = json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")
        _secrets.update((secret, *escaped))


def redacted(text: str) -> str:
    """Return a text without secrets: the hidden ones, and whatever looks like one."""
    for secret in sorted(_secrets, key=len, reverse=True):  # one may be part of another
        text = text.replace(secret, HIDDEN)
    text = _KEY.sub(HIDDEN, text)
    text = _USERINFO.sub(f"://{HIDDEN}@", text)
    return _SUSPECTS.sub(rf"\1{HIDDEN}", text)


def log_event(logger: logging.Logger, level: int, event: str, **fields: Field) -> None:
    """Write an event down; ``event`` is the same words each time, what varies is in ``fields``."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={ATTRIBUTE: fields})


def is_event(record: logging.LogRecord) -> bool:
    """Return whether a record was made by :func:`log_event`."""
    return hasattr(record, ATTRIBUTE)


def error_fields(error: BaseException) -> dict[str, Field]:
    """Return what is to be known of an error: its class, where it was raised, codes, its words."""
    return {
        "error": type(error).__name__,
        "raised": _place(error.__traceback__),
        "code": _number(error, "code"),
        "errno": _number(error, "errno"),
        "message": str(error),
    }


def _place(trace: TracebackType | None) -> str | None:
    """Return file and line of the last of Lacuna's own frames: it says more than any message."""
    place = None
    while trace is not None:
        path = PurePath(trace.tb_frame.f_code.co_filename)
        own = [part for part in path.parts if part.startswith("lacuna_")]
        if own:
            inside = path.parts[path.parts.index(own[-1]) :]
            place = f"{'/'.join(inside)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _number(error: BaseException, name: str) -> int | None:
    number = getattr(error, name, None)
    return number if isinstance(number, int) and number else None


class LineFormatter(logging.Formatter):
    """Makes a line of a record, of events and of other libraries' records alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without an end."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        pairs: dict[str, Field] = {
            "time": f"{when}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "pid": record.process,
            "from": record.name.removeprefix("lacuna_engine."),
            # Other records have no words of their own that are the same each time.
            "event" if is_event(record) else "text": record.getMessage(),
            **getattr(record, ATTRIBUTE, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            trace = "".join(traceback.format_exception(error))
            pairs |= error_fields(error) | {"trace": trace}
        return " ".join(
            f"{key}={_quoted(key, value)}" for key, value in pairs.items() if value is not None
        )


def _quoted(key: str, value: Field) -> str:
    if _SECRET_NAMES.search(key):
        return HIDDEN
    text = f"{value:.3f}" if isinstance(value, float) else redacted(str(value))
    if _PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
