"""Where the documents are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """All pages that people read, the top of the repository included."""
    return sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
