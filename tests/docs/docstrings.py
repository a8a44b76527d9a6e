"""What the engine's source says of its public names, and what it leaves out.

Units can be demanded of numbers with a fraction alone, which are times nearly always: of whole ones
nobody but a reader can tell whether they have a unit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef

SAYS_RAISE = re.compile(r"\b[Rr]aise")
ABSTRACT = "NotImplementedError"
FRACTION = re.compile(r"\bfloat\b")
SAYS_UNIT = re.compile(r"\b([Ss]econds?|bytes|0, 1|double)\b")
"""What a number with a fraction may be: a time, a number of bytes, a chance, or what it is."""


class Source:
    """The modules below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules = {path: ast.parse(path.read_text()) for path in sorted(root.rglob("*.py"))}
        self._classes = {
            node.name: node
            for module in self._modules.values()
            for node in ast.walk(module)
            if isinstance(node, ast.ClassDef)
        }

    def public(self) -> int:
        """Return how many names there are in the lists of what is public."""
        return sum(len(_public(module)) for module in self._modules.values())

    def gaps(self) -> Iterator[str]:
        """Tell each public name without words, and each that leaves out an error or a unit."""
        for path, module in self._modules.items():
            place = path.relative_to(self._root)
            if not ast.get_docstring(module) and module.body:
                yield f"{place}: has no docstring"
            names = _public(module)
            for node in module.body:
                if isinstance(node, Function | ast.ClassDef) and node.name in names:
                    for gap in self._gaps(node, module):
                        yield f"{place}:{gap}"

    def _gaps(self, node: Function | ast.ClassDef, module: ast.Module) -> Iterator[str]:
        said = ast.get_docstring(node) or ""
        if not said:
            yield f"{node.lineno}: {node.name} has no docstring"
        if isinstance(node, Function):
            if _raises(node) and not SAYS_RAISE.search(said):
                yield f"{node.lineno}: {node.name} does not say what it raises"
        else:
            said += _words_of_fields(node)
        if _lacks_unit(node, said):
            yield f"{node.lineno}: {node.name} names no unit"
        if isinstance(node, Function):
            return
        for method in node.body:
            if not isinstance(method, Function) or _is_setter(method):
                continue
            if method.name == "__init__" or not method.name.startswith("_"):
                yield from self._gaps_of_method(node, method, module, said)

    def _gaps_of_method(
        self, owner: ast.ClassDef, method: Function, module: ast.Module, about: str
    ) -> Iterator[str]:
        """``about`` is what the class says of itself, which is where ``__init__`` is described."""
        name = f"{owner.name}.{method.name}"
        said = [ast.get_docstring(one) or "" for one in self._same(owner, method.name, module)]
        if method.name == "__init__":
            name, said = owner.name, [about]
        elif not any(said):
            yield f"{method.lineno}: {name} has no docstring"
            return
        if _raises(method) and not any(map(SAYS_RAISE.search, said)):
            yield f"{method.lineno}: {name} does not say what it raises"
        if _lacks_unit(method, " ".join([about, *said])):
            yield f"{method.lineno}: {name} names no unit"

    def _same(self, owner: ast.ClassDef, name: str, module: ast.Module) -> Iterator[Function]:
        """Yield a method, and those that it overrides or that a protocol beside it asks for."""
        for node in owner.body:
            if isinstance(node, Function) and node.name == name:
                yield node
        bases = {ast.unparse(base).partition("[")[0] for base in owner.bases}
        found = [self._classes[base] for base in bases if base in self._classes]
        found += [node for node in module.body if node is not owner and _is_protocol(node)]
        for base in found:
            if base is not owner:
                yield from self._same(base, name, ast.Module([], []))


def _is_protocol(node: ast.stmt) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and any(
        ast.unparse(base).startswith("Protocol") for base in node.bases
    )


def _public(module: ast.Module) -> set[str]:
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def _is_setter(method: Function) -> bool:
    return any(isinstance(one, ast.Attribute) for one in method.decorator_list)


def _raises(function: Function) -> bool:
    """Whether it raises something new itself, not in what it defines inside."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None and not _is_again(node, function):
            return True
        waiting.extend(ast.iter_child_nodes(node))
    return False


def _words_of_fields(owner: ast.ClassDef) -> str:
    """Return the texts below the fields of a class."""
    found = (node.value for node in owner.body if isinstance(node, ast.Expr))
    return " ".join(str(it.value) for it in found if isinstance(it, ast.Constant))


def _lacks_unit(node: Function | ast.ClassDef, said: str) -> bool:
    """Whether it takes, gives or has a number with a fraction, and nobody says of what.

    A parameter or field named ``seconds`` says so itself.
    """
    hints: list[tuple[str, ast.expr | None]]
    if isinstance(node, Function):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        hints = [("", node.returns), *((it.arg, it.annotation) for it in arguments)]
    else:
        fields = [it for it in node.body if isinstance(it, ast.AnnAssign)]
        hints = [(ast.unparse(it.target), it.annotation) for it in fields]
    fractions = [
        name
        for name, hint in hints
        if name != "seconds"
        and not name.startswith("_")
        and hint
        and FRACTION.search(ast.unparse(hint))
    ]
    return bool(fractions) and not SAYS_UNIT.search(said)


def _is_again(node: ast.Raise, function: Function) -> bool:
    """Whether it is an error that was caught, or says that there is nothing to call."""
    assert node.exc is not None
    name = ast.unparse(node.exc).partition("(")[0]
    caught = {one.name for one in ast.walk(function) if isinstance(one, ast.ExceptHandler)}
    return name in caught or name == ABSTRACT
