"""What kind of failure an error of the engine is, in a sentence."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from lacuna_engine import errors
from lacuna_engine.errors import LacunaError

translate = QCoreApplication.translate

__all__ = ["kind_text"]


def kind_text(error: LacunaError) -> str:
    """Return what an error says by its class alone."""
    texts: dict[type[LacunaError], str] = {
        errors.UsageError: translate("Kinds", "What was asked for cannot be done like this."),
        errors.AuthenticationError: translate("Kinds", "The daemon's host did not let you in."),
        errors.UnreachableError: translate("Kinds", "The daemon cannot be reached."),
        errors.ConnectError: translate(
            "Kinds", "No usable connection to the daemon could be made."
        ),
        errors.ConnectionLostError: translate("Kinds", "The connection to the daemon has ended."),
        errors.CallTimeoutError: translate("Kinds", "The daemon did not answer in time."),
        errors.ProtocolError: translate(
            "Kinds", "What answers there does not keep to libvirt's protocol."
        ),
        errors.ExistsError: translate("Kinds", "The destination exists already."),
        errors.VolumeInUseError: translate("Kinds", "A virtual machine uses the volume."),
        errors.NoSpaceError: translate("Kinds", "There is not enough room at the destination."),
        errors.SourceChangedError: translate("Kinds", "The source has changed."),
        errors.DestinationChangedError: translate("Kinds", "The destination has changed."),
        errors.NotProvedError: translate(
            "Kinds", "It could not be shown that all data has arrived."
        ),
        errors.VerificationError: translate("Kinds", "Read back, the data is different."),
        errors.LocalFileError: translate("Kinds", "A local file or folder cannot be used."),
        errors.LacunaError: translate("Kinds", "It could not be done."),
    }
    return next(texts[kind] for kind in type(error).__mro__ if kind in texts)
