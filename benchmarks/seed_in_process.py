"""`workspace.seed` without a process around it: what a program pays that opened the workspace once.

Run as `python -m benchmarks.seed_in_process REPOSITORY URL FIRST SECOND TURNS`, so that nothing else is imported.
"""

import json
import sys
import time

import tdmvc


def main() -> None:
    """Load a version into an empty schema, then the other and the first one in turns; print the seconds as JSON."""
    root, url, first, second, turns = sys.argv[1:6]
    with tdmvc.open(root) as workspace:
        # What is imported once counts for neither.
        workspace.seed(first, into=url, dry_run=True)
        seconds = []
        for turn in range(int(turns) + 1):
            started = time.perf_counter()
            workspace.seed(second if turn % 2 else first, into=url)
            seconds.append(time.perf_counter() - started)
    print(json.dumps({"full": seconds[:1], "difference": seconds[1:]}))


if __name__ == "__main__":
    main()
