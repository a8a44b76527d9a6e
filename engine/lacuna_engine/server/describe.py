"""XML as the server writes it, and what it takes from a client's (protocol.md 7). Pure.

Out: the daemon's own text, element for element, from the records of `storage`. Names that are not
UTF-8 go out as the bytes they are (surrogates here), as the daemon sends them. In: `VolumeRequest`
and `PoolRequest`, read as strictly as the daemon reads, with its errors (protocol.md 5.5, 5.9). A
client is not trusted: no document type, no entities, and bounds on text, elements and depth.
"""

from __future__ import annotations

import re
import uuid as uuid_module
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import errors

from defusedxml.ElementTree import ParseError, XMLParser

from lacuna_engine.rpc.failure import Code, Domain
from lacuna_engine.server import refusal
from lacuna_engine.storage.records import (
    Permissions,
    PoolDescription,
    PoolType,
    Timestamps,
    VolumeDescription,
)
from lacuna_engine.storage.xml_build import ILLEGAL

__all__ = [
    "PoolRequest",
    "VolumeRequest",
    "no_backend",
    "pool_xml",
    "read_pool_request",
    "read_volume_request",
    "volume_xml",
]

MAX_TEXT = 4 * 1024 * 1024
MAX_ELEMENTS = 4096
MAX_DEPTH = 32
MAX_SHOWN = 80
"""Characters of a line that is shown in an error."""

MAX_POOL_NAME = 251
"""Bytes; the daemon keeps a pool in a file of its name and ``.xml``. Names are in every answer that
lists pools, and in every event, so a long one would cost others."""
MAX_PATH = 4096
"""Bytes of a path that no system call takes (PATH_MAX)."""

_UINT64_MAX = 2**64 - 1
_ID_MAX = 2**32 - 2
_NS = 1_000_000_000
_BLANK = " \t\r\n"
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;", "\r": "&#13;"}
)
_SUFFIX = re.compile(r"([kmgtpe])(ib|b)?", re.IGNORECASE | re.ASCII)
_UUID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


# --- out -----------------------------------------------------------------------------------------


def pool_xml(description: PoolDescription) -> str:
    """A ``dir`` pool's XML (protocol.md 7.1)."""
    lines = [f"<pool type='{_text(description.type)}'>", *_leaf(1, "name", description.name)]
    if description.uuid is not None:
        lines += _leaf(1, "uuid", str(description.uuid))
    lines += _size(1, "capacity", description.capacity)
    lines += _size(1, "allocation", description.allocation)
    lines += _size(1, "available", description.available)
    lines += ["  <source>", "  </source>", "  <target>", *_leaf(2, "path", description.target_path)]
    lines += _permissions(2, description.permissions)
    lines += ["  </target>", "</pool>", ""]
    return "\n".join(lines)


def volume_xml(description: VolumeDescription) -> str:
    """A volume's XML (protocol.md 7.2). Encryption has no XML here."""
    lines = [
        f"<volume type='{_text(description.type)}'>",
        *_leaf(1, "name", description.name),
        *_leaf(1, "key", description.key),
        *_size(1, "capacity", description.capacity),
        *_size(1, "allocation", description.allocation),
    ]
    if description.physical:
        lines += _size(1, "physical", description.physical)
    lines += ["  <target>", *_leaf(2, "path", description.path)]
    if description.format:
        lines.append(f"    <format type='{_text(description.format)}'/>")
    lines += _permissions(2, description.permissions)
    lines += _timestamps(2, description.timestamps)
    if description.compat:
        lines += _leaf(2, "compat", description.compat)
    if description.cluster_size is not None:
        lines.append(f"    <clusterSize unit='B'>{description.cluster_size}</clusterSize>")
    if description.features:
        names = (f"      <{name}/>" for name in description.features)
        lines += ["    <features>", *names, "    </features>"]
    lines += ["  </target>", *_backing(description), "</volume>", ""]
    return "\n".join(lines)


def _backing(description: VolumeDescription) -> Iterator[str]:
    backing = description.backing
    if backing is None:
        return
    yield "  <backingStore>"
    yield from _leaf(2, "path", backing.path)
    if backing.format:
        yield f"    <format type='{_text(backing.format)}'/>"
    yield "  </backingStore>"


def _permissions(depth: int, permissions: Permissions | None) -> Iterator[str]:
    if permissions is None or permissions == Permissions():
        return
    indent = "  " * depth
    yield f"{indent}<permissions>"
    if permissions.mode is not None:
        yield from _leaf(depth + 1, "mode", f"0{permissions.mode:o}")
    for tag, number in (("owner", permissions.owner), ("group", permissions.group)):
        if number is not None:
            # Signed, as the daemon prints them.
            yield from _leaf(depth + 1, tag, str(number - 2**32 if number >= 2**31 else number))
    if permissions.label:
        yield from _leaf(depth + 1, "label", permissions.label)
    yield f"{indent}</permissions>"


