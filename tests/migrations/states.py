"""What the tests of the readers share: locations, ids and problems, and the cases of tests/cases/migrations."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tdmvc.migrations import READERS
from tdmvc.migrations.detection import find_locations
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree
from tests.yaml_files import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "migrations"


def find(tool: str, tree: FileTree) -> list[MigrationLocation]:
    """Return the locations that one tool's reader finds."""
    return find_locations(tree, {tool: READERS[tool]})


def ids(state: MigrationState) -> list[str]:
    return [migration.id for migration in state.migrations]


def kinds(state: MigrationState) -> list[str]:
    """Return the kinds of the problems."""
    return [problem.kind for problem in state.problems]


def problems(state: MigrationState) -> list[tuple[str, str | None]]:
    """Return the kinds and paths of the problems."""
    return [(problem.kind, problem.path) for problem in state.problems]


def cases(tools: Iterable[str]) -> list[Any]:
    """Return the tools and their cases as parameters."""
    return [
        pytest.param(tool, case, id=f"{tool}: {case['title']}")
        for tool in tools
        for case in read_yaml(CASES / f"{tool}.yaml")
    ]
