"""Asking two things at once, which takes no longer than the slower of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["together"]

A = TypeVar("A")
B = TypeVar("B")


async def together(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """Await both at the same time and return both answers.

    When both have ended, the error of the first is raised, or else that of the other: what is wrong
    does not depend on which answer came first. More than two: put this into a coroutine function
    of its own, for a call of it that is cancelled before it begins never awaits its arguments.
    """
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
