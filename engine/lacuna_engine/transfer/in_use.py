"""Refusing to write to a volume that a running virtual machine uses.

Nothing in libvirt protects a volume (protocol.md 0.10). Whether a machine uses it is asked of the
hypervisor's driver, which a URI like ``qemu:///system`` names; ``storage:///system`` knows no
machines. Where the daemon cannot tell there is neither a refusal nor an error, and a machine that
starts later is not noticed.
"""

from __future__ import annotations

from lacuna_engine.errors import LacunaError, VolumeInUseError
from lacuna_engine.storage import VolumeDescription, display_name
from lacuna_engine.storage.domains import domains_using, running_domains
from lacuna_engine.transfer.session import Session

__all__ = ["check_unused", "use_note", "users_of"]


async def users_of(session: Session, pool: str, volume: VolumeDescription) -> tuple[str, ...]:
    """Return the names of the running domains that use a volume, none if that cannot be told."""
    try:
        connection = await session.connect_to_hypervisor()
        if connection is None:
            return ()
        try:
            uses = await running_domains(connection)
        finally:
            await connection.close()
    except LacunaError:
        # No such driver there, or it does not let us in: then it cannot tell.
        return ()
    return domains_using(uses or (), path=volume.path, pool=pool, volume=volume.name)


async def check_unused(session: Session, pool: str, volume: VolumeDescription) -> None:
    """Raise :class:`VolumeInUseError` if a running domain uses the volume."""
    users = await users_of(session, pool, volume)
    if users:
        raise VolumeInUseError(
            f"{display_name(pool)}/{display_name(volume.name)} is in use by {described(users)}",
            hint="Shut it down first. --force writes to the volume all the same, which destroys "
            "what the machine has on it.",
        )


async def use_note(session: Session, pool: str, volume: VolumeDescription) -> str:
    """Return what to say about reading a volume that is in use, nothing if it is not."""
    users = await users_of(session, pool, volume)
    if not users:
        return ""
    return (
        f"{display_name(volume.name)} is in use by {described(users)}: what is read is the state "
        "of different moments, and may be inconsistent."
    )


def described(users: tuple[str, ...]) -> str:
    """Name the domains in a few words."""
    shown = ", ".join(f"'{name}'" for name in users[:3])
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    return f"the running virtual machine{'s' if len(users) > 1 else ''} {shown}{more}"
