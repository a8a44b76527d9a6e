"""Names of volumes: shown to people, checked before a create, turned into local file names.

A volume's name is a file name on the daemon's host: any bytes but ``/`` and NUL, decoded with
``surrogateescape``. It is chosen by whoever can write there, so it is never trusted as text for a
terminal nor as a path (protocol.md 5.5).
"""

from __future__ import annotations

import re
import unicodedata

from lacuna_engine.errors import UsageError

__all__ = ["display_name", "local_file_name", "validate_volume_name"]

NAME_BYTES = 255
"""Longest name the daemon's file systems take, and the usual ones here (protocol.md 5.5)."""

_EXTENSION_BYTES = 32
"""A longer "extension" is only a dot in a long name, and not worth cutting the rest for."""

_EMPTY = "volume"
"""Stands for a name of which nothing usable is left."""

# Joiners are format characters too, but Persian, Indic scripts and emoji are wrong without them.
_JOINERS = "\u200c\u200d"
# Control, format (bidi overrides and isolates among them), surrogate, line and paragraph separator.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\"}

# What XML 1.0 has no way to say, not even by number; a daemon refuses it (error 35). A carriage
# return could be written, but would come back as a newline.
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")

_WINDOWS_FORBIDDEN = frozenset('<>:"/\\|?*')
_POSIX_FORBIDDEN = frozenset("/")
_POSIX_SPECIAL = {"": _EMPTY, ".": "_", "..": "__"}
# Device names are taken with any extension and in any case; the digits include superscripts.
_WINDOWS_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\..*)?",
    re.IGNORECASE | re.DOTALL,
)


def display_name(name: str) -> str:
    r"""A form of the name that is one line, cannot drive a terminal and cannot fake its order.

    Newline, tab and carriage return become ``\n``, ``\t``, ``\r``; other control characters and
    bytes that were not UTF-8 ``\xNN``; other invisible or reordering characters ``\uNNNN`` or
    ``\UNNNNNNNN``. The backslash is doubled, so different names never look the same.
    """
    return "".join(_shown(char) for char in name)


def _shown(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if unicodedata.category(char) not in _UNSHOWABLE or char in _JOINERS:
        return char
    code = ord(char)
    if _is_escaped_byte(char):
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    # Not \x for U+0080 to U+009F: that is how the bytes 80 to 9f are shown.
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_escaped_byte(char: str) -> bool:
    return "\udc80" <= char <= "\udcff"


def validate_volume_name(name: str) -> None:
    """Check a name for a new volume before the daemon is asked (protocol.md 5.5).

    Tab and newline are fine, as are quotes, spaces and leading dots. Bytes that are not UTF-8 are
    not: a daemon lists such files but takes new names only as XML.

    Raises `UsageError` with the reason.
    """
    shown = display_name(name)
    if not name:
        raise UsageError("A volume's name must not be empty.")
    if name in {".", ".."}:
        raise UsageError(f"A volume cannot be named '{shown}'.")
    if "/" in name:
        raise UsageError(f"A volume's name must not contain a slash: '{shown}'.")
    if bad := _NOT_IN_XML.search(name):
        raise UsageError(
            f"A volume's name must not contain the character '{display_name(bad[0])}': '{shown}'.",
            hint="Of the control characters only tab and newline are accepted.",
        )
    if (length := _length(name)) > NAME_BYTES:
        raise UsageError(
            f"A volume's name must not be longer than {NAME_BYTES} bytes; this one has {length}."
        )


def local_file_name(name: str, *, windows: bool) -> str:
    """A safe name for a local file, made from an untrusted volume name.

    One path component of 1 to 255 bytes, never ``.`` or ``..``, without separators, control and
    reordering characters (each becomes ``_``). A short extension survives the cut to length. On
    POSIX systems bytes that are not UTF-8 stay as they are (as surrogates, for `os.fsencode`). With
    ``windows``, reserved characters and device names and trailing dots and spaces go too.

    Different names can give the same result; whoever creates the file must handle one that exists.
    """
    forbidden = _WINDOWS_FORBIDDEN if windows else _POSIX_FORBIDDEN
    clean = "".join(
        "_" if char in forbidden or not _is_storable(char, windows=windows) else char
        for char in name
    )
    if not windows:
        return _POSIX_SPECIAL.get(clean) or _clip(clean)
    # Windows drops trailing dots and spaces itself, and would then open another file than named.
    # Before the cut so that the extension is found, and after it because it can uncover more.
    clean = _clip(clean.rstrip(". ")).rstrip(". ") or _EMPTY
    if _WINDOWS_DEVICE.fullmatch(clean):
        clean = _clip(f"_{clean}").rstrip(". ")
    return clean


def _is_storable(char: str, *, windows: bool) -> bool:
    if _is_escaped_byte(char):
        return not windows
    return unicodedata.category(char) not in _UNSHOWABLE or char in _JOINERS


def _clip(name: str) -> str:
    """Cut whole characters from the stem until the name has at most 255 bytes."""
    if _length(name) <= NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    # No stem, as in ".hidden": the dot starts the name, it does not end it.
    suffix = dot + extension if stem and _length(extension) < _EXTENSION_BYTES else ""
    room = NAME_BYTES - _length(suffix)
    kept = name.removesuffix(suffix)
    # A character has at least one byte, so this is near enough to start counting.
    kept = kept[:room]
    while _length(kept) > room:
        kept = kept[:-1]
    return kept + suffix


def _length(name: str) -> int:
    """Bytes of the name on the daemon's host."""
    # A surrogate that stands for no byte would take three; it only ever arises locally.
    return sum(1 if _is_escaped_byte(c) else len(c.encode(errors="surrogatepass")) for c in name)
