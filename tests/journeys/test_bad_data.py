"""Rows that other tools stumble over: added, shown, edited, compared and brought back without a loss."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc, git
from tests.series import long_only, sample_of


@pytest.fixture
def story(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Add, show, edit, compare, go back: whatever the rows are, all of them come through."""

    def play(old: Path, new: Path, *words: object, table: str = "t") -> dict[str, Any]:
        added = tdmvc("add", "golden", old, *words, "--format", "json").json
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "Old")
        shown = tdmvc("show", "golden", "--format", "json").json
        tdmvc("add", "golden", new, *words)
        diff = tdmvc("diff", "golden@HEAD", "golden", "--format", "json").json
        assert tdmvc("diff", "--exit-code", code=1).out
        changed = read_into(tdmvc, tmp_path / "changed", "golden", table)
        tdmvc("checkout", "golden@HEAD")
        back = tdmvc("show", "golden", "--format", "json").json
        assert back["content"] == shown["content"]
        tdmvc("diff", "golden@HEAD", "golden", "--exit-code")
        tdmvc("verify")
        rows = read_into(tdmvc, tmp_path / "back", "golden", table)
        return {"added": added, "shown": shown, "diff": diff, "rows": rows, "changed": changed}

    return play


def read_into(tdmvc: Tdmvc, target: Path, ref: str, table: str) -> pa.Table:
    """Check a state out into a folder of its own and read a table there, as any tool would."""
    tdmvc("checkout", ref, "--into", target)
    return pq.read_table(target / table)


def counts(diff: dict[str, Any], table: str = "t") -> tuple[int, int, int]:
    """Return how many rows of a table were added, removed and changed."""
    found = next(t for t in diff["tables"] if t["name"] == table)
    return tuple(found["rows"][name] for name in ("added", "removed", "changed"))  # type: ignore[return-value]


def csv_pair(folder: Path, old: bytes, new: bytes) -> tuple[Path, Path]:
    for name, data in (("old", old), ("new", new)):
        (folder / name).mkdir()
        (folder / name / "t.csv").write_bytes(data)
    return folder / "old" / "t.csv", folder / "new" / "t.csv"


def parquet_pair(folder: Path, old: pa.Table, new: pa.Table, name: str = "t") -> tuple[Path, Path]:
    for side, table in (("old", old), ("new", new)):
        (folder / side).mkdir()
        pq.write_table(table, folder / side / f"{name}.parquet")
    return folder / "old" / f"{name}.parquet", folder / "new" / f"{name}.parquet"