def _timestamps(depth: int, times: Timestamps | None) -> Iterator[str]:
    if times is None:
        return
    indent = "  " * depth
    yield f"{indent}<timestamps>"
    tags = ("atime", times.access), ("mtime", times.modification), ("ctime", times.change)
    for tag, time in tags:
        if time is not None:
            yield from _leaf(depth + 1, tag, _time(time))
    yield from _leaf(depth + 1, "btime", _time(times.birth or 0))
    yield f"{indent}</timestamps>"


def _time(time: int) -> str:
    """Seconds, and nine digits if there is a fraction; unsigned, as the daemon prints them."""
    seconds, rest = divmod(time, _NS)
    return f"{seconds % (_UINT64_MAX + 1)}" + (f".{rest:09d}" if rest else "")


def _size(depth: int, tag: str, size: int) -> Iterator[str]:
    yield f"{'  ' * depth}<{tag} unit='bytes'>{size}</{tag}>"


def _leaf(depth: int, tag: str, text: str) -> Iterator[str]:
    yield f"{'  ' * depth}<{tag}>{_text(text)}</{tag}>"


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


# --- in ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VolumeRequest:
    """A volume to be made (protocol.md 7.3); sizes in bytes, None or empty is "not said"."""

    name: str
    capacity: int | None = None
    allocation: int | None = None
    format: str = ""
    permissions: Permissions = field(default_factory=Permissions)
    compat: str = ""
    cluster_size: int | None = None
    backing: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """A pool to be defined (protocol.md 7.1); ``mode`` is for a folder that has to be made."""

    name: str
    type: PoolType
    path: str
    uuid: uuid_module.UUID | None = None
    mode: int | None = None


def read_volume_request(xml: str) -> VolumeRequest:
    """Read a client's volume XML.

    Raises:
        Refusal: with code 35, 27, 8 or 82, as the daemon does (protocol.md 5.5).
    """
    root = _parse(xml, "volume")
    name = root.findtext("name") or ""
    if not name:
        raise xml_error("missing volume name element")
    if "\r" in name:  # it could be listed by nobody
        raise refusal.in_words(Code.XML_DETAIL, "a volume's name contains a carriage return")
    form = root.find("target/format")
    return VolumeRequest(
        name=name,
        capacity=_scaled(root, "capacity"),
        allocation=_scaled(root, "allocation"),
        format="" if form is None else form.get("type", ""),
        permissions=_wanted_permissions(root.find("target/permissions")),
        compat=(root.findtext("target/compat") or "").strip(_BLANK),
        cluster_size=_scaled(root, "target/clusterSize"),
        backing=bool(root.findtext("backingStore/path")),
        encrypted=root.find("target/encryption") is not None,
    )


def read_pool_request(xml: str) -> PoolRequest:
    """Read a client's pool XML. Other types than ``dir`` are known but not to be had.

    Raises:
        Refusal: with code 35, 27, or 1 for a type that is known (protocol.md 5.9).
    """
    root = _parse(xml, "pool")
    kind = _pool_type(root)
    name = root.findtext("name") or ""
    if not name:
        raise xml_error("missing pool source name element")
    if "/" in name:
        raise xml_error(f"name {name} cannot contain '/'")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_POOL_NAME:
        raise xml_error(f"a pool's name is longer than {MAX_POOL_NAME} bytes")
    if "\n" in name or "\r" in name:
        raise refusal.in_words(Code.XML_DETAIL, "a pool's name contains a newline")
    if not (path := root.findtext("target/path") or ""):
        raise xml_error("missing storage pool target path")
    if len(path.encode("utf-8", "surrogateescape")) >= MAX_PATH:
        raise xml_error(f"a storage pool's target path is {MAX_PATH} bytes or longer")
    mode = _wanted_permissions(root.find("target/permissions")).mode
    return PoolRequest(name, kind, path, _uuid(root.findtext("uuid")), mode)


def xml_error(text: str, *, domain: int = Domain.STORAGE) -> refusal.Refusal:
    """The XML is well-formed but says nothing that can be done (27)."""
    return refusal.in_words(Code.XML_ERROR, text, "XML error: %s", domain=domain)


