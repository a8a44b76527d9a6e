"""Where saved connections are kept.

Each change reads the file, changes it and writes it again, all under a lock: whoever else has the
file open, the window and a command, loses nothing. What is not understood is kept.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, Unpack, cast

from lacuna_engine.errors import LocalFileError, UsageError
from lacuna_engine.profiles.document import (
    CorruptError,
    Document,
    Entry,
    read_document,
    write_document,
)
from lacuna_engine.profiles.imports import Candidate
from lacuna_engine.profiles.lock import locked
from lacuna_engine.profiles.profile import (
    Profile,
    ProfileChanges,
    ProfileOptions,
    check_name,
    check_uri,
    free_name,
    from_json,
    same_name,
    to_json,
)

__all__ = ["Imported", "ProfileStore", "config_folder"]

T = TypeVar("T")

FOLDER_VARIABLE = "LACUNA_CONFIG"
FILE = "profiles.json"


def config_folder() -> Path:
    """Return where settings are: the platform's place, or what LACUNA_CONFIG names."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_config_path  # noqa: PLC0415 - most commands need no profile

    return user_config_path("lacuna", appauthor=False)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: new profiles, and what was left out with the reason."""

    created: tuple[Profile, ...]
    skipped: tuple[tuple[Candidate, str], ...]


class ProfileStore:
    """The profiles in a file, by default ``profiles.json`` in :func:`config_folder`.

    Calls take milliseconds. All raise :class:`LocalFileError` if the file cannot be read or
    written, those that change something :class:`UsageError` for what cannot be.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path: Path = path or config_folder() / FILE
        self.notes: tuple[str, ...] = ()
        """What the last call found strange in the file, for people."""
        self.read_only: bool = False
        """Whether the file is of a newer Lacuna, as of the last call."""

    # --- looking -------------------------------------------------------------------------------

    def load(self) -> tuple[Profile, ...]:
        """Return all, in order. A file that is none is set aside, which a note says."""
        try:
            document = read_document(self.path)
        except CorruptError:
            with locked(self._lock()):
                document = self._read()
        else:
            self.notes = ()
        return self._profiles(document)

    def get(self, profile_id: str) -> Profile:
        """Return one by its id. Raises :class:`UsageError` if it is not there."""
        return _by_id(self.load(), profile_id)

    def find(self, name: str) -> Profile | None:
        """Return the one of this name, whatever its upper and lower case."""
        return next((one for one in self.load() if same_name(one.name, name)), None)

    def groups(self) -> tuple[str, ...]:
        """Return the groups in the order in which they first occur."""
        return tuple(dict.fromkeys(one.group for one in self.load() if one.group))

    # --- changing ------------------------------------------------------------------------------

    def create(self, name: str, uri: str, **others: Unpack[ProfileOptions]) -> Profile:
        """Add one at the end."""
        return self._change(lambda document: self._append(document, name, uri, others))

    def edit(self, profile_id: str, **changes: Unpack[ProfileChanges]) -> Profile:
        """Set some of a profile's fields; what others set meanwhile in the rest stays."""

        def change(document: Document) -> Profile:
            profiles = self._profiles(document)
            profile = _by_id(profiles, profile_id)
            taken = [one.name for one in profiles if one.id != profile_id]
            changed = replace(profile, **_checked(changes, taken))
            entry = _entry(document, profile_id)
            new = to_json(changed)
            entry.update({key: new[key] for key in changes})
            return changed

        return self._change(change)

    def duplicate(self, profile_id: str, name: str = "") -> Profile:
        """Add a copy right behind the original, under ``name`` or the next free one."""

        def change(document: Document) -> Profile:
            profiles = self._profiles(document)
            original = _by_id(profiles, profile_id)
            taken = [one.name for one in profiles]
            new_name = check_name(name, taken) if name else free_name(original.name, taken)
            # Of the raw entry, so that what is not known here is copied as well.
            entry = _entry(document, profile_id)
            copy: Entry = {**entry, "id": _new_id(), "name": new_name}
            document.entries.insert(document.entries.index(entry) + 1, copy)
            return _by_id(self._profiles(document), copy["id"])

        return self._change(change)

    def delete(self, profile_id: str) -> Profile:
        """Remove one and return it. Its passwords are with :class:`Secrets`."""

        def change(document: Document) -> Profile:
            profile = _by_id(self._profiles(document), profile_id)
            document.entries.remove(_entry(document, profile_id))
            return profile

        return self._change(change)

    def reorder(self, ids: Sequence[str]) -> tuple[Profile, ...]:
        """Put the named ones first, in this order; the others follow in theirs.

        Ids that are not there (any more) are ignored.
        """
        places = {profile_id: place for place, profile_id in enumerate(ids)}

        def place(entry: object) -> int:
            return places.get(_id_of(entry), len(places))

        def change(document: Document) -> tuple[Profile, ...]:
            document.entries.sort(key=place)
            return self._profiles(document)

        return self._change(change)

    def add_all(self, candidates: Iterable[Candidate]) -> Imported:
        """Add what an import found, but no URI twice; names that are taken get a number."""

        def change(document: Document) -> Imported:
            created: list[Profile] = []
            skipped: list[tuple[Candidate, str]] = []
            for candidate in candidates:
                profiles = self._profiles(document)
                uri = candidate.uri
                same = next((one for one in profiles if one.uri == uri), None)
                if same is not None:
                    skipped.append((candidate, f"is there already, as {same.name}"))
                    continue
                name = free_name(candidate.name, [one.name for one in profiles])
                try:
                    created.append(self._append(document, name, uri, {}))
                except UsageError as error:
                    skipped.append((candidate, error.message))
            return Imported(tuple(created), tuple(skipped))

        return self._change(change)

    # --- the file ------------------------------------------------------------------------------

    def _append(self, document: Document, name: str, uri: str, others: ProfileOptions) -> Profile:
        profiles = self._profiles(document)
        fields: ProfileChanges = {**others, "name": name, "uri": uri}
        checked = _checked(fields, [one.name for one in profiles])
        profile = Profile(id=_new_id(), order=len(profiles), **checked)
        document.entries.append(to_json(profile))
        return profile

    def _change(self, change: Callable[[Document], T]) -> T:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalFileError(f"cannot make {self.path.parent}: {error.strerror}") from error
        with locked(self._lock()):
            document = self._read()
            if document.is_newer:
                self.read_only = True
                raise UsageError(
                    f"{self.path} was written by a newer Lacuna and is left as it is",
                    hint="Use that version, or move the file away to begin anew.",
                )
            outcome = change(document)
            write_document(self.path, document)
            return outcome

    def _lock(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def _read(self) -> Document:
        """Read the file under the lock, setting a corrupt one aside."""
        self.notes = ()
        try:
            return read_document(self.path)
        except CorruptError as error:
            aside = self.path.with_name(f"{self.path.name}.{time.strftime('%Y%m%d-%H%M%S')}.broken")
            try:
                self.path.replace(aside)
            except OSError as failure:
                raise LocalFileError(
                    f"{self.path} is damaged ({error}) and cannot be moved away: {failure.strerror}"
                ) from failure
            self.notes = (f"{self.path} was damaged ({error}); it is now {aside.name}",)
            return Document()

    def _profiles(self, document: Document) -> tuple[Profile, ...]:
        """Return the entries that are profiles; notes say what the others are."""
        notes = list(self.notes)
        self.read_only = document.is_newer
        if document.is_newer:
            notes.append(f"{self.path} was written by a newer Lacuna; it cannot be changed here")
        found: list[Profile] = []
        for number, entry in enumerate(document.entries, 1):
            try:
                profile = from_json(entry, len(found))
            except ValueError as error:
                notes.append(f"{self.path}: entry {number} is left out: {error}")
                continue
            if any(one.id == profile.id for one in found):
                notes.append(f"{self.path}: entry {number} is left out: its id occurs twice")
                continue
            found.append(profile)
        self.notes = tuple(dict.fromkeys(notes))
        return tuple(found)


def _checked(changes: ProfileChanges, taken: Iterable[str]) -> ProfileChanges:
    """Return changes that can be made. Raises :class:`UsageError`."""
    checked: ProfileChanges = {**changes}
    if "name" in checked:
        checked["name"] = check_name(checked["name"], taken)
    if "uri" in checked:
        checked["uri"] = check_uri(checked["uri"])
    if checked.get("limit", 0) < 0:
        raise UsageError("a limit cannot be below zero")
    connections = checked.get("connections", "auto")
    if connections != "auto" and not (connections.isdecimal() and int(connections) > 0):
        raise UsageError(f"'{connections}' is no number of connections", hint="Or write auto.")
    return checked


def _by_id(profiles: Iterable[Profile], profile_id: str) -> Profile:
    for profile in profiles:
        if profile.id == profile_id:
            return profile
    raise UsageError("this connection is not there any more", hint="It may have been removed.")


def _entry(document: Document, profile_id: str) -> Entry:
    return next(cast("Entry", one) for one in document.entries if _id_of(one) == profile_id)


def _id_of(entry: object) -> str:
    return str(cast("Entry", entry).get("id", "")) if isinstance(entry, dict) else ""


def _new_id() -> str:
    return secrets.token_hex(8)
