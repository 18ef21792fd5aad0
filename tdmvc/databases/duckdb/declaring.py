"""CREATE TABLE, sequences and comments in DuckDB's words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from tdmvc.databases.clauses import column_clause, reference_clause, with_column
from tdmvc.databases.duckdb.names import schema_name, sql_name
from tdmvc.databases.statements import bracketed, create_table, literal_sql
from tdmvc.model.declarations import Default, Identity, ReferenceActions
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name, quote_text

BY_SEQUENCE = "numbered-by-sequence"
"""The rule of findings on columns that a sequence numbers, which an engine would number by its rows."""


def table_statement(schema: TableSchema, types: Mapping[str, str]) -> str:
    """Return the CREATE TABLE statement for a table whose declarations DuckDB knows."""
    return create_table(schema, types, _words_of(schema), quote_table=sql_name)


def _words_of(schema: TableSchema) -> Callable[[Column], list[str]]:
    def words_of(column: Column) -> list[str]:
        words = [f"COLLATE {column.collation.name}"] if column.collation is not None else []
        if column.identity is not None:
            words.append(f"DEFAULT nextval({quote_text(_sequence(schema, column, column.identity))})")
        elif column.default is not None:
            words.append(f"DEFAULT {_default(column.default, column)}")
        if column.generated is not None:
            words.append(f"GENERATED ALWAYS AS {bracketed(column.generated.expression)}")
        return words

    return words_of


def _default(default: Default, column: Column) -> str:
    if default.literal is None:
        return bracketed(str(default.expression))
    return literal_sql(default.literal, column.type)


def _sequence(schema: TableSchema, column: Column, identity: Identity) -> str:
    return identity.sequence or f"{schema.name.partition('.')[2] or schema.name}_{column.name}_seq"


def sequence_statements(schema: TableSchema, column: Column, highest: int | None) -> Iterator[str]:
    """Yield the statements that make the sequence of a column, as far advanced as its greatest number."""
    identity = column.identity
    if identity is None:
        return
    name = _sequence(schema, column, identity)
    qualified = quote_name(name)
    own = schema_name(schema.name)
    if own is not None:
        qualified = f"{quote_name(own)}.{qualified}"
    start, increment = identity.start or 1, identity.increment or 1
    yield f"CREATE SEQUENCE IF NOT EXISTS {qualified} START {start} INCREMENT {increment}"
    if highest is not None and increment > 0 and highest >= start:
        yield f"SELECT setval({quote_text(qualified)}, {highest})"


def _is_cut(literal: str, type_: pa.DataType) -> bool:
    """Whether a type has fewer decimal places than a number."""
    if not (pa.types.is_integer(type_) or pa.types.is_decimal(type_)):
        return False
    try:
        exponent = Decimal(literal).normalize().as_tuple().exponent
    except InvalidOperation:
        return False
    return isinstance(exponent, int) and exponent < -(type_.scale if pa.types.is_decimal(type_) else 0)


def is_numbered_key(schema: TableSchema, column: Column) -> bool:
    """Whether the column is an INTEGER PRIMARY KEY of SQLite, which gives a number to a row without one."""
    has_rowid = schema.options is None or "WITHOUT ROWID" not in schema.options.words
    # DuckDB's own INTEGER has 32 bits.
    is_sqlite = pa.types.is_int64(column.type) and (column.physical_type or "").upper() == "INTEGER"
    return (
        schema.key == (column.name,)
        and column.required
        and column.default is None
        and is_sqlite
        and has_rowid
    )


def fitted(schema: TableSchema) -> tuple[TableSchema, list[Finding]]:
    """Return the schema without what DuckDB has no words for, and a finding for each change."""
    findings: list[Finding] = []
    for column in schema.columns:
        generated, identity = column.generated, column.identity
        if generated is not None and generated.is_stored:
            findings.append(
                _changed(schema, column, "is computed when it is read: DuckDB stores no generated columns")
            )
            generated = replace(generated, is_stored=False)
        if identity is not None and identity.is_always:
            findings.append(
                _changed(schema, column, "may be given a number by an INSERT: DuckDB cannot forbid it")
            )
            identity = replace(identity, is_always=False)
        if identity is None and is_numbered_key(schema, column):
            identity = Identity()
        if identity is not None and not pa.types.is_integer(column.type):
            findings.append(
                column_clause(column, "identity").finding(schema.name, "DuckDB numbers only integers")
            )
            identity = None
        if identity is not None and identity.sequence is None:
            identity = replace(identity, sequence=_sequence(schema, column, identity))
            how = f"is numbered by the sequence {identity.sequence}, which does not see numbers that an INSERT gives"
            findings.append(replace(_changed(schema, column, how), rule=BY_SEQUENCE))
        default = column.default
        if default is not None and default.literal is not None and _is_cut(default.literal, column.type):
            why = f"{column.type} would round it"
            findings.append(column_clause(column, "default").finding(schema.name, why))
            default = None
        changed = replace(column, default=default, generated=generated, identity=identity)
        schema = with_column(schema, column.name, lambda _, changed=changed: changed)  # type: ignore[misc]
    names = [one.name for one in schema.unique_keys if one.name]
    names += [one.name for one in schema.checks if one.name]
    if names:
        words = f"names of constraints of {schema.name} ({', '.join(names)})"
        findings.append(_noted(schema, (), f"The {words} were left out: DuckDB keeps none."))
    references = []
    for reference in schema.references:
        if reference.actions != ReferenceActions():
            words = ", ".join(reference.actions.words).upper()
            noun = replace(reference_clause(reference), noun=f"{words} of the reference to {reference.table}")
            findings.append(
                noun.finding(schema.name, "DuckDB's references have no actions and are checked at once")
            )
            reference = replace(reference, declared=ReferenceActions())
        references.append(reference)
    return replace(schema, references=tuple(references)), findings


def _changed(schema: TableSchema, column: Column, how: str) -> Finding:
    return _noted(schema, (column.name,), f"{schema.name}.{column.name} {how}.")


def _noted(schema: TableSchema, columns: tuple[str, ...], message: str) -> Finding:
    return Finding("declaration-left-out", Severity.WARNING, message, table=schema.name, columns=columns)
