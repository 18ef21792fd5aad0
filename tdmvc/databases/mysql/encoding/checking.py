"""Finds what the columns of a table cannot hold, before anything is written, and without showing a value."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.findings import triggers_finding, value_finding
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.encoding.collisions import find_collisions
from tdmvc.databases.mysql.encoding.value_checks import value_checks
from tdmvc.databases.value_checks import NoFormError, ValueCheck
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column
from tdmvc.model.text import plural

_SHORT_BYTES = 65_536
_OVERHEAD_BYTES = 4096
_LONG = ("text", "blob", "json", "geometry", "point", "polygon", "linestring")


def check_columns(
    connection: MysqlConnection,
    table: TableToWrite,
    target: MysqlTable,
    triggers: Sequence[str],
    most_bytes: int,
) -> list[Finding]:
    """Return what the columns of a table cannot hold; reads rows only if their types leave a doubt.

    Args:
        triggers: those of the table, which do not fire while it is loaded.
        most_bytes: the longest statement that the server accepts.
    """
    name = table.schema.name
    by_name = {column.name.lower(): column for column in target.columns}
    findings: list[Finding] = []
    checks: list[tuple[Column, MysqlColumn, list[ValueCheck]]] = []
    for column in table.schema.columns:
        own = by_name.get(column.name.lower())
        if own is None or own.generation:
            continue
        try:
            found = value_checks(column, own, has_long_timestamps=_has_long_timestamps(connection))
        except NoFormError:
            findings.append(
                value_finding(
                    name,
                    column.name,
                    f"The type {own.type} of {name}.{column.name} cannot hold {column.type_text}.",
                )
            )
            continue
        checks.append((column, own, found))
    findings += _read(table, checks, most_bytes)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        findings += find_collisions(connection, table, target)
    if triggers:
        findings.append(triggers_finding(name, target.name, triggers))
    if not target.is_transactional:
        findings.append(
            Finding(
                "no-transactions",
                Severity.ERROR,
                f"{target.name} is a {target.engine} table: what is written to it cannot be undone if the load fails.",
                table=name,
                remedy=f"convert it: ALTER TABLE {target.name} ENGINE=InnoDB.",
            )
        )
    return findings


def hidden_triggers(table: str) -> Finding:
    """Return the finding on a table whose triggers the user may not see, so that they fire during the load."""
    return Finding(
        "triggers-hidden",
        Severity.WARNING,
        f"The user may not see triggers: if {table} has any, they fire while it is loaded, and may change its rows.",
        table=table,
        remedy="grant the user TRIGGER on the database, or load with --verify, which compares the rows afterwards.",
    )


def _has_long_timestamps(connection: MysqlConnection) -> bool:
    return connection.is_mariadb and connection.version >= (11, 5)


def _read(
    table: TableToWrite, checks: Sequence[tuple[Column, MysqlColumn, list[ValueCheck]]], most_bytes: int
) -> list[Finding]:
    long = [column.name for column, own, _ in checks if any(word in own.kind for word in _LONG)]
    if not long and not any(found for *_, found in checks):
        return []
    counts: Counter[tuple[str, str]] = Counter()
    large = 0
    for batch in table.read():
        for column, _, found in checks:
            array = batch.column(batch.schema.names.index(column.name))
            for value_check in found:
                counts[column.name, value_check.problem] += value_check.count(array)
        if long and batch.nbytes > _SHORT_BYTES:
            large += _count_large(batch, long, most_bytes)
    findings = []
    for column, _, found in checks:
        for problem, severity in {value_check.problem: value_check.severity for value_check in found}.items():
            count = counts[column.name, problem]
            if count:
                name, are = table.schema.name, "is" if count == 1 else "are"
                message = f"{plural(count, 'value')} of {name}.{column.name} {are} {problem}."
                findings.append(value_finding(name, column.name, message, severity, {"values": count}))
    if large:
        findings.append(
            Finding(
                "statement-too-long",
                Severity.ERROR,
                f"{plural(large, 'row')} of {table.schema.name} {'is' if large == 1 else 'are'} larger than the server "
                f"accepts in one statement ({most_bytes:,} bytes).",
                table=table.schema.name,
                remedy="raise max_allowed_packet on the server.",
            )
        )
    return findings


def _count_large(batch: pa.RecordBatch, names: Sequence[str], most_bytes: int) -> int:
    """Return how many rows may be longer than a statement."""
    sizes: list[int] = [_OVERHEAD_BYTES] * batch.num_rows
    for name in names:
        array = batch.column(batch.schema.names.index(name))
        if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
            lengths: Mapping[int, int] | list[int | None] = call_function(
                "binary_length", [array]
            ).to_pylist()
            sizes = [size + (length or 0) for size, length in zip(sizes, lengths, strict=True)]
    return sum(size > most_bytes for size in sizes)
