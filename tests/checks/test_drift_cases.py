"""Squashed, renumbered, edited, ahead and broken histories, as data in tests/cases/drift."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.errors import MigrationsError
from tdmvc.migrations import read_state
from tdmvc.model.migration import DriftStatus, MigrationLocation, MigrationState, RecordedState, RemovedIds
from tests.builders import MemoryTree
from tests.yaml_files import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "drift"


def cases() -> Iterator[Any]:
    """Yield every case; without `pending` or `extra`, none are expected."""
    for path in sorted(CASES.glob("*.yaml")):
        for case in read_yaml(path):
            yield pytest.param(case, id=case["name"])


def files_of(history: dict[str, Any]) -> dict[str, str]:
    """Return the files of a history in any of its notations."""
    if "chain" in history:
        ids = list(numbered(*history["chain"]))
        parents = dict(zip(ids, [None, *ids[:-1]], strict=True))
    elif "revisions" in history:
        parents = history["revisions"]
    else:
        return {f"db/{path}": text for path, text in history.items()}
    return {
        f"db/versions/{id_}.py": f"revision = {id_!r}\ndown_revision = {_as_tuple(parent)!r}\n"
        for id_, parent in parents.items()
    }


def numbered(first: str, last: str) -> Iterator[str]:
    head, start = re.fullmatch(r"(\D*)(\d+)", first).groups()
    _, end = re.fullmatch(r"(\D*)(\d+)", last).groups()
    return (f"{head}{number:0{len(start)}d}" for number in range(int(start), int(end) + 1))


def _as_tuple(parent: object) -> object:
    return tuple(parent) if isinstance(parent, list) else parent


def read(case: dict[str, Any], which: str) -> MigrationState | MigrationsError | None:
    if which not in case:
        return None
    try:
        return read_state(
            MemoryTree(files_of(case[which])), MigrationLocation("main", case["tool"], "db", None)
        )
    except MigrationsError as error:
        return error


def recorded_of(case: dict[str, Any]) -> RecordedState:
    facts = dict(case["recorded"])
    like = read(case, facts.pop("like")) if "like" in facts else None
    if isinstance(like, MigrationState):
        facts = {"count": like.count, "digest": like.digest} | facts
    return RecordedState(**{"tool": case["tool"]} | facts | {"heads": tuple(facts["heads"])})


@pytest.mark.parametrize("case", list(cases()))
def test_drift_has_the_status_of_its_case(case: dict[str, Any]) -> None:
    past, later = read(case, "past"), read(case, "later")
    held = set()
    if isinstance(past, MigrationState):
        held = {id_ for migration in past.migrations for id_ in (migration.id, *migration.replaces)}
    asked: list[str] = []

    def removed_migrations(ids: Sequence[str]) -> RemovedIds:
        asked.extend(ids)
        return RemovedIds(dict.fromkeys(held & set(ids), "commit aaaaaaaaaa"), case.get("is_cut", False))

    actual = read(case, "tree")
    assert actual is not None
    found = check_drift(
        DriftSubject("golden", "golden@1.0.0", recorded_of(case)),
        SchemaRevision(
            actual,
            at="abc1234",
            location="main",
            history=lambda: later if isinstance(later, MigrationState) else None,
            removed_migrations=removed_migrations,
        ),
    )
    assert found.status is DriftStatus(case["status"]), found.message
    assert [migration.id for migration in found.pending] == case.get("pending", [])
    assert list(found.extra) == case.get("extra", [])
    assert case.get("says", "") in found.message
    # Searching commits is slow: it is done only for heads that were found nowhere else.
    assert not asked or found.status in (DriftStatus.UNKNOWN, DriftStatus.AHEAD)


def test_every_status_has_a_test_case() -> None:
    assert {case.values[0]["status"] for case in cases()} == set(DriftStatus)
