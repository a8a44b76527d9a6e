"""The transport ``ext``: a program of the user's that gets to the daemon by its own means."""

from __future__ import annotations

from lacuna_engine.errors import ConnectionLostError, LacunaError, UnreachableError, UsageError
from lacuna_engine.transport.child import ChildPipe, start_child
from lacuna_engine.transport.pipe import Pipe
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["open_ext"]


async def open_ext(uri: ConnectionUri) -> Pipe:
    """Run the program named by ``command``, without arguments, as libvirt does.

    Raises :class:`UsageError` if there is none or it cannot be started.
    """
    command = uri.parameters.get("command")
    if not command:
        raise UsageError(
            f"'{uri}': the transport 'ext' needs the parameter 'command'",
            hint="Write ?command=/path/of/the/program.",
        )
    child, sock = await start_child([command])

    def explain(status: int, words: str) -> LacunaError | None:
        said = words.strip().rpartition("\n")[2]
        text = f"'{command}' ended with status {status}" + (f": {said}" if said else "")
        # Once the daemon has answered, it is a link that broke.
        return ConnectionLostError(text) if pipe.bytes_read else UnreachableError(text)

    pipe = ChildPipe(sock, child, explain)
    return pipe
