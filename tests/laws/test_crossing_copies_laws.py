"""What a database declares and contains comes back from a copy in another engine, or a report names it."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, event, given, reject, settings

from tdmvc.errors import SourceError
from tests.laws import test_database_copies_laws as sqlite_laws
from tests.laws import test_duckdb_copies_laws as duckdb_laws
from tests.laws.database_copies import contents, copy_of, rows_of, unreported
from tests.series import long_only, trials

pytestmark = long_only
SETTINGS = settings(
    max_examples=trials(300, 1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def cross(first: Path, suffix: str, con: duckdb.DuckDBPyConnection) -> None:
    """Copy a database into another engine, and back."""
    between, last = first.with_name(f"between{suffix}"), first.with_name(f"last{first.suffix}")
    try:
        reports = [*copy_of(first, between, con), *copy_of(between, last, con)]
    except SourceError as error:
        # Bytes that an expression put into a text, or beside numbers: such a source is refused.
        if "is not UTF-8" not in error.what and "mixes bytes" not in error.what:
            raise
        reject()
    event(f"{min(len(reports), 3)} reports")
    before = contents(first, con)
    assert list(unreported(before, contents(last, con), reports)) == []
    for schema in before.tables.values():
        named = [one for one in schema.column_names if any(one in report for report in reports)]
        assert rows_of(first, schema, named, con) == rows_of(last, schema, named, con)


@SETTINGS
@given(made=sqlite_laws.database())
def test_sqlite_comes_back_from_duckdb(
    tmp_path_factory: pytest.TempPathFactory,
    con: duckdb.DuckDBPyConnection,
    made: tuple[list[str], list[str]],
) -> None:
    first = tmp_path_factory.mktemp("crossing") / "first.db"
    sqlite_laws.make(first, *made)
    cross(first, ".duckdb", con)


@SETTINGS
@given(made=duckdb_laws.database())
def test_duckdb_comes_back_from_sqlite(
    tmp_path_factory: pytest.TempPathFactory,
    con: duckdb.DuckDBPyConnection,
    made: tuple[list[str], list[str]],
) -> None:
    first = tmp_path_factory.mktemp("crossing") / "first.duckdb"
    duckdb_laws.make(first, *made)
    cross(first, ".sqlite", con)
