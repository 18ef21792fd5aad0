"""Finds what the columns of a table cannot hold, before anything is written, and without showing a value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import flag
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.encoding.copy_format import Writer
from tdmvc.databases.postgres.encoding.forms import Form, is_trusted, plan_form
from tdmvc.databases.postgres.encoding.target_columns import ColumnType, TargetColumn
from tdmvc.databases.value_checks import Problems, ValueCheck, negated
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema

_ROUNDING = frozenset(
    {"numeric_recv", "interval_recv", "time_recv", "timetz_recv", "timestamp_recv", "timestamptz_recv"}
)
_MOST_ASKED = 10_000
_MOST_COUNTED = 1_000
"""Old servers are asked for each bad value; more of them are not counted."""
_SOFT_ERRORS = 160000
_SOFT_QUESTION = "SELECT v FROM unnest(%s::text[]) v WHERE NOT pg_input_is_valid(v, %s)"


@dataclass(frozen=True, slots=True)
class _Check:
    """What is to be checked of one column."""

    column: Column
    target: TargetColumn
    writer: Writer
    value_checks: tuple[ValueCheck, ...]
    asks_server: bool
    problems: Problems = field(default_factory=Problems)


def check_table(
    connection: PostgresConnection,
    table: TableToWrite,
    declared: TableSchema,
    columns: Mapping[str, TargetColumn],
) -> list[Finding]:
    """Return what of a table its columns cannot hold; reads rows only if their types leave a doubt.

    Args:
        declared: the table as the database declares it.
        columns: its columns by name.
    """
    findings: list[Finding] = []
    checks: list[_Check] = []
    for column in table.schema.columns:
        target = columns.get(column.name)
        if target is None or target.is_generated:
            continue
        form = plan_form(column.type, target.type)
        if form is None:
            findings.append(_impossible(table.schema.name, column, target))
            continue
        checks += _needed(column, target, form, declared.column(column.name))
    if checks:
        for batch in table.read():
            for check in checks:
                _check_values(connection, check, batch.column(check.column.name))
    for check in checks:
        findings += check.problems.findings(
            table.schema.name, check.column.name, target=check.target.type.sql
        )
    return findings


def _needed(column: Column, target: TargetColumn, form: Form, declared: Column | None) -> Iterator[_Check]:
    """Yield the check of a column, if its type is not enough."""
    is_same = declared is not None and (
        (declared.type, declared.declared_type) == (column.type, column.declared_type)
    )
    if is_trusted(column.type, target.type, form, is_same_type=is_same):
        return
    if form.value_checks or form.asks_server:
        yield _Check(column, target, form.writer, form.value_checks, form.asks_server)


def _impossible(table: str, column: Column, target: TargetColumn) -> Finding:
    return Finding(
        "type-mismatch",
        Severity.ERROR,
        f"{table}.{column.name} has the type {column.type_text}, which the column of the database "
        f"({target.type.sql}) cannot hold.",
        table=table,
        columns=(column.name,),
        remedy="change the type of the column in the database, or in the dataset.",
        details={"type": column.type_text, "target": target.type.sql},
    )


def _check_values(connection: PostgresConnection, check: _Check, values: pa.Array) -> None:
    has_bad_items = False
    for value_check in check.value_checks:
        count = value_check.count(values)
        check.problems.add(value_check.problem, value_check.severity, count)
        if count and value_check.is_fault:
            if value_check.is_of_items:
                has_bad_items = True
            else:
                # A value is counted once.
                is_bad = call_function("coalesce", [value_check.find(values), flag(is_set=False)])
                values = values.filter(negated(is_bad))
    if check.asks_server and not has_bad_items:
        counted = call_function("value_counts", [check.writer(values)])
        texts = counted.field("values").to_pylist()
        counts = counted.field("counts").to_pylist()
        known = {text: count for text, count in zip(texts, counts, strict=True) if text is not None}
        _ask_server(connection, check, known, is_text=pa.types.is_string(values.type))


def _ask_server(
    connection: PostgresConnection, check: _Check, counts: Mapping[str, int], *, is_text: bool
) -> None:
    """Let the server convert texts, and count those that it refuses, changes, or writes in another form."""
    question = _Question(connection, check.target.type, is_text=is_text)
    nul = [text for text in counts if "\0" in text]
    check.problems.add(
        "not possible in PostgreSQL, because of a NUL character",
        Severity.ERROR,
        sum(counts[one] for one in nul),
    )
    asked = [text for text in counts if "\0" not in text]
    for start in range(0, len(asked), _MOST_ASKED):
        refused, changed, reformed = question.ask(asked[start : start + _MOST_ASKED])
        type_ = check.target.type.sql
        for problem, severity, found in (
            (f"not possible in {type_}", Severity.ERROR, refused),
            (f"not exact in {type_}", Severity.ERROR, changed),
            (
                "written in another form than PostgreSQL's, in which they read back",
                Severity.WARNING,
                reformed,
            ),
        ):
            check.problems.add(problem, severity, sum(counts[text] for text in found))


class _Question:
    """Asks the server about texts for one type."""

    def __init__(self, connection: PostgresConnection, type_: ColumnType, *, is_text: bool) -> None:
        self._connection = connection
        self._type = type_
        self._has_soft_errors = connection.info.server_version >= _SOFT_ERRORS
        is_rounding = type_.receiver in _ROUNDING or (
            type_.element is not None and type_.element.receiver in _ROUNDING
        )
        # A cast rounds and cuts what COPY rounds or refuses: both are a change.
        one, other = f"v::{type_.bare_sql}", f"v::{type_.bare_sql}::{type_.base_sql}"
        as_text = "" if is_rounding else "::text"
        self._changed = f"({one}){as_text} IS DISTINCT FROM ({other}){as_text}"
        self._reformed = f"({other})::text IS DISTINCT FROM v" if is_text else "false"
        self._converted = f"v::{type_.bare_sql}::{type_.sql}"

    def ask(self, texts: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
        """Return the texts that are refused, those whose value changes, and those that have another form."""
        refused = self._refused(list(texts))
        bad = set(refused)
        good = [text for text in texts if text not in bad]
        changed, reformed = [], []
        for text, is_changed, is_reformed in self._connection.execute(
            f"SELECT v, {self._changed}, {self._reformed} FROM unnest(%s::text[]) v", [good]
        ):
            changed += [text] if is_changed else []
            reformed += [text] if is_reformed and not is_changed else []
        return refused, changed, reformed

    def _refused(self, texts: list[str]) -> list[str]:
        if not texts:
            return []
        if self._has_soft_errors:
            try:
                with self._connection.transaction():
                    rows = self._connection.execute(_SOFT_QUESTION, [texts, self._type.sql]).fetchall()
                    return [text for (text,) in rows]
            except self._connection.DatabaseError as error:
                # Types of extensions may not know how to refuse a text without an error.
                if not self._is_refusal(error):
                    raise
        return self._halved(texts, _MOST_COUNTED)

    def _is_refusal(self, error: Exception) -> bool:
        return isinstance(error, self._connection.DataError | self._connection.IntegrityError)

    def _halved(self, texts: list[str], most: int) -> list[str]:
        """Return the refused among texts, by asking for ever smaller parts of them."""
        if most <= 0 or not texts or self._accepts(texts):
            return []
        if len(texts) == 1:
            return texts
        middle = len(texts) // 2
        found = self._halved(texts[:middle], most)
        return found + self._halved(texts[middle:], most - len(found))

    def _accepts(self, texts: list[str]) -> bool:
        try:
            with self._connection.transaction():
                self._connection.execute(
                    f"SELECT count({self._converted}) FROM unnest(%s::text[]) v", [texts]
                )
        except self._connection.DatabaseError as error:
            if not self._is_refusal(error):
                raise
            return False
        return True
