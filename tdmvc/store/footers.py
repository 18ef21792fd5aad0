"""What a part's footer tells, without reading rows."""

import contextlib
from collections.abc import Iterator

import pyarrow as pa

from tdmvc.arrow.parquet import open_parquet
from tdmvc.errors import PartError


def count_rows(path: str) -> int:
    """Return the number of rows that a Parquet file's footer tells."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        rows: int = reader.metadata.num_rows
    return rows


def read_schema(path: str) -> pa.Schema:
    """Return the Arrow schema of a Parquet file, without metadata."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        return reader.schema_arrow.remove_metadata()


def read_order(path: str) -> tuple[str, ...]:
    """Return the columns by which a part says that its rows are sorted; empty where it says nothing."""
    with reading(path), contextlib.closing(open_parquet(path)) as reader:
        footer = reader.metadata
        said = footer.row_group(0).sorting_columns if footer.num_row_groups else ()
        return tuple(footer.schema.column(column.column_index).name for column in said)


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn what PyArrow says of a file that is no Parquet into an error of the store."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise PartError(
            "A part is no whole Parquet file.",
            where=path,
            remedy="its bytes are what its pointer names, so ask whoever added it, and do not trust that pointer.",
        ) from error
