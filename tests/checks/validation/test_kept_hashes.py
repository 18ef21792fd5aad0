"""Hashes of values that are kept: they save reading, decide nothing, and none is of a value that must be hidden."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.kept_hashes import KeptHashes, holds_any
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.model.diff import TableSide
from tdmvc.model.rules import Rule, Unique
from tdmvc.model.schema import Column, Contract, TableSchema
from tests.laws.strategies_tables import Row, digest_of, write_parts
from tests.series import trials

SCHEMA = TableSchema("t", (Column("id", pa.int64()), Column("code", pa.string(), unique=True)), ("id",))
CODE = st.one_of(st.none(), st.text("abcdef", min_size=1, max_size=3))
PART = st.lists(CODE, min_size=1, max_size=6)


def write(folder: Path, schema: TableSchema, parts: Sequence[Sequence[str | None]]) -> dict[str, TableSide]:
    number = iter(range(100_000))
    rows: list[list[Row]] = [[{"id": next(number), "code": code} for code in part] for part in parts]
    return {"t": write_parts(folder, schema, rows)}


def result(
    con: duckdb.DuckDBPyConnection,
    tables: dict[str, TableSide],
    schema: TableSchema,
    options: ValidationOptions,
) -> tuple[object, object]:
    (table,) = validate_tables(con, tables, Contract({"t": schema}), options)
    (found,) = [
        one for one in table.results if isinstance(one.rule.test, Unique) and not one.rule.test.is_key
    ]
    return found.measured, found.failing


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def con_for_laws() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@given(
    st.lists(PART, min_size=1, max_size=4),
    st.lists(
        st.tuples(st.integers(0, 4), PART, st.sampled_from(["", "damage", "remove", "zeros"])), max_size=5
    ),
    st.booleans(),
)
@settings(max_examples=trials(600, sample=25))
def test_edits_give_what_all_rows_and_plain_python_give(
    con_for_laws: duckdb.DuckDBPyConnection,
    parts: list[list[str | None]],
    edits: list[tuple[int, list[str | None], str]],
    has_old_parts: bool,
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        cache = CountCache(folder / "counts.sqlite")
        options = ValidationOptions(cache=cache, hashes=KeptHashes(folder / "hashes"))
        if has_old_parts:
            options = replace(
                options, find_parts=lambda digests: [folder / f"{digest_of(one)}.parquet" for one in digests]
            )
        for place, codes, fault in [(9, [], ""), *edits]:
            if place < 9:
                parts = [*parts[:place], codes, *parts[place + 1 :]]
            for path in files(folder / "hashes"):
                match fault:
                    case "damage":
                        path.write_bytes(path.read_bytes()[:-3])
                    case "remove":
                        path.unlink()
                    case "zeros":
                        path.write_bytes(bytes(path.stat().st_size))
            tables = write(folder, SCHEMA, parts)
            counts = [
                n for n in Counter(c for part in parts for c in part if c is not None).values() if n > 1
            ]
            expected = (len(counts), sum(counts))
            assert result(con_for_laws, tables, SCHEMA, options) == expected
            assert result(con_for_laws, tables, SCHEMA, ValidationOptions()) == expected
        cache.close()


def many(first: int, count: int = 500) -> list[str | None]:
    # In no order.
    return [f"{(n * 7919) % 100_003:06d}" for n in range(first, first + count)]


def test_new_values_are_looked_up_in_the_hashes_and_not_in_the_column(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ValidationOptions(
        cache=CountCache(tmp_path / "counts.sqlite"), hashes=KeptHashes(tmp_path / "hashes")
    )
    parts = [many(0), many(500), many(1000)]
    assert result(con, write(tmp_path, SCHEMA, parts), SCHEMA, options) == (0, 0)
    assert len(files(tmp_path / "hashes")) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files(tmp_path / "hashes"))
    after = write(tmp_path, SCHEMA, [*parts[:2], many(5000)])
    # Whoever reads a part that was kept fails.
    table = after["t"]
    locate = table.locate
    monkeypatch.setattr("tdmvc.checks.validation.repeats.rises", lambda *given: False)

    def refuse(names: Sequence[str]) -> Sequence[Path]:
        assert set(names) <= {table.parts[2]}
        return locate(names)

    from tdmvc.checks.validation.repeats import RepeatTest
    from tdmvc.checks.validation.rows import TableRows

    unique = Unique()
    rule = Rule("t.code.unique", "t", ("code",), unique)
    rows = TableRows(replace(table, locate=refuse))
    test = RepeatTest(rule, unique, (SCHEMA.columns[1],), rows, lambda: True)
    assert test.count(con, options, has_nulls=True).rows == 0
    assert len(files(tmp_path / "hashes")) == 4
    options.cache.close()


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        (Column("code", pa.string(), unique=True, classification="personal"), many(0)),
        (Column("code", pa.string(), unique=True), [f"person{n}@example.test" for n in range(60, 0, -1)]),
    ],
    ids=["classified as personal", "looks personal"],
)
def test_no_hash_of_a_value_that_must_be_hidden_is_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: Column, codes: list[str | None]
) -> None:
    schema = replace(SCHEMA, columns=(SCHEMA.columns[0], column))
    options = ValidationOptions(
        cache=CountCache(tmp_path / "counts.sqlite"), hashes=KeptHashes(tmp_path / "hashes")
    )
    more: list[str | None] = ["zz", "aa"]
    for parts in ([codes], [codes, more]):
        assert result(con, write(tmp_path, schema, parts), schema, options) == (0, 0)
    assert files(tmp_path / "hashes") == []
    options.cache.close()


def test_files_that_cannot_be_written_or_are_not_needed_cost_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = KeptHashes(tmp_path / "file" / "hashes")
    hashes = np.array([1, 2, 2**64 - 1], dtype=np.uint64)
    blocked.write("t" * 64, "part", hashes)
    assert blocked.read("t" * 64, "part") is None
    kept = KeptHashes(tmp_path / "hashes")
    kept.write("t" * 64, "a", hashes)
    kept.write("t" * 64, "b", hashes[:0])
    found = kept.read("t" * 64, "a")
    assert found is not None
    assert found.tolist() == hashes.tolist()
    kept.clean("t" * 64, {"b"})
    assert kept.read("t" * 64, "a") is None
    empty = kept.read("t" * 64, "b")
    assert empty is not None
    assert not holds_any(empty, hashes)
    assert holds_any(hashes, hashes[2:])
    assert not holds_any(hashes, hashes[:1] + np.uint64(2))
