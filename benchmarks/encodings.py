"""What parts cost in bytes, by their length and by how columns are encoded."""

import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.lineitem import KEY
from tdmvc.sql.quoting import quote_text
from tdmvc.store.cutting import cut
from tdmvc.store.parquet import encode_part

PART_ROWS = (4_096, 16_384, 32_768, 65_536)
_LEVEL = 3
"""The zstd level of tdmvc and of DuckDB, given to PyArrow as well so that only encodings differ."""
HEADINGS = ("part_rows", "parts", "tdmvc", "of one file", "PyArrow's defaults", "of one file")


def measure_encodings(source: Path, work: Path, *, rows: int) -> tuple[str, list[tuple[str, ...]]]:
    """Cut the first rows of lineitem at several lengths, and encode the parts in two ways.

    Args:
        work: an empty folder.
        rows: so many are taken, in key order.

    Returns:
        What the parts are compared with, and a table's rows under `HEADINGS`.
    """
    sample = f"SELECT * FROM read_parquet({quote_text(str(source))}) ORDER BY {', '.join(KEY)} LIMIT {rows}"
    one_file = work / "one.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY ({sample}) TO {quote_text(str(one_file))} (FORMAT parquet, COMPRESSION zstd)")
        table = con.sql(sample).to_arrow_table()
    whole = one_file.stat().st_size
    lines: list[tuple[str, ...]] = []
    for part_rows in PART_ROWS:
        parts = list(_parts(table, part_rows))
        ours = sum(len(encode_part(part, KEY)) for part in parts)
        default = sum(_default_bytes(part) for part in parts)
        lines.append(
            (
                f"{part_rows:,}",
                str(len(parts)),
                f"{ours / 1e6:.1f} MB",
                f"{ours / whole:.3f} ×",
                f"{default / 1e6:.1f} MB",
                f"{default / whole:.3f} ×",
            )
        )
    return f"{table.num_rows:,} rows; one zstd file by DuckDB has {whole / 1e6:.1f} MB", lines


def _parts(table: pa.Table, part_rows: int) -> Iterator[pa.Table]:
    batches = table.to_batches(max_chunksize=32_768)
    return (part.table for part in cut(batches, KEY, part_rows=part_rows))


def _default_bytes(part: pa.Table) -> int:
    sink = io.BytesIO()
    pq.write_table(part, sink, compression="zstd", compression_level=_LEVEL)
    return sink.tell()
