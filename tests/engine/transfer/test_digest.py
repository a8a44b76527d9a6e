"""The digest, against what its module says in words."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna_engine.transfer import digest as module
from lacuna_engine.transfer.digest import BlockDigest

BLOCK = 64
"""In place of 4 MiB, so that an example has many blocks."""


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", BLOCK)
        yield


def naive(image: bytes, block: int = BLOCK) -> str:
    """The words of the module, read once more."""
    total = b"lacuna-digest-1\0"
    total += len(image).to_bytes(8, "big") + block.to_bytes(8, "big")
    for number, start in enumerate(range(0, len(image), block)):
        piece = image[start : start + block]
        if any(piece):
            total += number.to_bytes(8, "big") + blake2b(piece, digest_size=32).digest()
    return blake2b(total, digest_size=32).hexdigest()


Piece = tuple[bool, bytes]
PIECES = st.lists(
    st.one_of(
        st.tuples(st.just(False), st.binary(min_size=1, max_size=100)),
        st.tuples(st.booleans(), st.integers(1, 300).map(bytes)),
    ),
    max_size=12,
)


def content(pieces: list[Piece]) -> bytes:
    return b"".join(data for _, data in pieces)


def take(digest: BlockDigest, start: int, pieces: list[Piece]) -> None:
    section = digest.section(start)
    for hole, data in pieces:
        if hole:
            section.hole(len(data))
        else:
            section.data(memoryview(data))
    section.end()


@given(PIECES)
def test_is_what_the_module_says(pieces: list[Piece]) -> None:
    image = content(pieces)
    digest = BlockDigest(len(image))
    take(digest, 0, pieces)
    assert digest.hexdigest() == naive(image)


@given(st.lists(PIECES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_sections_come_in_any_order(parts: list[list[Piece]], random: object) -> None:
    starts: list[int] = []
    at = 0
    for part in parts[:-1]:
        starts.append(at)
        # All but the last end at a block.
        rest = -len(content(part)) % BLOCK
        if rest:
            part.append((True, bytes(rest)))
        at += len(content(part))
    starts.append(at)
    image = b"".join(map(content, parts))
    digest = BlockDigest(len(image))
    order = list(zip(starts, parts, strict=True))
    random.shuffle(order)  # type: ignore[attr-defined]
    for start, part in order:
        take(digest, start, part)
    assert digest.hexdigest() == naive(image)


def test_sections_may_be_open_at_the_same_time() -> None:
    image = bytes(range(256)) * 2
    digest = BlockDigest(512)
    one, two = digest.section(0), digest.section(256)
    for start in range(0, 256, 32):
        one.data(image[start : start + 32])
        two.data(memoryview(image)[256 + start : 288 + start])
    one.end()
    two.end()
    assert digest.hexdigest() == naive(image)


@given(st.binary(max_size=200), st.integers(0, 500), st.binary(max_size=200))
def test_zeros_are_holes(before: bytes, gap: int, behind: bytes) -> None:
    image = before + bytes(gap) + behind
    dense, sparse = BlockDigest(len(image)), BlockDigest(len(image))
    take(dense, 0, [(False, image)])
    take(sparse, 0, [(False, before), (True, bytes(gap)), (False, behind)])
    assert dense.hexdigest() == sparse.hexdigest() == naive(image)


def test_with_true_blocks_and_a_huge_hole() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", 4 << 20)
        digest = BlockDigest((1 << 43) + 3)
        section = digest.section()
        section.data(b"x")
        section.hole((1 << 43) - 1)
        section.data(b"end")
        section.end()
        total = blake2b(b"lacuna-digest-1\0", digest_size=32)
        total.update(((1 << 43) + 3).to_bytes(8, "big") + (4 << 20).to_bytes(8, "big"))
        first = blake2b(b"x" + bytes((4 << 20) - 1), digest_size=32).digest()
        total.update(bytes(8) + first)
        last = blake2b(b"end", digest_size=32).digest()
        total.update((1 << 21).to_bytes(8, "big") + last)
        assert digest.hexdigest() == total.hexdigest()


def test_a_section_starts_at_a_block() -> None:
    with pytest.raises(ValueError, match="not at 7"):
        BlockDigest(100).section(7)


@pytest.mark.parametrize("taken", [0, 9, 11])
def test_not_the_whole_image_has_no_digest(taken: int) -> None:
    digest = BlockDigest(10)
    take(digest, 0, [(False, bytes(taken))] if taken else [])
    with pytest.raises(ValueError, match=f"{taken} of 10 bytes"):
        digest.hexdigest()


def test_differences_name_ranges() -> None:
    size = 10 * BLOCK - 5
    image = bytearray(b"a" * size)
    other = bytearray(image)
    for number in (0, 3, 4, 9):
        other[number * BLOCK] ^= 1
    other[6 * BLOCK : 7 * BLOCK] = bytes(BLOCK)
    one, two = BlockDigest(size), BlockDigest(size)
    take(one, 0, [(False, bytes(image))])
    take(two, 0, [(False, bytes(other))])
    expected = [
        (0, BLOCK),
        (3 * BLOCK, 5 * BLOCK),
        (6 * BLOCK, 7 * BLOCK),
        (9 * BLOCK, size),
    ]
    assert one.differences(two) == two.differences(one) == expected
    assert one.differences(one) == []
