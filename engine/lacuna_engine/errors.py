"""Every error of the engine.

The tree::

    LacunaError
    ├── UsageError                     the request itself is wrong                        exit 2
    │   └── ForbiddenStepError         a job is in no state for that (in journal.states)
    ├── ConnectError                   no usable connection to the daemon                 exit 3
    │   ├── UnreachableError           nothing answers there
    │   └── AuthenticationError        the daemon does not let us in
    ├── ConnectionLostError            an established connection ended      (retryable)
    │   └── PeerSilentError            keepalive patience ran out           (retryable)
    ├── CallTimeoutError               one call took longer than its limit  (retryable)
    ├── ProtocolError                  the peer broke the protocol
    │   └── XdrError                   bytes that are no valid XDR
    ├── RemoteError                    the daemon answered with an error
    │   ├── PoolNotFoundError          code 49
    │   ├── VolumeNotFoundError        code 50
    │   ├── VolumeExistsError          code 90
    │   ├── VolumeBusyError            code 55 while another call opens it  (retryable)
    │   ├── InvalidOperationError      code 55 otherwise
    │   │   └── PoolInactiveError      found before the daemon was asked for more
    │   ├── ReadOnlyError              code 29
    │   ├── RemoteWriteError           a stream's write failed, the reason is lost
    │   ├── NotSupportedError          codes 3, 8, 67, 74, 84, 39 unknown procedure
    │   └── RemoteSystemError          code 38, the daemon's errno in ``errno``
    │       └── RemoteNoSpaceError     errno 28
    ├── TransferError                  a transfer did not do what was asked
    │   ├── ExistsError                the destination exists                             exit 4
    │   ├── VolumeInUseError           a running virtual machine uses it
    │   ├── NoSpaceError               not enough room, found before the first byte
    │   ├── SourceChangedError         the source changed while it was read
    │   ├── DestinationChangedError    what had arrived is no longer there
    │   ├── NotProvedError             the data could not be shown to have arrived
    │   └── VerificationError          read back, and it is different                     exit 5
    └── LocalFileError                 a local file cannot be read or written

An error says what happened (its text), and where known why and what to do (``hint``). Whether
trying again can help is a property of the error (``remedy``), never a guess of the caller.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

__all__ = [
    "AuthenticationError",
    "CallTimeoutError",
    "ConnectError",
    "ConnectionLostError",
    "DestinationChangedError",
    "ExistsError",
    "InvalidOperationError",
    "LacunaError",
    "LocalFileError",
    "NoSpaceError",
    "NotProvedError",
    "NotSupportedError",
    "PeerSilentError",
    "PoolInactiveError",
    "PoolNotFoundError",
    "ProtocolError",
    "ReadOnlyError",
    "Remedy",
    "RemoteError",
    "RemoteNoSpaceError",
    "RemoteSystemError",
    "RemoteWriteError",
    "SourceChangedError",
    "TransferError",
    "UnreachableError",
    "UsageError",
    "VerificationError",
    "VolumeBusyError",
    "VolumeExistsError",
    "VolumeInUseError",
    "VolumeNotFoundError",
    "XdrError",
]


class Remedy(StrEnum):
    """What can make the same request succeed later."""

    NONE = "none"
    """Nothing: it is wrong in itself, or what it asks for is not there."""
    WAIT = "wait"
    """Time: the link, the daemon or another client may be back in a moment."""
    USER = "user"
    """Somebody who makes room, gives a password, or agrees to what has changed."""


class LacunaError(Exception):
    """Base of all errors raised on purpose.

    ``hint`` is one sentence for the user on what to do, or empty. ``exit_code`` is what the
    command line returns for it.
    """

    remedy: ClassVar[Remedy] = Remedy.NONE
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def retryable(self) -> bool:
        """Whether a later try may succeed though nobody does anything."""
        return self.remedy is Remedy.WAIT


class UsageError(LacunaError):
    """The request is wrong in itself: a bad URI, name or option."""

    exit_code = 2


class ConnectError(LacunaError):
    """No usable connection to the daemon could be made."""

    exit_code = 3


class UnreachableError(ConnectError):
    """Nothing answers at the address, or it may not be opened."""

    remedy = Remedy.WAIT


class AuthenticationError(ConnectError):
    """The daemon does not let this user in."""

    remedy = Remedy.USER


class ConnectionLostError(LacunaError):
    """An established connection ended before its work was done."""

    remedy = Remedy.WAIT


class PeerSilentError(ConnectionLostError):
    """The peer has been silent for longer than the keepalive patience."""


class CallTimeoutError(LacunaError):
    """A call was not answered within its limit. The connection stays usable."""

    remedy = Remedy.WAIT


class ProtocolError(LacunaError):
    """The peer sent something that breaks the protocol; the connection is closed."""


class XdrError(ProtocolError):
    """Bytes that are not a valid XDR encoding of what was expected, or a value out of range."""


class RemoteError(LacunaError):
    """The daemon answered a call or ended a stream with an error.

    ``code`` and ``domain`` are libvirt's numbers (protocol.md 3.7 and 3.8); unknown ones are
    kept. ``errno`` is the daemon's system error where the code says it is one, else 0.
    """

    def __init__(
        self, message: str, *, code: int, domain: int = 0, errno: int = 0, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.domain = domain
        self.errno = errno


class PoolNotFoundError(RemoteError):
    """The daemon knows no such pool (code 49)."""


class VolumeNotFoundError(RemoteError):
    """The pool has no such volume (code 50)."""


class VolumeExistsError(RemoteError):
    """A volume of that name exists already (code 90)."""


class VolumeBusyError(RemoteError):
    """Another call is opening, cloning or wiping the volume or its pool; a short wait helps."""

    remedy = Remedy.WAIT


class InvalidOperationError(RemoteError):
    """Not possible in the present state, for example on an inactive pool (code 55)."""

    remedy = Remedy.USER


class PoolInactiveError(InvalidOperationError):
    """The pool is not active; its text is Lacuna's own, not the daemon's."""


class ReadOnlyError(RemoteError):
    """The connection is read-only (code 29)."""

    remedy = Remedy.USER


class RemoteWriteError(RemoteError):
    """The daemon could not write to a volume and lost the reason (protocol.md 4.6)."""

    remedy = Remedy.USER


class NotSupportedError(RemoteError):
    """The daemon, its driver or the pool type cannot do this."""


class RemoteSystemError(RemoteError):
    """A system call failed on the daemon's host; ``errno`` tells which way."""

    remedy = Remedy.USER


class RemoteNoSpaceError(RemoteSystemError):
    """The file system or device on the daemon's host is full."""


class TransferError(LacunaError):
    """A transfer did not do what was asked."""


class ExistsError(TransferError):
    """The destination exists and the policy is not to touch it."""

    remedy = Remedy.USER
    exit_code = 4


class VolumeInUseError(TransferError):
    """A running virtual machine uses the volume that is to be written to."""

    remedy = Remedy.USER


class NoSpaceError(TransferError):
    """There is not enough room at the destination; found before or while writing."""

    remedy = Remedy.USER


class SourceChangedError(TransferError):
    """The source changed while it was read, so the copy would be a mixture."""

    remedy = Remedy.USER


class DestinationChangedError(TransferError):
    """What an interrupted transfer had brought there is not there any more, or different."""

    remedy = Remedy.USER


class NotProvedError(TransferError):
    """The daemon agreed, but the data could not be shown to have arrived."""

    remedy = Remedy.USER


class VerificationError(TransferError):
    """Read back, the destination differs from the source."""

    remedy = Remedy.USER
    exit_code = 5


class LocalFileError(LacunaError):
    """A local file or folder cannot be read or written."""

    remedy = Remedy.USER
