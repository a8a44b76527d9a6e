"""Numbers, times and names as people read them.

Lives here: text from values, and nothing that draws. Numbers go through `QLocale`, so a German
reads ``1,50 GiB``; each function takes the locale to use and falls back to the application's. Units
are those of powers of 1024 everywhere: images, pools and speeds can be compared at sight.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Final

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

translate = QCoreApplication.translate

__all__ = [
    "UNKNOWN",
    "bytes_text",
    "count_text",
    "duration_text",
    "elapsed_text",
    "elide_middle",
    "eta_text",
    "exact_bytes_text",
    "number_text",
    "offset_text",
    "percent",
    "percent_text",
    "rate_text",
    "ratio_text",
    "time_text",
]

UNKNOWN: Final = "\N{EN DASH}"
"""What stands where a value would, as long as nobody knows it."""

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_LONGEST = 365 * 24 * 3600
"""An estimate beyond a year says only that nothing moves."""

_SPACED_PERCENT = frozenset(
    {
        QLocale.Language.German, QLocale.Language.French, QLocale.Language.Spanish,
        QLocale.Language.Swedish, QLocale.Language.Danish, QLocale.Language.Finnish,
        QLocale.Language.NorwegianBokmal, QLocale.Language.NorwegianNynorsk,
        QLocale.Language.Czech, QLocale.Language.Slovak, QLocale.Language.Russian,
        QLocale.Language.Ukrainian, QLocale.Language.Catalan,
    }
)  # fmt: skip
"""Languages that write a space before the sign (CLDR); QLocale does not tell."""


def bytes_text(count: float, locale: QLocale | None = None) -> str:
    """Return a number of bytes with three digits: ``512 bytes``, ``1.50 GiB``, ``40 GiB``.

    Whole numbers of a unit are written without digits behind the point, since sizes of disks
    usually are such numbers.
    """
    spoken = locale or QLocale()
    value = float(count)
    if abs(value) < 1000:
        return _count_of_bytes(int(value), spoken)
    unit = -1
    while unit < 0 or (abs(value) >= 999.5 and unit < len(_UNITS) - 1):
        value, unit = value / 1024, unit + 1
    return f"{_three_digits(value, spoken)} {_UNITS[unit]}"


def exact_bytes_text(count: int, locale: QLocale | None = None) -> str:
    """Return all digits of a number of bytes, grouped: ``1,610,612,736 bytes``."""
    return _count_of_bytes(count, locale or QLocale())


def offset_text(offset: int, digits: int = 4, locale: QLocale | None = None) -> str:
    """Return a place in an image, precise enough to tell neighbours apart: ``12.0625 GiB``.

    Offsets are multiples of a power of two as a rule, so that four digits behind the point say all
    there is in most cases. Needless zeros are left out.
    """
    spoken = locale or QLocale()
    value, unit = float(offset), -1
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    if unit < 0:
        return _count_of_bytes(offset, spoken) if offset else "0"
    text = spoken.toString(value, "f", digits)
    return f"{_without_zeros(text, spoken)} {_UNITS[unit]}"


def rate_text(rate: float, locale: QLocale | None = None) -> str:
    """Return a speed of ``rate`` bytes a second: ``212 MiB/s``."""
    spoken = locale or QLocale()
    if 0 < abs(rate) < 1000:
        return f"{spoken.toString(rate / 1024, 'f', 2)} KiB/s"
    if not rate:
        return "0 KiB/s"
    return f"{bytes_text(rate, spoken)}/s"


def percent(done: int, total: int) -> int:
    """Return whole percents, rounded down: 100 means that nothing at all is missing.

    An empty whole is complete.
    """
    if done >= total:
        return 100
    return max(0, done * 100 // total)


def percent_text(done: int, total: int, digits: int = 0, locale: QLocale | None = None) -> str:
    """Return ``done`` of ``total`` in percent, never rounded up: ``99.9 %`` of all but a byte."""
    spoken = locale or QLocale()
    factor = 10**digits
    parts = 100 * factor if done >= total else max(0, done * 100 * factor // total)
    return _with_percent(spoken.toString(parts / factor, "f", digits), spoken)


def ratio_text(part: float, whole: float, locale: QLocale | None = None) -> str:
    """Return a share in percent for describing, not for progress: rounded, but honest at the ends.

    What is not nothing is at least ``<1 %``, what is not all at most ``>99 %``.
    """
    spoken = locale or QLocale()
    if whole <= 0 or part <= 0:
        return _with_percent(spoken.toString(0), spoken)
    share = part / whole * 100
    if share < 1:
        return "<" + _with_percent(spoken.toString(1), spoken)
    if 99 < share < 100:
        return ">" + _with_percent(spoken.toString(99), spoken)
    return _with_percent(spoken.toString(min(100, round(share))), spoken)


def duration_text(seconds: float) -> str:
    """Return a duration in whole seconds: ``0:05``, ``1:52``, ``2:03:10``, ``3 d 4 h``.

    What cannot be known (infinite, not a number, beyond a year) is `UNKNOWN`.
    """
    if not math.isfinite(seconds) or seconds > _LONGEST:
        return UNKNOWN
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, left = divmod(hours, 24)
    if days:
        return translate("format", "{0} d {1} h").format(days, left)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"


def eta_text(seconds: float | None) -> str:
    """Return the time left; None, when nobody knows, is `UNKNOWN`.

    Rounded up, so that ``0:00`` is never shown while there is something left.
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return duration_text(math.ceil(seconds))


