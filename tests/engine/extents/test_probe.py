"""Probing for zeros: what it reports, against a reading of every byte."""

from pathlib import Path
from threading import current_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.errors import SourceChangedError
from lacuna_engine.extents import probe as module
from lacuna_engine.extents import probe_zeros
from lacuna_engine.extents.probe import CERTAIN, PAGE, PIECE, STRIDE
from lacuna_engine.extents.source import Source, open_source

LENGTHS = st.sampled_from(
    [1, 100, PAGE - 1, PAGE, PAGE + 1, STRIDE - PAGE, STRIDE, STRIDE + 5, 3 * STRIDE, PIECE + 7]
)
PIECES = st.lists(st.tuples(LENGTHS, st.booleans()), min_size=1, max_size=12)


def image(pieces: list[tuple[int, bool]]) -> bytes:
    """Pieces of data (no byte is zero) and of zeros."""
    return b"".join(bytes(length) if zero else b"\x5a" * length for length, zero in pieces)


def probed(path: Path, start: int, end: int) -> list[tuple[int, int, bool]]:
    with open_source(path) as source:
        return list(probe_zeros(source, start, end))


@given(pieces=PIECES, cut=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_covers_the_range_and_misses_no_long_run(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[tuple[int, bool]],
    cut: tuple[float, float],
) -> None:
    content = image(pieces)
    path = tmp_path_factory.getbasetemp() / "probed.img"
    path.write_bytes(content)
    start, end = sorted(int(part * len(content)) for part in cut)
    runs = probed(path, start, end)

    position = start
    for begin, until, zero in runs:
        assert begin == position
        assert until > begin
        position = until
        assert not zero or not any(content[begin:until])
    assert position == end

    data = [False] * (end // PAGE + 1)
    for begin, until, zero in runs:
        if not zero:
            for page in range(begin // PAGE, -(-until // PAGE)):
                data[page] = True
    pages_of_zeros = 0
    for page in range(-(-start // PAGE), end // PAGE):
        zero = not any(content[page * PAGE : (page + 1) * PAGE])
        pages_of_zeros = pages_of_zeros + 1 if zero and data[page] else 0
        assert pages_of_zeros < STRIDE // PAGE


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    "speck",
    [
        0,
        PAGE,
        6 * PIECE + 5,
        STRIDE + 6 * PIECE,
        STRIDE + 7 * PIECE,
        9 * PIECE,
        11 * PIECE - 1,
        None,
    ],
)
def test_a_speck_among_many_zeros(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speck: int | None, together: bool
) -> None:
    """Also where two threads look, each at a part of it: by pieces that begin one stride in."""
    monkeypatch.setattr(module, "TOGETHER", 4 * PIECE)
    monkeypatch.setattr(module, "HAS_ROOM", together)
    content = bytearray(12 * PIECE + PAGE + 7)
    if speck is not None:
        content[speck] = 1
    path = tmp_path / "zeros.img"
    path.write_bytes(content)
    data = [(begin, until) for begin, until, zero in probed(path, 0, len(content)) if not zero]
    if speck is None:
        assert not data
        return
    assert len(data) == 1
    begin, until = data[0]
    assert begin <= speck < until
    assert until - begin <= STRIDE


def test_a_read_that_fails_in_the_second_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 4 * PIECE)
    monkeypatch.setattr(module, "HAS_ROOM", True)
    path = tmp_path / "zeros.img"
    path.write_bytes(bytes(16 * PIECE))

    class Broken(Source):
        def read_into(self, offset: int, buffer: memoryview) -> int:
            if current_thread().name.startswith("lacuna-probe"):
                raise OSError(5, "Input/output error")
            return super().read_into(offset, buffer)

    with open_source(path) as opened:
        source = Broken(opened.fd, opened.name, opened.size, opened.device)
        with pytest.raises(OSError, match="Input/output error"):
            list(probe_zeros(source, 0, opened.size))


def test_dense_data_is_reported_in_pieces_and_hardly_read(tmp_path: Path) -> None:
    path = tmp_path / "dense.img"
    path.write_bytes(b"\x01" * (2 * CERTAIN + 5))
    read = 0

    class Counting(Source):
        def read_into(self, offset: int, buffer: memoryview) -> int:
            nonlocal read
            read += len(buffer)
            return super().read_into(offset, buffer)

    with open_source(path) as opened:
        source = Counting(opened.fd, opened.name, opened.size, opened.device)
        runs = list(probe_zeros(source, 0, opened.size))
    assert [zero for _, _, zero in runs] == [False, False, False]
    assert [begin for begin, _, _ in runs] == [0, CERTAIN, 2 * CERTAIN]
    assert read <= opened.size // (STRIDE // PAGE) + PAGE


def test_short_zeros_count_at_the_edges_only(tmp_path: Path) -> None:
    path = tmp_path / "edges.img"
    path.write_bytes(image([(PAGE, True), (STRIDE, False), (PAGE, True), (3 * STRIDE, False)]))
    assert probed(path, 0, path.stat().st_size)[0] == (0, PAGE, True)
    assert all(not zero for _, _, zero in probed(path, 0, path.stat().st_size)[1:])


def test_a_file_that_became_shorter(tmp_path: Path) -> None:
    path = tmp_path / "short.img"
    path.write_bytes(b"\x01" * STRIDE)
    with pytest.raises(SourceChangedError, match="became shorter"):
        probed(path, 0, 3 * STRIDE)


def test_an_empty_range(tmp_path: Path) -> None:
    path = tmp_path / "some.img"
    path.write_bytes(b"\x01")
    assert probed(path, 1, 1) == []
