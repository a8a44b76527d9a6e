"""From the wire's error struct to an exception."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from engine.rpc.strategies import record_strategy
from engine.rpc.vectors import named
from lacuna_engine import errors as x
from lacuna_engine.rpc.failure import Code, Domain, exception_of, lost_write_error
from lacuna_engine.rpc.packet import HEADER_SIZE
from lacuna_engine.rpc.records import WireError
from lacuna_engine.xdr import Cursor

# How long an example takes says nothing here.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def remote(error: x.LacunaError) -> x.RemoteError:
    assert isinstance(error, x.RemoteError)
    return error


def captured(name: str) -> WireError:
    return WireError.unpack(Cursor(named(name, to_daemon=False)[-1][HEADER_SIZE:]))


@pytest.mark.parametrize(
    ("code", "kind", "hinted"),
    [
        (3, x.NotSupportedError, False),
        (8, x.NotSupportedError, False),
        (67, x.NotSupportedError, False),
        (74, x.NotSupportedError, False),
        (84, x.NotSupportedError, False),
        (29, x.ReadOnlyError, True),
        (49, x.PoolNotFoundError, True),
        (50, x.VolumeNotFoundError, True),
        (55, x.InvalidOperationError, False),
        (90, x.VolumeExistsError, True),
        (1, x.RemoteError, False),
        (9, x.RemoteError, False),
        (39, x.RemoteError, False),
        (0, x.RemoteError, False),
        (113, x.RemoteError, False),
        (99_999, x.RemoteError, False),
        (-1, x.RemoteError, False),
    ],
)
def test_codes(code: int, kind: type[x.RemoteError], hinted: bool) -> None:
    error = remote(exception_of(WireError(code, 18, "what happened")))
    assert type(error) is kind
    assert (error.message, error.code, error.domain, error.errno) == ("what happened", code, 18, 0)
    assert bool(error.hint) is hinted
    assert not error.retryable


@pytest.mark.parametrize("code", [Code.AUTH_FAILED, Code.AUTH_CANCELLED, Code.AUTH_UNAVAILABLE])
def test_authentication(code: int) -> None:
    error = exception_of(WireError(code, 46, "no"))
    assert type(error) is x.AuthenticationError
    assert not error.hint
    polkit = exception_of(WireError(code, Domain.POLKIT, "no"))
    assert type(polkit) is x.AuthenticationError
    assert "group 'libvirt'" in polkit.hint


@pytest.mark.parametrize(
    ("number", "kind", "hint"),
    [
        (28, x.RemoteNoSpaceError, "room"),
        (27, x.RemoteSystemError, "file of that size"),
        (13, x.RemoteSystemError, "owner"),
        (30, x.RemoteSystemError, "read-only"),
        (36, x.RemoteSystemError, "255"),
        (2, x.RemoteSystemError, ""),
        (38, x.RemoteSystemError, ""),  # the number of "name too long" on another system
        (63, x.RemoteSystemError, ""),  # and on yet another
        (0, x.RemoteSystemError, ""),
        (2**31 - 1, x.RemoteSystemError, ""),
    ],
)
def test_system_errors_have_linux_numbers(
    number: int, kind: type[x.RemoteError], hint: str
) -> None:
    error = remote(exception_of(WireError(38, 38, "Unable to write", int1=number)))
    assert type(error) is kind
    assert error.errno == number
    assert bool(error.hint) is bool(hint)
    assert hint in error.hint


def test_system_error_without_a_number() -> None:
    assert remote(exception_of(WireError(38, 0, "x", int1=-1))).errno == 0


@pytest.mark.parametrize(
    ("code", "text", "busy"),
    [
        (55, "volume 'a' is still in use.", True),
        (55, "volume 'a' is still being allocated.", True),
        (1, "internal error: pool 'x' has asynchronous jobs running.", True),
        (55, "storage pool 'x' is not active", False),
        (1, "connection not open", False),
        (9, "volume 'a' is still in use.", False),
    ],
)
def test_what_a_wait_can_help(code: int, text: str, busy: bool) -> None:
    for error in (WireError(code, 18, text), WireError(code, 18, "übersetzt", str2=text)):
        assert (type(exception_of(error)) is x.VolumeBusyError) is busy
        assert exception_of(error).retryable is busy


def test_unknown_procedures_are_a_missing_feature() -> None:
    assert type(exception_of(captured("unknown_procedure"))) is x.NotSupportedError
    assert type(exception_of(WireError(39, 7, "unknown procedure: 5"))) is x.NotSupportedError
    assert type(exception_of(WireError(39, 7, "authentication required"))) is x.RemoteError


def test_captured_errors() -> None:
    assert type(exception_of(captured("get_hostname_unsupported"))) is x.NotSupportedError
    assert type(exception_of(captured("pool_lookup_by_name_missing"))) is x.PoolNotFoundError
    assert type(exception_of(captured("vol_lookup_missing"))) is x.VolumeNotFoundError
    full = exception_of(captured("upload_past_length_stream_error"))
    assert type(full) is x.RemoteNoSpaceError
    assert full.errno == 28


def test_the_empty_error_of_a_hole() -> None:
    assert lost_write_error(captured("upload_bad_hole_reply_error"))
    assert not lost_write_error(captured("upload_past_length_stream_error"))
    assert not lost_write_error(WireError(1, 18, None))
    assert not lost_write_error(WireError(39, 7, None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, "error 5 without a text"),
        ("", "error 5 without a text"),
        (" \n\t ", "error 5 without a text"),
        ("\x1b[2Jgone\a", "\ufffd[2Jgone\ufffd"),
        ("a\nb\tc\rd", "a b c d"),
        ("evil \u202etxt.exe", "evil \ufffdtxt.exe"),
        ("\udcff\udcfe", "\ufffd\ufffd"),
        ("«\u00a0non\u202f»", "« non »"),
        ("Größe 名前", "Größe 名前"),
        ("x" * 5000, "x" * 2000),
    ],
)
def test_hostile_texts(text: str | None, shown: str) -> None:
    assert exception_of(WireError(5, 18, text)).message == shown


@relaxed
@given(record_strategy(WireError))
def test_any_error_becomes_an_exception(error: WireError) -> None:
    made = exception_of(error)
    assert made.message.isprintable()
    assert made.message == str(made)
    assert len(made.message) <= 2000
    lost_write_error(error)
