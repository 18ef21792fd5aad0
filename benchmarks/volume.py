"""What many rows cost: to take in, to keep, to keep again after a change, to compare, to check out."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, in_megabytes, in_seconds, peak_memory, ratio_of_bytes, ratio_of_times
from benchmarks.lineitem import (
    CHANGE_BY_DUCKDB,
    JOIN_BY_DUCKDB,
    KEY,
    SORT_BY_DUCKDB,
    WRITE_BY_PYARROW,
    clustered_keys,
    lineitem,
)
from benchmarks.processes import TDMVC, Side, Timing, alternate, measure, run
from benchmarks.repository import DATASET, Repository, bytes_of

_PYTHON = sys.executable
_KEY_OPTION = ("--key", "lineitem=" + ",".join(KEY))
_CHANGED_ROWS = 1000


def measure_volume(scale: float, work: Path, *, runs: int) -> Iterator[Figure]:
    """Measure everything that grows with the number of rows, and yield each figure when it is there.

    Args:
        work: an empty folder; about six times the size of the data is written there.
        runs: turns per comparison; a single one is not warmed up.
    """
    source = lineitem(scale)
    repository = Repository(work / "app")
    one_file = work / "duckdb.parquet"
    ours, peer = _time_add(source, repository, one_file, runs=runs)
    yield ratio_of_times("add", ours, peer, "DuckDB: sort, one zstd file", 2.5)
    yield peak_memory("add: peak memory", ours, peer, "DuckDB", 3)
    yield from _compare_bytes(source, repository, one_file, work / "pyarrow.parquet")
    repository.publish("1.0.0")
    yield from _change(scale, source, repository, work, first_add=ours, runs=runs)
    yield from _time_checkouts(repository, work, runs=max(runs, 3))


def _time_add(source: Path, repository: Repository, one_file: Path, *, runs: int) -> tuple[Timing, Timing]:
    return alternate(
        Side((*TDMVC, "add", DATASET, str(source), *_KEY_OPTION), repository.root, repository.create),
        Side((_PYTHON, "-c", SORT_BY_DUCKDB, str(source), str(one_file)), source.parent),
        runs=runs,
        is_warmed=runs > 1,
    )


def _compare_bytes(
    source: Path, repository: Repository, one_file: Path, by_pyarrow: Path
) -> Iterator[Figure]:
    run(source.parent, _PYTHON, "-c", WRITE_BY_PYARROW, str(source), str(by_pyarrow))
    parts = bytes_of(repository.table_folder)
    yield ratio_of_bytes("bytes of all parts", parts, one_file.stat().st_size, "one file by DuckDB", 1.15)
    yield ratio_of_bytes("bytes of all parts", parts, by_pyarrow.stat().st_size, "one file by PyArrow", 1.15)


def _change(
    scale: float, source: Path, repository: Repository, work: Path, *, first_add: Timing, runs: int
) -> Iterator[Figure]:
    """Add a version in which rows that lie together have changed, and compare it with the first."""
    changed = work / "changed" / "lineitem.parquet"
    changed.parent.mkdir()
    first, last = clustered_keys(scale, rows=_CHANGED_ROWS)
    keys = (str(first), str(last))
    rows = int(run(work, _PYTHON, "-c", CHANGE_BY_DUCKDB, str(source), str(changed), *keys))
    before = repository.kept_bytes()
    again = measure(Side((*TDMVC, "add", DATASET, str(changed)), repository.root))
    grown = repository.kept_bytes() - before
    yield Figure(
        f"bytes of a second version, {rows:,} neighbouring rows changed",
        in_megabytes(grown),
        f"{in_megabytes(before)} the first",
        100 * grown / before,
        3,
        "%",
    )
    yield ratio_of_times("add of that version", again, first_add, "the first add")
    repository.publish("1.0.1")
    ours, peer = alternate(
        Side((*TDMVC, "diff", f"{DATASET}@1.0.0..1.0.1"), repository.root),
        Side((_PYTHON, "-c", JOIN_BY_DUCKDB, str(source), str(changed)), work),
        runs=min(runs, 3),
        is_warmed=runs > 1,
    )
    yield ratio_of_times("diff of the two versions", ours, peer, "DuckDB: full outer join")
    shutil.rmtree(changed.parent)


def _time_checkouts(repository: Repository, work: Path, *, runs: int) -> Iterator[Figure]:
    repository.tdmvc("checkout", f"{DATASET}@1.0.0")
    parts = work / "parts"
    shutil.copytree(repository.table_folder, parts)
    copied, into = work / "copied", work / "into"
    copy = Side(("cp", "-r", str(parts), str(copied)), work, lambda: _remove(copied))
    words = (*TDMVC, "checkout", f"{DATASET}@1.0.0")
    idle, _ = alternate(Side(words, repository.root), copy, runs=runs)
    yield Figure("checkout with nothing to copy", in_seconds(idle.median), "")
    yield _time_in_process(repository, parts, runs=2 * runs)
    for what, side in (
        (
            "checkout into the working copy",
            Side(words, repository.root, lambda: _remove(repository.table_folder)),
        ),
        (
            "checkout --into a folder",
            Side((*words, "--into", str(into)), repository.root, lambda: _remove(into)),
        ),
    ):
        ours, peer = alternate(side, copy, runs=runs)
        yield ratio_of_times(what, ours, peer, "cp -r", 1.5)
        # Where copying is no more than the noise of start-up, the difference says nothing.
        if ours.median > 1.5 * idle.median:
            yield ratio_of_times(f"{what}, less nothing to copy", _less(ours, idle), peer, "cp -r")


def _time_in_process(repository: Repository, parts: Path, *, runs: int) -> Figure:
    """Compare the verb itself with a copy of the same files, both in one process that runs already."""
    words = (str(repository.root), f"{DATASET}@1.0.0", str(repository.table_folder), str(parts), str(runs))
    seconds = json.loads(run(Path.cwd(), _PYTHON, "-m", "benchmarks.in_process", *words))
    ours, peer = (Timing(tuple(seconds[name]), 0) for name in ("checkout", "copy"))
    return ratio_of_times(
        "checkout into the working copy, by the Python API",
        ours,
        peer,
        "shutil.copytree in the same process",
        1.5,
    )


def _less(whole: Timing, idle: Timing) -> Timing:
    """Return what is left of each run when start-up and looking are taken away."""
    return Timing(tuple(seconds - idle.median for seconds in whole.seconds), whole.peak_bytes)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
