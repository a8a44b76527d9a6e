"""A failure in the form in which the window shows it: what happened, why, and what to do.

The engine says why and often what to do; the window adds what it was doing. The daemon's own words
and, for a defect of Lacuna itself, the trace stay below, folded, to be copied.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectionLostError,
    ExistsError,
    InvalidOperationError,
    LacunaError,
    LocalFileError,
    NoSpaceError,
    NotSupportedError,
    PoolInactiveError,
    PoolNotFoundError,
    ReadOnlyError,
    RemoteError,
    RemoteNoSpaceError,
    RemoteSystemError,
    RemoteWriteError,
    UnreachableError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
)
from lacuna_gui.hints import in_window_words, known_words, quoted_daemon, quoted_engine
from lacuna_gui.kinds import kind_text

translate = QCoreApplication.translate

__all__ = ["Problem", "ended", "problem_of"]

_ENDS = ".!?…\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH EXCLAMATION MARK}\N{FULLWIDTH QUESTION MARK}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, for people; ``details`` are the daemon's own words or a trace."""

    what: str
    why: str = ""
    cure: str = ""
    details: str = ""

    def text(self) -> str:
        """Return everything as lines, for the clipboard and the log."""
        return "\n".join(part for part in (self.what, self.why, self.cure, self.details) if part)

    def line(self) -> str:
        """Return what happened and what to do, for where there is room for little."""
        return f"{ended(self.what)} {self.cure}".strip()


def problem_of(error: BaseException, what: str = "") -> Problem:
    """Put an exception into words. ``what`` says which work failed, as a sentence."""
    if not isinstance(error, LacunaError):
        return Problem(
            what=what or translate("Problem", "Something went wrong inside Lacuna"),
            why=f"{type(error).__name__}: {error}",
            cure=translate(
                "Problem", "This is a defect of Lacuna. Please report it with the text below."
            ),
            details="".join(traceback.format_exception(error)).strip(),
        )
    why = _cause(error)
    return Problem(
        what=what or why,
        why=ended(why) if what else "",
        cure=in_window_words(error.hint) or _cure(error),
        details=_details(error),
    )


def _cause(error: LacunaError) -> str:
    """Say why, in the language of the window; words that are not are marked as such."""
    if _is_the_daemon_s(error):
        return quoted_daemon(error.message)
    known = known_words(error.message)
    if known is not None:
        return _sentence(known)
    said = quoted_engine(error.message)
    return _sentence(said) if said == error.message else f"{kind_text(error)} {said}"


def _is_the_daemon_s(error: BaseException) -> bool:
    """Tell whether a daemon has chosen the words: whatever it says, it is not Lacuna's voice."""
    ours = isinstance(error, RemoteWriteError | PoolInactiveError)
    return isinstance(error, RemoteError) and not ours


def _sentence(text: str) -> str:
    """Engine messages begin small, as parts of a sentence; here they stand alone.

    A name at the beginning stays as it is.
    """
    return text[:1].upper() + text[1:] if text.partition(" ")[0].isalpha() else text


def ended(text: str) -> str:
    """Close a sentence: another one follows it."""
    if not text or text[-1] in _ENDS:
        return text
    return translate("Problem", "{0}.").format(text)


def _details(error: LacunaError) -> str:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RemoteError) and _is_the_daemon_s(cause):
            number = f"code {cause.code}, domain {cause.domain}"
            if cause.errno:
                number += f", errno {cause.errno}"
            lines.append(f"{cause.message} ({number})")
        elif cause is not error:
            lines.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    return "\n".join(lines)


def _cure(error: LacunaError) -> str:  # noqa: PLR0911 - one answer for each kind
    """Say what to do where the engine does not."""
    match error:
        case AuthenticationError():
            return translate(
                "Problem",
                "Check user name and password. On a local system daemon, membership in the group "
                "libvirt or a polkit rule lets you in.",
            )
        case UnreachableError():
            return translate(
                "Problem", "Check that the daemon is running there and that the address is right."
            )
        case ConnectionLostError():
            return translate("Problem", "Connect again; transfers continue from what had arrived.")
        case VolumeBusyError():
            return translate(
                "Problem", "Another client is using the volume. Try again in a moment."
            )
        case ExistsError() | VolumeExistsError():
            return translate("Problem", "Choose another name, or replace the volume.")
        case VolumeNotFoundError() | PoolNotFoundError():
            return translate("Problem", "Somebody else may have removed it. Refresh the list.")
        case InvalidOperationError():
            return translate("Problem", "Check that the pool is started.")
        case ReadOnlyError():
            return translate("Problem", "Connect with a user who may write.")
        case NoSpaceError() | RemoteNoSpaceError():
            return translate("Problem", "Make room there, or choose another pool.")
        case NotSupportedError():
            return translate("Problem", "This daemon or kind of pool cannot do it.")
        case RemoteSystemError() | LocalFileError():
            return translate("Problem", "Check the permissions and the state of the file system.")
        case _:
            return ""
