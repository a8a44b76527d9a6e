"""Logging in (protocol.md 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.record import Void
from lacuna_engine.server.caller import Answer, Caller
from lacuna_engine.server.handlers.table import Table
from lacuna_engine.server.logins import MECHANISMS, Login, denied

if TYPE_CHECKING:
    from lacuna_engine.server.calls import Calls

__all__ = ["TABLE"]

TABLE = Table()

AUTH_NONE, AUTH_SASL = 0, 1


@TABLE.answers(p.AUTH_LIST)
def auth_list(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """The call that lets a client in if nothing more is asked of it."""
    del arguments
    if calls.logins is None:
        caller.let_in = True
        return r.AuthTypes((AUTH_NONE,))
    return r.AuthTypes((AUTH_SASL,))


@TABLE.answers(p.AUTH_SASL_INIT)
def sasl_init(calls: Calls, caller: Caller, arguments: Void) -> Answer:
    """Which mechanisms there are."""
    del caller, arguments
    if calls.logins is None:
        raise denied()
    return r.String(",".join(MECHANISMS))


@TABLE.answers(p.AUTH_SASL_START)
def sasl_start(calls: Calls, caller: Caller, arguments: r.SaslStart) -> Answer:
    """Begin a login; it may be begun again after a failed one."""
    if calls.logins is None or caller.let_in:
        raise denied()
    caller.login = Login(calls.logins, arguments.mechanism)
    return _sasl_step(caller, arguments.data)


@TABLE.answers(p.AUTH_SASL_STEP)
def sasl_step(calls: Calls, caller: Caller, arguments: r.SaslStep) -> Answer:
    """Go on with a login."""
    del calls
    return _sasl_step(caller, arguments.data)


def _sasl_step(caller: Caller, data: bytes) -> Answer:
    login = caller.login
    if login is None or login.complete:
        raise denied()
    result = login.step(data)
    caller.let_in = login.complete
    return result
