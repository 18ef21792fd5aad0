"""A small Parquet file that expands to very much ends in an error, and not in a machine without memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDMVC_MEMORY", "200MB")


def test_a_dictionary_that_repeats_one_long_text_is_refused(tdmvc: Tdmvc, tmp_path: Path) -> None:
    rows = 5_000
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 1_000_000]))
    file = tmp_path / "long.parquet"
    pq.write_table(
        pa.table({"id": np.arange(rows), "s": texts}), file, compression="zstd", store_schema=False
    )
    assert file.stat().st_size < 100_000
    said = tdmvc("add", "golden", file, "--key", "long=id", code=6).err
    assert "The rows of long are too large for the memory" in said
    assert "TDMVC_MEMORY=8GB" in said


def test_too_many_columns_are_refused(tdmvc: Tdmvc, tmp_path: Path) -> None:
    file = tmp_path / "wide.parquet"
    pq.write_table(pa.table({f"c{number}": [1] for number in range(10_001)}), file)
    said = tdmvc("add", "golden", file, code=2).err
    assert "it has 10,001 columns, and tdmvc reads at most 10,000" in said


def test_a_deeply_nested_column_is_refused(tdmvc: Tdmvc, tmp_path: Path) -> None:
    type_, value = pa.int64(), 1
    for _ in range(300):
        type_, value = pa.list_(type_), [value]  # type: ignore[assignment]
    file = tmp_path / "deep.parquet"
    pq.write_table(pa.table({"n": pa.array([value], type_)}), file)
    assert "too deeply nested" in tdmvc("add", "golden", file, code=2).err
