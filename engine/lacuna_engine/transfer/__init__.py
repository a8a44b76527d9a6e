"""Transfers: uploads, downloads and copies that are proved before they are called done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.late import late

if TYPE_CHECKING:
    from lacuna_engine.transfer.copy import Copy, RemoteVolume
    from lacuna_engine.transfer.download import Download
    from lacuna_engine.transfer.options import IfExists, TransferOptions
    from lacuna_engine.transfer.progress import Phase, Tracker
    from lacuna_engine.transfer.report import Report, State
    from lacuna_engine.transfer.session import Session
    from lacuna_engine.transfer.upload import Upload
else:
    __getattr__ = late(
        __name__,
        {
            ".copy": ["Copy", "RemoteVolume"],
            ".download": ["Download"],
            ".options": ["IfExists", "TransferOptions"],
            ".progress": ["Phase", "Tracker"],
            ".report": ["Report", "State"],
            ".session": ["Session"],
            ".upload": ["Upload"],
        },
    )

__all__ = [
    "Copy",
    "Download",
    "IfExists",
    "Phase",
    "RemoteVolume",
    "Report",
    "Session",
    "State",
    "Tracker",
    "TransferOptions",
    "Upload",
]
