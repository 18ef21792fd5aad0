"""What only PostgreSQL declares is left out for other engines, each declaration with a finding of its own."""

import pytest

from tdmvc.arrow.types import SIMPLE
from tdmvc.databases.dialects import for_dialect, views_for_dialect
from tdmvc.model.declarations import ForeignKey, ReferenceActions, UniqueKey, View
from tdmvc.model.schema import Column, TableSchema

COLUMNS = tuple(Column(name, SIMPLE["int64"]) for name in "abc")
SCHEMA = TableSchema(
    "t",
    COLUMNS,
    references=(
        ForeignKey(
            ("a", "b"), "o", ("a", "b"), ReferenceActions("cascade", is_full=True, is_validated=False)
        ),
        ForeignKey(("b", "c"), "o", ("a", "b"), ReferenceActions("set null", set_columns=("b",))),
    ),
    unique_keys=(
        UniqueKey(("a", "c"), "u", is_declared=True, include=("b",), deferrable="deferred"),
        UniqueKey(("a", "b"), "v", is_declared=True, nulls_distinct=False),
    ),
)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", "mysql"])
def test_references_and_unique_keys_keep_what_other_engines_have(dialect: str) -> None:
    schema, findings = for_dialect(SCHEMA, dialect)
    assert [reference.actions for reference in schema.references] == [
        ReferenceActions("cascade"),
        # SET NULL of all columns would empty one that is to stay.
        ReferenceActions(),
    ]
    assert schema.unique_keys == (
        UniqueKey(("a", "c"), "u", is_declared=True),
        UniqueKey(("a", "b"), "v", is_declared=True, nulls_distinct=False),
    )
    assert [finding.message for finding in findings] == [
        "MATCH FULL of the reference to o in t was left out: only PostgreSQL has it.",
        "ON DELETE SET NULL of single columns of the reference to o in t was left out: only PostgreSQL has it.",
        "DEFERRABLE INITIALLY DEFERRED and INCLUDE (b) of the unique key (a, c) in t was left out: "
        "only PostgreSQL has it.",
    ]


def test_postgresql_keeps_its_own_words() -> None:
    assert for_dialect(SCHEMA, "postgresql") == (SCHEMA, [])


def test_a_materialised_view_becomes_no_view_of_another_engine() -> None:
    view = View("v", "SELECT a FROM t", "postgresql", is_materialized=True)
    assert views_for_dialect([view], "postgresql") == ([view], [])
    kept, (finding,) = views_for_dialect([view], "duckdb")
    assert kept == []
    assert finding.message == (
        "The view v was left out: it is written for PostgreSQL, and it is materialised, which other engines cannot do."
    )
