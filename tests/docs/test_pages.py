"""No dead link, no lost page, no misspelled word."""

from __future__ import annotations

from pathlib import Path

from docs.check_pages import dead_links, lost_pages, misspelled
from docs.places import ROOT


def test_all_links_lead_somewhere() -> None:
    assert list(dead_links(ROOT)) == []


def test_every_page_is_in_a_list_of_contents() -> None:
    assert list(lost_pages(ROOT)) == []


def test_no_word_is_misspelled() -> None:
    assert list(misspelled(ROOT)) == []


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Top\n\n```{toctree}\nhere\n```\n")
    (docs / "here.md").write_text(
        "[ok](index.md#top) `[code](no.md)` [no](no.md) [gone](index.md#bottom)\n"
        "![picture](no.png) [out](../../etc/passwd) [far](https://example.com/)\n"
    )
    (docs / "lost.md").write_text("I recieve nothing.\n")  # codespell:ignore recieve
    assert list(dead_links(tmp_path)) == [
        "docs/here.md: no.md: does not exist",
        "docs/here.md: index.md#bottom: has no such heading",
        "docs/here.md: no.png: does not exist",
        "docs/here.md: ../../etc/passwd: leads out of the repository",
    ]
    assert list(lost_pages(tmp_path)) == ["docs/lost.md: is in no list of contents"]
    assert "==> receive" in " ".join(misspelled(tmp_path))
