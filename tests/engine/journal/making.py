"""Jobs for tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lacuna_engine.errors import Remedy
from lacuna_engine.journal import (
    Counts,
    Endpoint,
    Job,
    JobEvent,
    JobKind,
    JobState,
    LocalFile,
    Problem,
)
from lacuna_engine.transfer import IfExists, TransferOptions

URI = "qemu+ssh://user@{host}/system"


def upload(host: str = "lab", **more: Any) -> Job:
    """An upload to a host."""
    place = Endpoint(URI.format(host=host), "default", "disk.qcow2")
    return Job(JobKind.UPLOAD, LocalFile("/images/disk.qcow2"), place, **more)


def copy(one: str, other: str, **more: Any) -> Job:
    """A copy from one host to another."""
    source = Endpoint(URI.format(host=one), "default", "disk.qcow2")
    return Job(JobKind.COPY, source, Endpoint(URI.format(host=other), "fast"), **more)


TIMES = st.none() | st.floats(0, 1e11)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)  # lone surrogates too
NUMBERS = st.integers(0, 1 << 60)
PLACES = st.builds(LocalFile, TEXTS) | st.builds(
    Endpoint, st.sampled_from(["qemu:///system", URI.format(host="a")]), TEXTS, TEXTS
)
COUNTS = st.builds(Counts, *[NUMBERS] * 7, st.floats(0, 1e9), NUMBERS, st.integers(0, 64))
JOBS = st.builds(
    Job,
    st.sampled_from(JobKind),
    PLACES,
    PLACES,
    options=st.builds(TransferOptions, st.sampled_from(IfExists), st.booleans(), NUMBERS),
    format=TEXTS,
    priority=st.integers(-100, 100),
    position=st.floats(-1e9, 1e9),
    state=st.sampled_from(sorted(set(JobState) - {JobState.REMOVED})),
    attempts=st.integers(0, 1000),
    error=st.none()
    | st.builds(Problem, TEXTS, TEXTS, TEXTS, st.sampled_from(Remedy), st.floats(0, 1e11)),
    not_before=TIMES,
    created=st.floats(0, 1e11),
    updated=st.floats(0, 1e11),
    started=TIMES,
    ended=TIMES,
    counts=COUNTS,
    digest=st.none() | st.text("0123456789abcdef", max_size=64),
    verified=st.booleans(),
    resumed=st.booleans(),
    request=st.none() | st.sampled_from(JobEvent),
)
