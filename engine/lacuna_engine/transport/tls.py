"""TLS: an ordinary TLS connection on which the server first says that it accepts us.

After the handshake the server sends one byte, 1, once it has checked the client's certificate
(transports.md 1). With TLS 1.3 our handshake is over before that, so a refusal shows only as the
end of the connection in place of this byte.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    LacunaError,
    UnreachableError,
)
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.libvirt_conf import setting
from lacuna_engine.transport.pipe import Receiver, StreamPipe
from lacuna_engine.transport.pki import Pki, find_pki
from lacuna_engine.transport.prompts import SecretKind, current_prompter
from lacuna_engine.transport.tcp import CONNECT_TIMEOUT
from lacuna_engine.transport.tls_failures import (
    client_refused,
    handshake_failed,
    server_not_trusted,
)
from lacuna_engine.transport.tls_priority import apply_priority
from lacuna_engine.transport.uri import ConnectionUri

__all__ = ["TLS_PORT", "TlsPipe", "client_context", "open_tls"]

TLS_PORT = 16_514
ACCEPTED = 1
VERDICT_TIMEOUT = 10.0
"""Seconds for the handshake, and then for the server's verdict."""
PASSPHRASE_TRIES = 3


class TlsPipe(StreamPipe):
    """A pipe whose first byte is the server's verdict, which the receiver does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.verdict: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read on until the verdict is there."""
        super().connection_made(transport)
        if self._transport is not None:
            # asyncio's TLS pauses a writer at its limit, not above it: at 0 it would pause one that
            # has nothing to wait for, and forget it.
            self._transport.set_write_buffer_limits(high=1, low=0)
            self._transport.resume_reading()

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver, with what came along with the verdict."""
        super().start(receiver)
        if self._first:
            first, self._first = self._first, b""
            asyncio.get_running_loop().call_soon(self._deliver, receiver, first)

    def _deliver(self, receiver: Receiver, first: bytes) -> None:
        try:
            receiver.received(memoryview(first))
        except LacunaError as error:
            self.close(error)

    def buffer_updated(self, nbytes: int) -> None:
        """Take the verdict off, and then hold until there is a receiver."""
        if self._receiver is not None:
            super().buffer_updated(nbytes)
            return
        self.bytes_read += nbytes
        data = bytes(self._view[:nbytes])
        if not self.verdict.done():
            self.verdict.set_result(data[0])
            data = data[1:]
        self._first += data
        if self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Without a verdict this was one."""
        if not self.verdict.done():
            self.verdict.set_exception(
                exc or ConnectionLostError("the server closed the connection")
            )
            # Nobody may be waiting any more, when the opening was given up.
            self.verdict.exception()
        super().connection_lost(exc)


async def open_tls(uri: ConnectionUri) -> StreamPipe:
    """Open a pipe to the daemon's TLS port.

    Raises :class:`UnreachableError`, :class:`AuthenticationError` for a certificate that one side
    does not accept, :class:`ConnectError` if there are no certificates, and
    :class:`~lacuna_engine.errors.UsageError` for a ``tls_priority`` that cannot be followed.
    """
    port = uri.port or TLS_PORT
    where = f"{uri.host} port {port}"
    pki = find_pki(uri)
    context = await client_context(uri, pki)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            transport, pipe = await loop.create_connection(
                TlsPipe, uri.host, port, ssl=context, server_hostname=uri.host
            )
    except TimeoutError as error:
        raise UnreachableError(
            f"{where} did not answer within {CONNECT_TIMEOUT:.0f} s",
            hint="Check the address, the network and the firewall.",
        ) from error
    except socket.gaierror as error:
        raise UnreachableError(
            f"the host name {uri.host} is not known", hint="Check its spelling."
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise server_not_trusted(error, uri.host, pki) from error
    except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
        raise handshake_failed(error, where) from error
    except OSError as error:
        raise UnreachableError(
            f"cannot connect to {where}: {error.strerror or error}",
            hint="Check that libvirt's daemon listens on TLS there (listen_tls, libvirtd-tls).",
        ) from error
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await _await_verdict(pipe, where, pki)
    return pipe


async def _await_verdict(pipe: TlsPipe, where: str, pki: Pki) -> None:
    try:
        async with asyncio.timeout(VERDICT_TIMEOUT):
            verdict = await asyncio.shield(pipe.verdict)
    except TimeoutError as error:
        pipe.close()
        raise UnreachableError(
            f"{where} speaks TLS but does not answer as libvirt does",
            hint="Check the port: 16514 is libvirt's.",
        ) from error
    except (OSError, LacunaError) as error:
        pipe.close()
        raise client_refused(where, pki) from error
    except BaseException:
        pipe.close()
        raise
    if verdict != ACCEPTED:
        pipe.close()
        raise client_refused(where, pki)


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
    else:
        why = str(getattr(error, "strerror", "") or error)
    return ConnectError(f"'{path}' cannot be used: {why}")
