"""What is sent to the process that runs queries, and what comes back: JSON, one line for each."""

import base64
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

OUT_OF_MEMORY = "it needs more memory than a rule may take"


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A table that queries may name."""

    files: tuple[Path, ...]
    """Its Parquet files, one more than once if the table holds it more than once."""
    schema: pa.Schema
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may take. The process is killed at the first limit that it reaches."""

    seconds: float = 60.0
    memory_bytes: int = 2 << 30
    """Beyond what the process takes when it starts."""
    threads: int = 2
    is_watched: bool = sys.platform != "linux"
    """Whether the parent watches the memory, because the system does not limit it."""


@dataclass(frozen=True, slots=True)
class QueryJob:
    """A query, and the table whose rule it is."""

    sql: str
    table: str


@dataclass(frozen=True, slots=True)
class QueryOutcome:
    """What came of a query."""

    number: Decimal | None = None
    """The one number that it returned; None if it did not."""
    reason: str | None = None
    """Why there is no number, as a part of a sentence and without a value of any row."""
    columns: frozenset[str] = frozenset()
    """Every name that may be a column's, in lower case."""
    names_all_columns: bool = False
    """Whether it may read a column without its name, as by a star."""
    counts_rows: bool = False
    """Whether the number is a count of the rows that a condition holds for."""
    rows: tuple[Mapping[str, str | None], ...] = field(default=())
    """The first rows that a failing count counted, as texts: the key of the table if the query has it, else all
    columns of what it counts."""
    shows_table: bool = False
    """Whether the rows have columns of the table under their own names; others may have a value of any column."""


def encode_tables(tables: Mapping[str, QueryTable]) -> dict[str, Any]:
    """Return tables as JSON values."""
    return {
        name: {
            "files": [str(path) for path in table.files],
            "schema": base64.b64encode(table.schema.serialize().to_pybytes()).decode(),
            "key": list(table.key),
        }
        for name, table in tables.items()
    }


def decode_tables(values: Mapping[str, Any]) -> dict[str, QueryTable]:
    """Return tables from JSON values."""
    return {
        name: QueryTable(
            tuple(map(Path, one["files"])),
            pa.ipc.read_schema(pa.py_buffer(base64.b64decode(one["schema"]))),
            tuple(one["key"]),
        )
        for name, one in values.items()
    }


def encode_outcome(outcome: QueryOutcome) -> dict[str, Any]:
    """Return an outcome as JSON values."""
    return {
        "number": None if outcome.number is None else str(outcome.number),
        "reason": outcome.reason,
        "columns": sorted(outcome.columns),
        "names_all_columns": outcome.names_all_columns,
        "counts_rows": outcome.counts_rows,
        "rows": [dict(row) for row in outcome.rows],
        "shows_table": outcome.shows_table,
    }


def decode_outcome(values: Mapping[str, Any]) -> QueryOutcome:
    """Return an outcome from JSON values."""
    return QueryOutcome(
        None if values["number"] is None else Decimal(values["number"]),
        values["reason"],
        frozenset(values["columns"]),
        bool(values["names_all_columns"]),
        bool(values["counts_rows"]),
        tuple(values["rows"]),
        bool(values["shows_table"]),
    )
