"""`python -m benchmarks`: measures, prints figures beside targets, and never fails on a miss."""

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

from benchmarks.encodings import HEADINGS, measure_encodings
from benchmarks.figures import GIB, Figure, render_figures, render_table
from benchmarks.lineitem import DATA, lineitem
from benchmarks.startup import measure_startup
from benchmarks.volume import measure_volume

_GROUPS = ("startup", "volume", "encodings")
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
    if "volume" in groups:
        # One turn at the largest scale: it takes minutes, and noise of a second is nothing beside it.
        for scale, turns in [(0.1, 3)] if options.quick else [(1, 5), (10, 1)][: 1 + options.full]:
            _say(f"measuring volume at scale {scale:g} …")
            with _work_folder() as work:
                title = f"lineitem at scale {scale:g}: {_ROWS_AT_SCALE_1 * scale / 1e6:.1f} million rows × 16 columns"
                _print_figures(title, measure_volume(scale, work, runs=turns))
    if "encodings" in groups:
        _say("measuring encodings …")
        with _work_folder() as work:
            source = lineitem(0.1 if options.quick else 1)
            peer, lines = measure_encodings(source, work, rows=300_000 if options.quick else 2_000_000)
            _print(render_table(f"Length and encoding of parts ({peer})", HEADINGS, lines))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(_GROUPS)}; default: all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="0.6 million rows, few turns: does it run?")
    size.add_argument("--full", action="store_true", help="60 million rows as well; 30 GB of disk")
    options = parser.parse_args()
    for group in options.groups:
        if group not in _GROUPS:
            parser.error(f"there is no group {group!r}; choose from {', '.join(_GROUPS)}")
    return options


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
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"Python {platform.python_version()}, {packages}"
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
