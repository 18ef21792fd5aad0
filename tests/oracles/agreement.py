"""Compares what a reader and a tool find in a folder."""

from collections.abc import Mapping

from tdmvc.errors import MigrationsError
from tdmvc.migrations import read_state
from tdmvc.model.migration import MigrationLocation, MigrationState
from tests.builders import MemoryTree
from tests.oracles.oracle import Answer


def read(tool: str, files: Mapping[str, str], path: str = "m") -> MigrationState | None:
    """Return what the reader of a tool returns, or None if it raises an error."""
    try:
        return read_state(MemoryTree(dict(files)), MigrationLocation("main", tool, path))
    except MigrationsError:
        return None


def assert_agreed(state: MigrationState | None, answer: Answer) -> None:
    """Assert that what the tool accepts was read without a problem, and what it refuses is an error or a problem."""
    if state is None:
        assert answer.refusal or not answer.ids, "the reader found nothing"
    elif answer.refusal:
        assert state.problems, answer.refusal
    else:
        assert [migration.id for migration in state.migrations] == answer.ids
        assert state.heads == (answer.ids[-1],)
        assert state.problems == ()
