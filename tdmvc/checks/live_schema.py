"""Compares what a dataset's contract declares with the tables that a database has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.types import is_widening
from tdmvc.errors import format_names
from tdmvc.model.database_names import TableNames, further_columns, match_columns, missing_columns
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import NO_ROWS, Unique
from tdmvc.model.schema import Column, TableSchema

_RUN = "run the migrations that the rows were made for on the database, or compare a version that fits it."
_ADD = "add the rows once more from a database with this schema: `tdmvc add DATASET SOURCE`."


@dataclass(frozen=True, slots=True)
class _Pair:
    """A table of a dataset, and the same table of a database."""

    expected: TableSchema
    actual: TableSchema
    columns: Mapping[str, str]
    """The database's columns by the dataset's."""

    def named(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the dataset's columns as the database calls them."""
        return tuple(self.columns.get(name, name) for name in columns)


def check_live_schema(
    dataset: str, tables: Mapping[str, TableSchema], catalog: Mapping[str, TableSchema]
) -> list[Finding]:
    """Return where a database does not have what a dataset's tables declare, and what it demands beyond that.

    Errors and warnings may keep rows from being loaded; what the database merely has in addition is only noted.
    Conditions are not compared, because each engine writes them in its own way.

    Args:
        tables: the dataset's tables, by name.
        catalog: the database's tables, by name.
    """
    findings: list[Finding] = []
    known = TableNames(catalog)
    for name, expected in tables.items():
        found = known.find(name)
        if len(found) != 1:
            findings.append(_not_one(dataset, name, found))
            continue
        actual = catalog[found[0]]
        names = match_columns(expected.column_names, actual.column_names)
        findings += _check_table(dataset, _Pair(expected, actual, names))
    return findings


def _not_one(dataset: str, name: str, found: list[str]) -> Finding:
    if found:
        message = f"the database has several tables of that name: {format_names(found)}."
        remedy = "name the schema to read in the URL: ?schema=NAME."
    else:
        message, remedy = "the database has no such table.", _RUN
    message = f"{dataset}/{name}: {message}"
    return Finding("database-table", Severity.ERROR, message, dataset, name, remedy=remedy)


def _check_table(dataset: str, pair: _Pair) -> Iterator[Finding]:
    for rule, severity, columns, message, remedy in (
        *_missing_columns(pair),
        *_further_columns(pair),
        *_column_faults(pair),
        *_key_faults(pair),
        *_unique_faults(pair),
        *_reference_faults(pair),
    ):
        name = pair.expected.name
        yield Finding(rule, severity, f"{dataset}/{name}: {message}", dataset, name, columns, remedy=remedy)


_Fault = tuple[str, Severity, tuple[str, ...], str, str]
"""A rule, a severity, the columns, a message and what to do."""


def _missing_columns(pair: _Pair) -> Iterator[_Fault]:
    lacking = missing_columns(pair.expected, pair.columns)
    missing = tuple(column.name for column in lacking if column.generated is None)
    if missing:
        message = f"the database lacks {format_names(missing)}."
        yield "database-column", Severity.ERROR, missing, message, _RUN


def _further_columns(pair: _Pair) -> Iterator[_Fault]:
    needing, rest = further_columns(pair.actual, pair.columns)
    needed, others = (tuple(column.name for column in found) for found in (needing, rest))
    if needed:
        message = f"the database requires {format_names(needed)}, which the dataset lacks."
        yield "database-column", Severity.ERROR, needed, message, _ADD
    if others:
        message = f"the database also has {format_names(others)}."
        yield "database-column", Severity.INFO, others, message, ""


def _column_faults(pair: _Pair) -> Iterator[_Fault]:
    for expected in pair.expected.columns:
        actual = pair.actual.column(pair.columns.get(expected.name, ""))
        if actual is None:
            continue
        where, names = expected.name, (expected.name,)
        if (severity := _type_severity(expected, actual)) is not None:
            message = (
                f"{where} is {expected.type_text} in the dataset and {actual.type_text} "
                f"({actual.declared_type}) in the database."
            )
            yield "database-type", severity, names, message, _remedy(severity)
        if (severity := _length_severity(expected, actual)) is not None:
            message = f"{where} takes at most {actual.length_limit} characters in the database"
            message += f", {expected.length_limit} in the dataset." if expected.length_limit else "."
            yield "database-type", severity, names, message, _remedy(severity)
        is_required = expected.required or expected.name in pair.expected.key
        if actual.required and not is_required:
            message = f"{where} may be null in the dataset, but not in the database."
            yield "database-required", Severity.WARNING, names, message, _ADD
        elif (
            expected.required
            and not actual.required
            and not (expected.name in pair.expected.key or actual.name in pair.actual.key)
        ):
            message = f"{where} may be null in the database, but not in the dataset."
            yield "database-required", Severity.INFO, names, message, ""


