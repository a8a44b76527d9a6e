"""Bytes on the wire of a first copy, beside those of ``rsync --sparse``."""

from __future__ import annotations

from collections.abc import Sequence

from bench.images import MIB
from bench.runs import Row

OURS, THEIRS = "lacuna", "rsync"


def comparison(rows: Sequence[Row]) -> str:
    """Return Markdown: what Lacuna and rsync sent in each case; empty if none has both."""
    sent = {(row.case, row.tool): row.seen.sent for row in rows if row.seen is not None}
    lines = [
        f"| {case} | {sent[case, OURS] / MIB:.2f} | {sent[case, THEIRS] / MIB:.2f} "
        f"| {'yes' if sent[case, OURS] <= sent[case, THEIRS] else '**no**'} |"
        for case in dict.fromkeys(case for case, _ in sent)
        if case.endswith(", up") and (case, OURS) in sent and (case, THEIRS) in sent
    ]
    if not lines:
        return ""
    head = [
        "| case | Lacuna sent MiB | rsync -S sent MiB | at most that |",
        "| --- | ---: | ---: | --- |",
    ]
    return "\n".join([*head, *lines])
