"""Links, anchors, pictures and spelling of the pages: ``python tests/docs/check_pages.py``.

Prints what is wrong and ends with 1, or says nothing. Links to other sites are not followed: what
they answer is not in our hands, and nothing here may need the network.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[2]

LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TREE = re.compile(r"^```\{toctree\}.*?^```$", re.MULTILINE | re.DOTALL)

SPELLED = ("*.md", "docs", "engine", "gui", "tests", "packaging", "dev")
"""What is looked through for misspelled words, code and all."""
KNOWN = "alle,anull,caf,conectix,datas,doubleclick,fro,sie,te"
"""Words of other languages, signatures and names of others, and what escapes leave of a word."""
UNSPELLED = "*.svg,*.ts,*.qm,*.txt,*.png,build,tests/fuzz"


def pages(root: Path) -> list[Path]:
    """Return the pages that people read."""
    return sorted([*(root / "docs").rglob("*.md"), *root.glob("*.md")])


def dead_links(root: Path) -> Iterator[str]:
    """Tell each link within the repository that leads nowhere."""
    for page in pages(root):
        text = page.read_text()
        prose = CODE.sub("", text)
        for target in (*LINK.findall(prose), *REFERENCE.findall(prose)):
            if not re.match(r"[a-z]+:", target) and (wrong := _wrong(root, page, target)):
                yield f"{page.relative_to(root)}: {target}: {wrong}"


def lost_pages(root: Path) -> Iterator[str]:
    """Tell each page that no list of contents leads to."""
    docs = root / "docs"
    listed: set[Path] = {docs / "index.md"}
    for page in docs.rglob("*.md"):
        for tree in TREE.findall(page.read_text()):
            listed |= {page.parent / f"{line}.md" for line in tree.splitlines()[1:-1] if line}
    for page in sorted(docs.rglob("*.md")):
        if page not in listed:
            yield f"{page.relative_to(root)}: is in no list of contents"


def misspelled(root: Path) -> Iterator[str]:
    """Tell each misspelled word, with the file and the right one."""
    places = [str(path) for pattern in SPELLED for path in root.glob(pattern)]
    options = [f"--skip={UNSPELLED}", f"--ignore-words-list={KNOWN}"]
    command = [sys.executable, "-m", "codespell_lib", *options, *places]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 65):
        yield f"codespell: {done.stderr.strip()}"
    yield from done.stdout.splitlines()


def _wrong(root: Path, page: Path, target: str) -> str:
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(root):
        return "leads out of the repository"
    if not file.exists():
        return "does not exist"
    if anchor and anchor not in _anchors(file.read_text()):
        return "has no such heading"
    return ""


def _anchors(text: str) -> set[str]:
    """Return what headings are linked by, as GitHub and Sphinx make them."""
    titles = HEADING.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def main() -> int:
    """Check everything."""
    wrong = [*dead_links(ROOT), *lost_pages(ROOT), *misspelled(ROOT)]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