def _remedy(severity: Severity) -> str:
    return "" if severity is Severity.INFO else _RUN


def _type_severity(expected: Column, actual: Column) -> Severity | None:
    """Return how much two types differ; None if the database's takes every value."""
    if expected.is_untyped or is_widening(expected.type, actual.type):
        return None
    # A dataset's type is often wider than its rows, so numbers of less room are only noted.
    return Severity.INFO if _family(expected.type) == _family(actual.type) else Severity.WARNING


def _family(type_: pa.DataType) -> str:
    if pa.types.is_integer(type_):
        return "integer"
    if pa.types.is_decimal(type_) or pa.types.is_floating(type_):
        return "number"
    if pa.types.is_timestamp(type_):
        return f"timestamp {type_.tz is not None}"
    if pa.types.is_list(type_):
        return f"list of {_family(type_.value_type)}"
    return "struct" if pa.types.is_struct(type_) else str(type_)


def _length_severity(expected: Column, actual: Column) -> Severity | None:
    there, here = actual.length_limit, expected.length_limit
    if there is None or (here is not None and here <= there):
        return None
    return Severity.INFO if here is None else Severity.WARNING


def _key_faults(pair: _Pair) -> Iterator[_Fault]:
    expected, actual = pair.named(pair.expected.key), pair.actual.key
    if set(expected) == set(actual):
        return
    words = [f"the key {', '.join(key)}" if key else "no key" for key in (actual, expected)]
    message = f"it has {words[0]} in the database and {words[1]} in the dataset."
    severity = Severity.WARNING if expected else Severity.INFO
    yield "database-key", severity, pair.expected.key, message, _ADD if expected else ""


def _unique_faults(pair: _Pair) -> Iterator[_Fault]:
    declared = {frozenset(pair.named(columns)) for columns in _unique(pair.expected)}
    known = {frozenset(pair.named(pair.expected.key)), *declared}
    there = {frozenset(columns): columns for columns in _unique(pair.actual)}
    for columns, ordered in there.items():
        if not any(one and one <= columns for one in known):
            message = f"it is unique by {', '.join(ordered)} in the database, but not in the dataset."
            yield "database-unique", Severity.WARNING, ordered, message, _ADD
    for columns in declared - there.keys():
        if columns <= set(pair.columns.values()) and not any(
            one <= columns for one in (frozenset(pair.actual.key), *there) if one
        ):
            names = tuple(sorted(columns))
            message = f"it is unique by {', '.join(names)} in the dataset, but not in the database."
            yield "database-unique", Severity.INFO, names, message, ""


def _unique(schema: TableSchema) -> list[tuple[str, ...]]:
    return [
        rule.columns
        for rule in schema.rules
        if isinstance(rule.test, Unique) and not rule.test.is_key and rule.threshold == NO_ROWS
    ]


def _reference_faults(pair: _Pair) -> Iterator[_Fault]:
    def ends(table: str, columns: tuple[str, ...]) -> tuple[str, frozenset[str]]:
        return table.rpartition(".")[2].casefold(), frozenset(columns)

    declared = {ends(one.table, pair.named(one.columns)): one for one in pair.expected.references}
    there = {ends(one.table, one.columns): one for one in pair.actual.references}
    for key in sorted(there.keys() - declared.keys(), key=str):
        one = there[key]
        if key[1] <= set(pair.columns.values()):
            message = (
                f"{', '.join(one.columns)} refers to {one.table} in the database, but not in the dataset."
            )
            yield "database-reference", Severity.WARNING, one.columns, message, _ADD
    for key in sorted(declared.keys() - there.keys(), key=str):
        one = declared[key]
        message = f"{', '.join(one.columns)} refers to {one.table} in the dataset, but not in the database."
        yield "database-reference", Severity.INFO, one.columns, message, ""
