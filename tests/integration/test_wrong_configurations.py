"""What the user is told when something is set up wrong: each its own words, in time, no secret.

Exit code 3 where no connection comes about: through the command as it is installed. 2 where the
request is wrong in itself: through the command's own function, which is quicker.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.wrong import SECRETS, URI_PASSWORD, WRONG_PASSWORD, Ground
from lacuna_engine.cli.main import run as run_here

AT_ONCE = 4
"""Commands that run at the same time: some of them only wait."""
IN_TIME = 10.0
"""Seconds within which a failure is to be told."""
NO_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Runs a program as a root who may not open what is not his."""


@dataclass(frozen=True)
class Case:
    """A URI with names of places in braces, and what must be in the first line of the message."""

    uri: str
    text: str
    code: int = 3
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    before: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    """What a person types, one line for each question; without it there is no terminal."""


TLS = "qemu+tls://localhost:{tls}/system?pkipath={folder}/"
OTHER = "qemu+tls://127.0.0.1:{%s}/system?pkipath={folder}/good"
UNIX = "qemu+unix:///system?socket="

CASES: dict[str, Case] = {
    # --- the URI itself ---
    "no URI": Case("nonsense", "is not a libvirt URI, and no saved connection", 2),
    "no such transport": Case("qemu+carrier://h/system", "unknown transport 'carrier'", 2),
    "no host": Case("qemu+ssh:///system", "the transport 'ssh' needs a host", 2),
    "a host for a socket": Case("qemu+unix://h/system", "takes no host", 2),
    "a password": Case(f"qemu+ssh://ann:{URI_PASSWORD}@h/system", "does not belong in a URI", 2),
    "no such port": Case("qemu+tcp://h:99999/system", "Port out of range", 2),
    "an option as host": Case("qemu+ssh://-oProxyCommand=x/system", "is no host name", 2),
    "no such mode": Case("qemu:///system?mode=sideways", "unknown mode 'sideways'", 2),
    "no such proxy": Case("qemu+ssh://h/system?proxy=magic", "unknown proxy 'magic'", 2),
    "no such flag": Case("qemu+ssh://h/system?no_tty=perhaps", "'no_tty' must be 0 or 1", 2),
    "no such check": Case("qemu+ssh://h/?known_hosts_verify=x", "unknown known_hosts_verify", 2),
    "no such compression": Case(
        "qemu+ssh://h/system?compression=9", "unknown compression '9'", 2
    ),
    "no such way": Case("qemu+ssh://h/system?sshauth=smile", "unknown sshauth 'smile'", 2),
    "direct through ssh": Case("qemu+ssh://h/system?mode=direct", "not possible through SSH", 2),
    "no such login": Case("{login_uri}&auth=magic", "unknown kind of authentication", 2),
    "no such mechanism": Case("{login_uri}&auth=sasl.MAGIC", "SASL mechanism 'MAGIC'", 2),
    "no such cipher": Case(f"{TLS}good&tls_priority=X", "tls_priority 'X': 'X' cannot", 2),
    "no program": Case("qemu+ext:///system", "needs the parameter 'command'", 2),
    "a program missing": Case("qemu+ext:///system?command=/no/where", "cannot be started: No", 2),
    "no auth file": Case("{login_uri}&authfile=/no/auth.conf", "cannot read /no/auth.conf", 2),
    "half an auth file": Case("{login_uri}&authfile={folder}/broken.conf", "has no group", 2),
    # --- the daemon's socket ---
    "socket missing": Case(f"{UNIX}/no/where/sock", "no libvirt daemon listens at /no/where/sock"),
    "daemon down": Case(f"{UNIX}{{root}}/dead", "the libvirt daemon at .*/dead is not running"),
    "not permitted": Case(
        f"{UNIX}{{folder}}/closed-sock", "permission denied to open", before=NO_RIGHTS
    ),
    "another driver": Case("nosuch+unix:///at/all?socket={socket}", "cannot be opened"),
    "login demanded": Case("{unix}&auth=sasl", "demands SASL, the daemon offers no auth"),
    "polkit demanded": Case("{unix}&auth=polkit", "demands polkit, the daemon offers no auth"),
    # --- TCP ---
    "host unknown": Case("qemu+tcp://no.such.invalid/system", "name no.such.invalid is not known"),
    "port closed": Case("qemu+tcp://127.0.0.1:{closed}/", "connect to .*: Connection refused$"),
    "host silent": Case("qemu+tcp://127.0.0.1:{silent}/system", "did not answer within 8 s"),
    "another protocol": Case("qemu+tcp://127.0.0.1:{http}/system", "does not speak libvirt's"),
    "plain to TLS": Case("qemu+tcp://127.0.0.1:{tls}/system", "before it was open: .* reset by"),
    "hangs up": Case("qemu+tcp://127.0.0.1:{gone}/system", "before it was open: the daemon closed"),
    # --- TLS ---
    "TLS to plain": Case("qemu+tls://localhost:{tcp}/?pkipath={folder}/good", "broke off the TLS"),
    "TLS to mail": Case(OTHER % "mail", "does not speak TLS"),
    "TLS to nobody": Case(OTHER % "mute", "does not answer the TLS handshake"),
    "TLS, not libvirt": Case(OTHER % "tls_mute", "speaks TLS but does not answer as libvirt does"),
    "TLS too old": Case(
        f"{OTHER % 'tls12'}&tls_priority=NORMAL:-VERS-TLS1.2", "no version of TLS in common"
    ),
    "CA missing": Case(f"{TLS}nowhere", "there is no CA certificate to check the server"),
    "CA nonsense": Case(f"{TLS}nonsense", "cacert.pem' cannot be used"),
    "key missing": Case(f"{TLS}half", "clientkey.pem' is missing beside"),
    "key of another": Case(f"{TLS}mixed", "certificate and key do not belong together"),
    "key locked": Case(f"{TLS}locked", "passphrase of a key is needed .*clientkey.pem"),
    "server expired": Case(OTHER % "expired", "certificate of 127.0.0.1 has expired"),
    "server too early": Case(OTHER % "unborn", "certificate of 127.0.0.1 is not valid yet"),
    "server elsewhere": Case(OTHER % "elsewhere", "certificate is not for '127.0.0.1'"),
    "server of another CA": Case(OTHER % "stranger", "was not issued by the CA that is trusted"),
    "server revoked": Case(
        "qemu+tls://127.0.0.1:{withdrawn}/?pkipath={folder}/unlisted", "was revoked by its CA"
    ),
    "client missing": Case(f"{TLS}none", "asks for a client certificate, and there is none here"),
    "client expired": Case(f"{TLS}old", r"does not accept .*: it expired on \d"),
    "client too early": Case(f"{TLS}early", r"does not accept .*: it is not valid before \d"),
    "client of another CA": Case(f"{TLS}foreign", "does not accept .*: it was not issued by the"),
    "client revoked": Case(f"{TLS}revoked", r"does not accept this .*certificate \([^)]*\)$"),
    # --- SSH ---
    "ssh host unknown": Case("{ssh_at}nor.such.invalid/{common}", "name nor.such.invalid is not"),
    "ssh port closed": Case("{ssh_at}127.0.0.1:{closed}/{common}", "no SSH server listens there"),
    "ssh host silent": Case("{ssh_at}127.0.0.1:{silent}/{common}", "127.0.0.1 port .* not answer$"),
    "ssh to a web server": Case("{ssh_at}127.0.0.1:{http}/{common}", "it is no SSH server"),
    "host key unknown": Case(
        "{ssh_key}&known_hosts={folder}/no-known", "is not known .its ED25519 key is SHA256"
    ),
    "host key changed": Case(
        "{ssh_key}&known_hosts={folder}/changed-known", "THE SSH KEY OF 127.0.0.1 HAS CHANGED"
    ),
    "key file missing": Case("{ssh}&keyfile=/no/key", "SSH key '/no/key' cannot be read: No such"),
    "key refused": Case(
        "{ssh}&keyfile={keys}/foreign&sshauth=privkey", "the key '.*/foreign' is not accepted"
    ),
    "password unknown": Case("{ssh}&sshauth=password", "a password is needed .lacuna@127.0.0.1's"),
    "password forbidden": Case("{ssh}&no_tty=1&sshauth=password", "nobody may be asked for a pass"),
    "password wrong": Case(
        "{ssh}&sshauth=password", "SSH .*: the password was wrong$", typed=(WRONG_PASSWORD,) * 3
    ),
    "passphrase unknown": Case(
        "{ssh}&keyfile={keys}/locked&sshauth=privkey", "passphrase of a key is needed .*/locked"
    ),
    "jump host down": Case(
        "{ssh_key}&command={folder}/jumping-ssh", r"127.0.0.2 port \d+ \(on the way .* refuses SSH"
    ),
    "no daemon there": Case("{empty_key}", "libvirt's daemon is not running on 127.0.0.1"),
    "no helper, no nc": Case("{bare_key}", "neither virt-ssh-helper nor nc: not found"),
    "no such netcat": Case("{ssh_key}&netcat=nc7", "nc7: not found"),
    "no helper": Case("{bare_key}&proxy=native", "to libvirt: virt-ssh-helper: not found"),
    "no right there": Case("{locked_host_key}", "your user may not manage libvirt on 127.0.0.1"),
    "a host that only talks": Case("{odd_key}", "answers with something else .*: No shell here"),
    # --- SASL ---
    "wrong password": Case(
        "{login_uri}", "wrong user name or password for 'ann'",
        environment={"LIBVIRT_AUTH_FILE": "{folder}/wrong.conf"},
    ),
    "typed wrong thrice": Case(
        "{login_uri}", "password for 'bo'", typed=("bo", WRONG_PASSWORD) * 3
    ),
    "nobody to ask": Case("{login_uri}", "user name is needed .* there is no terminal"),
    "mechanism not offered": Case("{login_uri}&auth=sasl.PLAIN", "PLAIN was asked for"),
    "no ticket possible": Case("{login_uri}&auth=sasl.GSSAPI", "GSSAPI was asked for"),
    "nothing encrypts": Case(
        "qemu+tcp://localhost:{login_tcp}/system", "has no login for plain TCP"
    ),
    # --- programs ---
    "program failing": Case(
        "qemu+ext:///system?command={folder}/failing", "ended with status 7: the tunnel is down"
    ),
    "program chatting": Case(
        "qemu+ext:///system?command={folder}/chatting", "ext:.* does not speak libvirt's protocol"
    ),
}  # fmt: skip


