"""The SQLite file under the journal: opened, checked, shared, and replaced when it is damaged.

Several processes work on the same file. Each piece of work holds ``<file>.lock`` shared; who
replaces a damaged file holds it alone, so nobody writes into a file that has just been set aside.
Whoever comes afterwards sees that another file is at the path, and opens that one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from lacuna_engine.errors import LocalFileError
from lacuna_engine.journal.locking import lock, open_lock_file, try_lock, unlock
from lacuna_engine.journal.rows import as_text
from lacuna_engine.journal.salvage import SIDES, copy_readable, set_aside
from lacuna_engine.journal.schema import APPLICATION_ID, VERSION, is_sound, migrate

__all__ = ["Database", "Work"]

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process. Each piece of work is short; a slow disk is not."""

THOROUGH_BYTES = 256 << 20
"""Files up to this size are checked wholly when they are opened (some 4 s per GiB), larger ones
without comparing indexes with their tables."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class DamagedError(Exception):
    """The file cannot be used as it is. ``why`` is a word for its new name."""

    def __init__(self, words: str, why: str = "damaged") -> None:
        super().__init__(words)
        self.why = why


class Database:
    """The open file at ``path``; belongs to one thread.

    ``notes`` are things the user should know, in plain words.

    Raises:
        LocalFileError: if the folder or the file cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._generation = 0
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._lock_fd = -1
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_fd = open_lock_file(path.with_name(path.name + ".lock"))
        except OSError as error:
            raise self._local(error.strerror or str(error)) from error
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file. Does nothing the second time."""
        fd, self._lock_fd = self._lock_fd, -1
        if fd < 0:
            return
        try:
            with suppress(OSError):  # without the lock it is closed all the same
                lock(fd, shared=True)
            self._disconnect()
        finally:
            os.close(fd)  # which gives the lock back

    def version(self) -> tuple[int, int]:
        """Return a value that changes when another connection has committed."""
        found = self.read(lambda db: db.execute("PRAGMA data_version").fetchone()[0])
        return self._generation, int(found)

    def is_busy(self) -> bool:
        """Whether a piece of work would have to wait for another process; does not wait for it."""
        try:
            if not try_lock(self._lock_fd, shared=True):
                return True
        except OSError:  # which the work itself will tell of
            return False
        try:
            return self._is_being_written()
        finally:
            unlock(self._lock_fd)

    def _is_being_written(self) -> bool:
        db = self._db
        if db is None or self._identity != self._at_path():
            return False  # the next piece of work opens it
        try:
            db.execute("PRAGMA busy_timeout = 0")
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
        except sqlite3.Error as error:
            return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        finally:
            db.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT * 1000)}")
        return False

    def read(self, work: Work[T]) -> T:
        """Do something that changes nothing. Raises :class:`LocalFileError`."""
        return self._mended(work)

    def write(self, work: Work[T], *, durable: bool = False) -> T:
        """Do something in one transaction; ``durable`` makes it survive a loss of power.

        Raises:
            LocalFileError: if the disk is full or does not work; then nothing has changed.
        """

        def transaction(db: sqlite3.Connection) -> T:
            # Each commit goes to the log, which FULL flushes with all that is in it.
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")  # a full disk has done so already
                raise
            return result

        return self._mended(transaction)

    def _mended(self, work: Work[T]) -> T:
        """Do the work; if the file turns out to be damaged, replace it and do it once more."""
        for attempt in (1, 2):
            try:
                with self._locked(shared=True):
                    return work(self._connected())
            except DamagedError as error:
                damage = error
            except UnicodeDecodeError as error:
                damage = DamagedError(f"it has text that is none ({error.reason})")
            except sqlite3.Error as error:
                if _is_mistake(error):
                    raise
                if attempt == 2 or _is_environment(error, self.path):
                    raise self._translated(error) from error
                damage = DamagedError(str(error))
            self._replace(damage)
        raise self._local("it is damaged again and again")

    def _open(self) -> None:
        """Connect to a sound file of the present version, making or replacing it if need be."""
        try:
            with self._locked(shared=True):
                if self.path.exists() and self._connect() == VERSION:
                    return
        except DamagedError as error:
            self._replace(error)
            return
        # It is made or migrated by one process at a time.
        with self._locked(shared=False):
            self._disconnect()
            try:
                self._make()
            except DamagedError as error:
                self._set_aside(error)

    def _connected(self) -> sqlite3.Connection:
        """Return the connection to the file that is at the path now."""
        if self._db is None or self._identity != self._at_path():
            self._disconnect()
            if not self.path.exists() or self._connect() != VERSION:
                # Somebody removed it, or put something else there.
                raise DamagedError("it was replaced while it was open", "replaced")
        assert self._db is not None  # noqa: S101 - connected just now
        return self._db

    def _replace(self, damage: DamagedError) -> None:
        with self._locked(shared=False):
            # Another process may have done so, or it may be gone.
            self._disconnect()
            try:
                self._make()
            except DamagedError as error:
                damage = error
            else:
                return
            self._set_aside(damage)

    def _set_aside(self, damage: DamagedError) -> None:
        """Put an empty journal in the place of the file, with what can be read of it."""
        self._disconnect()
        try:
            aside = set_aside(self.path, damage.why)
        except OSError as error:
            raise self._local(f"{damage}, and it cannot be renamed: {error.strerror}") from error
        try:
            self._make()
            salvaged = copy_readable(aside, self._connected())
        except DamagedError as error:
            raise self._local(str(error)) from error
        except sqlite3.Error as error:
            raise self._translated(error) from error
        self.notes.append(
            f"The journal of transfers could not be used: {damage}. It is kept as {aside.name},"
            f" and a new one was begun. {salvaged.in_words()}"
        )

    def _make(self) -> None:
        """Connect; create or migrate. Raises :class:`DamagedError`."""
        version = self._connect()
        assert self._db is not None  # noqa: S101 - connected just now
        if version == VERSION:
            return
        try:
            migrate(self._db, version)
        except sqlite3.Error as error:
            if _is_environment(error, self.path):
                raise self._translated(error) from error
            raise DamagedError(f"it is not what version {version} should be ({error})") from error

    def _connect(self) -> int:
        """Connect and check, and return the version. Raises :class:`DamagedError`."""
        try:
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self._identity = self._at_path()
            self._db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None)
            self._generation += 1
            return self._check(self._db)
        except OSError as error:
            self._disconnect()
            raise self._local(error.strerror or str(error)) from error
        except sqlite3.Error as error:
            self._disconnect()
            if _is_environment(error, self.path):
                raise self._translated(error) from error
            raise DamagedError(str(error)) from error
        except UnicodeDecodeError as error:  # SQLite quotes what it finds wrong
            self._disconnect()
            raise DamagedError("it has names that are none") from error
        except DamagedError:
            self._disconnect()
            raise

    def _check(self, db: sqlite3.Connection) -> int:
        db.text_factory = as_text
        # Before anything is written: a newer journal is not ours to change.
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        application = int(db.execute("PRAGMA application_id").fetchone()[0])
        if version > VERSION:
            raise DamagedError("it was written by a newer Lacuna", "newer")
        if version < 0 or not is_sound(db, version):
            raise DamagedError("it is not a journal, or not a whole one")
        if version and application != APPLICATION_ID:
            raise DamagedError("it is not a journal of Lacuna")
        if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            # Some network file systems; one process at a time is all they can do.
            db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA foreign_keys = ON")
        thorough = self.path.stat().st_size <= THOROUGH_BYTES
        check = "integrity_check" if thorough else "quick_check"
        found = str(db.execute(f"PRAGMA {check}(1)").fetchone()[0])
        if found != "ok":
            raise DamagedError(found.replace("\n", " ").strip("* "))
        return version

    def _disconnect(self) -> None:
        # If the file has been set aside meanwhile, SQLite sees that it was moved and leaves the
        # log at the path alone, which belongs to its successor.
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _at_path(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    @contextmanager
    def _locked(self, *, shared: bool) -> Generator[None]:
        try:
            lock(self._lock_fd, shared=shared)
        except OSError as error:  # a file system without locks
            raise self._local(f"it cannot be locked: {error.strerror}") from error
        try:
            yield
        finally:
            unlock(self._lock_fd)

    def _local(self, words: str) -> LocalFileError:
        return LocalFileError(
            f"the journal {self.path} cannot be used: {words}",
            hint="Lacuna needs a folder for its data that it may write to, with some room.",
        )

    def _translated(self, error: sqlite3.Error) -> LocalFileError:
        hint = {
            sqlite3.SQLITE_FULL: "The disk is full: make some room.",
            sqlite3.SQLITE_BUSY: "Another Lacuna is busy with it; try again in a moment.",
            sqlite3.SQLITE_READONLY: "Check the permissions of the file and its folder.",
            sqlite3.SQLITE_CANTOPEN: "Check the permissions of the file and its folder.",
        }.get(_code(error))
        translated = self._local(str(error))
        if hint:
            translated.hint = hint
        return translated


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code, 0 if the error is of the Python module."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _is_environment(error: sqlite3.Error, path: Path) -> bool:
    """Whether the error lies in the disk, the permissions or another process."""
    code = _code(error)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        # A damaged header says read-only too, but the file can be written to.
        return not (_is_writable(path) and path.is_file())
    return code in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    )


def _is_mistake(error: sqlite3.Error) -> bool:
    """Whether the error is a defect of this program, and not of the file."""
    return isinstance(
        error, sqlite3.ProgrammingError | sqlite3.IntegrityError | sqlite3.InterfaceError
    )


def _is_writable(path: Path) -> bool:
    sides = (path.with_name(path.name + side) for side in SIDES)
    return os.access(path.parent, os.W_OK) and all(
        os.access(side, os.W_OK) for side in sides if side.exists()
    )
