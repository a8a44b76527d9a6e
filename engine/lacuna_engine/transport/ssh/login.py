"""Logging in with asyncssh: host keys, keys, passwords, jump hosts."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import asyncssh

from lacuna_engine.errors import (
    LacunaError,
    UnreachableError,
    UsageError,
)
from lacuna_engine.transport.answers import Inquiry
from lacuna_engine.transport.prompts import HostKeyQuestion
from lacuna_engine.transport.ssh.failures import not_let_in, too_many_keys, unknown_key
from lacuna_engine.transport.ssh.identities import EncryptedKeys, open_key
from lacuna_engine.transport.ssh.known_hosts import KnownHosts
from lacuna_engine.transport.ssh.library_settings import ciphers_for, user_settings
from lacuna_engine.transport.ssh.login_client import LoginClient
from lacuna_engine.transport.ssh.settings import CONNECT_TIMEOUT
from lacuna_engine.transport.ssh.target import HostCheck, Target

__all__ = ["log_in"]

LOGIN_TIMEOUT = 600
"""Seconds for a login in all."""

_COMPRESSION = {"yes": ["zlib@openssh.com", "zlib", "none"], "no": ["none"]}
"""What OpenSSH offers for either."""

_KEY_TYPES = {"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ssh-ed448": "ED448"}


async def log_in(
    target: Target, inquiry: Inquiry, hops: str | None = None
) -> asyncssh.SSHClientConnection:
    """Return a connection on which channels can be opened.

    ``hops`` are the jump hosts, if others than those in the settings.

    Raises :class:`UnreachableError`, :class:`AuthenticationError`, :class:`UsageError`.
    """
    try:
        return await _Login(target, inquiry, hops).run()
    except LacunaError:
        raise
    except TimeoutError as error:
        raise UnreachableError(
            f"{target.where} did not answer", hint="Check the address, network and firewall."
        ) from error
    except socket.gaierror as error:
        raise UnreachableError(
            f"the host name {target.host} is not known", hint="Check its spelling."
        ) from error
    except ConnectionRefusedError as error:
        raise UnreachableError(
            f"{target.where} refuses SSH: no SSH server listens there",
            hint="Check the port, and that sshd runs on that host.",
        ) from error
    except asyncssh.ConfigParseError as error:
        raise UsageError(f"ssh's settings are wrong: {error}") from error
    except (ConnectionResetError, asyncssh.ConnectionLost, asyncssh.ProtocolNotSupported) as error:
        raise UnreachableError(
            f"{target.where} broke off before the login: it is no SSH server, is overloaded or "
            "refuses you",
            hint="Check the port, and the log of sshd on that host.",
        ) from error
    except OSError as error:
        # A file that the settings name, or the network.
        named = f"'{error.filename}': " if error.filename else ""
        raise UnreachableError(
            f"cannot connect to {target.where}: {named}{error.strerror or error}"
        ) from error
    except asyncssh.Error as error:
        if "Too many authentication failures" in error.reason:
            raise too_many_keys(target) from error
        raise UnreachableError(f"SSH to {target.where} failed: {error.reason}") from error


class _Login:
    """One login, with a second try after the question about an unknown host.

    ``hops`` are the jump hosts, if others than those in the settings.
    """

    def __init__(self, target: Target, inquiry: Inquiry, hops: str | None = None) -> None:
        self._target = target
        self._inquiry = inquiry
        self._hops = hops

    async def run(self) -> asyncssh.SSHClientConnection:
        target = self._target
        address: dict[str, Any] = {"host": target.host}
        if target.port is not None:
            address["port"] = target.port
        if target.user:
            address["username"] = target.user
        settings = await user_settings(**address)
        known = self._known_hosts(settings)
        tunnel = await self._jump(self._hops or settings.tunnel)
        try:
            options = await self._options(address)
            if tunnel is not None:
                options["tunnel"] = tunnel
            connection = await self._try(address | options, settings, known)
        except BaseException:
            if tunnel is not None:
                tunnel.close()
                await tunnel.wait_closed()
            raise
        if tunnel is not None:
            connection.set_tunnel(tunnel)
        return connection

    async def _try(
        self,
        options: dict[str, Any],
        settings: asyncssh.SSHClientConnectionOptions,
        known: KnownHosts,
    ) -> asyncssh.SSHClientConnection:
        client = self._client(settings, known)
        try:
            return await self._connect(options, client)
        except asyncssh.HostKeyNotVerifiable as error:
            key = client.unknown
            if client.refusal is not None or key is None:
                raise client.refusal or unknown_key(self._target) from error
        if not await self._accepts(key, settings.port):
            raise unknown_key(self._target)
        known.add(self._target.host, settings.port, key)
        client = self._client(settings, known)
        client.accepted = key
        return await self._connect(options, client)

    async def _connect(
        self, options: dict[str, Any], client: LoginClient
    ) -> asyncssh.SSHClientConnection:
        options = options | {
            "known_hosts": None if client.known is None else client.known,
            "client_factory": lambda: client,
        }
        try:
            async with asyncio.timeout(client.patience) as client.hurry:
                return await asyncssh.connect(**options)
        except asyncssh.PermissionDenied as error:
            self._inquiry.refused()
            raise client.refusal or not_let_in(
                self._target, answered=self._inquiry.kinds
            ) from error
        except asyncssh.Error as error:
            if client.refusal is not None:
                raise client.refusal from error
            raise
        finally:
            client.hurry = None

    def _client(
        self, settings: asyncssh.SSHClientConnectionOptions, known: KnownHosts
    ) -> LoginClient:
        ignore = self._target.host_check in (HostCheck.IGNORE, HostCheck.OFF)
        paths = [self._target.keyfile] if self._target.keyfile else _identity_files(settings)
        keys = EncryptedKeys(paths, self._inquiry, self._target.host, settings.username)
        client = LoginClient(
            self._target, settings.username, self._inquiry, keys, None if ignore else known.load()
        )
        client.patience = settings.connect_timeout or CONNECT_TIMEOUT
        return client

    async def _accepts(self, key: asyncssh.SSHKey, port: int) -> bool:
        if self._target.host_check == HostCheck.ACCEPT_NEW:
            return True
        if not self._target.may_ask:
            return False
        kind = key.get_algorithm()
        return await self._inquiry.confirm_host(
            HostKeyQuestion(
                host=self._target.host,
                port=port,
                key_type=_KEY_TYPES.get(kind, "ECDSA" if "ecdsa" in kind else kind),
                fingerprint=key.get_fingerprint(),
            )
        )

    def _known_hosts(self, settings: asyncssh.SSHClientConnectionOptions) -> KnownHosts:
        if self._target.known_hosts:
            return KnownHosts([self._target.known_hosts], with_system=False)
        named = settings.config.get("UserKnownHostsFile", [])
        return KnownHosts(cast("list[str]", named))

    async def _options(self, address: dict[str, Any]) -> dict[str, Any]:
        target = self._target
        options: dict[str, Any] = {
            # asyncssh's own would go on while somebody types a password.
            "connect_timeout": None,
            "login_timeout": LOGIN_TIMEOUT,
            "keepalive_interval": 15,
            "keepalive_count_max": 6,
        }
        ciphers = await ciphers_for(**address)
        if ciphers is not None:
            options["encryption_algs"] = ciphers
        if target.compression:
            options["compression_algs"] = _COMPRESSION[target.compression]
        if target.keyfile:
            key = open_key(target.keyfile)
            # An encrypted one is opened when the agent was of no help.
            options["client_keys"] = [] if key is None else [key]
        else:
            options["ignore_encrypted"] = True
        if target.methods:
            options["preferred_auth"] = list(target.ssh_methods)
            if "agent" not in target.methods:
                options["agent_path"] = None
        return options

    async def _jump(self, hops: object) -> asyncssh.SSHClientConnection | None:
        """Log in to the hosts on the way, each through the one before."""
        if not isinstance(hops, str) or not hops or hops.lower() == "none":
            return None
        *before, last = hops.split(",")
        user, _, place = last.rpartition("@")
        host, port = place, ""
        if place.startswith("["):
            host, _, port = place[1:].partition("]")
        elif place.count(":") == 1:
            host, _, port = place.partition(":")
        port = port.lstrip(":")
        hop = self._target._replace(
            host=host, user=user, port=int(port) if port else None, keyfile=""
        )
        # The first hop may have a way of its own in the settings, the others have this one.
        return await log_in(hop, self._inquiry, ",".join(before) or None)


def _identity_files(settings: asyncssh.SSHClientConnectionOptions) -> list[str]:
    return cast("list[str]", settings.config.get("IdentityFile", []) or [])
