"""What was recorded of tests comes back as it was, the newest first, and the oldest files are removed."""

import json
from pathlib import Path

from tdmvc.health.test_records import FOLDER, read_records, write_records
from tdmvc.model.verdict import ChangedRows, FailureVerdict, TestRecord, VerdictKind
from tests.schemas import assert_valid

VERDICT = FailureVerdict(
    VerdictKind.BAD_DATA,
    "why",
    "next",
    "",
    ("golden@1.0.0",),
    (ChangedRows("golden", "t", "changed", "id 1", ("a",)),),
)


def record(test: str, verdict: FailureVerdict | None = None) -> TestRecord:
    return TestRecord(
        test,
        "failed",
        0.5,
        "2026-01-01T00:00:00+00:00",
        "1",
        "local",
        ("golden@2.0.0",),
        "r",
        "s",
        ("t",),
        None,
        verdict,
    )


def test_records_come_back_the_newest_first(tmp_path: Path) -> None:
    write_records(tmp_path, "20260101-1", [record("a")])
    path = write_records(tmp_path, "20260102-1", [record("b"), record("c", VERDICT)])
    assert [one.test for one in read_records(tmp_path)] == ["c", "b", "a"]
    assert next(iter(read_records(tmp_path))) == record("c", VERDICT)
    for line in path.read_text().splitlines():
        assert_valid(json.loads(line), "test")
    assert (tmp_path / ".tdmvc" / ".gitignore").read_text() == "*\n"


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    path = write_records(tmp_path, "1", [record("a")])
    with path.open("a") as file:
        file.write('{"format": "tdmvc.test/2"}\n{"format": "tdmvc.test/1"}\n[]\n5\nnot json\n')
    (tmp_path / FOLDER / "2.jsonl").write_bytes(b"\xff\n")
    assert [one.test for one in read_records(tmp_path)] == ["a"]


def test_the_newest_200_files_are_kept(tmp_path: Path) -> None:
    for number in range(203):
        write_records(tmp_path, f"{number:03}", [record(str(number))])
    found = [one.test for one in read_records(tmp_path)]
    assert (len(found), found[0], found[-1]) == (200, "202", "3")
