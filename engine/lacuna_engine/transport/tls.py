"""TLS: an ordinary TLS connection on which the server first says that it accepts us.

After the handshake the server sends one byte, 1, once it has checked the client's certificate
(transports.md 1). With TLS 1.3 our handshake is over before that, so a refusal shows only as the
end of the connection in place of this byte.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    UnreachableError,
)
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.libvirt_conf import setting
from lacuna_engine.transport.pipe import Pipe
from lacuna_engine.transport.pki import Pki, find_pki
from lacuna_engine.transport.prompts import SecretKind, current_prompter
from lacuna_engine.transport.tcp import CONNECT_TIMEOUT, connect
from lacuna_engine.transport.tls_failures import (
    client_refused,
    handshake_failed,
    server_not_trusted,
)
from lacuna_engine.transport.tls_pipe import TlsPipe
from lacuna_engine.transport.tls_priority import apply_priority
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["TLS_PORT", "client_context", "open_tls"]

TLS_PORT = 16_514
ACCEPTED = 1
PASSPHRASE_TRIES = 3


async def open_tls(uri: ConnectionUri) -> Pipe:
    """Open a pipe to the daemon's TLS port.

    Raises :class:`UnreachableError`, :class:`AuthenticationError` for a certificate that one side
    does not accept, :class:`ConnectError` if there are no certificates, and
    :class:`~lacuna_engine.errors.UsageError` for a ``tls_priority`` that cannot be followed.
    """
    port = uri.port or TLS_PORT
    where = f"{uri.host} port {port}"
    pki = find_pki(uri)
    context = await client_context(uri, pki)
    hint = "Check that libvirt's daemon listens on TLS there (listen_tls, libvirtd-tls)."
    began = asyncio.get_running_loop().time()
    inner = await connect(uri.host, port, hint)
    pipe = TlsPipe(inner, context, uri.host)
    try:
        async with asyncio.timeout_at(began + CONNECT_TIMEOUT):
            await _agree(pipe, uri.host, where, pki)
    except TimeoutError as error:
        pipe.close()
        raise _silent(pipe, where) from error
    except BaseException:
        pipe.close()
        raise
    return pipe


async def _agree(pipe: TlsPipe, host: str, where: str, pki: Pki) -> None:
    """Get to the server's consent."""
    try:
        await pipe.shake_hands()
    except ssl.SSLCertVerificationError as error:
        raise server_not_trusted(error, host, pki) from error
    except (ssl.SSLError, ConnectionLostError) as error:
        raise handshake_failed(error, where) from error
    try:
        verdict = await pipe.verdict()
    except (ssl.SSLError, ConnectionLostError) as error:
        raise client_refused(where, pki) from error
    if verdict != ACCEPTED:
        raise client_refused(where, pki)


def _silent(pipe: TlsPipe, where: str) -> UnreachableError:
    if pipe.is_encrypted:
        return UnreachableError(
            f"{where} speaks TLS but does not answer as libvirt does",
            hint="Check the port: 16514 is libvirt's.",
        )
    return UnreachableError(
        f"{where} does not answer the TLS handshake",
        hint="It may be a port without TLS (16509 is plain TCP, 16514 TLS), or be stalled.",
    )


async def client_context(uri: ConnectionUri, pki: Pki) -> ssl.SSLContext:
    """Return what checks the server as libvirt does.

    Not :func:`ssl.create_default_context`: from Python 3.13 it is stricter than libvirt, and
    refuses many a CA that people have made for it (transports.md 1).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    apply_priority(
        context, uri.parameters.get("tls_priority") or setting("tls_priority") or "NORMAL"
    )
    _load(context, pki.ca)
    if pki.crl is not None:
        _load(context, pki.crl)
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    if pki.cert is not None and pki.key is not None:
        await _load_pair(context, uri.host, pki.cert, pki.key)
    if uri.flag("no_verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise _unreadable(path, error) from error


async def _load_pair(context: ssl.SSLContext, host: str, cert: Path, key: Path) -> None:
    """Load the client's certificate; the passphrase is asked for if its key has one."""
    inquiry = Inquiry(current_prompter())
    text = f"Passphrase of the TLS client key '{key}': "
    passphrase = None
    for _ in range(PASSPHRASE_TRIES):
        asked = False

        def answer(given: str | None = passphrase) -> str:
            # Without this OpenSSL would ask on the terminal itself.
            nonlocal asked
            asked = True
            return given or ""

        try:
            context.load_cert_chain(cert, key, password=answer)
        except (OSError, ssl.SSLError, ValueError) as error:
            if not asked:
                raise _unreadable(cert, error) from error
        else:
            return
        passphrase = await inquiry.secret(SecretKind.KEY_PASSPHRASE, host, text=text)
        if passphrase is None:
            raise AuthenticationError(f"the TLS client key '{key}' needs its passphrase")
    inquiry.refused()
    raise AuthenticationError(f"the passphrase of '{key}' was wrong {PASSPHRASE_TRIES} times")


def _unreadable(path: Path, error: Exception) -> ConnectError:
    if isinstance(error, PermissionError):
        why = "permission denied"
    elif getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        why = "certificate and key do not belong together"
    elif isinstance(error, ssl.SSLError):
        why = "it is not what it should be, a certificate or key in PEM format"
    else:
        why = str(getattr(error, "strerror", "") or error)
    return ConnectError(f"'{path}' cannot be used: {why}")
