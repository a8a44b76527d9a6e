"""Saved connections: where they are kept, where they can be imported from, and their passwords."""

from lacuna_engine.profiles.imports import Candidate, from_libvirt, from_virt_manager
from lacuna_engine.profiles.profile import Profile, ProfileChanges, ProfileOptions
from lacuna_engine.profiles.secrets import Secrets, label_of
from lacuna_engine.profiles.store import Imported, ProfileStore, config_folder

__all__ = [
    "Candidate",
    "Imported",
    "Profile",
    "ProfileChanges",
    "ProfileOptions",
    "ProfileStore",
    "Secrets",
    "config_folder",
    "from_libvirt",
    "from_virt_manager",
    "label_of",
]
