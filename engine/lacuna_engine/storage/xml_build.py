"""XML for creating pools and volumes (protocol.md 7.1 and 7.3): records to text.

Text is escaped as the daemon itself does it (protocol.md 7). What XML cannot carry, or a daemon is
known to refuse or to misunderstand, is refused here with `UsageError`.
"""

from __future__ import annotations

import re
import uuid as uuid_module
from collections.abc import Iterable

from lacuna_engine.errors import UsageError
from lacuna_engine.storage.names import display_name, validate_volume_name
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    PoolSource,
    PoolType,
)

__all__ = ["ILLEGAL", "pool_xml", "volume_xml"]

ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no way to say, not even by number."""

_UINT64_MAX = 2**64 - 1
_NO_ID = 2**32 - 1
"""The system calls' "leave as it is", so no user or group has this id."""
_MODE_MAX = 0o7777

# Newlines and tabs stand raw in elements, as daemons write and expect them. In attributes a parser
# turns raw ones into spaces, so there they go by number.
_IN_TEXT = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "'": "&apos;",
    '"': "&quot;",
    "\r": "&#13;",
}
_TEXT_TABLE = str.maketrans(_IN_TEXT)
_ATTRIBUTE_TABLE = str.maketrans(_IN_TEXT | {"\n": "&#10;", "\t": "&#9;"})

_FOLDER_POOLS = frozenset({PoolType.DIR, PoolType.FS, PoolType.NETFS, PoolType.VSTORAGE})
"""Pools whose volumes are files in a folder, so that one must be given."""


def volume_xml(
    name: str,
    *,
    capacity: int | None = 0,
    allocation: int = 0,
    format: str | None = "raw",  # noqa: A002 - the element's own name
    permissions: Permissions | None = None,
    backing: BackingStore | None = None,
) -> str:
    """XML to create a volume (protocol.md 7.3). Sizes are bytes, from 0 to 2^64-1.

    ``allocation`` is always written: without it a daemon allocates everything. ``capacity`` None
    leaves it to the backing store or the volume cloned; ``format`` None to the pool's default.
    A permission that is None, and the label, are not written.

    Raises `UsageError` for a bad name (5.5) or size, or text that XML cannot carry.
    """
    validate_volume_name(name)
    target = [] if format is None else [_leaf("format", type=_needed("format", format))]
    children = [
        _leaf("name", name),
        *([] if capacity is None else [_size_leaf("capacity", capacity)]),
        _size_leaf("allocation", allocation),
        _node("target", [*target, *_permission_nodes(permissions)]),
    ]
    if backing is not None:
        below = [_leaf("path", _needed("backing file's path", backing.path))]
        below += [_leaf("format", type=backing.format)] if backing.format else []
        children.append(_node("backingStore", below))
    return _node("volume", children)


def pool_xml(
    name: str,
    type: str = "dir",  # noqa: A002 - the attribute's own name
    *,
    path: str | None = None,
    uuid: uuid_module.UUID | None = None,
    source: PoolSource | None = None,
    permissions: Permissions | None = None,
) -> str:
    """XML to define or create a pool (protocol.md 7.1). ``path`` is on the daemon's host.

    Without ``uuid`` the daemon makes one; give the pool's own to redefine it (5.9).

    Raises `UsageError` for a bad name, a missing or relative path, or text XML cannot carry.
    """
    if "/" in _needed("pool's name", name) or "\n" in name:
        raise UsageError(
            f"A pool's name must not contain a slash or a newline: '{display_name(name)}'."
        )
    children = [_leaf("name", name)]
    if uuid is not None:
        children.append(_leaf("uuid", str(uuid)))
    if source is not None:
        children.append(_node("source", _source_nodes(source)))
    if path is not None:
        # A daemon takes a relative one, which then depends on where the daemon was started.
        if not path.startswith("/"):
            raise UsageError(f"A pool's path must be absolute: '{display_name(path)}'.")
        children.append(_node("target", [_leaf("path", path), *_permission_nodes(permissions)]))
    elif type in _FOLDER_POOLS:
        raise UsageError(f"A pool of type {type} needs a path.")
    return _node("pool", children, type=_needed("pool's type", type))


def _source_nodes(source: PoolSource) -> Iterable[str]:
    for host in source.hosts:
        port = {} if host.port is None else {"port": str(host.port)}
        yield _leaf("host", name=_needed("host's name", host.name), **port)
    for device in source.devices:
        yield _leaf("device", path=_needed("device's path", device))
    if source.directory:
        yield _leaf("dir", path=source.directory)
    if (adapter := source.adapter) is not None:
        fields = ("type", "name", "parent", "wwnn", "wwpn")
        values = {field: str(getattr(adapter, field)) for field in fields}
        yield _leaf("adapter", **{field: value for field, value in values.items() if value})
    if source.name:
        yield _leaf("name", source.name)
    if source.initiator:
        yield _node("initiator", [_leaf("iqn", name=source.initiator)])
    if source.format:
        yield _leaf("format", type=source.format)


def _permission_nodes(permissions: Permissions | None) -> list[str]:
    if permissions is None:
        return []
    children: list[str] = []
    if permissions.mode is not None:
        if not 0 <= permissions.mode <= _MODE_MAX:
            raise UsageError(f"A file's mode must be from 0 to 7777 octal: {permissions.mode:o}.")
        children.append(_leaf("mode", f"{permissions.mode:04o}"))
    for tag, number in (("owner", permissions.owner), ("group", permissions.group)):
        if number is not None:
            if not 0 <= number < _NO_ID:
                raise UsageError(f"A file's {tag} must be from 0 to {_NO_ID - 1}: {number}.")
            children.append(_leaf(tag, str(number)))
    return [_node("permissions", children)] if children else []


def _size_leaf(tag: str, size: int) -> str:
    if not 0 <= size <= _UINT64_MAX:
        raise UsageError(f"A volume's {tag} must be from 0 to {_UINT64_MAX} bytes: {size}.")
    return _leaf(tag, str(size), unit="bytes")


def _needed(what: str, text: str) -> str:
    if not text:
        raise UsageError(f"The {what} must not be empty.")
    return text


def _leaf(tag: str, text: str = "", **attributes: str) -> str:
    return _node(tag, [_carried(text).translate(_TEXT_TABLE)] if text else [], **attributes)


def _node(tag: str, children: Iterable[str], **attributes: str) -> str:
    head = "".join(
        f" {name}='{_carried(value).translate(_ATTRIBUTE_TABLE)}'"
        for name, value in attributes.items()
    )
    body = "".join(children)
    return f"<{tag}{head}>{body}</{tag}>" if body else f"<{tag}{head}/>"


def _carried(text: str) -> str:
    if bad := ILLEGAL.search(text):
        raise UsageError(
            f"XML cannot carry the character '{display_name(bad[0])}': '{display_name(text)}'."
        )
    return text
