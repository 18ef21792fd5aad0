"""What a command costs before it has done anything: interpreter, imports, a small dataset."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, in_seconds, ratio_of_times
from benchmarks.processes import TDMVC, Side, alternate, run

_TOO_HEAVY = {"dvc", "dvc_data", "dvc_objects", "pandas"}
"""DVC takes a third of a second; pandas takes as long again if a PyArrow call imports it."""
_LIBRARIES = "import duckdb, pyarrow.parquet"
_MOST_SECONDS = 0.5
_QUICK_COMMANDS = (
    ("diff", "golden@1.0.0..2.0.0"),
    ("status",),
    ("drift",),
    ("checkout", "golden@1.0.0"),
)
"""What people and pull requests ask many times a day, on the sample shop's data."""


def measure_startup(work: Path, *, runs: int) -> Iterator[Figure]:
    """Time `--help` and the everyday commands in the sample shop's repository.

    Args:
        work: an empty folder.
    """
    click = Side((sys.executable, "-c", "import click"), work)
    ours, peer = alternate(Side((*TDMVC, "--help"), work), click, runs=runs)
    yield ratio_of_times("tdmvc --help", ours, peer, "import click", 4)
    bare, peer = alternate(Side((sys.executable, "-c", "pass"), work), click, runs=runs)
    yield ratio_of_times("(Python itself, for comparison)", bare, peer, "import click")
    story = work / "story"
    run(work, *TDMVC, "demo", "--into", str(story))
    shop = story / "shop"
    for words in _QUICK_COMMANDS:
        name = "tdmvc " + " ".join(words)
        ours, peer = alternate(
            Side((*TDMVC, *words), shop), Side((sys.executable, "-c", _LIBRARIES), shop), runs=runs
        )
        yield ratio_of_times(name, ours, peer, _LIBRARIES)
        yield Figure(f"{name}: median", in_seconds(ours.median), "", ours.median, _MOST_SECONDS, "s")
        yield _heavy_imports(name, shop, words)


def _heavy_imports(name: str, folder: Path, words: tuple[str, ...]) -> Figure:
    """Count the modules of DVC and pandas among those that a command imports."""
    trace = run(folder, sys.executable, "-X", "importtime", "-m", "tdmvc", *words)
    modules = [
        line.rsplit("|", 1)[1].strip() for line in trace.splitlines() if line.startswith("import time:")
    ]
    found = sum(module.partition(".")[0] in _TOO_HEAVY for module in modules)
    return Figure(
        f"{name}: modules of DVC and pandas",
        f"{found} of {len(modules) - 1:,} imported",
        "",
        found,
        0,
        "modules",
    )
