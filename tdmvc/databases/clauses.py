"""The declarations of a table one by one, so that each that an engine cannot keep is left out alone, and reported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tdmvc.model.declarations import Check, ForeignKey, TableOptions
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema


@dataclass(frozen=True, slots=True)
class Clause:
    """One declaration of a table, and the schema without it."""

    noun: str
    """What it is, for messages: `the default of total`."""
    columns: tuple[str, ...]
    remove: Callable[[TableSchema], TableSchema]
    rule: str = "declaration-left-out"
    """The rule of its findings, unless rows break it."""

    def finding(self, table: str, why: str) -> Finding:
        """Return the finding on a table that was made without this declaration."""
        return Finding(
            self.rule,
            Severity.WARNING,
            f"{self.noun[:1].upper()}{self.noun[1:]} in {table} was left out: {why}.",
            table=table,
            columns=self.columns,
        )

    def broken(self, table: str) -> Finding:
        """Return the finding on a table whose rows break this declaration."""
        return Finding(
            "constraint-left-out",
            Severity.WARNING,
            f"{self.noun[:1].upper()}{self.noun[1:]} in {table} was left out, because rows break it.",
            table=table,
            columns=self.columns,
            remedy="fix the rows, or the contract.",
        )


def with_column(schema: TableSchema, name: str, change: Callable[[Column], Column]) -> TableSchema:
    """Return the schema with one of its columns changed."""
    return replace(
        schema, columns=tuple(change(column) if column.name == name else column for column in schema.columns)
    )


def key_clause(schema: TableSchema) -> Clause:
    """Return the primary key; without it the table numbers no rows, and needs its rowid."""

    def remove(one: TableSchema) -> TableSchema:
        bare = replace(one, key=(), options=None)
        for name in schema.key:
            bare = with_column(bare, name, lambda column: replace(column, identity=None))
        return bare

    return Clause(f"the key ({', '.join(schema.key)})", schema.key, remove)


def required_clause(column: Column) -> Clause:
    """Return NOT NULL of a column."""
    return Clause(
        f"NOT NULL of {column.name}",
        (column.name,),
        lambda schema: with_column(schema, column.name, lambda one: replace(one, required=False)),
    )


def unique_clause(columns: tuple[str, ...]) -> Clause:
    """Return the unique key of some columns, or of one."""

    def remove(schema: TableSchema) -> TableSchema:
        kept = tuple(one for one in schema.unique_keys if one.columns != columns)
        schema = replace(schema, unique_keys=kept)
        if len(columns) == 1:
            return with_column(schema, columns[0], lambda one: replace(one, unique=False))
        return schema

    return Clause(f"the unique key ({', '.join(columns)})", columns, remove)


def check_clause(schema: TableSchema, check: Check) -> Clause:
    """Return a CHECK."""
    label = f"the check {check.name}" if check.name else f"the check {check}"
    return Clause(
        label,
        schema.columns_in(check.expression),
        lambda one: replace(one, checks=tuple(each for each in one.checks if each != check)),
    )


def reference_clause(reference: ForeignKey) -> Clause:
    """Return a foreign key."""
    return Clause(
        f"the reference to {reference.table}",
        reference.columns,
        lambda one: replace(one, references=tuple(each for each in one.references if each != reference)),
        "reference-left-out",
    )


_COLUMN_NOUNS = {
    "default": "default",
    "generated": "expression",
    "identity": "identity",
    "collation": "collation",
}
"""What a column declares beside its type, NOT NULL and UNIQUE: fields of `Column`, and what messages call them."""


def column_clause(column: Column, declared: str) -> Clause:
    """Return one of the declarations of a column.

    Args:
        declared: the field of the column: `default`, `generated`, `identity` or `collation`.
    """

    def remove(schema: TableSchema) -> TableSchema:
        return with_column(schema, column.name, lambda one: replace(one, **{declared: None}))  # type: ignore[arg-type]

    noun = f"the {_COLUMN_NOUNS[declared]} of {column.name}"
    if declared != "identity":
        noun += f" ({getattr(column, declared)})"
    return Clause(noun, (column.name,), remove)


def options_clause(options: TableOptions) -> Clause:
    """Return the options of a table."""
    return Clause(f"{options}", (), lambda schema: replace(schema, options=None))


def clauses(schema: TableSchema) -> list[Clause]:
    """Return everything that a table declares inside CREATE TABLE, the key first."""
    found = [key_clause(schema)] if schema.key else []
    for column in schema.columns:
        declared = (name for name in _COLUMN_NOUNS if getattr(column, name) is not None)
        found += [column_clause(column, name) for name in declared]
        found += [required_clause(column)] if column.required else []
        found += [unique_clause((column.name,))] if column.unique else []
    found += [unique_clause(one.columns) for one in schema.unique_keys]
    found += [check_clause(schema, one) for one in schema.checks]
    found += [reference_clause(one) for one in schema.references]
    if schema.options is not None:
        found.append(options_clause(schema.options))
    return found


def fit(schema: TableSchema, try_: Callable[[TableSchema], str | None]) -> tuple[TableSchema, list[Finding]]:
    """Return the schema with all declarations that an engine accepts, and a finding for each that it does not.

    Args:
        try_: makes an empty table, and returns why it cannot be made, or None.
    """
    if try_(schema) is None:
        return schema, []
    findings: list[Finding] = []
    all_clauses = clauses(schema)
    kept: list[Clause] = []
    for clause in all_clauses:
        # What is left out is removed from the whole schema: the order of declarations stays.
        attempt = schema
        for other in all_clauses:
            if other is not clause and other not in kept:
                attempt = other.remove(attempt)
        why = try_(attempt)
        if why is None:
            kept.append(clause)
        else:
            findings.append(clause.finding(schema.name, why))
    for clause in all_clauses:
        if clause not in kept:
            schema = clause.remove(schema)
    return schema, findings


def has_target(reference: ForeignKey, tables: Sequence[TableSchema]) -> bool:
    """Whether a reference leads to one of the tables, and there to columns that identify a row."""
    target = next((table for table in tables if table.name == reference.table), None)
    if target is None or not all(target.column(name) for name in reference.to):
        return False
    if reference.to == target.key:
        return True
    # In a key, the order counts.
    others = replace(target, key=()).unique_sets
    return any(sorted(columns) == sorted(reference.to) for columns in others)


NO_TARGET = "its columns identify no row of a table written here"
"""Why a reference without a target is left out."""