def elapsed_text(seconds: float, locale: QLocale | None = None) -> str:
    """Return the time something took, with a digit behind the point while it is short."""
    if 0 <= seconds < 9.95:
        return translate("format", "{0} s").format((locale or QLocale()).toString(seconds, "f", 1))
    return duration_text(seconds)


def count_text(count: int, locale: QLocale | None = None) -> str:
    """Return a number of things, grouped: ``12,345``."""
    return (locale or QLocale()).toString(count)


def number_text(value: float, digits: int = 1, locale: QLocale | None = None) -> str:
    """Return a number with this many digits behind the point."""
    return (locale or QLocale()).toString(value, "f", digits)


def time_text(seconds: float | None, locale: QLocale | None = None) -> str:
    """Return a moment (seconds since the epoch) in local time, in the locale's short form.

    The year has always four digits. None and 0, which servers send for "no such time", are
    `UNKNOWN`.
    """
    if not seconds:
        return UNKNOWN
    spoken = locale or QLocale()
    moment = QDateTime.fromSecsSinceEpoch(int(seconds))
    if spoken.language() == QLocale.Language.C:
        return moment.toString("yyyy-MM-dd hh:mm")
    short = QLocale.FormatType.ShortFormat
    days = spoken.dateFormat(short)
    if "yyyy" not in days:
        days = days.replace("yy", "yyyy") if "yy" in days else days.replace("y", "yyyy")
    return f"{spoken.toString(moment.date(), days)} {spoken.toString(moment.time(), short)}"


def elide_middle(text: str, limit: int) -> str:
    """Return at most ``limit`` characters, with an ellipsis in the middle: ends of names differ.

    For text whose width on the screen is not known; labels elide by width. Combining marks stay
    with their letters.
    """
    if len(text) <= limit:
        return text
    if limit <= 1:
        return _ELLIPSIS[:limit]
    tail = (limit - 1) // 2
    head = limit - 1 - tail
    start = len(text) - tail
    while head and unicodedata.combining(text[head]):
        head -= 1
    while start < len(text) and unicodedata.combining(text[start]):
        start += 1
    return text[:head] + _ELLIPSIS + text[start:]


def _three_digits(value: float, locale: QLocale) -> str:
    """Return a number below 1024 with three digits in all; none behind the point if it is whole."""
    if value == int(value):
        return locale.toString(int(value))
    size = abs(value)
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return locale.toString(value, "f", digits)


def _without_zeros(text: str, locale: QLocale) -> str:
    """Return a decimal number without needless zeros at its end."""
    point = locale.decimalPoint()
    if point not in text:
        return text
    return text.rstrip(locale.zeroDigit()).removesuffix(point)


def _with_percent(number: str, locale: QLocale) -> str:
    space = " " if locale.language() in _SPACED_PERCENT else ""
    return f"{number}{space}{locale.percent()}"


def _count_of_bytes(count: int, locale: QLocale) -> str:
    return (
        translate("format", "1 byte")
        if count == 1
        else translate("format", "{0} bytes").format(locale.toString(count))
    )
