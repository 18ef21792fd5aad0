"""PyArrow's inner classes read and write what its public modules do."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.parquet import FewRows, encode_parquet, open_parquet, open_rows

TABLE = pa.table(
    {"id": [1, 2, 3, None], "name": ["a", "b", "a", None], "at": pa.array([1, None, 3, 4], pa.date32())}
)


def test_a_file_is_read_as_the_public_reader_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE, path, use_dictionary=["name"])
    reader = open_parquet(path)
    assert reader.metadata.equals(pq.read_metadata(path))
    assert reader.schema_arrow.equals(pq.read_schema(path))
    assert reader.read_all().equals(pq.read_table(path))
    reader.close()
    by_dictionary = open_parquet(path, dictionaries=[1])
    assert pa.types.is_dictionary(by_dictionary.read_all().schema.field("name").type)
    by_dictionary.close()


@pytest.mark.parametrize("most", [0, 1000])
def test_duckdb_scans_few_rows_and_many_as_often_as_it_likes(
    tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.arrow.parquet._FEW_CELLS", most)
    data = TABLE.append_column("list", [[[1, None], [], None, [2]]])
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path in paths:
        pq.write_table(data, path)
    opened = open_rows(paths)
    assert isinstance(opened, FewRows) is (most > 0)
    with duckdb.connect() as con:
        con.register("t", opened)
        joined = "SELECT count(*), sum(len(a.list)) FROM t a JOIN t b ON a.id IS NOT DISTINCT FROM b.id"
        for _ in range(2):
            assert con.execute(joined).fetchall() == [(16, 8 + 4)]
        assert con.sql("FROM t").to_arrow_table().num_rows == 8


def test_a_table_is_written_as_the_public_writer_writes_it(tmp_path: Path) -> None:
    data = encode_parquet(
        TABLE,
        dictionaries=["name"],
        encodings={"id": "DELTA_BINARY_PACKED"},
        compression_level=3,
        sorting=None,
    )
    path = tmp_path / "t.parquet"
    pq.write_table(
        TABLE,
        path,
        compression="zstd",
        compression_level=3,
        use_dictionary=["name"],
        column_encoding={"id": "DELTA_BINARY_PACKED"},
        write_page_index=True,
        store_schema=False,
        store_decimal_as_integer=True,
    )
    assert data == path.read_bytes()


def test_a_broken_or_missing_file_is_reported_as_by_the_public_reader(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(pa.ArrowInvalid):
        open_parquet(path)
    with pytest.raises(FileNotFoundError):
        open_parquet(tmp_path / "none.parquet")


def test_kernels_called_by_name_are_the_public_ones() -> None:
    ids = TABLE.column("id").combine_chunks()
    shifted = ids.take(pa.array([1, 0, 2, 3]))
    assert call_function("equal", [ids, shifted]).equals(pc.equal(ids, shifted))
    assert call_function("is_null", [ids]).equals(pc.is_null(ids))
