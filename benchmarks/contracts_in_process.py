"""`validate` without a process around it: what a program pays that opened the workspace once.

Run as `python -m benchmarks.contracts_in_process REPOSITORY CONTRACT FIRST SECOND KNOWN…`, so that nothing else is
imported. KNOWN are the files and folders with the results of earlier validations, which are removed.
"""

import json
import shutil
import sys
import time
from pathlib import Path

import tdmvc
from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.location import PathLocation


def forget(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def main() -> None:
    """Validate a version for the first time, then one after an edit; print the processor's seconds as JSON."""
    root, contract, first, second, *known = sys.argv[1:]
    source = ContractSource(contract, PathLocation(Path(contract)))
    with tdmvc.open(root) as workspace:
        # What is imported once counts for neither.
        validate(workspace, [first], ValidationRequest(contract=source, tables=("customers",)))
        for path in known:
            forget(Path(path))
        seconds = []
        for ref in (first, second, second):
            started = time.process_time()
            (report,) = validate(workspace, [ref], ValidationRequest(contract=source))
            seconds.append(time.process_time() - started)
            if any(result.severity for result in report.results):
                raise SystemExit(f"{ref} breaks rules, and should not")
    print(json.dumps(dict(zip(("first", "edited", "again"), seconds, strict=True))))


if __name__ == "__main__":
    main()
