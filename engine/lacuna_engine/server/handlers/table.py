"""A table of calls, and what the functions in it share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.procedures import Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.pool import FolderPool
from lacuna_engine.server.refusal import unsupported
from lacuna_engine.server.registry import Registry

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["Function", "Table", "pool_by_handle", "pool_of"]

A = TypeVar("A", bound=Record)
P = TypeVar("P", r.Pool, r.PoolFlags, r.PoolNumber, r.PoolName, r.PoolXml, r.ListVolumes)
"""Arguments that name a pool."""

Function = Callable[["Calls", Caller, Any], Answer]
"""Answers a call, or raises `Refusal`. It may block: it runs in a thread."""


class Table(dict[int, Function]):
    """Functions by the number of the procedure that they answer."""

    def answers(
        self, procedure: Procedure[A, Any]
    ) -> Callable[[Callable[[Calls, Caller, A], Answer]], Callable[[Calls, Caller, A], Answer]]:
        """Enter the function that is decorated."""

        def enter(
            function: Callable[[Calls, Caller, A], Answer],
        ) -> Callable[[Calls, Caller, A], Answer]:
            self[procedure.number] = function
            return function

        return enter

    def of_registry(
        self, procedure: Procedure[A, Any], answer: Callable[[Registry, A], Answer | None]
    ) -> None:
        """Have ``answer`` look at all pools; None is an answer without content."""

        def function(calls: Calls, caller: Caller, arguments: A) -> Answer:
            del caller
            return _content(answer(calls.registry, arguments))

        self[procedure.number] = function

    def of_pool(
        self, procedure: Procedure[P, Any], answer: Callable[[FolderPool, P], Answer | None]
    ) -> None:
        """Have ``answer`` look at the pool that the call names; None as above."""

        def function(calls: Calls, caller: Caller, arguments: P) -> Answer:
            del caller
            return _content(answer(pool_by_handle(calls, arguments.pool), arguments))

        self[procedure.number] = function

    def constant(self, procedure: Procedure[Any, Any], answer: Record) -> None:
        """Answer always the same."""

        def function(calls: Calls, caller: Caller, arguments: Record) -> Answer:
            del calls, caller, arguments
            return answer

        self[procedure.number] = function

    def unsupported(self, procedure: Procedure[Any, Any], name: str) -> None:
        """Answer that this is not there, in the words that clients know (3)."""

        def function(calls: Calls, caller: Caller, arguments: Record) -> Answer:
            del calls, caller, arguments
            raise unsupported(name)

        self[procedure.number] = function


def pool_by_handle(calls: Calls, handle: r.PoolHandle) -> FolderPool:
    """Of a pool's handle only the uuid counts (protocol.md 2.1)."""
    return calls.registry.lookup_by_uuid(handle.uuid)


def pool_of(calls: Calls, volume: r.VolumeHandle) -> FolderPool:
    """Of a volume's handle the two names count (protocol.md 2.1)."""
    return calls.registry.lookup_by_name(volume.pool)


def _content(answer: Answer | None) -> Answer:
    return Void() if answer is None else answer
