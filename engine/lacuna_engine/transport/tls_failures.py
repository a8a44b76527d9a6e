"""What is wrong with a certificate, in plain words."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from lacuna_engine.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    UnreachableError,
)
from lacuna_engine.transport.pki import Pki

__all__ = ["client_refused", "handshake_failed", "server_not_trusted"]

# OpenSSL's numbers (X509_V_ERR_*): message about the server's certificate, hint.
_NOT_OURS = (
    "was not issued by the CA that is trusted here",
    "Check that cacert.pem is the one of the server's CA ({ca}).",
)
_VERDICTS = {
    2: _NOT_OURS,
    18: _NOT_OURS,
    19: _NOT_OURS,
    20: _NOT_OURS,
    21: _NOT_OURS,
    7: ("does not bear the signature of its CA", "Check cacert.pem ({ca})."),
    9: ("is not valid yet", "Check the clocks of both machines."),
    10: ("has expired", "It must be renewed on the server. Check the clock of this machine too."),
    23: ("was revoked by its CA", "Do not connect; ask the server's administrator."),
    3: ("cannot be checked against the revocation list", "Check cacrl.pem ({crl})."),
    11: ("cannot be checked: the revocation list is not valid yet", "Check {crl} and the clock."),
    12: ("cannot be checked: the revocation list has expired", "Renew {crl}."),
    24: ("was issued by what is no CA", "Check cacert.pem ({ca})."),
    26: ("is not one for servers", "It must be issued anew, for TLS servers."),
    66: ("has a key that is too short", "It must be issued anew, with a longer key."),
    67: ("was issued by a CA whose key is too short", "The CA needs a longer key."),
    68: ("is signed in a way that is no longer secure", "It must be issued anew."),
}
_WRONG_NAME = (62, 64)


def server_not_trusted(
    error: ssl.SSLCertVerificationError, host: str, pki: Pki
) -> AuthenticationError:
    """Say what is wrong with the server's certificate."""
    if error.verify_code in _WRONG_NAME:
        return AuthenticationError(
            f"the server's certificate is not for '{host}'",
            hint="Use the name that is in the certificate, or have one issued for this name.",
        )
    words = _VERDICTS.get(error.verify_code)
    if words is None:
        return AuthenticationError(
            f"the certificate of {host} is not accepted: {error.verify_message}"
        )
    message, hint = words
    return AuthenticationError(
        f"the certificate of {host} {message}", hint=hint.format(ca=pki.ca, crl=pki.crl)
    )


def handshake_failed(error: Exception, where: str) -> ConnectError:
    """Say why there is no TLS connection at all."""
    reason = str(getattr(error, "reason", "") or "")
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return UnreachableError(
            f"{where} does not speak TLS", hint="Port 16514 is TLS, 16509 plain TCP."
        )
    if isinstance(error, ConnectionLostError):
        return UnreachableError(
            f"{where} broke off the TLS handshake",
            hint="It may be a port without TLS (16509 is plain TCP, 16514 TLS).",
        )
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        return UnreachableError(
            f"{where} and this machine have no version of TLS in common", hint=reason
        )
    if "ALERT" in reason:
        words = reason.replace("_", " ").lower()
        return AuthenticationError(f"{where} ended the TLS handshake: {words}")
    return UnreachableError(f"TLS with {where} failed: {reason or error}")


def client_refused(where: str, pki: Pki) -> AuthenticationError:
    """The server has not sent its one byte of agreement: it does not want our certificate.

    It never says why, so what can be seen from here is looked at.
    """
    if pki.cert is None:
        return AuthenticationError(
            f"{where} asks for a client certificate, and there is none here",
            hint="Put clientcert.pem and clientkey.pem into ~/.pki/libvirt or /etc/pki/libvirt, "
            "or name their folder with ?pkipath=FOLDER.",
        )
    seen = _flaw(pki.cert, pki.ca)
    return AuthenticationError(
        f"{where} does not accept this machine's client certificate ({pki.cert})"
        + (f": {seen}" if seen else ""),
        hint="It may be missing, expired, revoked, of another CA or not on the server's list; "
        "the reason is in the server's log.",
    )


def _flaw(cert: Path, ca: Path) -> str:
    """Return what is wrong with a client certificate as far as it shows here, or nothing."""
    from cryptography import x509  # noqa: PLC0415 - a tenth of a second, for errors only

    try:
        ours = x509.load_pem_x509_certificate(cert.read_bytes())
        theirs = x509.load_pem_x509_certificates(ca.read_bytes())
    except (OSError, ValueError):
        return "it cannot be read"
    now = datetime.now(UTC)
    if ours.not_valid_after_utc < now:
        return f"it expired on {ours.not_valid_after_utc:%Y-%m-%d}"
    if ours.not_valid_before_utc > now:
        return f"it is not valid before {ours.not_valid_before_utc:%Y-%m-%d}"
    for issuer in theirs:
        try:
            ours.verify_directly_issued_by(issuer)
        except (ValueError, TypeError):
            continue
        except Exception:  # noqa: BLE001, S112 - InvalidSignature has no common base
            continue
        return ""
    return f"it was not issued by the CA in {ca}"
