"""Rows as CSV, as JSON lines and as Parquet, batch by batch."""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tdmvc.arrow.values import json_value, python_values

_FORMS = (
    (r"^(-?\d+)$", r"\1.0"),
    (r"(:\d\d\.\d*?)0+(Z?)$", r"\1\2"),
    (r"(:\d\d)\.(Z?)$", r"\1\2"),
    (r"Z$", "+00"),
)
"""What turns the texts of PyArrow for floats and times into those that SQL writes: `12.0`, `10:11:12`, `…+00`."""
_NEEDS_QUOTES = r'^$|[",\r\n]|^\s|\s$'


def write_csv(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    """Write rows of texts with a line of names, and return how many there are.

    A null is an empty field and an empty text is `""`, which is how `tdmvc add` reads them; other texts are quoted only
    if they have to be.
    """
    names = _quoted(pa.array(rows.schema.names, pa.string()))
    file.write((",".join(names.to_pylist()) + "\n").encode())
    count = 0
    for batch in rows:
        columns = [pc.fill_null(_quoted(column.cast(pa.string())), "") for column in batch.columns]
        lines = pc.binary_join_element_wise(*columns, ",")
        file.write("".join(f"{line}\n" for line in lines.to_pylist()).encode())
        count += batch.num_rows
    return count


def text_columns(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Return rows whose values are texts: nested ones as JSON, binary ones in hexadecimal digits after `\\x`."""
    schema = pa.schema([pa.field(name, pa.string()) for name in rows.schema.names])
    batches = (pa.record_batch([_texts(column) for column in batch.columns], schema=schema) for batch in rows)
    return pa.RecordBatchReader.from_batches(schema, batches)


def write_json_lines(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    """Write rows as JSON objects, a line for each, and return how many there are.

    Numbers have all their digits. What JSON lacks is a text: dates and times as ISO 8601 writes them, binary values in
    hexadecimal digits, NaN and the infinities by their names.
    """
    count = 0
    for batch in rows:
        columns = [python_values(column) for column in batch.columns]
        for cells in zip(*columns, strict=True):
            fields = zip(rows.schema.names, cells, strict=True)
            file.write(f"{json_line(dict(fields))}\n".encode())
        count += batch.num_rows
    return count


def json_line(value: object) -> str:
    """Return a value as JSON without spaces, with all digits of its numbers."""
    match value:
        case dict():
            return (
                "{"
                + ",".join(f"{json_line(str(name))}:{json_line(one)}" for name, one in value.items())
                + "}"
            )
        case list():
            return "[" + ",".join(map(json_line, value)) + "]"
        case float() if not math.isfinite(value):
            return json.dumps(str(value))
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return json.dumps(value.isoformat())
        case None | bool() | int() | float() | str():
            return json.dumps(value, ensure_ascii=False)
    return json.dumps(json_value(value), ensure_ascii=False)


def _texts(column: pa.Array) -> pa.Array:
    type_ = column.type
    if pa.types.is_nested(type_):
        return pa.array(
            [None if one is None else json_line(one) for one in python_values(column)], pa.string()
        )
    if pa.types.is_binary(type_):
        return pa.array(
            [None if one is None else f"\\x{one.hex()}" for one in column.to_pylist()], pa.string()
        )
    texts = column.cast(pa.string())
    for pattern, form in _FORMS if _needs_form(type_) else ():
        texts = pc.replace_substring_regex(texts, pattern, form)
    return texts


def _needs_form(type_: pa.DataType) -> bool:
    return bool(pa.types.is_floating(type_) or pa.types.is_timestamp(type_) or pa.types.is_time(type_))


def write_parquet(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    """Write rows, compressed by zstd, and return how many there are."""
    count = 0
    with pq.ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _quoted(texts: pa.Array) -> pa.Array:
    """Return texts as fields of CSV; null stays null."""
    quote = pa.scalar('"', texts.type)
    inner = pc.replace_substring(texts, '"', '""')
    whole = pc.binary_join_element_wise(quote, inner, quote, pa.scalar("", texts.type))
    return pc.if_else(pc.match_substring_regex(texts, _NEEDS_QUOTES), whole, texts)
