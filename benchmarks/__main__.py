"""`python -m benchmarks`: measures, prints figures with their targets, and never fails on a miss."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.contracts import measure_contracts, measure_large_contract
from benchmarks.databases import measure_databases
from benchmarks.encodings import HEADINGS, measure_encodings
from benchmarks.environments import measure_environments, measure_runs
from benchmarks.figures import GIB, Figure, render_figures, render_table
from benchmarks.history import measure_history
from benchmarks.lineitem import DATA, lineitem
from benchmarks.merge import measure_merge
from benchmarks.migrations import FILES, measure_migrations
from benchmarks.peers import compare_all, compare_join, compare_large, compare_start_up
from benchmarks.peers_changes import CHANGES
from benchmarks.peers_page import PAGE, Comparison, large_figures, put_into, render_comparisons
from benchmarks.peers_programs import check_peers
from benchmarks.startup import measure_startup
from benchmarks.volume import measure_volume

_GROUPS = ("startup", "migrations", "history", "merge", "volume", "encodings", "databases", "environments")
_PEERS, _CONTRACTS = "peers", "contracts"
"""Asked for by name only: they need programs that the Makefile installs."""
_PACKAGES = ("tdmvc", "duckdb", "pyarrow", "dvc")
_ROWS_AT_SCALE_1 = 6_001_215


def main() -> None:
    """Run what the words ask for."""
    options = _parse()
    print(_machine(), flush=True)
    if options.quick:
        _print("Quick: the figures below prove that the benchmarks run. Targets hold from scale 1 on.")
    groups = options.groups or list(_GROUPS)
    runs = 3 if options.quick else 15
    if "startup" in groups:
        _say("measuring start-up …")
        with _work_folder() as work:
            _print_figures("Start-up", measure_startup(work, runs=runs))
    if "migrations" in groups:
        _say("measuring migrations …")
        with _work_folder() as work:
            figures = measure_migrations(work, runs=3 if options.quick else 7)
            _print_figures(f"{FILES:,} migrations at a past revision", figures)
    if "history" in groups:
        scale, commits, turns = (0.1, 30, 3) if options.quick else (0.25, 200, 5)
        _say(f"measuring history over {commits} commits …")
        with _work_folder() as work:
            figures = measure_history(scale, work, commits=commits, runs=turns)
            _print_figures(f"One row's history: {_size_of(scale)}", figures)
    if "merge" in groups:
        scale, turns = (0.05, 3) if options.quick else (1, 5)
        _say("measuring merges …")
        with _work_folder() as work:
            _print_figures(
                f"Merge of two branches: {_size_of(scale)}", measure_merge(scale, work, runs=turns)
            )
    if "volume" in groups:
        # One turn at the largest scale: it takes minutes, and a second of noise does not matter.
        for scale, turns in [(0.1, 3)] if options.quick else [(1, 5), (10, 1)][: 1 + options.full]:
            _say(f"measuring volume at scale {scale:g} …")
            with _work_folder() as work:
                _print_figures(_size_of(scale), measure_volume(scale, work, runs=turns))
    if "encodings" in groups:
        _say("measuring encodings …")
        with _work_folder() as work:
            source = lineitem(0.1 if options.quick else 1)
            peer, lines = measure_encodings(source, work, rows=300_000 if options.quick else 2_000_000)
            _print(render_table(f"Length and encoding of parts ({peer})", HEADINGS, lines))
    if "databases" in groups:
        scale, turns = (0.05, 1) if options.quick else (1, 5)
        _say("measuring databases …")
        with _work_folder() as work:
            _print_figures("PostgreSQL 18", measure_databases(work, scale=scale, runs=turns))
    if "environments" in groups:
        rows, tests = (50_000, 10) if options.quick else (1_000_000, 100)
        _say("measuring environments …")
        with _work_folder() as work:
            _print_figures("Resets between tests", measure_environments(work, rows=rows, tests=tests))
        with _work_folder() as work:
            _print_figures("`tdmvc run`", measure_runs(work, runs=runs))
    if _CONTRACTS in groups:
        rows, turns = (300_000, 1) if options.quick else (10_000_000, 3)
        _say("measuring validation …")
        with _work_folder() as work:
            _print_figures("Validation against a contract", measure_contracts(work, rows=rows, runs=turns))
        if options.full:
            with _work_folder() as work:
                _print_figures("Validation of many rows", measure_large_contract(work, rows=options.rows))
    if _PEERS in groups:
        for name, block in _compare_with_peers(options):
            if options.write:
                PAGE.write_text(put_into(PAGE.read_text(encoding="utf-8"), name, block), encoding="utf-8")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "groups",
        nargs="*",
        metavar="GROUP",
        help=f"{', '.join(_GROUPS)} (default: all of them), {_PEERS} or {_CONTRACTS}",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="0.6 million rows, few turns: does it run?")
    size.add_argument("--full", action="store_true", help="60 million rows as well; 30 GB of disk")
    parser.add_argument(
        "--rows",
        type=int,
        default=200_000_000,
        help=f"{_CONTRACTS} --full: how many rows the large table has",
    )
    parser.add_argument(
        "--join", action="store_true", help=f"{_PEERS}: compare with DuckDB's join alone, in eleven turns"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"{_PEERS}: write the tables into docs/performance.md"
    )
    options = parser.parse_args()
    for group in options.groups:
        if group not in (*_GROUPS, _PEERS, _CONTRACTS):
            known = ", ".join((*_GROUPS, _PEERS, _CONTRACTS))
            parser.error(f"there is no group {group!r}; choose from {known}")
    if options.write and (options.quick or options.groups != [_PEERS]):
        parser.error(f"--write is for {_PEERS} alone, and not for --quick")
    return options


def _compare_with_peers(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Print tables, and yield each part of the page by its name when it is whole."""
    if options.join:
        yield f"{_PEERS}-join", _compare_with_join(is_full=options.full)
        return
    made_by = f"`make bench-peers{' ARGS=--full' * options.full}` on {_machine()}; {check_peers()}."
    tables: list[str] = []
    start_up: list[Figure] = []
    turns = 1 if options.quick else 3
    smaller: list[Comparison] = []
    for scale in (0.1,) if options.quick else (0.25, 1):
        with _work_folder() as work:
            smaller = _told(compare_all(scale, work, turns=turns))
            tables.append(render_comparisons(_size_of(scale), smaller))
            _print(tables[-1])
            if all(one.ours.is_right for one in smaller):
                start_up += compare_start_up(work, _rows_of(scale), turns=5 * turns)
    tables.append(render_figures("No change, compared with start-up", start_up))
    _print(tables[-1])
    yield _PEERS, "\n\n".join([made_by, *tables])
    if options.full:
        with _work_folder() as work:
            large = _told(compare_large(10, work, turns=turns))
        figures = large_figures(large, smaller, f"{_rows_of(10)} compared with {_rows_of(1)}")
        table = render_figures(_size_of(10), figures)
        _print(table)
        yield f"{_PEERS}-large", f"{made_by}\n\n{table}"


