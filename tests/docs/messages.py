"""Every text in the engine's source, with a mark in the place of what differs."""

from __future__ import annotations

import ast
from functools import cache

from docs.places import ROOT

DIFFERS = "\0"


@cache
def texts() -> frozenset[str]:
    """Return them; implicit concatenations are one text."""
    found: set[str] = set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr | ast.Constant | ast.BinOp):
                found |= _texts(node)
    return frozenset(found)


def _texts(node: ast.expr) -> set[str]:
    """Return what an expression may be, roughly: each way of a condition for itself."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.JoinedStr(values=parts):
            whole = {""}
            for part in parts:
                whole = {text + one for text in whole for one in _texts(part)}
            return whole
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return {one + two for one in _texts(left) for two in _texts(right)}
        case _:
            return {DIFFERS}
