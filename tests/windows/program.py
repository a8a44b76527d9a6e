"""``lacuna`` as a program of Windows, run to its end, interrupted, or asked on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from integration.sshd import PrivateSshd
from windows.wine import Wine

__all__ = ["Program"]

PATIENCE = 60.0
"""Seconds for one run."""

CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]|\x1b\][^\x07]*\x07")
"""What Wine's console writes to move on the terminal."""

ENCODING = "cp1252"
"""Of what goes through pipes: programs of Windows use its old code page there."""

Word = str | Path


class Program:
    """The command; what its user has lies in `home`."""

    def __init__(self, wine: Wine) -> None:
        self._wine = wine
        self.home = wine.home
        self.variables: dict[str, str] = {}
        """Of the environment, beside the usual ones."""

    def path(self, path: Path) -> str:
        """Return what a path of this side is on Windows."""
        return self._wine.path(path)

    def know(self, host: PrivateSshd) -> None:
        """Have met a host."""
        folder = self.home / ".ssh"
        folder.mkdir()
        (folder / "known_hosts").write_text(host.known_hosts_line)

    def __call__(self, *words: Word, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with nobody to ask; ``code`` is the exit code it must have."""
        done = self._run(self._command(words))
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: Word) -> Any:
        """Run it to its end, and return the JSON that it prints."""
        return json.loads(self(*words, "--json").stdout)

    def python(self, program: str, *words: Word) -> str:
        """Run a program of our own, and return what it prints."""
        done = self._run(["wine", self._wine.python, "-c", program, *map(self._word, words)])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: Word) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            self._command(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding=ENCODING,
            cwd=self.home,
            env=self._environment(),
        )

    def terminate(self, running: subprocess.Popen[str]) -> None:
        """End it at once, as Windows' own programs do.

        Not a signal to the process that started it, which is Wine's: what runs is another one.
        """
        running.kill()
        running.communicate(timeout=PATIENCE)

    def ask(self, *words: Word, answers: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
        """Run it on a terminal; return the exit code, and what was shown.

        ``answers``: for each text that is waited for in turn, what is typed then.
        """
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execvpe("wine", list(map(str, self._command(words))), self._environment())  # noqa: S606
        shown, left = b"", list(answers)
        seen = 0
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if not select.select([terminal], [], [], 0.2)[0]:
                    continue
                try:
                    came = os.read(terminal, 1 << 16)
                except OSError:
                    came = b""  # the other end is closed
                if not came:
                    break
                shown += came
                plain = _plain(shown)
                if left and left[0][0] in plain[seen:]:
                    seen = len(plain)
                    os.write(terminal, left.pop(0)[1].encode())
            else:
                raise AssertionError(f"it did not end; it showed {shown!r}")
        finally:
            os.close(terminal)
        _, status = os.waitpid(pid, 0)
        assert not left, _plain(shown)
        return os.waitstatus_to_exitcode(status), _plain(shown)

    def _run(self, command: Sequence[Word]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            encoding=ENCODING,
            input="",
            timeout=PATIENCE,
            cwd=self.home,
            env=self._environment(),
        )

    def _command(self, words: Sequence[Word]) -> list[Word]:
        python: list[Word] = ["wine", self._wine.python, "-m", "lacuna_engine.cli"]
        return [*python, *map(self._word, words)]

    def _word(self, word: Word) -> str:
        return self.path(word) if isinstance(word, Path) else word

    def _environment(self) -> dict[str, str]:
        return self._wine.environment(self.variables)


def _plain(shown: bytes) -> str:
    """Return the text that was shown; the console skips spaces rather than writing them."""
    return CONTROL.sub("", shown.decode("utf-8", "replace").replace("\x1b[1C", " "))
