"""The questions that are put to a failed test: does it pass alone, after another test, or with other rows?"""

from collections.abc import Mapping, Sequence

from tdmvc.errors import TdmvcError
from tdmvc.pytest_plugin.attribution.plan import RerunResult
from tdmvc.pytest_plugin.attribution.rerun import Rerunner
from tdmvc.pytest_plugin.databases import SessionDatabases
from tdmvc.pytest_plugin.recording import RanTest


class Reruns:
    """Runs tests again, on databases of this session."""

    def __init__(self, databases: SessionDatabases, rerunner: Rerunner) -> None:
        self._databases = databases
        self._rerunner = rerunner

    @property
    def has_time(self) -> bool:
        """Whether another process may be started."""
        return self._rerunner.has_time

    def alone(self, tests: Sequence[RanTest]) -> dict[str, RerunResult]:
        """Run tests, each on a database that was reset, with fixtures of its own.

        Raises:
            DatabaseError: a database cannot be reset.
        """
        return self._isolated(tests, self._databases.find(()).variables, {})

    def together(self, tests: Sequence[RanTest]) -> bool | None:
        """Run tests one after the other, as in the session, beginning with a database that was reset.

        Returns:
            Whether the last one passed; None if it did not run to its end.

        Raises:
            DatabaseError: a database cannot be reset.
        """
        database = self._databases.find(())
        database.reset()
        results = self._rerunner.run(_by_test(tests), database.variables, is_isolated=False)
        last = results.get(tests[-1].test)
        return None if last is None else not last.has_failed

    def with_states(self, tests: Sequence[RanTest], states: Sequence[str]) -> dict[str, RerunResult]:
        """Run tests, each on a new database with these states in place of others of their datasets.

        Returns:
            What happened; nothing if there is no such database any more.
        """
        replaced = {ref: state for state in states for ref in _floating(tests) if ref == _dataset(state)}
        try:
            with self._databases.other(tuple(states)) as variables:
                return self._isolated(tests, variables, replaced)
        except TdmvcError:
            # Old rows may not fit the tables of today.
            return {}

    def _isolated(
        self, tests: Sequence[RanTest], variables: Mapping[str, str], replaced: Mapping[str, str]
    ) -> dict[str, RerunResult]:
        results: dict[str, RerunResult] = {}
        pending, failures = list(tests), 0
        # A test that ends the process must not hide the others.
        while pending and failures < 2:
            self._databases.reset()
            found = self._rerunner.run(_by_test(pending), variables, is_isolated=True, replaced=replaced)
            results |= found
            failures += not found
            pending = [one for one in pending if one.test not in found][1:]
        return results


def _by_test(tests: Sequence[RanTest]) -> dict[str, tuple[str, float]]:
    return {one.test: (one.path, one.seconds) for one in tests}


def _floating(tests: Sequence[RanTest]) -> set[str]:
    """Return the datasets that markers name without a version."""
    return {ref for one in tests for ref in one.refs if "@" not in ref}


def _dataset(state: str) -> str:
    return state.partition("@")[0]
