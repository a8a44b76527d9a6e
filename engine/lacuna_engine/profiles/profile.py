"""One saved connection, and what its name and its URI may be (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict, cast
from urllib.parse import unquote

from lacuna_engine.errors import UsageError
from lacuna_engine.transport import parse_uri

__all__ = [
    "Profile",
    "ProfileChanges",
    "ProfileOptions",
    "check_name",
    "check_uri",
    "free_name",
    "same_name",
    "strip_password",
]

NAME_LIMIT = 64
"""Characters of a name."""

# No character that a shell, a path or a URI gives a meaning of its own; and no dash in front, which
# would be an option. Spaces are for people; a shell wants quotes around them.
_NAME = re.compile(r"\w[\w .+@-]*")
_PASSWORD = re.compile(r"^([^/]*//[^/:]*):[^/]*@")
"""Of a URI up to its query: all before the password of its user."""

_SECRET_PARAMETERS = frozenset({"password", "passwd", "passphrase", "secret"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A connection as it was saved. ``id`` never changes, ``name`` is for people and commands.

    ``order`` is the place among all, from 0. ``pool`` is the one to show first, or empty.
    ``limit`` is in bytes a second, 0 for none; ``connections`` is a number as text, or ``auto``.
    """

    id: str
    name: str
    uri: str
    group: str = ""
    order: int = 0
    colour: str = ""
    notes: str = ""
    pool: str = ""
    verify: bool = False
    limit: int = 0
    connections: str = "auto"


class ProfileOptions(TypedDict, total=False):
    """What can be set in a profile besides its name and its URI."""

    group: str
    colour: str
    notes: str
    pool: str
    verify: bool
    limit: int
    connections: str


class ProfileChanges(ProfileOptions, total=False):
    """What can be changed in a profile: all but its id and its place."""

    name: str
    uri: str


_TYPES: dict[str, type] = {
    "id": str, "name": str, "uri": str, "group": str, "colour": str, "notes": str, "pool": str,
    "verify": bool, "limit": int, "connections": str,
}  # fmt: skip


def to_json(profile: Profile) -> dict[str, object]:
    """Return what is written of a profile; its place is where it is written."""
    return {key: getattr(profile, key) for key in _TYPES}


def from_json(read: object, order: int) -> Profile:
    """Read what was written; unknown keys are not looked at. Raises :class:`ValueError`."""
    if not isinstance(read, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of a file, not of a caller
    entry = cast("dict[str, object]", read)
    values: dict[str, object] = {}
    for key, kind in _TYPES.items():
        if key in entry:
            if type(entry[key]) is not kind:
                raise ValueError(f"'{key}' is not a {kind.__name__}")
            values[key] = entry[key]
    for key in ("id", "name", "uri"):
        if not values.get(key):
            raise ValueError(f"'{key}' is missing")
    try:
        check_name(cast("str", values["name"]))
        check_uri(cast("str", values["uri"]))
    except UsageError as error:
        raise ValueError(error.message) from error
    return Profile(order=order, **values)  # type: ignore[arg-type]


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for upper and lower case."""
    return _folded(one) == _folded(other)


def check_name(name: str, taken: Iterable[str] = ()) -> str:
    """Return a name as it is kept. Raises :class:`UsageError` if it cannot be one."""
    name = unicodedata.normalize("NFC", name.strip())
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise UsageError(
            f"'{_shown(name)}' cannot be the name of a connection",
            hint="A name has letters, digits, spaces and . + @ _ -, begins with a letter or a "
            f"digit, and has {NAME_LIMIT} characters at most.",
        )
    if any(same_name(name, other) for other in taken):
        raise UsageError(f"there is a connection named '{name}' already", hint="Choose another.")
    return name


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return ``wanted``, made a possible name, with a number behind it if it is taken."""
    known = {_folded(name) for name in taken}
    wanted = unicodedata.normalize("NFC", wanted)
    cleaned = re.sub(r"[^\w.+@-]+", "-", wanted).lstrip(".+@-").rstrip("-")[: NAME_LIMIT - 5]
    cleaned = cleaned or "connection"
    name, number = cleaned, 1
    while _folded(name) in known:
        number += 1
        name = f"{cleaned}-{number}"
    return name


def check_uri(uri: str) -> str:
    """Return a URI as it is kept. Raises :class:`UsageError`; its text never has a password."""
    uri = uri.strip()
    if strip_password(uri) != uri:
        raise UsageError(
            "a password does not belong in a saved URI",
            hint="Leave it out; it is asked for when it is needed, and can be kept in the keyring.",
        )
    parse_uri(uri)
    return uri


def strip_password(uri: str) -> str:
    """Return a URI without what looks like a password in it; nothing else of it changes."""
    rest, hash_mark, fragment = uri.partition("#")
    place, question_mark, query = rest.partition("?")
    if (kept := _without_secrets(query)) != query:
        question_mark, query = "?" if kept else "", kept
    return _PASSWORD.sub(r"\1@", place) + question_mark + query + hash_mark + fragment


def _without_secrets(query: str) -> str:
    pieces = re.split("([&;])", query)
    named = zip(("", *pieces[1::2]), pieces[::2], strict=True)
    kept = [mark + part for mark, part in named if not _is_secret(part)]
    # Nothing is to stand before the first one.
    return query if len(kept) == len(pieces[::2]) else "".join(kept).lstrip("&;")


def _is_secret(parameter: str) -> bool:
    return unquote(parameter.partition("=")[0]).lower() in _SECRET_PARAMETERS


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def _shown(name: str) -> str:
    """Make a name fit for a message: it may be anything that was given for one."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:NAME_LIMIT])
