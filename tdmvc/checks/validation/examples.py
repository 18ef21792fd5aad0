"""The first rows that break a rule, as texts, without values that must be hidden."""

from collections.abc import Collection, Mapping, Sequence

from tdmvc.checks.table_rows import text_sql
from tdmvc.checks.validation.failing import FailingSource
from tdmvc.checks.validation.rows import TableRows
from tdmvc.model.hidden_columns import columns_that_look_sensitive, hidden_columns
from tdmvc.model.masking import MASK
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_values import MOST_CHARACTERS
from tdmvc.model.validation import NULL, FailingRow
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

ROW_NUMBER = "row"
"""What the number of a row is called in the key of a table without one."""
_LONGEST = 200
"""Characters of a value that are shown."""


def first_failing_rows(
    con: DuckDBConnection,
    rows: TableRows,
    source: FailingSource,
    *,
    schemas: Collection[TableSchema],
    columns: Sequence[str],
    count: int,
) -> tuple[FailingRow, ...]:
    """Return the first rows of a source in key order.

    Args:
        schemas: the tables of the rows and of contracts, each of which may hide columns.
        columns: those whose values to return.
        count: how many rows at most.
    """
    if count <= 0:
        return ()
    key, shown = _known(rows.schema, rows.schema.key), _known(rows.schema, columns)
    texts = [
        f"left({text_sql(column, quote_name(column.name))}, {MOST_CHARACTERS})" for column in (*key, *shown)
    ]
    place = [source.scan.file, source.scan.row]
    order = [f"{quote_name(column.name)} NULLS FIRST" for column in key] or place
    found = con.execute(
        f"SELECT {', '.join([*place, *texts])} FROM {source.sql} AS failing ORDER BY {', '.join(order)} LIMIT {count}"
    ).fetchall()
    cells = [dict(zip([column.name for column in (*key, *shown)], row[2:], strict=True)) for row in found]
    hidden = _hidden(schemas, cells)
    numbers = {} if key or not found else _first_numbers(con, rows)
    return tuple(
        FailingRow(
            {name: NULL if text is None else text for name, text in _texts(key, row, hidden).items()}
            or {ROW_NUMBER: str(numbers[source.scan.parts[file]] + number)},
            _texts(shown, row, hidden),
        )
        for (file, number, *_), row in zip(found, cells, strict=True)
    )


def _known(schema: TableSchema, names: Sequence[str]) -> list[Column]:
    return [column for name in names if (column := schema.column(name)) is not None]


def _hidden(schemas: Collection[TableSchema], rows: Sequence[Mapping[str, object]]) -> frozenset[str]:
    cells = [cell for row in rows for cell in row.items()]
    return hidden_columns(schemas) | columns_that_look_sensitive(cells, schemas).keys()


def _texts(
    columns: Sequence[Column], row: Mapping[str, str | None], hidden: Collection[str]
) -> dict[str, str | None]:
    return {
        column.name: text
        if (text := row[column.name]) is None
        else MASK
        if column.name in hidden
        else _shortened(text)
        for column in columns
    }


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _first_numbers(con: DuckDBConnection, rows: TableRows) -> dict[str, int]:
    """Return the number of the first row of each part, counted from 1 through all parts."""
    scan = rows.scan()
    counts = dict(con.execute(f"SELECT {scan.file}, count(*) FROM {scan.sql} GROUP BY 1").fetchall())
    numbers: dict[str, int] = {}
    number = 1
    for file, part in enumerate(scan.parts):
        numbers.setdefault(part, number)
        number += int(counts.get(file, 0))
    return numbers
