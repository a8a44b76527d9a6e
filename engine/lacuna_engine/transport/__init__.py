"""Transports: from a URI to a byte pipe.

A new transport is a coroutine from :class:`ConnectionUri` to :class:`Pipe`, entered in
:data:`OPENERS` under the names it has in URIs. One that has to ask the user asks
:func:`~lacuna_engine.transport.prompts.current_prompter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.late import late

if TYPE_CHECKING:
    from lacuna_engine.transport.libvirt_conf import resolve_uri
    from lacuna_engine.transport.opening import OPENERS, open_pipe
    from lacuna_engine.transport.pipe import MemoryPipe, Pipe, Receiver, StreamPipe, memory_pair
    from lacuna_engine.transport.prompts import (
        HostKeyQuestion,
        Prompter,
        SecretKind,
        SecretQuestion,
    )
    from lacuna_engine.transport.socket_pipe import SocketPipe
    from lacuna_engine.transport.uri import ConnectionUri, parse_uri
else:
    __getattr__ = late(
        __name__,
        {
            ".libvirt_conf": ["resolve_uri"],
            ".opening": ["OPENERS", "open_pipe"],
            ".pipe": ["MemoryPipe", "Pipe", "Receiver", "StreamPipe", "memory_pair"],
            ".prompts": ["HostKeyQuestion", "Prompter", "SecretKind", "SecretQuestion"],
            ".socket_pipe": ["SocketPipe"],
            ".uri": ["ConnectionUri", "parse_uri"],
        },
    )

__all__ = [
    "OPENERS",
    "ConnectionUri",
    "HostKeyQuestion",
    "MemoryPipe",
    "Pipe",
    "Prompter",
    "Receiver",
    "SecretKind",
    "SecretQuestion",
    "SocketPipe",
    "StreamPipe",
    "memory_pair",
    "open_pipe",
    "parse_uri",
    "resolve_uri",
]
