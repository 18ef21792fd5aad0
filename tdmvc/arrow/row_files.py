"""Rows as CSV and as Parquet, batch by batch."""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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
