"""What only rows show: values that the canonical type of a column cannot hold, and sequences at another place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tdmvc.databases.numbering import sequence_note
from tdmvc.databases.postgres.catalog.tables import DeclaredTable
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.sql.quoting import quote_name

_TESTED_AT_ONCE = 100
_COMPARED_AT_ONCE = 200


def settle_types(
    connection: PostgresConnection, tables: Mapping[str, DeclaredTable]
) -> dict[str, DeclaredTable]:
    """Return tables whose columns have types that hold all of their values; reads those that may have others."""
    settled = dict(tables)
    tested = {name: tests for name, table in tables.items() if (tests := _tests(table))}
    names = list(tested)
    for first in range(0, len(names), _TESTED_AT_ONCE):
        part = names[first : first + _TESTED_AT_ONCE]
        queries = ", ".join(_query(tables[name], tested[name]) for name in part)
        with connection.transaction(force_rollback=True):  # gives back the locks
            (row,) = connection.execute(f"SELECT {queries}").fetchall()
        for name, results in zip(part, row, strict=True):
            settled[name] = _kept_as_text(tables[name], tested[name], results)
    return settled


def _tests(table: DeclaredTable) -> list[tuple[str, str, str]]:
    """Return for each column what its type may not hold: the name, an SQL condition, and what meets it."""
    return [
        (name, condition, what)
        for name, form in table.forms.items()
        for condition, what in form.conditions(quote_name(name))
    ]


def _query(table: DeclaredTable, tests: Sequence[tuple[str, str, str]]) -> str:
    """Return a query for an array of booleans: which of the conditions a row meets."""
    found = ", ".join(f"coalesce(pg_catalog.bool_or({condition}), false)" for _, condition, _ in tests)
    return f"(SELECT ARRAY[{found}] FROM {table.relation.sql})"


def _kept_as_text(
    table: DeclaredTable, tests: Sequence[tuple[str, str, str]], results: Sequence[bool]
) -> DeclaredTable:
    """Return a table whose columns are texts if a row meets one of their conditions."""
    forms, columns, notes = dict(table.forms), list(table.schema.columns), list(table.notes)
    for (name, _, what), is_there in zip(tests, results, strict=True):
        if is_there and forms[name] != forms[name].as_text:
            notes.append(f"{name}: kept as text, because it has {what}")
            form = forms[name] = forms[name].as_text
            place = table.schema.column_names.index(name)
            columns[place] = replace(columns[place], type=form.type, physical_type=form.physical_type)
    return replace(table, schema=table.schema.with_columns(tuple(columns)), forms=forms, notes=tuple(notes))


def sequence_notes(
    connection: PostgresConnection, tables: Iterable[DeclaredTable]
) -> Mapping[str, tuple[str, ...]]:
    """Return a note for each column whose sequence is at another place than the rows show, by table.

    Only columns whose greatest number an index knows are looked at.
    """
    compared = [
        (table, name, sequence)
        for table in tables
        for name, sequence in table.sequences.items()
        if sequence.last is not None and sequence.increment > 0 and _is_indexed(table, name)
    ]
    notes: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(compared), _COMPARED_AT_ONCE):
        part = compared[first : first + _COMPARED_AT_ONCE]
        queries = ", ".join(
            f"(SELECT pg_catalog.max({quote_name(name)}) FROM {table.relation.sql})"
            for table, name, _ in part
        )
        with connection.transaction(force_rollback=True):  # gives back the locks
            (row,) = connection.execute(f"SELECT {queries}").fetchall()
        for (table, name, sequence), highest in zip(part, row, strict=True):
            following = (sequence.last or 0) + sequence.increment
            note = sequence_note(name, sequence.name, following, highest, sequence.start, sequence.increment)
            if note is not None:
                notes[table.schema.name] = (*notes.get(table.schema.name, ()), note)
    return notes


def _is_indexed(table: DeclaredTable, name: str) -> bool:
    column = table.schema.column(name)
    return table.schema.key[:1] == (name,) or (column is not None and column.unique)