def rules(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {finding["rule"]: finding["severity"] for finding in findings}


def test_duplicate_and_null_keys_are_added_and_reported_as_errors(story: Any, tmp_path: Path) -> None:
    old, new = csv_pair(
        tmp_path, b"id,v\n1,a\n1,b\n,c\n,c\n2,d\n", b"id,v\n1,a\n1,b\n,c\n,c\n2,changed\n3,e\n"
    )
    played = story(old, new, "--key", "t=id")
    found = played["added"]["findings"]
    assert rules(found) == {"duplicate-key": "error", "null-key": "error"}
    assert {f["rule"]: f["details"] for f in found} == {"duplicate-key": {"keys": 2}, "null-key": {"rows": 2}}
    assert sorted(played["rows"]["v"].to_pylist()) == ["a", "b", "c", "c", "d"]
    assert sorted(played["changed"]["v"].to_pylist()) == ["a", "b", "c", "c", "changed", "e"]
    assert counts(played["diff"]) == (1, 0, 1)


def test_a_byte_order_mark_and_windows_line_ends_are_no_data(story: Any, tmp_path: Path) -> None:
    old, new = csv_pair(
        tmp_path, "\ufeffid,name\r\n1,Zoë\r\n2,\r\n".encode(), "\ufeffid,name\r\n1,Zoë\r\n2,x\r\n".encode()
    )
    played = story(old, new, "--key", "t=id")
    assert played["rows"].column_names == ["id", "name"]
    assert played["rows"].to_pylist() == [{"id": 1, "name": "Zoë"}, {"id": 2, "name": None}]
    assert counts(played["diff"]) == (0, 0, 1)


@pytest.mark.parametrize("row", [b"3", b"3,c,extra"])
def test_a_ragged_row_is_refused_with_its_line_and_nothing_is_added(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path, row: bytes
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,name\n1,a\n2,b\n" + row + b"\n4,d\n")
    refused = tdmvc("add", "golden", path, code=2)
    assert "line 4" in refused.err
    assert str(path) in refused.err
    assert "Fix:" in refused.err
    assert not (repo / "datasets").exists() or not list((repo / "datasets").rglob("*.dvc"))


def test_na_is_namibia_and_an_empty_text_is_not_a_null(story: Any, tmp_path: Path) -> None:
    header = b"id,country,note\n"
    old, new = csv_pair(
        tmp_path,
        header + b'1,NA,""\n2,,\n3,NULL,null\n4,nan,None\n5,N/A,\\N\n',
        header + b'1,NA,\n2,,""\n3,NULL,null\n4,nan,None\n5,N/A,\\N\n',
    )
    played = story(old, new, "--key", "t=id")
    assert played["rows"]["country"].to_pylist() == ["NA", None, "NULL", "nan", "N/A"]
    assert played["rows"]["note"].to_pylist() == ["", None, "null", "None", "\\N"]
    assert counts(played["diff"]) == (0, 0, 2)
    assert played["diff"]["tables"][0]["columns"] == {"note": 2}


@long_only
def test_three_hundred_columns_work_like_three(story: Any, tmp_path: Path) -> None:
    names = [f"column {n}" for n in range(300)]

    def text(value: str) -> bytes:
        rows = [",".join([str(row), *(f"{row}.{n}" for n in range(1, 299)), value]) for row in range(20)]
        return "\n".join([",".join(names), *rows]).encode()

    played = story(*csv_pair(tmp_path, text("x"), text("y")), "--key", "t=column 0")
    assert played["rows"].column_names == names
    assert counts(played["diff"]) == (0, 0, 20)
    assert played["diff"]["tables"][0]["columns"] == {"column 299": 20}


NAMES = (
    'say "hi"',
    "select",
    "order by",
    "Ünïcode 名",
    "it's",
    "a.b",
    "-x",
    "con",
    "#t",
    "versions",
    "100%",
    "{t}",
)


@pytest.mark.parametrize("table", sample_of(NAMES))
def test_any_name_can_be_a_tables_name(
    story: Any, tdmvc: Tdmvc, repo: Path, tmp_path: Path, table: str
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("id,v\n1,a\n")
    tdmvc("add", "golden", source, "--table", table, "--key", f"{table}=id")
    before = tdmvc("show", "golden", "--format", "json").json
    assert [t["name"] for t in before["tables"]] == [table]
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Old")
    assert git(repo, "status", "--porcelain") == ""
    source.write_text("id,v\n1,b\n2,c\n")
    tdmvc("add", "golden", source, "--table", table)
    diff = tdmvc("diff", "golden@HEAD", "golden", "--format", "json").json
    assert counts(diff, table) == (1, 0, 1)
    tdmvc("diff", "--table", table)
    quoted = '"' + table.replace('"', '""') + '"'
    assert tdmvc("sql", f"select v from golden.{quoted} order by id", "--format", "json").json["rows"] == [
        ["b"],
        ["c"],
    ]
    tdmvc("checkout", "golden@HEAD")
    assert tdmvc("show", "golden", "--format", "json").json["content"] == before["content"]
    tdmvc("verify")


def test_any_name_can_be_a_columns_name(story: Any, tmp_path: Path) -> None:
    names = [
        "id", "select", 'a"b', "it's", "a.b", "x y", "名", "%s", "{c}", "table", "rows", "filename", "c0", "old", "new",
        "unnamed_subquery", "offered", "a\nb", "--", "NULL", "file_row_number", "k0", "rowid",
    ]  # fmt: skip
    columns = {name: pa.array([n, n + 100], pa.int64()) for n, name in enumerate(names)}
    old = pa.table(columns)
    new = old.set_column(0, "id", pa.array([0, 7], pa.int64())).set_column(
        5, "x y", pa.array([-1, 5], pa.int64())
    )
    played = story(*parquet_pair(tmp_path, old, new), "--key", "t=id")
    assert played["rows"].column_names == names
    assert played["rows"].to_pylist() == old.to_pylist()
    assert counts(played["diff"]) == (1, 1, 1)
    assert played["diff"]["tables"][0]["columns"] == {"x y": 1}


def test_decimals_of_38_digits_keep_every_digit(story: Any, tmp_path: Path) -> None:
    wide, tiny = "12345678901234567890123456789012345678", "-0.0000000000000000000000000000000000001"
    tenth = "0.1" + "0" * 36
    text = f"id,n,f\n1,{wide},{tenth}\n2,-{wide},{tiny}\n"
    played = story(*csv_pair(tmp_path, text.encode(), text.replace("8,0.1", "9,0.1").encode()))
    rows = {row["id"]: row for row in played["rows"].to_pylist()}
    assert rows[1]["n"] == Decimal(wide)
    assert rows[2]["n"] == Decimal(f"-{wide}")
    assert rows[2]["f"] == Decimal(tiny)
    changed = {row["id"]: row for row in played["changed"].to_pylist()}
    assert changed[1]["n"] == Decimal(wide[:-1] + "9")


def test_a_39_digit_number_is_kept_as_text(story: Any, tmp_path: Path) -> None:
    digits = "123456789012345678901234567890123456789"
    old, new = csv_pair(tmp_path, f"id,n\n1,{digits}\n".encode(), f"id,n\n1,{digits}0\n".encode())
    played = story(old, new, "--key", "t=id")
    assert played["rows"]["n"].to_pylist() == [digits]
    assert counts(played["diff"]) == (0, 0, 1)


def test_times_with_and_without_a_zone_stay_different(story: Any, tmp_path: Path) -> None:
    text = "id,naive,aware\n1,2024-03-31 02:30:00,2024-03-31T00:30:00Z\n"
    text += "2,0001-01-01 00:00:00.000001,1969-12-31T23:59:59.999999Z\n"
    old, new = csv_pair(tmp_path, text.encode(), text.replace("T00", "T01").encode())
    played = story(old, new, "--key", "t=id")
    types = {c["name"]: c["type"] for c in played["shown"]["tables"][0]["columns"]}
    assert types == {"id": "int64", "naive": "timestamp", "aware": "timestamptz"}
    assert played["rows"].to_pylist() == [
        {"id": 1, "naive": datetime(2024, 3, 31, 2, 30), "aware": datetime(2024, 3, 31, 0, 30, tzinfo=UTC)},
        {
            "id": 2,
            "naive": datetime(1, 1, 1, 0, 0, 0, 1),
            "aware": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        },
    ]
    assert counts(played["diff"]) == (0, 0, 1)
    assert played["changed"]["aware"].to_pylist()[0] == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_a_finer_or_zoned_time_is_not_rounded_to_the_old_type(tdmvc: Tdmvc, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("id,at\n1,2024-01-01 00:00:00.123456\n2,2024-01-01 00:00:00\n")
    tdmvc("add", "golden", source, "--key", "t=id")
    source.write_text("id,at\n1,2024-01-01 00:00:00.123456789\n2,2024-01-01 00:00:00+02\n")
    added = tdmvc("add", "golden", source, "--format", "json").json
    assert added["tables"][0]["status"] == "changed"
    assert "timestamp became string" in added["tables"][0]["notes"][0]
    rows = tdmvc("sql", 'select "at" from golden.t order by id', "--format", "json").json["rows"]
    assert rows == [["2024-01-01 00:00:00.123456789"], ["2024-01-01 00:00:00+02"]]


def test_nan_is_equal_to_itself_and_infinities_are_numbers(story: Any, tmp_path: Path) -> None:
    def table(values: list[float | None]) -> pa.Table:
        return pa.table({"id": range(len(values)), "x": pa.array(values, pa.float64())})

    old = table([math.nan, -0.0, math.inf, -math.inf, None, 5e-324])
    new = table([-math.nan, 0.0, math.inf, math.nan, None, 5e-324])
    played = story(*parquet_pair(tmp_path, old, new), "--key", "t=id")
    assert str(played["rows"]["x"].to_pylist()) == "[nan, 0.0, inf, -inf, None, 5e-324]"
    assert counts(played["diff"]) == (0, 0, 1)


def test_lists_and_structs_keep_their_depth_and_their_nulls(story: Any, tmp_path: Path) -> None:
    type_ = pa.list_(pa.struct([("name", pa.string()), ("odd name", pa.list_(pa.float64()))]))
    values: list[object] = [
        None,
        [],
        [None],
        [{"name": None, "odd name": None}],
        [{"name": "a", "odd name": [1.5, None, math.inf]}, {"name": "", "odd name": []}],
    ]
    edited = [*values[:4], [{"name": "a", "odd name": [1.5, 0.0, math.inf]}, {"name": "", "odd name": []}]]

    def table(column: list[object]) -> pa.Table:
        return pa.table(
            {"id": range(5), "c": pa.array(column, type_), "s": pa.array([{"a": 1}, None] * 2 + [None])}
        )

    played = story(*parquet_pair(tmp_path, table(values), table(edited)), "--key", "t=id")
    assert played["rows"]["c"].to_pylist() == values
    assert played["rows"]["s"].to_pylist() == [{"a": 1}, None, {"a": 1}, None, None]
    assert counts(played["diff"]) == (0, 0, 1)


def test_nested_json_lines_are_kept(story: Any, tmp_path: Path) -> None:
    for side, tail in (("old", "[1]"), ("new", "[1, 2]")):
        (tmp_path / side).mkdir()
        (tmp_path / side / "t.jsonl").write_text(
            '{"id": 1, "tags": ["a", "b"], "deep": {"x": {"y": null}}}\n'
            f'{{"id": 2, "tags": [], "deep": {{"x": {{"y": {tail}}}}}}}\n'
        )
    played = story(tmp_path / "old" / "t.jsonl", tmp_path / "new" / "t.jsonl", "--key", "t=id")
    assert len(played["rows"]) == 2
    assert counts(played["diff"]) == (0, 0, 1)


def test_an_empty_table_is_a_table(story: Any, tmp_path: Path) -> None:
    empty = pa.table({"id": pa.array([], pa.int64()), "at": pa.array([], pa.timestamp("us"))})
    one = pa.table({"id": pa.array([1], pa.int64()), "at": pa.array([None], pa.timestamp("us"))})
    played = story(*parquet_pair(tmp_path, empty, one), "--key", "t=id")
    assert played["rows"].num_rows == 0
    assert played["rows"].schema.types == empty.schema.types
    assert played["shown"]["rows"] == 0
    assert counts(played["diff"]) == (1, 0, 0)


def test_equal_rows_without_a_key_are_counted(story: Any, tmp_path: Path) -> None:
    old, new = csv_pair(tmp_path, b"v\na\na\nb\n", b"v\na\na\na\nc\n")
    played = story(old, new)
    assert sorted(played["rows"]["v"].to_pylist()) == ["a", "a", "b"]
    assert counts(played["diff"]) == (2, 1, 0)


def test_every_simple_type_is_kept_in_a_parquet_file(story: Any, tmp_path: Path) -> None:
    old = pa.table(
        {
            "id": pa.array([1, 2], pa.int16()),
            "b": pa.array([True, None]),
            "u": pa.array([2**64 - 1, None], pa.uint64()),
            "f": pa.array([0.1, None], pa.float32()),
            "raw": pa.array([b"\x00\xff", None]),
            "d": pa.array([date(1, 1, 1), date(9999, 12, 31)]),
            "t": pa.array([time(23, 59, 59, 999999), None], pa.time64("us")),
            "text": pa.array(["\x00 \u200b\U0001f600", ""]),
        }
    )
    new = old.set_column(3, "f", pa.array([0.2, None], pa.float32()))
    played = story(*parquet_pair(tmp_path, old, new), "--key", "t=id")
    assert played["rows"].to_pylist() == old.to_pylist()
    assert played["rows"].schema.types == old.schema.types
    assert counts(played["diff"]) == (0, 0, 1)


@pytest.mark.parametrize("nested", [False, True])
def test_names_that_differ_only_by_case_are_refused_and_never_mixed_up(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path, nested: bool
) -> None:
    table = pa.table({"s": [{"id": 1, "ID": 2}]}) if nested else pa.table({"id": [1], "ID": [2], "Id": [3]})
    pq.write_table(table, tmp_path / "t.parquet")
    refused = tdmvc("add", "golden", tmp_path / "t.parquet", code=2)
    assert "differ only by case" in refused.err
    assert str(tmp_path / "t.parquet") in refused.err
    assert "rename one of them" in refused.err
    assert not list(repo.rglob("*.parquet.dvc")) + list((repo / "datasets").rglob("*.dvc"))


def test_parquet_that_cannot_be_decoded_is_a_usage_error_by_file_and_column(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    texts = pa.array([b"fine", b"caf\xe9"], pa.binary())
    column = pa.Array.from_buffers(pa.string(), 2, texts.buffers())
    pq.write_table(pa.table({"id": [1, 2], "name": column}), tmp_path / "t.parquet")
    error = tdmvc("add", "golden", tmp_path / "t.parquet", "--key", "t=id", code=2).err
    assert "the column name has a text that is not UTF-8" in error
    assert "t.parquet" in error
    assert "caf" not in error