def _pool_type(root: Element) -> PoolType:
    text = root.get("type")
    if text is None:
        raise xml_error("Missing required attribute 'type' in element 'pool'", domain=5)
    kind = PoolType(text)
    if not kind.is_known:
        text = f"Invalid value for attribute 'type' in element 'pool': '{text}'."
        raise xml_error(text, domain=5)
    if kind != PoolType.DIR:
        raise no_backend(kind)
    return kind


def no_backend(kind: PoolType) -> refusal.Refusal:
    """A type of pool that is known, but not to be had here (1)."""
    number = list(PoolType).index(kind)
    return refusal.internal(f"missing backend for pool type {number} ({kind})")


def _uuid(text: str | None) -> uuid_module.UUID | None:
    if not text:
        return None
    digits = text.strip(_BLANK).replace("-", "")
    if not _UUID.fullmatch(digits):
        raise xml_error("malformed uuid element")
    return uuid_module.UUID(hex=digits)


def _wanted_permissions(element: Element | None) -> Permissions:
    if element is None:
        return Permissions()
    mode = element.findtext("mode")
    if mode is not None and not re.fullmatch(r"[0-7]{1,8}", mode.strip(_BLANK)):
        raise xml_error("malformed octal mode")
    bits = None if mode is None else int(mode, 8)
    if bits is not None and bits > 0o777:
        raise xml_error("malformed octal mode")
    return Permissions(bits, _id(element, "owner"), _id(element, "group"))


def _id(element: Element, tag: str) -> int | None:
    text = element.findtext(tag)
    if text is None or text.strip(_BLANK) == "-1":
        return None
    number = _digits(text, _ID_MAX)
    if number is None:
        raise xml_error(f"malformed {tag} element")
    return number


def _scaled(root: Element, path: str) -> int | None:
    """Bytes of an element with a unit, None if it is absent (protocol.md 7.3)."""
    element = root.find(path)
    if element is None:
        return None
    number = _digits(element.text or "", _UINT64_MAX)
    if number is None:
        raise xml_error(f"malformed {element.tag} element")
    unit = element.get("unit", "")
    factor = _factor(unit)
    if factor is None:
        raise refusal.invalid(f"unknown suffix '{unit}'")
    if number * factor > _UINT64_MAX:
        text = f"value too large: {number}{unit}"
        raise refusal.in_words(82, text, "numerical overflow: %s")
    return number * factor


def _factor(unit: str) -> int | None:
    if unit.lower() in {"", "b", "byte", "bytes"}:
        return 1
    match = _SUFFIX.fullmatch(unit)
    if match is None:
        return None
    base = 1000 if (match[2] or "").lower() == "b" else 1024
    return int(base ** ("kmgtpe".index(match[1].lower()) + 1))


def _digits(text: str, limit: int) -> int | None:
    digits = text.strip(_BLANK)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 40:
        return None
    return number if (number := int(digits)) <= limit else None


class _BoundedBuilder(TreeBuilder):
    """Builds the tree and stops at the first element too many or too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise ValueError("too many elements, or nested too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _parse(xml: str, kind: str) -> Element:
    if len(xml) > MAX_TEXT or ILLEGAL.search(xml):
        raise refusal.in_words(Code.XML_DETAIL, f"the {kind}'s XML has an illegal character")
    parser = XMLParser(target=_BoundedBuilder(), forbid_dtd=True)
    try:
        parser.feed(xml)
        root: Element = parser.close()
    except ParseError as error:
        raise refusal.in_words(Code.XML_DETAIL, _place(xml, kind, error)) from error
    except ValueError as error:  # defusedxml's refusals, and the bounds
        text = f"(storage_{kind}_definition): {error}"
        raise refusal.in_words(Code.XML_DETAIL, text) from error
    if root.tag != kind:
        raise xml_error(f"expecting root element of '{kind}', not '{root.tag[:60]}'")
    return root


def _place(xml: str, kind: str, error: ParseError) -> str:
    """Say what is wrong and where, in the form of the daemon's parser and, if known, its words."""
    row, column = error.position
    lines = xml.split("\n")
    line = lines[row - 1] if row <= len(lines) else ""
    words = str(error).partition(": line ")[0]
    if error.code == errors.codes[errors.XML_ERROR_SYNTAX] and not xml.lstrip().startswith("<"):
        words = "Start tag expected, '<' not found"
    elif not xml.strip():
        words, line, column = "Document is empty", "(null)", 0
    start = max(column - MAX_SHOWN // 2, 0)
    shown = line[start : start + MAX_SHOWN]
    mark = "-" * (column - start) + "^"
    return f"(storage_{kind}_definition):{row}: {words}\n{shown}\n{mark}\n"
