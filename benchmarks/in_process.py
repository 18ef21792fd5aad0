"""The verbs without a process around them: what a test suite pays that opened the workspace once.

Run as `python -m benchmarks.in_process REPOSITORY REF TABLE_FOLDER PARTS TURNS`, so that nothing else is imported.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import tdmvc


def main() -> None:
    """Check a table out and copy it, in turns, and print the seconds of each as JSON."""
    root, ref, folder, parts, turns = sys.argv[1:6]
    table, copied = Path(folder), Path(parts).with_name("copied-in-process")
    checkouts: list[float] = []
    copies: list[float] = []
    with tdmvc.open(root) as workspace:
        for _ in range(int(turns) + 1):
            shutil.rmtree(table, ignore_errors=True)
            checkouts.append(_seconds(lambda: workspace.checkout(ref)))
            shutil.rmtree(copied, ignore_errors=True)
            copies.append(_seconds(lambda: shutil.copytree(parts, copied)))
    # The first turn imports and opens what later ones find open.
    print(json.dumps({"checkout": checkouts[1:], "copy": copies[1:]}))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
