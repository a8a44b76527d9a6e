"""The calls, one function each, and the table that finds them.

A file for each kind of thing they are about: the login, the connection, pools, volumes, streams.
Whether a call is let through at all is decided before (`Calls`).
"""

from lacuna_engine.server.handlers import connection, login, pools, streams, volumes
from lacuna_engine.server.handlers.table import Function

__all__ = ["HANDLERS"]

HANDLERS: dict[int, Function] = {
    **login.TABLE,
    **connection.TABLE,
    **pools.TABLE,
    **volumes.TABLE,
    **streams.TABLE,
}
"""By number; a procedure that is missing is unknown to the server."""
