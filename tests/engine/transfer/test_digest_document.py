"""The digest as it is described for others, computed by the code in that description."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lacuna_engine.transfer.digest import BLOCK, BlockDigest

DOCUMENT = Path(__file__).parents[3] / "docs" / "verify.md"


@pytest.fixture(scope="module")
def described() -> Callable[[Path], str]:
    code = DOCUMENT.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the documentation, of this very commit
    found: Callable[[Path], str] = names["digest"]
    return found


@pytest.mark.parametrize(
    "content",
    [b"", b"x", bytes(5), bytes(BLOCK), bytes(BLOCK) + b"data" + bytes(BLOCK), b"ab" * BLOCK],
    ids=["empty", "a byte", "zeros", "a block of zeros", "data in the middle", "dense"],
)
def test_it_is_the_same(content: bytes, described: Callable[[Path], str], tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    digest = BlockDigest(len(content))
    section = digest.section()
    section.data(content)
    section.end()
    assert described(path) == digest.hexdigest()
