"""Finds what the columns of a table cannot hold, before anything is written, and without showing a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.findings import triggers_finding, value_finding
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.encoding.collisions import find_collisions
from tdmvc.databases.mysql.encoding.value_checks import value_checks
from tdmvc.databases.value_checks import NoFormError, Problems, ValueCheck
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural

_SHORT_BYTES = 65_536
_OVERHEAD_BYTES = 4096
_LONG = ("text", "blob", "json", "geometry", "point", "polygon", "linestring")


@dataclass(frozen=True, slots=True)
class _Check:
    """What is to be checked of one column."""

    name: str
    target: MysqlColumn
    value_checks: list[ValueCheck]
    problems: Problems = field(default_factory=Problems)


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
    checks: list[_Check] = []
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
        checks.append(_Check(column.name, own, found))
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


def _read(table: TableToWrite, checks: Sequence[_Check], most_bytes: int) -> list[Finding]:
    long = [check.name for check in checks if any(word in check.target.kind for word in _LONG)]
    if not long and not any(check.value_checks for check in checks):
        return []
    large = 0
    for batch in table.read():
        for check in checks:
            array = batch.column(batch.schema.names.index(check.name))
            for one in check.value_checks:
                check.problems.add(one.problem, one.severity, one.count(array))
        if long and batch.nbytes > _SHORT_BYTES:
            large += _count_large(batch, long, most_bytes)
    findings = [
        finding for check in checks for finding in check.problems.findings(table.schema.name, check.name)
    ]
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
