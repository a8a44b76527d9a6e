"""Records: classes whose annotations say what they hold and how it goes onto the wire.

A field is annotated with one of the aliases below, which to a type checker are the plain Python
type; a record's codec is derived from them once. ::

    class VolumeRange(Record):
        volume: VolumeHandle
        offset: UHyper = 0

To a type checker a record is a frozen dataclass. It is none because there are some fifty, of which
a command uses ten, and making them dataclasses would take as long as loading all of asyncio.
"""

from __future__ import annotations

from typing import (
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    Self,
    TypeGuard,
    dataclass_transform,
    get_args,
    get_type_hints,
)

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


@dataclass_transform(frozen_default=True)
class Record:
    """Base of everything that is a message's payload or a part of one.

    A record is made from its fields, in order or by name; those with a value in the class may be
    left out. It is equal to one of the same class with equal fields, and never changes. Raises
    :class:`TypeError` for fields that are missing, unknown, or given twice.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = tuple(cls.__annotations__)
        cls.__match_args__ = cls.__match_args__ + own  # type: ignore[misc]

    def __init__(self, *values: object, **named: object) -> None:
        names = self.__match_args__
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__} has {len(names)} fields, not {len(values)}")
        fields = dict(zip(names, values, strict=False))
        if wrong := named.keys() & fields.keys() or named.keys() - set(names):
            raise TypeError(f"{type(self).__name__}: {', '.join(wrong)} twice, or no field of it")
        fields |= named
        if len(fields) < len(names) and (missing := self._missing(fields)):
            raise TypeError(f"{type(self).__name__} lacks {', '.join(missing)}")
        self.__dict__.update(fields)

    def replace(self, **changes: object) -> Self:
        """Return the same with other values in some fields."""
        return type(self)(**dict(zip(self.__match_args__, self._values(), strict=True)) | changes)

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
        return Codec(cls.pack, cls.unpack)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = zip(self.__match_args__, self._values(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown)})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"the {name} of a {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"the {name} of a {type(self).__name__} cannot be removed")

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    @classmethod
    def _missing(cls, fields: dict[str, object]) -> list[str]:
        """Return the fields that have neither a value nor one in the class."""
        return [
            name for name in cls.__match_args__ if name not in fields and not hasattr(cls, name)
        ]


class Void(Record):
    """No payload."""


Layout = tuple[tuple[str, Codec[Any]], ...]

_layouts: dict[type[Record], Layout] = {}


def _layout(record: type[Record]) -> Layout:
    """Return a record's fields and their codecs, in order; derived at first use."""
    layout = _layouts.get(record)
    if layout is None:
        hints = get_type_hints(record, include_extras=True)
        layout = tuple((name, _codec_of(hints[name])) for name in record.__match_args__)
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
