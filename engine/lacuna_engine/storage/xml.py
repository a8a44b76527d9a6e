"""XML of pools and volumes, in and out (protocol.md 7); the writing half is in `xml_build`.

A daemon is not trusted: no document type, no entities, nothing external, and bounds on the text,
the number of elements and their depth. What is not known is ignored and order does not matter.
Text comes from the wire decoded with ``surrogateescape``; what XML cannot hold is replaced by
U+FFFD before parsing. So names and keys come from the handle of the call: the callers pass them.

Numbers: a *size* that is no whole number from 0 to 2^64-1, or has an unknown unit, is a
`ProtocolError`, because a length that was guessed costs data; a missing one is 0. All others
(mode, owner, times, port, cluster size) are decoration, and None when they make no sense.
"""

from __future__ import annotations

import re
import uuid as uuid_module
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml.ElementTree import ParseError, XMLParser

from lacuna_engine.errors import ProtocolError
from lacuna_engine.storage.names import display_name
from lacuna_engine.storage.records import (
    BackingStore,
    Permissions,
    PoolAdapter,
    PoolDescription,
    PoolHost,
    PoolSource,
    PoolType,
    Timestamps,
    VolumeDescription,
    VolumeType,
)
from lacuna_engine.storage.xml_build import ILLEGAL, pool_xml, volume_xml

__all__ = ["parse_pool", "parse_tree", "parse_volume", "pool_xml", "volume_xml"]

MAX_TEXT = 4 * 1024 * 1024
"""Longest text parsed, in characters: the RPC's own limit for a string (protocol.md 1.4)."""

MAX_DEPTH = 32
"""Deepest nesting; a daemon's own goes to five. Freeing a deep tree would exhaust the stack."""

MAX_ELEMENTS = 65_536
"""Most elements. A large pool's list of free extents takes some thousands."""

_UINT64_MAX = 2**64 - 1
_ID_MAX = 2**32 - 1
_MODE_MAX = 0o7777
_NS = 1_000_000_000

_BLANK = " \t\r\n"

_TIME = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,9}))?")
_UUID = re.compile(r"[0-9a-fA-F]{32}")

# Protocol.md 7.3: K and KiB are 1024, KB is 1000, and so on; compared in lower case.
_UNITS: dict[str, int] = {"": 1, "b": 1, "byte": 1, "bytes": 1} | {
    prefix + suffix: base**power
    for power, prefix in enumerate("kmgtpe", start=1)
    for suffix, base in (("", 1024), ("ib", 1024), ("b", 1000))
}


def parse_pool(
    xml: str, *, name: str | None = None, uuid: uuid_module.UUID | None = None
) -> PoolDescription:
    """A pool's XML as a record (protocol.md 7.1); ``name`` and ``uuid`` override the text's.

    Raises `ProtocolError` if it is no XML, no pool, or has no name, a bad uuid or a bad size.
    """
    root = parse_tree(xml, "pool")
    return PoolDescription(
        name=_name(root, name),
        uuid=uuid or _uuid(_text(root, "uuid")),
        type=PoolType(root.get("type", "")),
        capacity=_size(root, "capacity"),
        allocation=_size(root, "allocation"),
        available=_size(root, "available"),
        source=_source(root.find("source")),
        target_path=_text(root, "target/path"),
        permissions=_permissions(root.find("target/permissions")),
    )


def parse_volume(xml: str, *, name: str | None = None, key: str | None = None) -> VolumeDescription:
    """A volume's XML as a record (protocol.md 7.2); ``name`` and ``key`` override the text's.

    Raises `ProtocolError` if it is no XML, no volume, or has no name or a bad size.
    """
    root = parse_tree(xml, "volume")
    features = root.find("target/features")
    return VolumeDescription(
        name=_name(root, name),
        key=_text(root, "key") if key is None else key,
        type=VolumeType(root.get("type", "")),
        capacity=_size(root, "capacity"),
        allocation=_size(root, "allocation"),
        physical=_size(root, "physical"),
        path=_text(root, "target/path"),
        format=_attribute(root, "target/format", "type"),
        permissions=_permissions(root.find("target/permissions")),
        timestamps=_timestamps(root.find("target/timestamps")),
        backing=_backing(root.find("backingStore")),
        compat=_text(root, "target/compat").strip(_BLANK),
        cluster_size=_scaled(root.find("target/clusterSize")),
        features=() if features is None else tuple(child.tag for child in features),
        encrypted=root.find("target/encryption") is not None,
    )


