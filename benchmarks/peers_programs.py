"""How each peer is asked which rows of two Parquet files differ, and what its answer means."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.lineitem import DATA, JOIN_BY_DUCKDB
from benchmarks.peers_changes import NO_CHANGE, Change, Counts
from benchmarks.peers_watched import last_line
from benchmarks.processes import TDMVC, run
from benchmarks.repository import DATASET

PYTHON_OF_PEERS = DATA / "peers-venv" / "bin" / "python"
"""Of the virtual environment that `make bench-peers` makes from benchmarks/peers.txt."""
_PACKAGES = ("duckdb", "datacompy", "polars", "oxenai")

_JOIN_OF_HASHES = """
import json, sys, duckdb
duckdb.sql("SET enable_progress_bar = false")
old, new = (f"read_parquet('{path}')" for path in sys.argv[1:])
key = ("l_orderkey", "l_linenumber")
columns_of = lambda table: [name for name, *_ in duckdb.sql(f"DESCRIBE FROM {table}").fetchall()]
on_the_new_side = columns_of(new)
shared = [name for name in columns_of(old) if name in on_the_new_side and name not in key]
hashed = f"SELECT {', '.join(key)}, hash({', '.join(shared)}) AS hashed FROM "
print(json.dumps(duckdb.sql(
    "SELECT count(*) FILTER (WHERE o.hashed IS NULL), count(*) FILTER (WHERE n.hashed IS NULL), "
    "count(*) FILTER (WHERE o.hashed <> n.hashed) "
    f"FROM ({hashed} {old}) o FULL JOIN ({hashed} {new}) n USING ({', '.join(key)})").fetchall()[0]))
"""
"""The same join on 64 bits per row: faster, cannot name the changed column, and exact except for collisions."""

_DATACOMPY = """
import json, sys, datacompy, polars
old, new = map(polars.read_parquet, sys.argv[1:])
found = datacompy.PolarsCompare(old, new, ["l_orderkey", "l_linenumber"])
changed = len(found.intersect_rows) - found.count_matching_rows()
print(json.dumps([len(found.df2_unq_rows), len(found.df1_unq_rows), changed]))
"""

_OXEN = """
import json, sys, oxen
old, new = sys.argv[1:]
found = oxen.diff(old, to=new, keys=["l_orderkey", "l_linenumber"]).tabular.data
statuses = found["_oxen_diff_status"]
print(json.dumps([int((statuses == status).sum()) for status in ("added", "removed", "modified")]))
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """One table before and after a change, as files, as versions and as commits."""

    change: Change
    scale: float
    """Of the table: 1 is 6 million rows."""
    expected: Counts
    """What a comparison has to find."""
    repository: Path
    old_file: Path
    new_file: Path
    new_version: str
    old_commit: str
    new_commit: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a program's output says about the rows."""

    is_right: bool
    said: str
    """The answer, for people."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command that compares."""

    name: str
    command: Callable[[Pair], tuple[str, ...]]
    read: Callable[[str, Pair], Reading]
    """Takes what the command has printed.

    Raises:
        ValueError: that was no answer.
    """


def _asked_by(script: str) -> Callable[[Pair], tuple[str, ...]]:
    return lambda pair: (str(PYTHON_OF_PEERS), "-c", script, str(pair.old_file), str(pair.new_file))


def read_counts(output: str, pair: Pair) -> Reading:
    """Read the last line, `[added, removed, changed]`."""
    counts = Counts(*json.loads(last_line(output)))
    return Reading(counts == pair.expected, str(counts))


def read_files(output: str, pair: Pair) -> Reading:
    """Read what `dvc diff --json` says of the table's files: no more than that some came and some went."""
    found = json.loads(last_line(output))
    counts = {kind: len(found.get(kind, ())) for kind in ("added", "deleted")}
    said = " ".join(f"{sign}{counts[kind]:,}" for sign, kind in (("+", "added"), ("−", "deleted")))
    return Reading(any(counts.values()) == (pair.change.name != NO_CHANGE), f"files {said}")


def _our_command(pair: Pair) -> tuple[str, ...]:
    return (*TDMVC, "diff", f"{DATASET}@1.0.0..{pair.new_version}")


def _read_ours(output: str, pair: Pair) -> Reading:
    """Ask again for numbers, without a clock: what was timed is written for people."""
    document = json.loads(run(pair.repository, *_our_command(pair), "--format", "json"))
    rows = document["summary"]["rows"]
    counts = Counts(rows["added"], rows["removed"], rows["changed"])
    return Reading(counts == pair.expected, str(counts))


OURS = Program("tdmvc diff", _our_command, _read_ours)
DUCKDB = Program("DuckDB join", _asked_by(JOIN_BY_DUCKDB), read_counts)
OTHERS = (
    Program("DuckDB join of row hashes", _asked_by(_JOIN_OF_HASHES), read_counts),
    Program("datacompy", _asked_by(_DATACOMPY), read_counts),
    Program("Oxen", _asked_by(_OXEN), read_counts),
    Program(
        "dvc diff",
        lambda pair: (sys.executable, "-m", "dvc", "diff", "--json", pair.old_commit, pair.new_commit),
        read_files,
    ),
)


def check_peers() -> str:
    """Return the peers' releases.

    Raises:
        SystemExit: they are not installed, or bring another DuckDB than the project's.
    """
    if not PYTHON_OF_PEERS.exists():
        raise SystemExit("The peers are not installed. Run: make bench-peers")
    asked = f"from importlib.metadata import version; print(*map(version, {_PACKAGES!r}))"
    found = dict(zip(_PACKAGES, run(DATA, str(PYTHON_OF_PEERS), "-c", asked).split(), strict=True))
    if found["duckdb"] != version("duckdb"):
        raise SystemExit(
            f"The peers have DuckDB {found['duckdb']}, tdmvc has {version('duckdb')}: that is no comparison. "
            "Name the same release in benchmarks/peers.txt and run: make bench-peers"
        )
    return ", ".join(f"{name} {found[name]}" for name in _PACKAGES[1:])
