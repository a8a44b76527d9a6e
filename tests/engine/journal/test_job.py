"""Jobs and places, and their plain forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journal.making import COUNTS, JOBS, PLACES, copy, upload
from lacuna_engine.errors import NoSpaceError, Remedy
from lacuna_engine.journal import Counts, Endpoint, Job, JobKind, LocalFile, Place, Problem
from lacuna_engine.journal.folders import data_folder, journal_path
from lacuna_engine.journal.job import options_from_record, options_to_record
from lacuna_engine.journal.places import place_from_record
from lacuna_engine.journal.rows import COLUMNS, as_text, from_row, row_sum, to_row
from lacuna_engine.transfer import IfExists, Report, TransferOptions


@given(JOBS)
def test_rows_give_the_same_job_back(job: Job) -> None:
    row = to_row(job)
    assert set(row) == set(COLUMNS)
    assert from_row(row) == job
    json.dumps(job.to_json())


@given(JOBS, st.data())
def test_a_changed_row_is_never_another_job(job: Job, data: st.DataObject) -> None:
    row = to_row(job)
    name = data.draw(st.sampled_from(sorted(row)))
    value = data.draw(st.none() | st.integers() | st.text() | st.binary() | st.floats())
    if repr(row[name]) == repr(value):
        return
    row[name] = value
    with pytest.raises(ValueError, match=r"."):
        from_row(row)


@given(JOBS)
def test_a_row_from_before_a_column(job: Job) -> None:
    """A column that is not there, or empty since it was added, changes no sum."""
    row = to_row(job)
    row.pop("request")
    if job.request is None:
        assert from_row(row) == job
    else:
        with pytest.raises(ValueError, match="sum"):
            from_row(row)


def test_rows_without_what_is_needed() -> None:
    with pytest.raises(ValueError, match="damaged"):
        from_row({})
    # As another program might write it, with a sum that is right.
    row = {**to_row(upload()), "counts": 5}
    with pytest.raises(ValueError, match="text was expected"):
        from_row({**row, "check_sum": row_sum(row)})


@given(PLACES)
def test_places(place: Place) -> None:
    assert place_from_record(json.loads(json.dumps({**place.to_record(), "new": 1}))) == place


@pytest.mark.parametrize("record", [None, [], "x", {}, {"path": 1}, {"uri": "x", "pool": "y"}])
def test_no_places(record: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        place_from_record(record)


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("qemu+ssh://me:secret@host/system", "qemu+ssh://me@host/system"),
        ("qemu+ssh://:secret@host/system?a=b", "qemu+ssh://host/system?a=b"),
        ("qemu+ssh://me:s%40x:y@[::1]:22/system", "qemu+ssh://me@[::1]:22/system"),
        ("qemu+tcp://[bad:secret@x", "qemu+tcp://x"),
        ("qemu+tcp://[bad", "qemu+tcp://[bad"),
        ("qemu+ssh://me@host:22/system", "qemu+ssh://me@host:22/system"),
        ("qemu:///system?socket=/run/a:b@c", "qemu:///system?socket=/run/a:b@c"),
        ("qemu:///system", "qemu:///system"),
        ("nonsense", "nonsense"),
    ],
)
def test_no_passwords(uri: str, kept: str) -> None:
    assert Endpoint(uri, "default").uri == kept


def test_hosts() -> None:
    assert upload("LAB").hosts == {"lab"}
    assert copy("a", "b").hosts == {"a", "b"}
    assert copy("a", "A").hosts == {"a"}
    assert Endpoint("qemu:///system", "default").host == "localhost"
    assert Endpoint("nonsense", "default").host == "nonsense"
    assert LocalFile.of("x").path == str(Path.cwd() / "x")
    assert str(LocalFile("/x")) == "/x"
    assert str(copy("a", "b").source) == "qemu+ssh://user@a/system#default/disk.qcow2"


def test_options_tolerate_what_is_new() -> None:
    options = TransferOptions(IfExists.RENAME, verify=True, limit=7)
    record = options_to_record(options)
    assert options_from_record({**json.loads(json.dumps(record)), "new": 1}) == options
    assert options_from_record({"if_exists": "update", "limit": "much", "verify": 1}) == (
        TransferOptions()
    )
    with pytest.raises(ValueError, match="object"):
        options_from_record(None)


@given(COUNTS)
def test_counts(counts: Counts) -> None:
    assert Counts.from_record(json.loads(json.dumps({**counts.to_record(), "new": 1}))) == counts
    assert counts.moved == counts.sent + counts.received


def test_counts_of_a_report() -> None:
    report = Report("a", "b", bytes_total=10, bytes_data=4, bytes_sent=5, bytes_received=6)
    assert Counts.of(report).saved == 6
    assert Counts.of(report).moved == 11
    assert Counts.from_record({"seconds": 3}).seconds == 3.0
    with pytest.raises(ValueError, match="total"):
        Counts.from_record({"total": "x"})


def test_problems() -> None:
    problem = Problem.of(NoSpaceError("full", hint="make room"), 5.0)
    assert problem == Problem("NoSpaceError", "full", "make room", Remedy.USER, 5.0)
    assert Problem.from_record(json.loads(json.dumps(problem.to_record()))) == problem
    assert Problem.of(KeyError(), 5.0).message == "KeyError()"
    assert Problem.of(ZeroDivisionError("x"), 5.0).remedy is Remedy.NONE


def test_new_jobs() -> None:
    job = Job(JobKind.DOWNLOAD, Endpoint("qemu:///system", "p", "v"), LocalFile("/x"))
    assert len(job.id) == 8
    assert int(job.id, 16) >= 0
    assert as_text(b"a\xff") == "a\ufffd"


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LACUNA_DATA", str(tmp_path))
    assert journal_path() == tmp_path / "journal.db"
    monkeypatch.delenv("LACUNA_DATA")
    assert data_folder().name == "lacuna"
