"""Transfers: uploads, downloads and copies that are proved before they are called done."""

from lacuna_engine.transfer.copy import Copy, RemoteVolume
from lacuna_engine.transfer.download import Download
from lacuna_engine.transfer.options import IfExists, TransferOptions
from lacuna_engine.transfer.progress import Phase, Tracker
from lacuna_engine.transfer.report import Report, State
from lacuna_engine.transfer.session import Session
from lacuna_engine.transfer.upload import Upload

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
