"""The client's driver: connections, authentication, keepalive and streams on asyncio."""

from lacuna_engine.client.connection import Connection
from lacuna_engine.client.keepalive import Patience
from lacuna_engine.client.streams import Data, DownloadStream, Hole, UploadStream

__all__ = ["Connection", "Data", "DownloadStream", "Hole", "Patience", "UploadStream"]
