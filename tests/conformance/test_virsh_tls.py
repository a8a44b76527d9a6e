"""virsh over TLS and SASL to the embedded server, as over a network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.server.certificates import Certificates
from engine.server.serving import Served, serving
from integration.libvirtd import HarnessError, _environment
from lacuna_engine.server import Address, Logins

PASSWORD = "correct horse"  # noqa: S105 - of the test alone


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("pki") / "pki")


def require_scram() -> None:
    """libvirt's client takes its mechanisms from plugins of Cyrus SASL."""
    places = [*Path("/usr/lib").glob("*/sasl2"), Path("/usr/lib/sasl2"), Path("/usr/lib64/sasl2")]
    if not any(list(place.glob("libscram.so*")) for place in places):
        raise HarnessError("Cyrus SASL has no SCRAM here (Debian package libsasl2-modules)")


def auth_file(folder: Path, user: str, password: str) -> Path:
    path = folder / "auth.conf"
    path.write_text(
        f"[credentials-test]\nauthname={user}\npassword={password}\n"
        "[auth-libvirt-localhost]\ncredentials=test\n"
    )
    return path


async def virsh(
    served: Served, pki: Path, auth: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run virsh in a thread, since the server runs in this loop."""
    import asyncio  # noqa: PLC0415

    port = next(one.port for one in served.server.addresses if one.kind == "tls")
    uri = f"storage+tls://localhost:{port}/system?pkipath={pki}"
    return await asyncio.to_thread(
        lambda: subprocess.run(
            ["virsh", "-c", uri, *arguments],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            env=_environment() | {"LIBVIRT_AUTH_FILE": str(auth)},
        )
    )


async def test_a_session_over_tls(
    short_path: Path, tmp_path: Path, certificates: Certificates
) -> None:
    require_scram()
    auth = auth_file(tmp_path, "ann", PASSWORD)
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(os.urandom(3 << 20))
    logins = Logins({"ann": PASSWORD})
    async with serving(short_path, logins=logins, tls=certificates.server()) as served:
        await served.server.listen(Address("tls", host="localhost"))
        for command in (
            ["pool-list"],
            ["vol-create-as", "pool", "v.img", "0", "--allocation", "0"],
            ["vol-upload", "--pool", "pool", "v.img", str(source), "--sparse"],
            ["vol-info", "--pool", "pool", "v.img"],
            ["vol-download", "--pool", "pool", "v.img", str(back), "--sparse"],
        ):
            done = await virsh(served, certificates.folder, auth, *command)
            assert done.returncode == 0, done.stderr
        assert back.read_bytes() == source.read_bytes() == served.content("v.img")


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("bo", PASSWORD)])
async def test_who_is_not_let_in(
    short_path: Path, tmp_path: Path, certificates: Certificates, user: str, password: str
) -> None:
    require_scram()
    auth = auth_file(tmp_path, user, password)
    logins = Logins({"ann": PASSWORD})
    async with serving(short_path, logins=logins, tls=certificates.server()) as served:
        await served.server.listen(Address("tls", host="localhost"))
        done = await virsh(served, certificates.folder, auth, "pool-list")
        assert done.returncode == 1
        assert "authentication failed" in done.stderr
