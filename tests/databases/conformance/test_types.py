"""Every type of every engine is read as the tables of types say, with every value as it is."""

from collections import Counter

import duckdb
import pytest

from tdmvc.arrow.types import parse_type
from tests.databases.conformance.access import read_database
from tests.databases.conformance.engines.base import Database, TypeCase, type_cases

Con = duckdb.DuckDBPyConnection


def make(database: Database) -> dict[str, TypeCase]:
    """Make a table for each type, and return the types by table."""
    cases = {
        f"t{number}": case
        for number, case in enumerate(type_cases(database.engine.dialect, database.engine.name))
    }
    database.run(*(statement for table, case in cases.items() for statement in case.statements(table)))
    return cases


def test_every_type_and_value_is_read(database: Database, con: Con) -> None:
    cases = make(database)
    read = read_database(database, con)
    wrong = []
    for name, case in cases.items():
        table, type_ = read[name], parse_type(case.canonical)
        assert type_ is not None
        column = table.schema.column("c")
        assert column is not None
        if column.type_text != case.canonical:
            wrong.append(f"{case.type} is read as {column.type_text}, not {case.canonical}")
            continue
        expected, found = database.column(name, type_, case.reads), table.values("c")
        wrong += [
            f"{case.type}: {new!r:.80} instead of {old!r:.80}"
            for old, new in zip(expected, found, strict=True)
            if repr(old) != repr(new)
        ]
    assert "\n".join(wrong) == ""


def test_every_type_is_in_the_table_once(engine_types: list[TypeCase]) -> None:
    counted = Counter((case.type, case.when, case.only) for case in engine_types)
    assert [what for what, count in counted.items() if count > 1] == []


@pytest.fixture(params=["duckdb", "mysql", "postgresql", "sqlite"])
def engine_types(request: pytest.FixtureRequest) -> list[TypeCase]:
    return list(type_cases(request.param))
