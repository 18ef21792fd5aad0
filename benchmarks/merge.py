"""What a merge of two branches costs, compared with a diff of one of them."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, peak_memory, ratio_of_times
from benchmarks.lineitem import KEY, clustered_keys, lineitem
from benchmarks.processes import TDMVC, Side, alternate, run
from benchmarks.repository import DATASET, Repository

_TARGET = 3
_BASE, _OURS, _THEIRS = "main", "ours", "theirs"
_ONE_IN_6000 = "hash(l_orderkey, l_linenumber) % 6000 ="
_WRITE = """
import sys, duckdb
source, target, where = sys.argv[1:]
duckdb.sql("SET enable_progress_bar = false")
duckdb.sql(f"COPY (SELECT * REPLACE (CASE WHEN {where} THEN l_comment || '!' ELSE l_comment END AS l_comment) "
           f"FROM read_parquet('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""
"""UPDATE lineitem SET l_comment = … WHERE …."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What two branches do to the table."""

    name: str
    title: str
    ours: str
    """Which rows we change, in SQL."""
    theirs: str
    target: float | None


def measure_merge(scale: float, work: Path, *, runs: int) -> Iterator[Figure]:
    """Measure `tdmvc merge` and `tdmvc diff` of the branch that is merged, both as whole processes.

    Args:
        work: an empty folder; about eight times the size of the data is written there.
    """
    source = lineitem(scale)
    repository = Repository(work / "app")
    repository.create()
    repository.tdmvc("add", DATASET, str(source), "--key", "lineitem=" + ",".join(KEY))
    repository.commit("Rows before both changes")
    for changes in _changes(scale):
        commits = {
            side: _branch(repository, source, work, f"{side}-{changes.name}", where)
            for side, where in ((_OURS, changes.ours), (_THEIRS, changes.theirs))
        }

        def reset(commits: dict[str, str] = commits, changes: Changes = changes) -> None:
            run(repository.root, "git", "checkout", "-q", "-f", f"{_OURS}-{changes.name}")
            run(repository.root, "git", "reset", "-q", "--hard", commits[_OURS])
            repository.tdmvc("checkout", DATASET)

        merge = Side((*TDMVC, "merge", f"{_THEIRS}-{changes.name}"), repository.root, reset)
        pair = f"{DATASET}@{_BASE}..{DATASET}@{commits[_THEIRS]}"
        diff = Side((*TDMVC, "diff", pair), repository.root)
        ours, peer = alternate(merge, diff, runs=runs)
        yield ratio_of_times(f"merge: {changes.title}", ours, peer, "diff of one branch", changes.target)
        yield peak_memory(f"merge: {changes.title}: peak memory", ours, peer, "diff", 2)


def _changes(scale: float) -> Iterator[Changes]:
    middle, _ = clustered_keys(scale, rows=1000)
    first, third = middle // 2, middle + middle // 2
    yield Changes(
        "apart",
        "about 1,000 neighbouring rows on each side, apart",
        f"l_orderkey BETWEEN {first} AND {first + 999}",
        f"l_orderkey BETWEEN {third} AND {third + 999}",
        _TARGET,
    )
    yield Changes(
        "beside",
        "about 1,000 neighbouring rows on each side, in the same parts",
        f"l_orderkey BETWEEN {middle} AND {middle + 999}",
        f"l_orderkey BETWEEN {middle + 1000} AND {middle + 1999}",
        _TARGET,
    )
    yield Changes(
        "scattered",
        "one row in 6,000 on each side, in every part",
        f"{_ONE_IN_6000} 0",
        f"{_ONE_IN_6000} 1",
        None,
    )


def _branch(repository: Repository, source: Path, work: Path, name: str, where: str) -> str:
    """Change rows on a branch of their own, and return its commit."""
    changed = work / "lineitem.parquet"
    run(work, sys.executable, "-c", _WRITE, str(source), str(changed), where)
    run(repository.root, "git", "checkout", "-q", "-b", name, _BASE)
    repository.tdmvc("checkout", DATASET)
    repository.tdmvc("add", DATASET, str(changed))
    repository.commit(f"Change rows: {name}")
    changed.unlink()
    return run(repository.root, "git", "rev-parse", "HEAD").strip()