WAITING = ("host silent", "ssh host silent", "TLS to nobody", "TLS, not libvirt")


@dataclass(frozen=True)
class Outcome:
    code: int
    told: str
    seconds: float


class Trials:
    """Runs all cases, some at a time; a test waits for its own."""

    def __init__(self, ground: Ground, lacuna: Path, pool: ThreadPoolExecutor) -> None:
        self._lacuna = lacuna
        places = dict(ground.places)
        folder = ground.folder
        places |= {
            "unix": f"qemu+unix:///system?socket={places['socket']}",
            "login_uri": f"qemu+unix:///system?socket={places['login']}",
            "ssh_at": "qemu+ssh://lacuna@",
            "common": f"system?command={folder}/ssh",
        }
        self._places = places
        home = folder / "home"
        home.mkdir()
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self._environment = kept | {"HOME": str(home), "LACUNA_SSH": "openssh"}
        self.outcomes: dict[str, Future[Outcome]] = {
            # The longest first: those that only wait.
            name: pool.submit(self._try, CASES[name])
            for name in sorted(CASES, key=lambda name: name not in WAITING)
            if CASES[name].code == 3
        }

    def uri(self, case: Case) -> str:
        return case.uri.format(**self._places)

    def _try(self, case: Case) -> Outcome:
        uri = self.uri(case)
        command = [*case.before, self._lacuna, "ls", uri]
        own = {key: value.format(**self._places) for key, value in case.environment.items()}
        began = time.monotonic()
        ours = theirs = -1
        if case.typed:
            # ``setsid`` makes the terminal the one that it finds at /dev/tty.
            ours, theirs = pty.openpty()
            command = ["setsid", "--ctty", "--wait", *command]
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=theirs if case.typed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment | own,
            start_new_session=True,
        )
        self._type(process, ours, case.typed)
        try:
            told = process.communicate(timeout=40)[0].decode()
        finally:
            process.kill()
        for descriptor in (ours, theirs):
            if descriptor >= 0:
                os.close(descriptor)
        return Outcome(process.returncode, told, time.monotonic() - began)

    @staticmethod
    def _type(process: subprocess.Popen[bytes], terminal: int, lines: tuple[str, ...]) -> None:
        """Answer each question when it is there."""
        for line in lines:
            shown = b""
            while not shown.rstrip().endswith(b":"):
                if not select.select([terminal], [], [], 20)[0] or process.poll() is not None:
                    return
                shown += os.read(terminal, 4096)
            os.write(terminal, line.encode() + b"\n")


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory, lacuna: Path) -> Iterator[Trials]:
    with (
        Ground(tmp_path_factory.mktemp("wrong")) as ground,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        yield Trials(ground, lacuna, pool)


def message(told: str) -> str:
    """Return the line that says what is wrong, without its hint."""
    found: list[str] = re.findall(r"^lacuna: (?!warning: )(.*)$", told, re.MULTILINE)
    return found[0]


def judge(case: Case, code: int, told: str) -> None:
    assert code == case.code, told
    assert "Traceback" not in told
    assert re.search(case.text, message(told)), told
    assert not [secret for secret in SECRETS if secret in told]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.code == 3])
def test_no_connection(trials: Trials, name: str) -> None:
    outcome = trials.outcomes[name].result()
    judge(CASES[name], outcome.code, outcome.told)
    assert outcome.seconds < IN_TIME


def test_each_has_words_of_its_own(trials: Trials) -> None:
    """What is said about one would not be true of any other."""
    said = [message(one.result().told) for one in trials.outcomes.values()]
    assert len(set(said)) == len(said) >= 30


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.code == 2])
def test_wrong_in_itself(
    trials: Trials, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIBVIRT_AUTH_FILE", raising=False)
    code = run_here(["ls", trials.uri(CASES[name])])
    told = capsys.readouterr()
    assert not told.out
    judge(CASES[name], code, told.err)
