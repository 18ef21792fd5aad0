"""Knows how Arrow columns become Python values, with nothing lost and nothing slow imported."""

from datetime import UTC, datetime

import pyarrow as pa


def python_values(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """Return Python values; instants in UTC; dates beyond the year 9999, which Python lacks, as text."""
    if pa.types.is_timestamp(column.type) and column.type.tz in {"UTC", "Etc/UTC"}:
        # Without its zone, for which PyArrow would import pandas where that is installed.
        naive = column.cast(pa.timestamp(column.type.unit))
        return [
            value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
            for value in python_values(naive)
        ]
    try:
        return [_in_utc(value) for value in column.to_pylist()]
    except (ValueError, OverflowError):
        return [str(value) for value in column.cast(pa.string()).to_pylist()]


def _in_utc(value: object) -> object:
    """DuckDB hands out instants in the session's time zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, dict):
        return {name: _in_utc(item) for name, item in value.items()}
    return value
