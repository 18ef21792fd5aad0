"""Which columns of added rows look personal or secret, so that no output shows their values."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tdmvc.model.schema import Column, TableSchema

_MOST_NAMED = 8


def columns_to_examine(schema: TableSchema) -> frozenset[str]:
    """Return the columns whose values must be examined, because nothing else says whether they may be shown."""
    return frozenset(c.name for c in schema.columns if not c.is_classified and c.suspicion is None)


def with_looks(schema: TableSchema, looks: Mapping[str, str]) -> TableSchema:
    """Return the schema with what its columns look like, by name."""
    if not looks:
        return schema
    return schema.with_columns(
        tuple(replace(c, looks_like=looks[c.name]) if c.name in looks else c for c in schema.columns)
    )


def newly_hidden(schema: TableSchema, declared: TableSchema | None) -> tuple[Column, ...]:
    """Return the columns that look personal or secret, and that nobody has been told about.

    Args:
        declared: the table in the contract before.
    """
    told = declared.personal_columns if declared is not None else frozenset()
    return tuple(c for c in schema.columns if c.is_personal and not c.is_classified and c.name not in told)


def hidden_note(columns: Iterable[tuple[str, Column]]) -> list[str]:
    """Return a note on columns that are newly hidden, with what to do; none if there are none.

    Args:
        columns: (table, column).
    """
    named = [f"{table}.{column.name} ({column.suspicion})" for table, column in columns]
    if not named:
        return []
    more = len(named) - _MOST_NAMED
    shown = ", ".join([*named[:_MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])
    what = "column looks" if len(named) == 1 else "columns look"
    return [
        f"{len(named):,} {what} personal or secret, so no diff or review shows the values: {shown}. "
        "In contract.yaml, write `classification: personal` for such a column, or `public` to show it"
    ]
