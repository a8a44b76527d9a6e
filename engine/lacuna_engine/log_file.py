"""The log file: where it is, who may read it, how it is kept from growing.

Several processes write to the same file at once, each line with one write. Whoever finds it too
large renames it, which the others notice at their next line. A log that cannot be written is no
reason to disturb anybody: it is left alone then.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lacuna_engine import __version__
from lacuna_engine.journal.folders import FOLDER_VARIABLE
from lacuna_engine.journal.locking import open_lock_file, try_lock
from lacuna_engine.logs import LineFormatter, error_fields, is_event, log_event, redacted

__all__ = ["DEBUG_VARIABLE", "log_path", "recent_lines", "recording", "show_debug"]

DEBUG_VARIABLE = "LACUNA_DEBUG"
"""Set to 1 it shows every event on standard error; for processes started by this one, too."""

LIMIT = 1 << 20
"""Bytes from which on a file is put aside: some five thousand events."""
KEPT = 3
"""Older files kept beside it."""

OWN = ("lacuna_engine", "lacuna_gui")
OTHERS = ("asyncio", "asyncssh")
"""Libraries whose warnings are written down as well."""

_log = logging.getLogger(__name__)


def log_path() -> Path:
    """Return the log file's path: where the platform keeps logs, or in ``LACUNA_DATA``."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser().absolute() / "lacuna.log"
    from platformdirs import user_log_path  # noqa: PLC0415 - 2 ms at each start

    return user_log_path("lacuna", appauthor=False) / "lacuna.log"


def recent_lines(count: int, path: Path | None = None) -> list[str]:
    """Return the last lines of the log, at most ``count``, the latest last; none if unreadable."""
    newest = path or log_path()
    lines: list[str] = []
    for file in (newest, newest.with_suffix(".log.1")):
        with suppress(OSError):
            lines = file.read_text("utf-8", "replace").splitlines() + lines
        if len(lines) >= count:
            break
    return lines[-count:]


class _File(logging.Handler):
    """Appends lines to a file that others append to as well."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._fd = -1
        self._lines = LineFormatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, with one call: lines of several processes do not mix."""
        try:
            if not self._is_current():
                self._open()
            os.write(self._fd, f"{self._lines.format(record)}\n".encode("utf-8", "replace"))
            if os.fstat(self._fd).st_size > LIMIT:
                self._put_aside()
        except OSError:
            # A full disk is told of by what fails because of it.
            self.setLevel(logging.CRITICAL + 1)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        super().close()

    def _is_current(self) -> bool:
        """Whether a file is open and still the one of that name."""
        if self._fd < 0:
            return False
        try:
            return os.path.samestat(os.fstat(self._fd), self._path.stat())
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # For this user alone: it names hosts and images.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._fd = os.open(self._path, flags, 0o600)

    def _put_aside(self) -> None:
        """Rename the files, unless another process is at it or has done it."""
        lock = open_lock_file(self._path.with_suffix(".lock"))
        try:
            if not try_lock(lock) or self._path.stat().st_size <= LIMIT:
                return
            for number in range(KEPT, 0, -1):
                newer = f".log.{number - 1}" if number > 1 else ".log"
                with suppress(FileNotFoundError):
                    self._path.with_suffix(newer).replace(self._path.with_suffix(f".log.{number}"))
        except PermissionError:
            pass  # Windows renames no file that is open elsewhere: the next process tries
        finally:
            os.close(lock)


class _Terminal(logging.StreamHandler[TextIO]):
    """Standard error: warnings in plain words, or every event as a line.

    Events are for the file, and so is what the window's toolkit complains about; what people should
    see of them is told by whoever talks with them.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setLevel(logging.WARNING)
        self.addFilter(self._is_wanted)
        self._lines: LineFormatter | None = None

    def show_all(self) -> None:
        """Show every event from now on."""
        self._lines = LineFormatter()
        self.setLevel(logging.DEBUG)

    def _is_wanted(self, record: logging.LogRecord) -> bool:
        if self._lines is not None:
            return True
        return not is_event(record) and not record.name.startswith("lacuna_gui")

    def format(self, record: logging.LogRecord) -> str:
        if self._lines is not None:
            return self._lines.format(record)
        return redacted(super().format(record))


_terminals: list[_Terminal] = []
"""One while something is recorded, else none."""


@contextmanager
def recording(role: str) -> Generator[None]:
    """Write down what happens in this block; within another one it changes nothing.

    ``role`` says in the log what this process is. What ends the block unexpectedly is written down
    too, and raised.
    """
    if _terminals:
        yield
        return
    loggers = [logging.getLogger(name) for name in (*OWN, *OTHERS)]
    before = [logger.level for logger in loggers]
    variable = os.environ.get(DEBUG_VARIABLE)
    file = _File(log_path())
    terminal = _Terminal(sys.stderr or open(os.devnull, "w"))  # noqa: PTH123, SIM115 - as stderr
    for logger in loggers:
        logger.addHandler(file)
        logger.addHandler(terminal)
        logger.setLevel(logging.INFO if logger.name in OWN else logging.WARNING)
    _terminals.append(terminal)
    if variable not in (None, "", "0"):
        show_debug()
    try:
        python = sys.version.partition(" ")[0]
        log_event(_log, logging.INFO, "started", role=role, version=__version__, python=python)
        yield
    except Exception as error:
        log_event(_log, logging.ERROR, "crashed", role=role, **error_fields(error))
        raise
    finally:
        _terminals.clear()
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(file)
            logger.removeHandler(terminal)
            logger.setLevel(level)
        file.close()
        if variable is None:
            os.environ.pop(DEBUG_VARIABLE, None)


def show_debug() -> None:
    """Show every event on standard error, also of the processes started from now on."""
    os.environ[DEBUG_VARIABLE] = "1"
    for terminal in _terminals:
        terminal.show_all()
        for name in OWN:
            logging.getLogger(name).setLevel(logging.DEBUG)
