"""Storage pools and volumes: the asynchronous API and its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.late import late

if TYPE_CHECKING:
    from lacuna_engine.rpc.records import PoolHandle, VolumeHandle
    from lacuna_engine.storage.api import Storage, VolumeListing
    from lacuna_engine.storage.busy import BUSY_DELAYS, in_turns, retry_busy
    from lacuna_engine.storage.events import PoolChange, PoolEvent, PoolWatch
    from lacuna_engine.storage.image import HEAD_BYTES, ImageFacts, detect_format, read_facts
    from lacuna_engine.storage.names import display_name, local_file_name, validate_volume_name
    from lacuna_engine.storage.records import (
        BackingStore,
        Permissions,
        PoolDescription,
        PoolInfo,
        PoolState,
        PoolType,
        Timestamps,
        VolumeDescription,
        VolumeInfo,
        VolumeType,
    )
    from lacuna_engine.storage.xml_build import pool_xml, volume_xml
else:
    __getattr__ = late(
        __name__,
        {
            "lacuna_engine.rpc.records": ["PoolHandle", "VolumeHandle"],
            ".api": ["Storage", "VolumeListing"],
            ".busy": ["BUSY_DELAYS", "in_turns", "retry_busy"],
            ".events": ["PoolChange", "PoolEvent", "PoolWatch"],
            ".image": ["HEAD_BYTES", "ImageFacts", "detect_format", "read_facts"],
            ".names": ["display_name", "local_file_name", "validate_volume_name"],
            ".records": [
                "BackingStore",
                "Permissions",
                "PoolDescription",
                "PoolInfo",
                "PoolState",
                "PoolType",
                "Timestamps",
                "VolumeDescription",
                "VolumeInfo",
                "VolumeType",
            ],
            ".xml_build": ["pool_xml", "volume_xml"],
        },
    )

__all__ = [
    "BUSY_DELAYS",
    "HEAD_BYTES",
    "BackingStore",
    "ImageFacts",
    "Permissions",
    "PoolChange",
    "PoolDescription",
    "PoolEvent",
    "PoolHandle",
    "PoolInfo",
    "PoolState",
    "PoolType",
    "PoolWatch",
    "Storage",
    "Timestamps",
    "VolumeDescription",
    "VolumeHandle",
    "VolumeInfo",
    "VolumeListing",
    "VolumeType",
    "detect_format",
    "display_name",
    "in_turns",
    "local_file_name",
    "pool_xml",
    "read_facts",
    "retry_busy",
    "validate_volume_name",
    "volume_xml",
]
