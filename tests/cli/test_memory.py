"""The command line's process cannot use more memory than the machine has free."""

import subprocess
import sys

import pyarrow as pa
import pytest

from tdmvc.errors import PartError
from tdmvc.store.parquet import reading

PROGRAM = """
import resource
from tdmvc.cli import memory
memory._LEAST_BYTES = 256 << 20
memory._free_bytes = lambda: iter([64 << 20])
memory.limit_memory()
print(resource.getrlimit(resource.RLIMIT_DATA)[0] < 1 << 30)
try:
    bytearray(2 << 30)
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the data of a process")
def test_an_allocation_beyond_what_is_free_fails() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "refused"]


def test_used_up_memory_is_an_error_of_the_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tdmvc.cli import main

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.run(["status"]) == 6
    assert "memory" in capsys.readouterr().err


def test_a_part_that_needs_too_much_memory_is_named() -> None:
    with (
        pytest.raises(PartError, match=r"expands to more than the memory(.|\n)*parts/one"),
        reading("parts/one"),
    ):
        raise pa.ArrowMemoryError("malloc of size 2048000000 failed")
