"""Which columns have values that their canonical type cannot hold, and so are kept as text."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.databases.postgres.catalog import DeclaredTable
from tdmvc.sql.quoting import quote_name


def value_tests(table: DeclaredTable) -> list[tuple[str, str, str]]:
    """Return for each column what its type may not hold: the name, an SQL condition, and what meets it."""
    return [
        (name, condition, what)
        for name, form in table.forms.items()
        for condition, what in form.conditions(quote_name(name))
    ]


def tests_query(table: DeclaredTable, tests: Sequence[tuple[str, str, str]]) -> str:
    """Return a query for an array of booleans: which of the conditions a row meets."""
    found = ", ".join(f"coalesce(pg_catalog.bool_or({condition}), false)" for _, condition, _ in tests)
    return f"SELECT ARRAY[{found}] FROM {table.relation.sql}"


def kept_as_text(
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
