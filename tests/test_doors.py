"""The doors to what libraries keep private lead where the public ones do; late imports come late."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tdmvc.changes import kernels
from tdmvc.late import import_late
from tdmvc.parquet_door import open_parquet

TABLE = pa.table(
    {"id": [1, 2, 3, None], "name": ["a", "b", "a", None], "at": pa.array([1, None, 3, 4], pa.date32())}
)


def test_the_parquet_door_reads_what_the_public_reader_reads(tmp_path: Path) -> None:
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


def test_the_parquet_door_says_of_a_broken_file_what_the_public_reader_says(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(pa.ArrowInvalid):
        open_parquet(path)
    with pytest.raises(FileNotFoundError):
        open_parquet(tmp_path / "none.parquet")


def test_kernels_called_by_name_are_the_public_ones() -> None:
    for column in TABLE.columns:
        array = column.combine_chunks()
        shifted = array.take(pa.array([1, 0, 2, 3]))
        assert kernels.equal(array, shifted).equals(pc.equal(array, shifted))
        assert kernels.is_null(array).tolist() == pc.is_null(array).to_pylist()
        assert (
            kernels.to_mask(kernels.equal(array, shifted)).tolist()
            == pc.equal(array, shifted).fill_null(False).to_pylist()
        )
    names = TABLE.column("name").combine_chunks()
    assert kernels.plain(names.dictionary_encode()).equals(names)


def test_slices_of_booleans_keep_their_offset() -> None:
    flags = pa.array([True, False, None, True, True, False, None, True, False, True, True])
    for start in range(len(flags)):
        assert kernels.to_mask(flags.slice(start)).tolist() == [
            bool(f) for f in flags.slice(start).to_pylist()
        ]


def test_a_late_module_runs_when_it_is_asked_for() -> None:
    code = (
        "from tdmvc.late import import_late\n"
        "module = import_late('colorsys')\n"
        "print(type(module).__name__)\n"
        "print(module.rgb_to_hsv(0, 0, 0))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["_LazyModule", "(0.0, 0.0, 0)"]


def test_a_late_module_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        import_late("no_such_module")


def test_a_diff_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, tdmvc.cli.main, tdmvc.cli.diff_command\n"
        "loaded = [name for name, module in sys.modules.items() if type(module).__name__ != '_LazyModule']\n"
        "print(*loaded)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pyarrow.lib" in loaded
    assert not loaded & {"duckdb", "git", "dvc", "pyarrow.compute", "pyarrow.parquet", "ssl", "ruamel.yaml"}
