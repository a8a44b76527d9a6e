"""Sparse streams as state machines without I/O (protocol.md 4)."""

from lacuna_engine.stream.download import Download
from lacuna_engine.stream.machine import Machine, Move, State
from lacuna_engine.stream.receiving import Refusal, UploadReceiver, Verdict
from lacuna_engine.stream.sending import DownloadSender
from lacuna_engine.stream.upload import Upload

__all__ = [
    "Download",
    "DownloadSender",
    "Machine",
    "Move",
    "Refusal",
    "State",
    "Upload",
    "UploadReceiver",
    "Verdict",
]
