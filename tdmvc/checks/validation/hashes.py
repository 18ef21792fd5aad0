"""Finds values that may repeat by their hashes, which take less memory and time than the values."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tdmvc.arrow.constants import number_array, numbers_of
from tdmvc.checks.validation.kept_hashes import Hashes
from tdmvc.sql.duckdb import DuckDBConnection

MOST_ROWS = 1 << 25
"""Up to here, hashes are sorted in memory: a quarter of a gigabyte. DuckDB groups more of them, and may spill."""
_MOST_REPEATED = 100_000
"""With more of them, looking only for the values behind them saves nothing."""
_BATCH_ROWS = 1 << 17


def collect_repeated(con: DuckDBConnection, hashed: str, into: str, rows: int) -> int | None:
    """Fill a temporary table with the hashes that repeat; return how many there are, or None if there are many.

    Args:
        hashed: a SELECT of one column, a hash of each row.
        into: the name of the table, whose column is `h`.
        rows: how many rows the SELECT has at most.
    """
    if rows <= MOST_ROWS:
        return fill_with_repeated(con, _read(con, hashed, rows), into)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {into} AS"
        f" SELECT h FROM ({hashed}) AS hashed (h) GROUP BY h HAVING count(*) > 1 LIMIT {_MOST_REPEATED + 1}"
    )
    count = int(con.execute(f"SELECT count(*) FROM temp.{into}").fetchall()[0][0])
    return None if count > _MOST_REPEATED else count


def fill_with_repeated(con: DuckDBConnection, hashes: Hashes, into: str) -> int | None:
    """Fill a temporary table with those of some hashes that repeat; see `collect_repeated`. The hashes are sorted."""
    repeated = _repeated(hashes)
    if len(repeated) > _MOST_REPEATED:
        return None
    view = f"{into}_view"
    con.register(view, pa.Table.from_arrays([number_array(repeated, pa.uint64())], names=["h"]))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT h FROM {view}")
    con.unregister(view)
    return len(repeated)


def read_hashes(con: DuckDBConnection, hashed: str, parts: Sequence[str]) -> dict[str, Hashes]:
    """Return the sorted hashes of the rows of each part.

    Args:
        hashed: a SELECT of two columns, the number of the part and a hash of each row.
    """
    pieces: dict[str, list[Hashes]] = {part: [] for part in parts}
    with con.cursor() as reading:
        reading.execute("SET TimeZone = 'UTC'")
        for batch in reading.sql(hashed).to_arrow_reader(_BATCH_ROWS):
            files = numbers_of(batch.column(0))
            hashes = numbers_of(batch.column(1))
            ends = [*(np.flatnonzero(files[1:] != files[:-1]) + 1), len(files)]
            start = 0
            for end in ends:
                if end > start:
                    pieces[parts[files[start]]].append(hashes[start:end])
                start = end
    nothing = np.empty(0, dtype=np.uint64)
    return {part: np.sort(np.concatenate([nothing, *of])) for part, of in pieces.items()}


def _read(con: DuckDBConnection, hashed: str, rows: int) -> Hashes:
    found = np.empty(rows, dtype=np.uint64)
    count = 0
    for values in _batches(con, hashed):
        found[count : count + len(values)] = values
        count += len(values)
    return found[:count]


def _batches(con: DuckDBConnection, hashed: str) -> Iterator[Hashes]:
    with con.cursor() as reading:
        reading.execute("SET TimeZone = 'UTC'")
        for batch in reading.sql(hashed).to_arrow_reader(_BATCH_ROWS):
            yield numbers_of(batch.column(0))


def _repeated(hashes: Hashes) -> Hashes:
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
