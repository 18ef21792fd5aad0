"""What `tdmvc diff` costs, compared with other ways to find the changed rows of the same two tables."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, ratio_of_times
from benchmarks.lineitem import KEY, lineitem
from benchmarks.peers_changes import CHANGES, NO_CHANGE, Change, write_changed, write_copy
from benchmarks.peers_page import Comparison, Outcome
from benchmarks.peers_programs import DUCKDB, OTHERS, OURS, Pair, Program, Reading
from benchmarks.peers_watched import Watched, watch
from benchmarks.processes import TDMVC, Side, Timing, alternate, run
from benchmarks.repository import DATASET, Repository

_QUICK_SECONDS = 10
"""A command that takes longer is run once: a second of noise does not matter."""
_START_UPS = (
    (("diff", "--help"), "imports what a diff needs", 1.5),
    (("--version",), "imports none of it", None),
)


def compare_all(scale: float, work: Path, *, turns: int) -> Iterator[Comparison]:
    """Compare with every peer, change by change, and yield each comparison when it is there.

    Args:
        work: an empty folder; about fifteen times the size of the data is written there.
        turns: for each command that is quick; one turn more goes before, and does not count.
    """
    for pair in _pairs(scale, work):
        yield _compare(pair, (OURS, DUCKDB, *OTHERS), turns=turns)


def compare_join(
    scale: float, work: Path, *, turns: int, changes: Sequence[Change] = CHANGES
) -> Iterator[Comparison]:
    """Compare with DuckDB's join alone, which leaves time for enough turns to even out noise."""
    for pair in _pairs(scale, work, changes):
        yield _compare(pair, (OURS, DUCKDB), turns=turns)


def compare_large(scale: float, work: Path, *, turns: int) -> Iterator[Comparison]:
    """Measure tdmvc with every change, and DuckDB's join with the first one only, as it takes so long."""
    for pair in _pairs(scale, work):
        programs = (OURS, DUCKDB) if pair.change is CHANGES[0] else (OURS,)
        yield _compare(pair, programs, turns=turns)


def compare_start_up(work: Path, rows: str, *, turns: int) -> Iterator[Figure]:
    """Compare a diff that finds nothing with commands that do nothing.

    Args:
        work: where `compare_all` has worked.
        rows: how many the table has, for people.
    """
    repository = work / "app"
    number = next(number for number, change in enumerate(CHANGES, start=1) if change.name == NO_CHANGE)
    nothing = Side((*TDMVC, "diff", f"{DATASET}@1.0.0..{_version(number)}"), repository)
    for words, what, target in _START_UPS:
        ours, idle = alternate(nothing, Side((*TDMVC, *words), repository), runs=turns)
        name = f"tdmvc {' '.join(words)} ({what})"
        yield ratio_of_times(f"diff of two equal versions, {rows}", ours, idle, name, target)


def _pairs(scale: float, work: Path, changes: Sequence[Change] = CHANGES) -> Iterator[Pair]:
    """Publish the old table and then each new one, and keep a new one's file only until the next."""
    old = work / "old" / "lineitem.parquet"
    write_copy(lineitem(scale), old)
    repository = Repository(work / "app")
    repository.create()
    repository.tdmvc("add", DATASET, str(old), "--key", "lineitem=" + ",".join(KEY))
    repository.publish("1.0.0")
    old_commit = _head(repository)
    for number, change in enumerate(changes, start=1):
        new = work / change.name / "lineitem.parquet"
        expected = write_changed(change, old, new, scale=scale)
        repository.tdmvc("add", DATASET, str(new))
        version = _version(number)
        repository.publish(version)
        yield Pair(change, scale, expected, repository.root, old, new, version, old_commit, _head(repository))
        shutil.rmtree(new.parent)


def _version(number: int) -> str:
    return f"1.0.{number}"


def _head(repository: Repository) -> str:
    return run(repository.root, "git", "rev-parse", "HEAD").strip()


def _compare(pair: Pair, programs: Sequence[Program], *, turns: int) -> Comparison:
    """Run each program once, and those that were quick in turns."""
    sides = [Side(program.command(pair), pair.repository) for program in programs]
    runs = [[watch(side)] for side in sides]
    quick = [i for i, [first] in enumerate(runs) if not first.trouble and first.seconds < _QUICK_SECONDS]
    for _ in range(turns):
        for i in quick:
            runs[i].append(watch(sides[i]))
    outcomes = [_outcome(program, pair, taken) for program, taken in zip(programs, runs, strict=True)]
    return Comparison(pair.change, pair.expected, tuple(outcomes), pair.change.target_at(pair.scale))


def _outcome(program: Program, pair: Pair, taken: Sequence[Watched]) -> Outcome:
    """Sum up the runs of one program; the first of several was there to warm up."""
    counted = taken[1:] or taken
    timing = Timing(tuple(one.seconds for one in counted), max(one.peak_bytes for one in counted))
    trouble = next((one.trouble for one in taken if one.trouble), "")
    reading = None if trouble else _read(program, pair, counted[-1].output)
    return Outcome(program.name, timing, reading, trouble)


def _read(program: Program, pair: Pair, output: str) -> Reading:
    try:
        return program.read(output, pair)
    except (ValueError, TypeError) as error:
        return Reading(is_right=False, said=f"no answer ({type(error).__name__})")
