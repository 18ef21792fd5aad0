"""What DuckDB finds in a later batch of a result is told as what it finds in the first."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.errors import PartError
from tdmvc.sql.duckdb import store_errors


def test_a_part_that_is_damaged_behind_its_first_rows_is_named(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    part = tmp_path / "part.parquet"
    texts = [str(number * 7919 % 1_000_003) for number in range(200_000)]
    pq.write_table(pa.table({"a": texts}), part, row_group_size=50_000, compression="zstd")
    data = bytearray(part.read_bytes())
    start = len(data) * 9 // 10
    data[start : start + 2_000] = bytes(255 - one for one in data[start : start + 2_000])
    part.write_bytes(data)
    with pytest.raises(PartError, match="damaged"), store_errors("orders", what="The validation"):
        for _ in con.sql(f"SELECT * FROM '{part}'").to_arrow_reader(1_000):
            pass


@pytest.mark.parametrize("error", [OSError(28, "No space left"), OSError("Conversion Error: 'secret'")])
def test_other_faults_stay_as_they_are(error: OSError) -> None:
    with (
        pytest.raises(OSError, match=r"No space|secret") as raised,
        store_errors("orders", what="The validation"),
    ):
        raise error
    assert raised.value is error
