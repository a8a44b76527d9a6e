"""Every public name of the engine has a docstring, with what it raises and in what unit it is."""

from __future__ import annotations

from pathlib import Path

from docs.docstrings import Source
from docs.places import DOCS, ROOT

ENGINE = ROOT / "engine" / "lacuna_engine"


def test_every_public_name_has_words() -> None:
    source = Source(ENGINE)
    assert source.public() > 500
    assert list(source.gaps()) == []


def test_what_is_missing_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('''"""One."""
__all__ = ["A", "B", "f", "g", "h"]

def f():
    raise KeyError

def g():
    """Do it."""
    def inside():
        raise KeyError
    return inside

def h():
    """Do it. Raises KeyError."""
    raise KeyError

class A:
    """A."""
    def __init__(self):
        raise KeyError
    def one(self):
        """Do one. Raises KeyError."""
    def two(self):
        """Do two."""

class B(A):
    """B."""
    def one(self):
        raise KeyError
    def two(self):
        raise KeyError
    def three(self): ...
''')
    assert [gap.partition(": ")[2] for gap in Source(tmp_path).gaps()] == [
        "f has no docstring",
        "f does not say what it raises",
        "A does not say what it raises",
        "B.two does not say what it raises",
        "B.three has no docstring",
    ]


def test_a_missing_unit_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('''"""One."""
__all__ = ["A", "B", "f", "g", "h"]

def f(timeout: float | None):
    """Wait."""

def g(seconds: float):
    """Wait."""

def h() -> Callable[[], float]:
    """Return a clock that tells seconds."""

class A:
    """A."""
    patience: float = 1
    def one(self) -> float:
        """Return the patience."""

class B(A):
    """B."""
    rest: float
    """In seconds."""
    def __init__(self, hurry: float): ...
    def one(self) -> float:
        """Return it in seconds."""
''')
    assert [gap.partition(": ")[2] for gap in Source(tmp_path).gaps()] == [
        "f names no unit",
        "A names no unit",
        "A.one names no unit",
    ]


def test_the_reference_has_every_package() -> None:
    told = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    for package in ENGINE.iterdir():
        name = package.stem if package.suffix == ".py" else package.name
        if not name.startswith("_") and name not in ("cli", "demo", "py.typed", "late"):
            assert f"automodule:: lacuna_engine.{name}" in told, name