def _compare_with_join(*, is_full: bool) -> str:
    """Print a table for each size, and return them; the largest size has the first change only."""
    tables = []
    for scale in (0.25, 1, 10)[: 2 + is_full]:
        changes = CHANGES if scale < 10 else CHANGES[:1]
        with _work_folder() as work:
            comparisons = _told(compare_join(scale, work, turns=11, changes=changes))
            tables.append(render_comparisons(_size_of(scale), comparisons))
            _print(tables[-1])
    command = f'`make bench-peers ARGS="--join{" --full" * is_full}"`'
    return "\n\n".join([f"{command} on {_machine()}.", *tables])


def _told(comparisons: Iterator[Comparison]) -> list[Comparison]:
    """Say what each comparison found when it is there."""
    seen = []
    for one in comparisons:
        seen.append(one)
        _say(f"{one.what}: " + "; ".join(f"{outcome.name} {outcome.cell()}" for outcome in one.outcomes))
        for disagreement in one.disagreements():
            _say(f"DISAGREES  {disagreement}")
    return seen


def _size_of(scale: float) -> str:
    return f"lineitem at scale {scale:g}: {_rows_of(scale)} × 16 columns"


def _rows_of(scale: float) -> str:
    return f"{_ROWS_AT_SCALE_1 * scale / 1e6:.1f} million rows"


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Give an empty folder on the disk that the data lies on."""
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=DATA))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}{os.cpu_count()} cores, {memory:.0f} GiB; "
        f"Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    """Return the processor's name followed by a comma, if the kernel reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next(
        (f"{line.partition(':')[2].strip()}, " for line in lines if line.startswith("model name")), ""
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print_figures(title: str, figures: Iterable[Figure]) -> None:
    """Print a table, also of the figures that came before a failure or an interruption."""
    seen: list[Figure] = []
    try:
        for figure in figures:
            seen.append(figure)
            _say("  ".join(cell for cell in figure.cells() if cell))
    finally:
        _print(render_figures(title, seen))


def _print(text: str) -> None:
    print(f"\n{text}", flush=True)


main()
