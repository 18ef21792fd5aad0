"""Finds keys that do not identify a row: repeated ones, and those with a null in them."""

from dataclasses import dataclass

from tdmvc.changes.join.forms import token_value
from tdmvc.changes.join.pairing import Pairing
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.masking import MASK
from tdmvc.model.sensitive_values import kind_of_value
from tdmvc.model.text import format_key, plural
from tdmvc.sql.duckdb import DuckDBConnection

FAULTY_KEYS = "temp.tdmvc_faulty_keys"
"""The temporary table of faulty keys: `k0`…, how often each side holds it, whether it has a null."""

_SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True)
class _Fault:
    """A way in which a key can be unfit."""

    rule: str
    has_null: str
    """The SQL text of `has_null`."""
    what: str
    remedy: str


_COUNTED = "rows of these keys were compared as a multiset."
_FAULTS = (
    _Fault(
        "duplicate-key",
        "false",
        "repeats",
        f"give each row its own key, or choose other key columns with --key; {_COUNTED}",
    ),
    _Fault(
        "null-key",
        "true",
        "is null",
        f"fill the key columns, or choose other key columns with --key; {_COUNTED}",
    ),
)


def collect_faulty_keys(con: DuckDBConnection, pairing: Pairing) -> int:
    """Fill the table of faulty keys from the rows of both sides and return how many there are.

    A key that is faulty on one side is faulty for both: its rows cannot be paired.
    """
    keys = ", ".join(pairing.sort_columns)
    has_null = " OR ".join(f"{column} IS NULL" for column in pairing.sort_columns)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {FAULTY_KEYS} AS"
        f" SELECT {keys}, sum(o) AS old_rows, sum(n) AS new_rows, {has_null} AS has_null FROM ("
        f" SELECT {keys}, 1 AS o, 0 AS n FROM ({pairing.old_rows()})"
        f" UNION ALL SELECT {keys}, 0, 1 FROM ({pairing.new_rows()})"
        f") GROUP BY {keys} HAVING sum(o) > 1 OR sum(n) > 1 OR {has_null}"
    )
    (count,) = con.execute(f"SELECT count(*) FROM {FAULTY_KEYS}").fetchall()[0]
    return int(count)


def describe_faulty_keys(con: DuckDBConnection, pairing: Pairing, table: str) -> tuple[Finding, ...]:
    """Return one finding per kind of fault, with the first few keys; masked if a key column is personal."""
    findings = (_describe(con, pairing, table, fault) for fault in _FAULTS)
    return tuple(finding for finding in findings if finding is not None)


def _describe(con: DuckDBConnection, pairing: Pairing, table: str, fault: _Fault) -> Finding | None:
    where = f"has_null = {fault.has_null}"
    count, old, new = con.execute(
        f"SELECT count(*), coalesce(sum(old_rows), 0), coalesce(sum(new_rows), 0) FROM {FAULTY_KEYS} WHERE {where}"
    ).fetchall()[0]
    if not count:
        return None
    columns = tuple(pair.name for pair in pairing.key)
    shown = _first_keys(con, pairing, where)
    listed = ", ".join(shown) + (", …" if count > len(shown) else "")
    sides = _sides(con, where, fault)
    return Finding(
        rule=fault.rule,
        severity=Severity.ERROR,
        message=f"The key ({', '.join(columns)}) of {table} {fault.what} on {sides}:"
        f" {plural(count, 'key')} ({listed}).",
        table=table,
        columns=columns,
        remedy=fault.remedy,
        details={"keys": list(shown), "count": int(count), "old_rows": int(old), "new_rows": int(new)},
    )


def _sides(con: DuckDBConnection, where: str, fault: _Fault) -> str:
    least = 0 if fault.has_null == "true" else 1
    on_old, on_new = con.execute(
        f"SELECT bool_or(old_rows > {least}), bool_or(new_rows > {least}) FROM {FAULTY_KEYS} WHERE {where}"
    ).fetchall()[0]
    if on_old and on_new:
        return "both sides"
    return "the old side" if on_old else "the new side"


def _first_keys(con: DuckDBConnection, pairing: Pairing, where: str) -> tuple[str, ...]:
    columns = pairing.sort_columns
    shown = [
        token_value(column) if pair.translation is not None else f"CAST({column} AS VARCHAR)"
        for pair, column in zip(pairing.key, columns, strict=True)
    ]
    texts = ", ".join(shown)
    rows = con.execute(
        f"SELECT {texts} FROM {FAULTY_KEYS} WHERE {where}"
        f" ORDER BY {', '.join(f'{column} NULLS FIRST' for column in columns)} LIMIT {_SHOWN_KEYS}"
    ).fetchall()
    if any(pair.is_personal for pair in pairing.key) or any(
        not (pair.old.is_classified or pair.new.is_classified) and kind_of_value(cell) is not None
        for row in rows
        for pair, cell in zip(pairing.key, row, strict=True)
    ):
        return (MASK,) * len(rows)
    return tuple(format_key(row) for row in rows)
