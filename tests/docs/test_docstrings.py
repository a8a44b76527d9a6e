"""Every public name of the engine has a docstring, and says what it raises."""

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


def test_the_reference_has_every_package() -> None:
    told = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    for package in ENGINE.iterdir():
        name = package.stem if package.suffix == ".py" else package.name
        if not name.startswith("_") and name not in ("cli", "demo", "py.typed", "late"):
            assert f"automodule:: lacuna_engine.{name}" in told, name