class _BoundedBuilder(TreeBuilder):
    """Builds the tree and stops at the first element too many or too deep."""

    def __init__(self, max_depth: int) -> None:
        super().__init__()
        self._max_depth = max_depth
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > self._max_depth or self._count > MAX_ELEMENTS:
            raise ProtocolError("the daemon's XML has too many elements or nests them too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_tree(xml: str, kind: str, *, max_depth: int = MAX_DEPTH) -> Element:
    """Parse XML whose root is a ``kind``, within the bounds. Raises `ProtocolError`."""
    if len(xml) > MAX_TEXT:
        raise ProtocolError(f"the daemon's XML is {len(xml)} characters long, limit {MAX_TEXT}")
    parser = XMLParser(target=_BoundedBuilder(max_depth), forbid_dtd=True)
    try:
        parser.feed(ILLEGAL.sub("\ufffd", xml))
        root: Element = parser.close()
    except ParseError as error:
        raise ProtocolError(f"the daemon's XML is not well-formed: {error}") from error
    except ValueError as error:  # defusedxml's refusals, and the parser's of odd encodings
        raise ProtocolError("the daemon's XML declares a document type or entities") from error
    if root.tag != kind:
        raise ProtocolError(f"the daemon's XML describes a {_short(root.tag)}, not a {kind}")
    return root


def _short(text: str) -> str:
    shown = display_name(text[:60])
    return f"'{shown}'" if len(text) <= 60 else f"'{shown}…'"


def _text(root: Element, path: str) -> str:
    return root.findtext(path) or ""


def _attribute(root: Element, path: str, attribute: str) -> str:
    element = root.find(path)
    return "" if element is None else element.get(attribute, "")


def _name(root: Element, override: str | None) -> str:
    name = _text(root, "name") if override is None else override
    if not name:
        raise ProtocolError(f"the daemon's XML of a {root.tag} has no name")
    return name


def _uuid(text: str) -> uuid_module.UUID | None:
    digits = text.strip(_BLANK).replace("-", "")
    if not digits:
        return None
    if not _UUID.fullmatch(digits):
        raise ProtocolError(f"the daemon's XML has no valid uuid: {_short(text)}")
    return uuid_module.UUID(hex=digits)


def _size(root: Element, tag: str) -> int:
    element = root.find(tag)
    if element is None:
        return 0
    size = _scaled(element)
    if size is None:
        value = f"{element.text or ''} {element.get('unit', '')}"
        raise ProtocolError(f"the daemon's XML has a {tag} that is no size: {_short(value)}")
    return size


def _scaled(element: Element | None) -> int | None:
    """Bytes of an element with a unit; None if there is none, or it is no size under 2^64."""
    if element is None:
        return None
    number = _number(element.text, _UINT64_MAX)
    factor = _UNITS.get(element.get("unit", "").strip(_BLANK).lower())
    if number is None or factor is None or number * factor > _UINT64_MAX:
        return None
    return number * factor


def _number(text: str | None, limit: int, base: int = 10) -> int | None:
    """A plain number from 0 to ``limit``: only digits, no sign, no underscores."""
    digits = (text or "").strip(_BLANK)
    # Python would read other scripts' digits too, and refuses very long numbers.
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 64:
        return None
    try:
        value = int(digits, base)
    except ValueError:  # an 8 or 9 among octal digits
        return None
    return value if value <= limit else None


def _permissions(element: Element | None) -> Permissions | None:
    if element is None:
        return None
    return Permissions(
        mode=_number(element.findtext("mode"), _MODE_MAX, 8),
        owner=_id(element.findtext("owner")),
        group=_id(element.findtext("group")),
        label=element.findtext("label") or None,
    )


def _id(text: str | None) -> int | None:
    """A user or group id. A daemon prints them signed, and -1 for "not set"."""
    digits = (text or "").strip(_BLANK)
    if digits.startswith("-"):
        value = _number(digits[1:], 2**31)
        return None if value is None or value < 2 else _ID_MAX + 1 - value
    return _number(digits, _ID_MAX - 1)


def _timestamps(element: Element | None) -> Timestamps | None:
    if element is None:
        return None
    return Timestamps(
        access=_time(element.findtext("atime")),
        modification=_time(element.findtext("mtime")),
        change=_time(element.findtext("ctime")),
        # 0 is what Linux hosts report when they do not know (protocol.md 7.2).
        birth=_time(element.findtext("btime")) or None,
    )


def _time(text: str | None) -> int | None:
    """Nanoseconds of ``seconds[.fraction]``."""
    match = _TIME.fullmatch((text or "").strip(_BLANK))
    if match is None or int(match[1]) > _UINT64_MAX:
        return None
    seconds = int(match[1])
    # Printed unsigned, so a time before 1970 shows as a huge one.
    if seconds > _UINT64_MAX // 2:
        seconds -= _UINT64_MAX + 1
    return seconds * _NS + int((match[2] or "").ljust(9, "0"))


def _backing(element: Element | None) -> BackingStore | None:
    path = "" if element is None else _text(element, "path")
    if element is None or not path:
        return None
    return BackingStore(path, _attribute(element, "format", "type"))


def _source(element: Element | None) -> PoolSource:
    if element is None:
        return PoolSource()
    hosts = ((host.get("name", ""), host.get("port")) for host in element.iterfind("host"))
    devices = (device.get("path", "") for device in element.iterfind("device"))
    return PoolSource(
        hosts=tuple(PoolHost(name, _number(port, 65535)) for name, port in hosts if name),
        devices=tuple(path for path in devices if path),
        directory=_attribute(element, "dir", "path"),
        adapter=_adapter(element.find("adapter")),
        name=_text(element, "name"),
        initiator=_attribute(element, "initiator/iqn", "name"),
        format=_attribute(element, "format", "type"),
    )


def _adapter(element: Element | None) -> PoolAdapter | None:
    if element is None:
        return None
    return PoolAdapter(
        *(element.get(field, "") for field in ("type", "name", "parent", "wwnn", "wwpn"))
    )
