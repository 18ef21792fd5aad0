"""Parts as Parquet files: deterministic, small, and readable by every tool.

The encodings were chosen by measurement (docs/performance.md): dictionaries only for values that
repeat, delta for numbers, dates and times, length-delta for text.
"""

import contextlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.parquet import SortingColumn, encode_parquet, open_parquet
from tdmvc.errors import PartError

_SAMPLE_ROWS = 4096
_DICTIONARY_LIMIT = 512
_ZSTD_LEVEL = 3
_INT64_DECIMAL_DIGITS = 18


def encode_part(table: pa.Table, key: tuple[str, ...]) -> bytes:
    """Return the part as a Parquet file.

    The same rows give the same bytes with one release of PyArrow; across releases only the content
    hash stays the same.

    Args:
        table: canonical rows in one chunk.
        key: the sort order, recorded in the footer.
    """
    dictionary: list[str] = []
    encodings: dict[str, str] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if _repeats(column):
            dictionary.extend(_leaf_paths(name, column.type))
        else:
            encoding = _encoding(column.type, is_leading_key=bool(key) and name == key[0])
            if encoding:
                encodings[name] = encoding
    # PyArrow identifies columns by dotted path: a plain column "a.b" has the path of field b of a struct a.
    encodings = {name: encoding for name, encoding in encodings.items() if name not in dictionary}
    order = [(name, "ascending") for name in (key or table.column_names)]
    return encode_parquet(
        table,
        dictionaries=dictionary,
        encodings=encodings,
        compression_level=_ZSTD_LEVEL,
        sorting=_sorting_columns(table.schema, order),
    )


def _sorting_columns(schema: pa.Schema, order: list[tuple[str, str]]) -> list[SortingColumn] | None:
    if any(pa.types.is_nested(schema.field(name).type) for name, _ in order):
        return None
    columns: list[SortingColumn] = list(SortingColumn.from_ordering(schema, order, null_placement="at_start"))
    return columns


def _repeats(column: pa.ChunkedArray) -> bool:
    type_ = column.type
    if pa.types.is_nested(type_) or pa.types.is_boolean(type_):
        return bool(pa.types.is_nested(type_))
    rows = len(column)
    if rows > _SAMPLE_ROWS:
        # From a buffer: `pa.array` imports pandas wherever it is installed.
        chosen = pa.py_buffer(np.linspace(0, rows - 1, _SAMPLE_ROWS).astype(np.int64))
        places = pa.Array.from_buffers(pa.int64(), _SAMPLE_ROWS, [None, chosen])
        column = call_function("take", [column, places])
    return bool(call_function("count_distinct", [column]).as_py() <= min(_DICTIONARY_LIMIT, len(column) // 4))


def _encoding(type_: pa.DataType, *, is_leading_key: bool) -> str | None:
    if pa.types.is_integer(type_) or pa.types.is_temporal(type_):
        return "DELTA_BINARY_PACKED"
    if pa.types.is_decimal(type_):
        return "DELTA_BINARY_PACKED" if type_.precision <= _INT64_DECIMAL_DIGITS else None
    if pa.types.is_string(type_) or pa.types.is_binary(type_):
        return "DELTA_BYTE_ARRAY" if is_leading_key else "DELTA_LENGTH_BYTE_ARRAY"
    return None


def _leaf_paths(name: str, type_: pa.DataType) -> list[str]:
    """Return the Parquet column paths below a column, as PyArrow's writer names them."""
    if pa.types.is_list(type_):
        return _leaf_paths(f"{name}.list.element", type_.value_type)
    if pa.types.is_struct(type_):
        fields = [type_.field(i) for i in range(type_.num_fields)]
        return [path for f in fields for path in _leaf_paths(f"{name}.{f.name}", f.type)]
    return [name]


def read_part(path: str) -> pa.Table:
    """Read a whole part as canonical rows."""
    with reading(path):
        with contextlib.closing(open_parquet(path)) as reader:
            table = reader.read_all().replace_schema_metadata(None)
        fields = [pa.field(field.name, field.type) for field in table.schema]
        return table.cast(pa.schema(fields)).combine_chunks()


def count_rows(path: str) -> int:
    """Return the number of rows in a Parquet file's footer."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        rows: int = reader.metadata.num_rows
    return rows


def read_schema(path: str) -> pa.Schema:
    """Return the Arrow schema of a Parquet file, without metadata."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        return reader.schema_arrow.remove_metadata()


def read_order(path: str) -> tuple[str, ...]:
    """Return the sort columns in a part's footer; empty if there are none."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        footer = reader.metadata
        sorting = footer.row_group(0).sorting_columns if footer.num_row_groups else ()
        return tuple(footer.schema.column(column.column_index).name for column in sorting)


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn PyArrow's errors for a file that is not valid Parquet into a PartError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except MemoryError as error:
        raise PartError(
            "A part expands to more than the memory of this machine, or of this container, holds.",
            where=path,
            remedy="it is not one that tdmvc writes: ask whoever added it. If it is right, use more memory.",
        ) from error
    except (pa.ArrowException, OSError) as error:
        raise PartError(
            "A part is not a valid Parquet file.",
            where=path,
            remedy="its bytes match its pointer, so the pointer is wrong: ask whoever added it.",
        ) from error
