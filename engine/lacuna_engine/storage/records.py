"""What the storage API says about pools and volumes: frozen records and open enumerations.

Records only: nothing here talks to a daemon, parses XML or opens a file. All sizes are bytes, all
times nanoseconds since the Unix epoch. What a daemon says and we have no word for is kept as data,
never refused (protocol.md 8, policy 4): an enumeration gives a member for any value.
"""

from __future__ import annotations

import uuid as uuid_module
from enum import IntEnum, StrEnum
from typing import NamedTuple, Self

__all__ = [
    "BackingStore",
    "Permissions",
    "PoolAdapter",
    "PoolDescription",
    "PoolHost",
    "PoolInfo",
    "PoolSource",
    "PoolState",
    "PoolType",
    "Timestamps",
    "VolumeDescription",
    "VolumeInfo",
    "VolumeType",
]


class PoolState(IntEnum):
    """What a pool is doing (protocol.md 3.6). Any other number is a member without a known name."""

    INACTIVE = 0
    BUILDING = 1
    RUNNING = 2
    DEGRADED = 3
    INACCESSIBLE = 4

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        # Not remembered in the class: a peer must not be able to make it grow.
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def __reduce_ex__(self, _proto: object) -> tuple[type[Self], tuple[int]]:
        # By value: early releases of Python 3.11 look for the name, which the class need not have.
        return type(self), (self._value_,)

    @property
    def is_known(self) -> bool:
        """Whether this version of Lacuna has a name for the state."""
        return self._name_ in type(self).__members__


class _OpenName(StrEnum):
    """An enumeration of names to which newer daemons may add: any string is a member."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def __reduce_ex__(self, _proto: object) -> tuple[type[Self], tuple[str]]:
        # By value, as above.
        return type(self), (self._value_,)

    @property
    def is_known(self) -> bool:
        """Whether this version of Lacuna knows the value."""
        return self._name_ in type(self).__members__


class PoolType(_OpenName):
    """A pool's kind by its name in XML (protocol.md 3.6), in the order of libvirt's numbers."""

    DIR = "dir"
    FS = "fs"
    NETFS = "netfs"
    LOGICAL = "logical"
    DISK = "disk"
    ISCSI = "iscsi"
    ISCSI_DIRECT = "iscsi-direct"
    SCSI = "scsi"
    MPATH = "mpath"
    RBD = "rbd"
    SHEEPDOG = "sheepdog"
    GLUSTER = "gluster"
    ZFS = "zfs"
    VSTORAGE = "vstorage"


class VolumeType(_OpenName):
    """A volume's kind by its name in XML (protocol.md 3.6), in the order of libvirt's numbers."""

    FILE = "file"
    BLOCK = "block"
    DIR = "dir"
    NETWORK = "network"
    NETDIR = "netdir"
    PLOOP = "ploop"

    @classmethod
    def from_number(cls, number: int) -> Self:
        """The kind for the number in a GET_INFO reply; ``unknown(7)`` for one without a name."""
        members = list(cls)
        if 0 <= number < len(members):
            return members[number]
        return cls(f"unknown({number})")


class Permissions(NamedTuple):
    """Owner and mode of a file or folder on the daemon's host; None is "not told".

    ``mode`` is the permission bits (0 to 0o7777), ``owner`` and ``group`` are numeric ids and
    ``label`` is the security label, which a daemon reports and ignores when it creates.
    """

    mode: int | None = None
    owner: int | None = None
    group: int | None = None
    label: str | None = None


class Timestamps(NamedTuple):
    """Times of a volume's file, in nanoseconds since the epoch; None is "not told".

    ``birth`` is None on Linux hosts, where daemons report 0 for it (protocol.md 7.2).
    """

    access: int | None = None
    modification: int | None = None
    change: int | None = None
    birth: int | None = None


class PoolInfo(NamedTuple):
    """A pool's state and sizes in bytes, as of its last refresh (protocol.md 3.3, 3.4)."""

    state: PoolState
    capacity: int
    allocation: int
    available: int


class VolumeInfo(NamedTuple):
    """A volume's kind and sizes in bytes, looked up afresh by the daemon (protocol.md 3.4).

    ``capacity`` is for display only: for image formats it comes from the image's own header, which
    can claim up to 2^64-1 (protocol.md 5.4). The bytes to transfer are ``physical``.
    """

    type: VolumeType
    capacity: int
    allocation: int
    physical: int


class PoolHost(NamedTuple):
    """A host a network pool draws from; ``port`` is None when it is the protocol's default."""

    name: str
    port: int | None = None


class PoolAdapter(NamedTuple):
    """A ``scsi`` pool's adapter: by name (``scsi_host``) or world wide names (``fc_host``)."""

    type: str = ""
    name: str = ""
    parent: str = ""
    wwnn: str = ""
    wwpn: str = ""


class PoolSource(NamedTuple):
    """Where a pool's storage comes from (protocol.md 7.1). All empty for a ``dir`` pool.

    ``devices`` are paths on the daemon's host, ``name`` the volume group or remote pool,
    ``initiator`` an iSCSI qualified name.
    """

    hosts: tuple[PoolHost, ...] = ()
    devices: tuple[str, ...] = ()
    directory: str = ""
    adapter: PoolAdapter | None = None
    name: str = ""
    initiator: str = ""
    format: str = ""


class PoolDescription(NamedTuple):
    """A pool as its XML describes it (protocol.md 7.1). Sizes in bytes, 0 if it never ran.

    ``target_path`` is empty for pools without one (rbd, gluster, iscsi-direct).
    """

    name: str
    uuid: uuid_module.UUID | None
    type: PoolType
    capacity: int = 0
    allocation: int = 0
    available: int = 0
    source: PoolSource = PoolSource()
    target_path: str = ""
    permissions: Permissions | None = None


class BackingStore(NamedTuple):
    """The image below an overlay. A missing or remote one is shown as raw (protocol.md 7.2)."""

    path: str
    format: str = ""


class VolumeDescription(NamedTuple):
    """A volume as its XML describes it (protocol.md 7.2). Sizes in bytes.

    ``capacity`` is for display only (see `VolumeInfo`). ``physical`` is the byte length, 0 when
    the daemon does not tell. Bytes of ``path`` that are not UTF-8 are lost in XML and show as
    U+FFFD: ask for the path itself where it matters.
    """

    name: str
    key: str
    type: VolumeType
    capacity: int = 0
    allocation: int = 0
    physical: int = 0
    path: str = ""
    format: str = ""
    permissions: Permissions | None = None
    timestamps: Timestamps | None = None
    backing: BackingStore | None = None
    compat: str = ""
    cluster_size: int | None = None
    features: tuple[str, ...] = ()
    encrypted: bool = False
