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
        assert kernels.equal(array, shifted).equals(pc.equal(array, shifted).fill_null(False))
        assert kernels.is_null(array).equals(pc.is_null(array))
    names = TABLE.column("name").combine_chunks()
    assert kernels.plain(names.dictionary_encode()).equals(names)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_late_module_runs_when_it_is_asked_for() -> None:
    code = (
        "import sys\n"
        "from tdmvc.late import import_late\n"
        "module = import_late('colorsys')\n"
        "print('colorsys' in sys.modules)\n"
        "print(module.rgb_to_hsv(0, 0, 0))\n"
        "print('colorsys' in sys.modules)\n"
    )
    assert run(code).split("\n")[:3] == ["False", "(0.0, 0.0, 0)", "True"]


def test_a_late_module_is_whole_for_every_thread_that_asks_first() -> None:
    code = (
        "import sys, threading\n"
        "sys.setswitchinterval(1e-6)\n"
        "from tdmvc.late import import_late\n"
        "module, gate, found = import_late('decimal'), threading.Barrier(8), []\n"
        "def ask():\n"
        "    gate.wait()\n"
        "    found.append(module.Decimal('1.5') + module.Decimal(1))\n"
        "threads = [threading.Thread(target=ask) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "print(len(found))\n"
    )
    assert run(code) == "8\n"


def test_a_late_module_that_is_missing_is_told_at_first_use() -> None:
    module = import_late("no_such_module")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = module.anything


def test_a_module_alone_does_not_load_the_other_one_which_can_be_had_later() -> None:
    code = (
        "import sys\n"
        "from tdmvc.late import import_alone\n"
        "import_alone('pyarrow', without='numpy')\n"
        "print('numpy' in sys.modules)\n"
        "import numpy\n"
        "print(numpy.arange(2).sum())\n"
    )
    assert run(code) == "False\n1\n"


def test_hashes_and_boundaries_are_the_same_in_a_process_whose_pyarrow_knows_no_numpy() -> None:
    code = (
        "import datetime, decimal\n"
        "{first}"
        "import pyarrow as pa\n"
        "from tdmvc.store.keyhash import key_hash\n"
        "from tdmvc.store.part_content import part_content\n"
        "columns = {{\n"
        "    'id': pa.array([3, None, 1], pa.int32()), 'on': [True, None, False], 'name': ['b', None, ''],\n"
        "    'at': [datetime.date(2026, 1, 2), None, None], 'price': [decimal.Decimal('1.5'), None, None],\n"
        "    'tags': [['x', None], None, []], 'size': [1.5, None, 0.0], 'raw': [b'x', None, b''],\n"
        "    'nested': [{{'a': 1}}, None, {{'a': None}}],\n"
        "}}\n"
        "table = pa.table(columns).slice(0, 3)\n"
        "arrays = [column.combine_chunks() for column in table.columns]\n"
        "print(part_content(table), [key_hash([array]).tolist() for array in arrays])\n"
    )
    alone = "from tdmvc.late import import_alone\nimport_alone('pyarrow', without='numpy')\n"
    assert run(code.format(first=alone)) == run(code.format(first=""))


def test_a_diff_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys\n"
        "from tdmvc.cli.main import run\n"
        "run(['diff', '--help'])\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "pyarrow.lib" in loaded
    heavy = {
        "duckdb",
        "git",
        "dvc",
        "numpy",
        "pandas",
        "pyarrow.compute",
        "pyarrow.parquet",
        "ssl",
        "ruamel.yaml",
        "yaml",
    }
    light = {
        "concurrent.futures",
        "logging",
        "sqlite3",
        "tempfile",
        "configparser",
        "difflib",
    }
    ours = {"tdmvc.store.journal", "tdmvc.store.lock", "tdmvc.store.built", "tdmvc.repo.yaml_composer"}
    assert not loaded & (heavy | light | ours)
