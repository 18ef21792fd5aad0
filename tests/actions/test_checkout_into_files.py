"""`checkout --into`: a file for each table, and names of files that tdmvc cannot write."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.builders import Tdmvc

ROWS = """
    SELECT * FROM (VALUES
        (1, 9007199254740993, 0.1::DOUBLE, 12.50::DECIMAL(10,2), 'a,"b"', TRUE, DATE '2024-02-29',
         TIMESTAMP '2024-02-29 10:11:12.000345', TIMESTAMPTZ '2024-02-29 10:11:12+00', TIME '10:11:12'),
        (2, -1, 1e300, -0.05, '', FALSE, DATE '1000-01-01', TIMESTAMP '1969-12-31 23:59:59',
         TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', TIME '00:00:00.000001'),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (4, 0, 0.0, 0, E' \\n', TRUE, DATE '9999-12-31', TIMESTAMP '9999-12-31 00:00:00', NULL, NULL),
    ) AS t(id, big, number, amount, words, flag, day, moment, instant, clock)
"""
NESTED = (
    "SELECT 1 AS id, [1, NULL] AS list, {'a': 1.50::DECIMAL(5,2)} AS struct, "
    "'\\x00\\xff'::BLOB AS blob, 'nan'::DOUBLE AS n"
)


@pytest.fixture
def golden(repo: Path, tdmvc: Tdmvc) -> Path:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for name, query in (("flat", ROWS), ("nested", NESTED)):
            con.execute(f"COPY ({query}) TO '{repo.parent / name}.parquet' (FORMAT parquet)")
    tdmvc("add", "golden", *(repo.parent / f"{name}.parquet" for name in ("flat", "nested")), "--key", "*=id")
    return repo


def test_files_of_csv_and_parquet_are_read_back_as_the_same_rows(golden: Path, tdmvc: Tdmvc) -> None:
    for name in ("csv", "parquet"):
        out = golden.parent / name
        tdmvc("checkout", "golden", "--into", out, "--as", name, "--tables", "flat")
        assert [path.name for path in out.iterdir()] == [f"flat.{name}"]
        added = tdmvc("add", "golden", out, "--format", "json").json
        assert [(one["name"], one["status"], one["notes"]) for one in added["tables"]] == [
            ("flat", "unchanged", [])
        ]
    tdmvc("checkout", "golden", "--into", golden.parent / "all", "--as", "parquet")
    added = tdmvc("add", "golden", golden.parent / "all", "--format", "json").json
    assert {one["status"] for one in added["tables"]} == {"unchanged"}


def test_json_lines_have_all_digits(golden: Path, tdmvc: Tdmvc) -> None:
    tdmvc("checkout", "golden", "--into", golden.parent / "lines", "--as", "jsonl")
    first = (golden.parent / "lines" / "flat.jsonl").read_text().splitlines()[0]
    assert first == (
        '{"id":1,"big":9007199254740993,"number":0.1,"amount":12.50,"words":"a,\\"b\\"","flag":true,"day":"2024-02-29",'
        '"moment":"2024-02-29T10:11:12.000345","instant":"2024-02-29T10:11:12+00:00","clock":"10:11:12"}'
    )
    nested = json.loads((golden.parent / "lines" / "nested.jsonl").read_text())
    assert nested == {"id": 1, "list": [1, None], "struct": {"a": 1.5}, "blob": "00ff", "n": "nan"}


def test_what_a_format_does_not_hold_is_told(golden: Path, tdmvc: Tdmvc) -> None:
    said = tdmvc("checkout", "golden", "--into", golden.parent / "csv", "--as", "csv").out
    assert "nested values are JSON: nested.list, nested.struct" in said
    assert "binary values are hexadecimal after \\x: nested.blob" in said
    said = " ".join(tdmvc("checkout", "golden", "--into", golden.parent / "j", "--as", "jsonl").out.split())
    assert "dates and times are texts: flat.day, flat.moment" in said
    assert "NaN and infinities are texts" in said


@pytest.mark.parametrize(
    ("into", "what"),
    [
        ("rows.csv", "--into FOLDER --as csv"),
        ("rows.xlsx", "cannot write a file with the suffix .xlsx"),
        ("rows.yaml", "cannot write a file with the suffix .yaml"),
        ("rows.JSONL", "--into FOLDER --as jsonl"),
    ],
)
def test_an_unknown_suffix_is_an_error_and_makes_nothing(
    golden: Path, tdmvc: Tdmvc, into: str, what: str
) -> None:
    assert what in tdmvc("checkout", "golden", "--into", into, code=2).err
    assert not (golden / into).exists()


def test_a_folder_may_have_any_name_if_it_is_said_to_be_one(golden: Path, tdmvc: Tdmvc) -> None:
    tdmvc("checkout", "golden", "--into", "rows.csv/")
    assert (golden / "rows.csv" / "flat").is_dir()
    tdmvc("checkout", "golden", "--into", "v1.2", "--as", "csv")
    assert (golden / "v1.2" / "flat.csv").is_file()
    assert "--force" in tdmvc("checkout", "golden", "--into", "v1.2", "--as", "csv", code=4).err
    tdmvc("checkout", "golden", "--into", "v1.2", "--as", "jsonl", "--force")
    assert sorted(path.name for path in (golden / "v1.2").iterdir()) == ["flat.jsonl", "nested.jsonl"]


@pytest.mark.parametrize(
    "words",
    [
        ("--as", "csv"),
        ("--as", "csv", "--into", "rows.sqlite"),
        ("--as", "csv", "--into", "rows.json"),
        ("--as", "csv", "--into", "sqlite:///rows"),
        ("--as", "csv", "--into", "postgresql://me@db/shop"),
    ],
)
def test_as_needs_a_folder(golden: Path, tdmvc: Tdmvc, words: tuple[str, ...]) -> None:
    assert "--as writes files into a folder" in tdmvc("checkout", "golden", *words, code=2).err
    assert not list(golden.glob("rows*"))


def test_a_fixture_needs_models(golden: Path, tdmvc: Tdmvc) -> None:
    said = tdmvc("checkout", "golden", "--into", "out.json", code=2).err
    assert "No model is known for flat, nested" in said
    assert "--into FOLDER --as csv" in said
    assert not (golden / "out.json").exists()
