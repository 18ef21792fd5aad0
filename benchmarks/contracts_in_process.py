"""`validate` without a process around it: what a program pays that opened the workspace once.

Run as `python -m benchmarks.contracts_in_process REPOSITORY CONTRACT FIRST SECOND COUNTS`, so that nothing else is
imported. COUNTS is the file with the counts of earlier validations, which is removed.
"""

import json
import sys
import time
from pathlib import Path

import tdmvc
from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.location import PathLocation


def main() -> None:
    """Validate a version for the first time, then one after an edit; print the processor's seconds as JSON."""
    root, contract, first, second, counts = sys.argv[1:6]
    source = ContractSource(contract, PathLocation(Path(contract)))
    with tdmvc.open(root) as workspace:
        # What is imported once counts for neither.
        validate(workspace, [first], ValidationRequest(contract=source, tables=("customers",)))
        Path(counts).unlink(missing_ok=True)
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
