"""What one engine declares in its own words, for another: carried over if it means the same, else reported."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tdmvc.databases.clauses import (
    check_clause,
    column_clause,
    reference_clause,
    unique_clause,
    with_column,
)
from tdmvc.databases.clocks import clock_default
from tdmvc.databases.findings import left_out
from tdmvc.model.declarations import NO_ACTION, Index, View
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.portable import engine_name, why_not_portable, why_query_not_portable
from tdmvc.sql.tokens import tokens

_POSTGRES = "postgresql"
_OWN = "duckdb"
"""The dialect of conditions that people write: DuckDB checks them."""


def for_dialect(schema: TableSchema, dialect: str) -> tuple[TableSchema, list[Finding]]:
    """Return what a table declares in the words of an engine, and a finding for each declaration that has none."""
    findings: list[Finding] = []
    for column in schema.columns:
        changed, why = _column(schema, column, dialect)
        findings += [
            column_clause(column, declared).finding(schema.name, reason) for declared, reason in why.items()
        ]
        schema = with_column(schema, column.name, lambda _, changed=changed: changed)  # type: ignore[misc]
    if dialect != _POSTGRES:
        schema, found = _without_words_of_postgres(schema)
        findings += found
    checks = []
    for check in schema.checks:
        reason = _why(check.expression, check.dialect or _OWN, dialect, schema.columns)
        if reason is None:
            checks.append(check)
        else:
            findings.append(check_clause(schema, check).finding(schema.name, reason))
    indexes = []
    for index in schema.indexes:
        reason = _why_not_index(index, dialect, schema.columns)
        if reason is None:
            indexes.append(index)
        else:
            findings.append(left_out(f"index {index.name}", schema.name, reason))
    options = schema.options
    if options is not None and options.dialect != dialect:
        findings.append(
            left_out(
                f"{options} of {schema.name}", schema.name, f"only {engine_name(options.dialect)} has it"
            )
        )
        options = None
    return replace(schema, checks=tuple(checks), indexes=tuple(indexes), options=options), findings


def _without_words_of_postgres(schema: TableSchema) -> tuple[TableSchema, list[Finding]]:
    """Return a table without what only PostgreSQL can say of references and unique keys, and a finding for each."""
    findings: list[Finding] = []
    why = "only PostgreSQL has it"
    references = []
    for reference in schema.references:
        actions = reference.actions
        words = ["MATCH FULL"] if actions.is_full else []
        words += [f"ON DELETE {actions.on_delete.upper()} of single columns"] if actions.set_columns else []
        if words:
            noun = f"{' and '.join(words)} of the reference to {reference.table}"
            findings.append(replace(reference_clause(reference), noun=noun).finding(schema.name, why))
            # To change all columns would be something else.
            on_delete = NO_ACTION if actions.set_columns else actions.on_delete
            actions = replace(actions, is_full=False, set_columns=(), on_delete=on_delete)
        if reference.declared is not None:
            reference = replace(reference, declared=replace(actions, is_validated=True))
        references.append(reference)
    unique_keys = []
    for key in schema.unique_keys:
        words = [f"DEFERRABLE INITIALLY {key.deferrable.upper()}"] if key.deferrable is not None else []
        words += [f"INCLUDE ({', '.join(key.include)})"] if key.include else []
        if words:
            noun = f"{' and '.join(words)} of the unique key ({', '.join(key.columns)})"
            findings.append(replace(unique_clause(key.columns), noun=noun).finding(schema.name, why))
        unique_keys.append(replace(key, deferrable=None, include=()))
    return replace(schema, references=tuple(references), unique_keys=tuple(unique_keys)), findings


def make_views(
    views: Sequence[View], attempt: Callable[[View], str | None]
) -> tuple[list[View], list[Finding]]:
    """Make views, each after those that it reads.

    Args:
        attempt: makes a view, and returns why it cannot be made, or None.

    Returns:
        The views that were made, in their order, and a finding for each other.
    """
    waiting = list(views)
    made: list[View] = []
    findings: list[Finding] = []
    while waiting:
        refused = {view.name: attempt(view) for view in waiting}
        left = [view for view in waiting if refused[view.name] is not None]
        made += [view for view in waiting if refused[view.name] is None]
        if len(left) == len(waiting):
            findings += [left_out(f"view {view.name}", None, str(refused[view.name])) for view in left]
            break
        waiting = left
    return made, findings


def views_for_dialect(views: Sequence[View], dialect: str) -> tuple[list[View], list[Finding]]:
    """Return the views that mean the same to an engine, and a finding for each other."""
    kept, findings = [], []
    for view in views:
        why = why_query_not_portable(view.query) if view.dialect != dialect else None
        if view.is_materialized and view.dialect != dialect:
            why = "it is materialised, which other engines cannot do"
        if why is None:
            kept.append(view)
        else:
            findings.append(left_out(f"view {view.name}", None, str(_of(view.dialect, why))))
    return kept, findings


def _column(schema: TableSchema, column: Column, dialect: str) -> tuple[Column, dict[str, str]]:
    """Return a column in the words of an engine, and why it lost which of its declarations."""
    why: dict[str, str] = {}
    default, generated, collation = column.default, column.generated, column.collation
    if default is not None and default.expression is not None and default.dialect != dialect:
        clock = clock_default(default, column, dialect)
        reason = _of(default.dialect, why_not_portable(default.expression, ())) if clock is None else None
        if reason is None:
            default = clock or replace(default, dialect=dialect)
        else:
            default, why["default"] = None, reason
    if generated is not None and generated.dialect != dialect:
        reason = _why(generated.expression, generated.dialect, dialect, schema.columns)
        if reason is None:
            generated = replace(generated, dialect=dialect)
        else:
            why["generated"] = reason
            generated = None
    if collation is not None and collation.dialect != dialect:
        why["collation"] = f"only {engine_name(collation.dialect)} has it"
        collation = None
    return replace(column, default=default, generated=generated, collation=collation), why


def _why(expression: str, own: str, dialect: str, columns: Sequence[Column]) -> str | None:
    return None if own == dialect else _of(own, why_not_portable(expression, columns))


def _why_not_index(index: Index, dialect: str, columns: Sequence[Column]) -> str | None:
    if index.definition is None or index.dialect in (None, dialect):
        return None
    if dialect == "duckdb" and any(token.keyword == "WHERE" for token in tokens(index.definition)):
        return "DuckDB has no partial indexes"
    return _of(index.dialect, why_not_portable(index.definition, columns))


def _of(dialect: str | None, why: str | None) -> str | None:
    return f"it is written for {engine_name(dialect)}, and {why}" if why is not None else None
