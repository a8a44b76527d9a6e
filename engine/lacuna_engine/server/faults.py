"""Faults made on purpose: each is the behaviour of a real daemon (protocol.md 6.5).

All are off by default. A test gives a :class:`Faults` to the server, or one for each connection,
and may change it while it is in use; each field is looked at when it matters.

Some of the daemon's ways need no switch, since the server always has them: data that comes before
the reply to an upload is dropped, a hole on a stream opened without the flag ends the connection,
names may be any bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DAEMON_PACKETS", "Faults"]

DAEMON_PACKETS = (262_120, 24)
"""How libvirt's daemon cuts a download (protocol.md 4.4)."""


@dataclass(slots=True)
class Faults:
    """What to do wrong. Sizes in bytes, times in seconds; None and False are off.

    Opening a stream: ``busy_opens`` (error 55 for so many), ``no_sparse`` (as before 3.4),
    ``data_before_reply`` (the first packets of a download overtake its reply), ``slow_open`` (the
    reply comes so late; what is sent on the stream before it is dropped, as always).

    Uploads: ``no_space_after`` so many bytes of a stream; ``swallow_last_error`` (a failed write
    is noticed only at the next message, never by a finish), ``error_as_reply`` (and if that
    message is a hole, the error is a reply without a reason), ``ok_after_error`` (an error and a
    finish cross), ``hole_truncates`` (a hole cuts the file off and keeps what was there before),
    ``slow_refresh`` (every call waits for so long after each upload).

    Downloads: ``short_download`` (end after so many bytes), ``packets`` (their sizes, in turn),
    ``no_trailing_hole``, ``no_holes`` (volumes are block volumes: said to be, sent without holes,
    and the holes of an upload are written as zeros).

    Keepalive: ``deaf_to_pings`` (no pongs for so long after the first message that meets it, inf
    for ever), ``never_pings``.

    Calls: ``request_window`` (of one connection at once), ``reorder_replies`` (of calls made at
    the same time the last is answered first), ``hang`` (numbers of procedures never answered),
    ``error_code`` (of every error), ``translated`` (texts of errors in another language),
    ``huge_capacity`` (2^64-1 in every volume's information and XML), ``pool_inactive`` (every call
    on a volume finds that its pool has been stopped), ``event_flood`` (so many more of each event).

    The connection: ``cut_after_sending`` and ``cut_after_receiving`` so many bytes,
    ``half_a_header`` (in place of the next message, then silence), ``oversize`` (a message that
    announces more than the limit).
    """

    busy_opens: int = 0
    no_sparse: bool = False
    data_before_reply: bool = False
    slow_open: float = 0.0

    no_space_after: int | None = None
    swallow_last_error: bool = False
    error_as_reply: bool = False
    ok_after_error: bool = False
    hole_truncates: bool = False
    slow_refresh: float = 0.0

    short_download: int | None = None
    packets: tuple[int, ...] = ()
    no_trailing_hole: bool = False
    no_holes: bool = False

    deaf_to_pings: float = 0.0
    never_pings: bool = False

    request_window: int = 0
    reorder_replies: bool = False
    hang: frozenset[int] = frozenset()
    error_code: int | None = None
    translated: bool = False
    huge_capacity: bool = False
    pool_inactive: bool = False
    event_flood: int = 0

    cut_after_sending: int | None = None
    cut_after_receiving: int | None = None
    half_a_header: bool = False
    oversize: bool = False
