"""Records: frozen dataclasses whose field types say how they go onto the wire.

A field is annotated with one of the aliases below, which to a type checker are the plain Python
type; a record's codec is derived from them once. ::

    @dataclass(frozen=True, slots=True)
    class VolumeRange(Record):
        volume: StorageVol
        offset: UHyper
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Self, TypeGuard, get_args, get_type_hints

from lacuna_engine import xdr
from lacuna_engine.xdr import Codec, Cursor

__all__ = [
    "Bool",
    "Char",
    "Hyper",
    "Int",
    "OptionalText",
    "Record",
    "Text",
    "UChar",
    "UHyper",
    "UInt",
    "Uuid",
    "Void",
]

Int = Annotated[int, xdr.INT]
UInt = Annotated[int, xdr.UINT]
Hyper = Annotated[int, xdr.HYPER]
UHyper = Annotated[int, xdr.UHYPER]
Char = Annotated[int, xdr.CHAR]
UChar = Annotated[int, xdr.UCHAR]
Bool = Annotated[bool, xdr.BOOL]
Text = Annotated[str, xdr.string()]
OptionalText = Annotated[str | None, xdr.optional(xdr.string())]
Uuid = Annotated[bytes, xdr.opaque(16)]


@dataclass(frozen=True, slots=True)
class Record:
    """Base of everything that is a message's payload or a part of one."""

    def pack(self) -> bytes:
        """Return the XDR encoding. Raises :class:`~lacuna_engine.errors.XdrError`."""
        return b"".join(codec.pack(getattr(self, name)) for name, codec in _layout(type(self)))

    @classmethod
    def unpack(cls, cursor: Cursor) -> Self:
        """Read one from ``cursor``. Raises :class:`~lacuna_engine.errors.XdrError`."""
        return cls(*[codec.unpack(cursor) for _, codec in _layout(cls)])

    @classmethod
    def codec(cls) -> Codec[Self]:
        """Return the codec of this record, to build composite fields from."""
        return Codec(lambda value: value.pack(), cls.unpack)


@dataclass(frozen=True, slots=True)
class Void(Record):
    """No payload."""


Layout = tuple[tuple[str, Codec[Any]], ...]

_layouts: dict[type[Record], Layout] = {}


def _layout(record: type[Record]) -> Layout:
    """Return a record's fields and their codecs, in order; derived at first use."""
    layout = _layouts.get(record)
    if layout is None:
        hints = get_type_hints(record, include_extras=True)
        layout = tuple((field.name, _codec_of(hints[field.name])) for field in fields(record))
        _layouts[record] = layout
    return layout


def _codec_of(hint: object) -> Codec[Any]:
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.codec()
    for extra in get_args(hint)[1:]:
        if _is_codec(extra):
            return extra
    raise TypeError(f"no codec for a field of type {hint!r}")


def _is_codec(extra: object) -> TypeGuard[Codec[Any]]:
    return isinstance(extra, Codec)
