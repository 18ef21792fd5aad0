"""What a process is told that runs tests again, and what it answers."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tdmvc.pytest_plugin.faults import Fault, FaultKind
from tdmvc.pytest_plugin.recording import RanTest
from tdmvc.pytest_plugin.tables import Touched


@dataclass(frozen=True, slots=True)
class RerunPlan:
    """Which tests run again, and how."""

    tests: tuple[str, ...]
    """Node ids, in their order."""
    results: str
    """The path of the file for what happened."""
    is_isolated: bool
    """Whether each test gets a database that was reset, and fixtures of its own; else they run as in a session."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """The state to take instead of one that a marker names."""

    def write(self, path: Path) -> None:
        """Write it where the process finds it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class RerunResult:
    """What happened to a test that ran again."""

    has_failed: bool
    fault: Fault | None
    no_row: tuple[str, ...]
    touched: Touched | None


def read_plan(path: Path) -> RerunPlan:
    """Return the plan of this process."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return RerunPlan(
        tuple(found["tests"]), found["results"], bool(found["is_isolated"]), dict(found["replaced"])
    )


def write_result(plan: RerunPlan, ran: RanTest) -> None:
    """Add what happened to a test, at once: the next one may end the process."""
    result = {
        "test": ran.test,
        "has_failed": ran.has_failed,
        "fault": asdict(ran.fault) if ran.fault else None,
        "no_row": ran.no_row,
        "touched": None if ran.touched is None else [sorted(ran.touched.read), sorted(ran.touched.written)],
    }
    with Path(plan.results).open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")


def read_results(path: Path) -> dict[str, RerunResult]:
    """Return what happened, by test; without those that did not end."""
    return dict(_results(path.read_text(encoding="utf-8").splitlines() if path.exists() else ()))


def _results(lines: Iterable[str]) -> Iterator[tuple[str, RerunResult]]:
    for line in lines:
        with suppress(ValueError):
            found = json.loads(line)
            fault, touched = found["fault"], found["touched"]
            yield (
                found["test"],
                RerunResult(
                    found["has_failed"],
                    None if fault is None else Fault(FaultKind(fault["kind"]), fault["text"]),
                    tuple(found["no_row"]),
                    None if touched is None else Touched(frozenset(touched[0]), frozenset(touched[1])),
                ),
            )
