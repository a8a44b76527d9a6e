"""What the benchmarks make of what they have measured: tables, ratios, the drawing, the cases."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import latency, peers, wire
from bench.account import ToolError, observed, processor, timed
from bench.cases import WIRE, amount, cases
from bench.counter import counting, led, split
from bench.images import MIB, check, dense, kept, preallocated, scattered
from bench.plot import WIDTH, drawing
from bench.rounds import WAYS
from bench.runs import LeftOut, Results, Row, Run, Seen, speed, table, turn


def row(tool: str, *walls: float, case: str = "dense, up", sent: int = 0) -> Row:
    runs = [Run(wall, 1, 2) for wall in walls]
    return Row(case, tool, "virsh", runs, Seen(sent, 0, MIB, MIB) if sent else None)


def test_speed_is_the_median_of_each_rounds_own_ratio() -> None:
    # The machine became three times slower for the last round: both tools met that alike.
    assert speed(row("lacuna", 1, 1, 3), row("virsh", 2, 2, 6)) == 2
    assert speed(row("lacuna", 1, 1, 1), row("virsh", 2, 3, 9)) == 3
    assert speed(row("lacuna"), row("virsh", 2)) is None


def test_the_table_compares_with_the_base_wherever_it_stands() -> None:
    lines = table([row("cp", 1), row("virsh", 4), row("lacuna", 2), row("rsync")]).splitlines()
    assert [line.split("|")[2:6] for line in lines[2:]] == [
        [" cp ", " 1 ", " 1.00 ", " 4.00 "],
        [" virsh ", " 1 ", " 4.00 ", " 1.00 "],
        [" lacuna ", " 1 ", " 2.00 ", " 2.00 "],
    ]


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    results = Results("ext4", 5000, [row("virsh", 1, 2, sent=7)])
    results.left_out.append(LeftOut("huge", "rsync", "too long"))
    results.write(tmp_path / "found.json")
    assert Results.read(tmp_path / "found.json") == results
    assert "ext4 with 5,000 other volumes" in results.shown()
    assert "- huge: rsync: too long" in results.shown()


def test_who_goes_first_changes() -> None:
    assert [turn("ab", number) for number in range(3)] == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_bytes_are_compared_on_the_way_up_alone() -> None:
    rows = [
        row("lacuna", case="a, up", sent=2 * MIB),
        row("rsync", case="a, up", sent=2 * MIB),
        row("lacuna", case="b, up", sent=2 * MIB + 1),
        row("rsync", case="b, up", sent=2 * MIB),
        row("lacuna", case="a, down", sent=MIB),
        row("rsync", case="a, down", sent=MIB),
        row("lacuna", case="c, up", sent=MIB),
    ]
    said = [line.split("|")[1::3] for line in wire.comparison(rows).splitlines()[2:]]
    assert said == [[" a, up ", " yes "], [" b, up ", " **no** "]]
    assert not wire.comparison(rows[-1:])


def test_the_drawing_stays_within_its_frame() -> None:
    case = 'a "strange" <case> & more'
    walls = {"virsh": 40, "lacuna": 1, "cp": 80}
    rows = [row(tool, walls[tool], case=f"{case}, {way}") for way in WAYS for tool in walls]
    picture = ET.fromstring(drawing(rows))  # noqa: S314 - our own
    height = float(picture.attrib["height"])
    shapes = picture.findall("{*}rect")
    assert len(shapes) == 8  # a bar that is too long has two parts
    for shape in shapes:
        assert float(shape.attrib["x"]) + float(shape.attrib["width"]) <= WIDTH
        assert float(shape.attrib["y"]) + float(shape.attrib["height"]) <= height
    words = [text.text for text in picture.findall("{*}text")]
    assert case in words
    assert words.count("40.0") == 2
    assert words.count("0.5") == 2


def test_cases_name_their_sizes_and_who_is_left_out(tmp_path: Path) -> None:
    by_key = {case.key: case for case in cases(tmp_path)}
    assert by_key["dense"].name == "dense 2 GiB"
    assert by_key["fragmented"].name == "10 GiB in 20,000 extents"
    assert by_key["huge"].name == "1 TiB, 1000 MiB in 1,000 extents"
    assert set(by_key["huge"].without) == {"virsh", "rsync"}
    assert set(WIRE) <= by_key.keys()
    assert amount(3 * MIB + 1) == "3 MiB"
    assert not list(tmp_path.iterdir()), "nothing is made before it is needed"


@pytest.mark.parametrize("words", ["--only=nothing", "--tools=scp", "--ways=left", "--scale=2"])
def test_unknown_words_are_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        peers.main([words])
    assert words.partition("=")[0] in capsys.readouterr().err


def test_images_hold_what_they_say(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    scattered(one, 64 * MIB, 8 * MIB, 8)
    assert (one.stat().st_size, kept(one)) == (64 * MIB, 8 * MIB)
    preallocated(two, 64 * MIB, 8 * MIB, 8)
    assert two.stat().st_blocks * 512 >= 64 * MIB
    with pytest.raises(ToolError, match="differs"):
        check(one, two)
    dense(one, 2 * MIB)
    two.write_bytes(one.read_bytes())
    check(one, two)
    os.truncate(two, 3 * MIB)
    with pytest.raises(ToolError, match="differs"):
        check(one, two)


def test_a_run_is_accounted_for() -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass"
    run = timed([sys.executable, "-c", work], os.getpid())
    assert run.client_cpu >= 0.3
    assert run.wall >= 0.3
    mine, theirs = observed(
        [sys.executable, "-c", "import time\nx = b'x' * (64 << 20)\ntime.sleep(0.5)"], None
    )
    assert 64 * MIB < mine < 256 * MIB
    assert theirs == 0
    assert processor(os.getpid()) > 0


def test_a_run_that_fails_says_why() -> None:
    with pytest.raises(ToolError, match=r"sh ended with 3: no disk"):
        timed(["sh", "-c", "echo no disk >&2; exit 3"], None)


def test_addresses() -> None:
    unix = "storage+unix:///system?socket=/a/b.sock"
    assert split(unix) == "/a/b.sock"
    assert led(unix, "/c") == "storage+unix:///system?socket=/c"
    assert split("rsync://10.0.0.1:99/pool/x") == ("10.0.0.1", 99)
    assert led("rsync://10.0.0.1:99/pool/x", ("127.0.0.1", 5)) == "rsync://127.0.0.1:5/pool/x"


def test_what_goes_through_is_counted(tmp_path: Path) -> None:
    """A server that takes a word and says it twice."""

    def echo(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.sendall(2 * client.recv(100, socket.MSG_WAITALL))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=echo, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        with counting(f"echo://127.0.0.1:{port}/", tmp_path) as (uri, counts):
            address = split(uri)
            assert isinstance(address, tuple)
            assert address[1] != port
            with socket.create_connection(address) as client:
                client.sendall(bytes(100))
                assert client.recv(200, socket.MSG_WAITALL) == bytes(200)
        thread.join()
    assert (counts.sent, counts.received) == (100, 200)


def test_latencies_are_told_with_their_bar() -> None:
    shown = latency.shown(
        {
            "fast": latency.Waits([0.1, 0.2, 0.3], [0.001] * 3, [9.0]),
            "slow": latency.Waits([0.3] * 3, [0.001] * 3, [9.0]),
            "never": latency.Waits(),
        }
    ).splitlines()[2:]
    assert "| 3 | 200.0 | 300.0 | 300.0 | 1.0 |" in shown[0]
    assert shown[0].endswith("yes |")
    assert shown[1].endswith("**no** |")
    assert shown[2].startswith("| never | 0 |")


def test_a_plain_copy_arrives(tmp_path: Path) -> None:
    image, back = tmp_path / "image", tmp_path / "back"
    dense(image, 3 * MIB)
    (tmp_path / "pool").mkdir()
    script = Path(peers.__file__).with_name("plain.py")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    with subprocess.Popen(
        [sys.executable, script, "serve", "127.0.0.1", port, tmp_path / "pool"]
    ) as server:
        uri = f"plain://127.0.0.1:{port}/copy"
        for _ in range(100):
            done = subprocess.run(
                [sys.executable, script, "put", uri, image], check=False, capture_output=True
            )
            if done.returncode == 0:
                break
        subprocess.run([sys.executable, script, "get", uri, back], check=True)
        server.terminate()
    check(image, tmp_path / "pool" / "copy")
    check(image, back)
