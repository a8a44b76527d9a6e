"""What the engine says has happened, where it happens often: translated as a whole.

What varies is numbered in braces. Lines of the log and notes are among them.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

__all__ = ["CAUSES", "OTHER_CAUSES"]

CAUSES: Final = (
    QT_TRANSLATE_NOOP("Causes", "no libvirt daemon listens at {0}"),
    QT_TRANSLATE_NOOP("Causes", "the libvirt daemon at {0} is not running"),
    QT_TRANSLATE_NOOP("Causes", "permission denied to open {0}"),
    QT_TRANSLATE_NOOP("Causes", "the host name {0} is not known"),
    QT_TRANSLATE_NOOP("Causes", "{0} did not answer within {1} s"),
    QT_TRANSLATE_NOOP("Causes", "{0} did not answer"),
    QT_TRANSLATE_NOOP("Causes", "{0} refuses SSH: no SSH server listens there"),
    QT_TRANSLATE_NOOP(
        "Causes",
        "{0} broke off before the login: it is no SSH server, is overloaded or refuses you",
    ),
    QT_TRANSLATE_NOOP("Causes", "the SSH key of {0} is not known and was not accepted"),
    QT_TRANSLATE_NOOP("Causes", "your user may not manage libvirt on {0}"),
    QT_TRANSLATE_NOOP("Causes", "libvirt's daemon is not running on {0}"),
    QT_TRANSLATE_NOOP("Causes", "the login to {0} was cancelled"),
    QT_TRANSLATE_NOOP("Causes", "the server's certificate is not for '{0}'"),
    QT_TRANSLATE_NOOP("Causes", "there is no CA certificate to check the server with: {0}"),
    QT_TRANSLATE_NOOP("Causes", "{0} does not speak TLS"),
    QT_TRANSLATE_NOOP("Causes", "{0} asks for a client certificate, and there is none here"),
    QT_TRANSLATE_NOOP("Causes", "the connection was closed"),
    QT_TRANSLATE_NOOP("Causes", "the daemon closed the connection"),
    QT_TRANSLATE_NOOP("Causes", "the daemon has been silent for {0} s"),
    QT_TRANSLATE_NOOP("Causes", "a password does not belong in a saved URI"),
    QT_TRANSLATE_NOOP("Causes", "a password does not belong in a URI"),
    QT_TRANSLATE_NOOP("Causes", "'{0}' is not a libvirt URI"),
    QT_TRANSLATE_NOOP("Causes", "'{0}': unknown transport '{1}'"),
    QT_TRANSLATE_NOOP("Causes", "'{0}': the transport '{1}' needs a host"),
    QT_TRANSLATE_NOOP("Causes", "no URI is given"),
    QT_TRANSLATE_NOOP("Causes", "'{0}' cannot be the name of a connection"),
    QT_TRANSLATE_NOOP("Causes", "there is a connection named '{0}' already"),
    QT_TRANSLATE_NOOP("Causes", "{0} exists already"),
    QT_TRANSLATE_NOOP("Causes", "{0} has just been made by somebody else"),
    QT_TRANSLATE_NOOP("Causes", "{0} was changed since the transfer was interrupted"),
    QT_TRANSLATE_NOOP("Causes", "{0} was changed while it was sent"),
    QT_TRANSLATE_NOOP(
        "Causes",
        "{0} is in use by the running virtual machine {1}: what is read is the state of different "
        "moments, and may be inconsistent.",
    ),
    QT_TRANSLATE_NOOP(
        "Causes",
        "{0} is in use by the running virtual machines {1}: what is read is the state of different "
        "moments, and may be inconsistent.",
    ),
    QT_TRANSLATE_NOOP("Causes", "{0} is in use by the running virtual machine {1}"),
    QT_TRANSLATE_NOOP("Causes", "{0} is in use by the running virtual machines {1}"),
    QT_TRANSLATE_NOOP("Causes", "the pool {0} is not active"),
    QT_TRANSLATE_NOOP("Causes", "the image needs {0} bytes and the pool {1} has {2}"),
    QT_TRANSLATE_NOOP("Causes", "the image has {0} bytes and the volume {1} only {2}"),
    QT_TRANSLATE_NOOP("Causes", "the volume has {0} bytes of data and {1} {2} free"),
    QT_TRANSLATE_NOOP("Causes", "the folder {0} does not exist"),
    QT_TRANSLATE_NOOP("Causes", "{0} is not a file and is not replaced"),
    QT_TRANSLATE_NOOP("Causes", "{0} is not in the format {1}; it looks like {2}"),
    QT_TRANSLATE_NOOP("Causes", "the daemon could not write to the volume and lost the reason"),
    QT_TRANSLATE_NOOP("Causes", "upload: {0} -> {1}"),
    QT_TRANSLATE_NOOP("Causes", "download: {0} -> {1}"),
    QT_TRANSLATE_NOOP("Causes", "copy: {0} -> {1}"),
    QT_TRANSLATE_NOOP("Causes", "queued"),
    QT_TRANSLATE_NOOP("Causes", "waiting"),
    QT_TRANSLATE_NOOP("Causes", "paused"),
    QT_TRANSLATE_NOOP("Causes", "interrupted"),
    QT_TRANSLATE_NOOP("Causes", "failed"),
    QT_TRANSLATE_NOOP("Causes", "It goes over {0} connections, not more: {1}"),
    QT_TRANSLATE_NOOP("Causes", "It was complete; it is not compared, for the source was changed."),
    QT_TRANSLATE_NOOP(
        "Causes",
        "The image is an overlay of another file, which is not sent with it.",
    ),
    QT_TRANSLATE_NOOP(
        "Causes",
        "The volume is larger than the image: its last {0} bytes keep their old content.",
    ),
    QT_TRANSLATE_NOOP(
        "Causes",
        "The old content of {0} is given up before the new one arrives; it can be kept until "
        "then, which takes the space twice.",
    ),
    QT_TRANSLATE_NOOP(
        "Causes",
        "The daemon would change the image ({0}) in cloning it, so it is copied through this "
        "computer to get its name.",
    ),
    QT_TRANSLATE_NOOP("Causes", "there is no job '{0}'"),
    QT_TRANSLATE_NOOP("Causes", "the journal {0} cannot be used: {1}"),
    QT_TRANSLATE_NOOP("Causes", "cannot connect to {0}: {1}"),
    QT_TRANSLATE_NOOP("Causes", "SSH to {0} failed: {1}"),
    QT_TRANSLATE_NOOP("Causes", "TLS with {0} failed: {1}"),
    QT_TRANSLATE_NOOP("Causes", "the connection broke: {0}"),
    QT_TRANSLATE_NOOP("Causes", "the SSH connection to {0} ended: {1}"),
    QT_TRANSLATE_NOOP("Causes", "cannot read {0}: {1}"),
    QT_TRANSLATE_NOOP("Causes", "cannot write {0}: {1}"),
    QT_TRANSLATE_NOOP("Causes", "cannot open or lock {0}: {1}"),
    QT_TRANSLATE_NOOP("Causes", "cannot open {0}: {1}"),
    QT_TRANSLATE_NOOP("Causes", "wrong user name or password for '{0}': {1}"),
    QT_TRANSLATE_NOOP("Causes", "A volume's name must not be empty."),
    QT_TRANSLATE_NOOP("Causes", "A volume cannot be named '{0}'."),
    QT_TRANSLATE_NOOP("Causes", "A volume's name must not contain a slash: '{0}'."),
    QT_TRANSLATE_NOOP("Causes", "A volume's name must not contain the character '{0}': '{1}'."),
    QT_TRANSLATE_NOOP(
        "Causes",
        "A volume's name must not be longer than {0} bytes; this one has {1}.",
    ),
    QT_TRANSLATE_NOOP("Causes", "is there already, as {0}"),
)
"""What happened, as the window says it."""

OTHER_CAUSES: Final = {
    "The old content of {0} is given up before the new one arrives; --keep-until-complete "
    "keeps it until then.": (
        "The old content of {0} is given up before the new one arrives; it can be kept until "
        "then, which takes the space twice."
    ),
}
"""What speaks of a command line, and what the window says instead."""
