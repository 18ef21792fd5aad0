"""The databases of one test process, and what a test sees of them."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import tdmvc
from tdmvc.errors import NotFoundError
from tdmvc.model.environment import ResetMethod, ResetReport, RowLayout
from tdmvc.model.variables import ENDPOINT_VARIABLE, ENVIRONMENT_VARIABLE
from tdmvc.pytest_plugin.connections import connect, import_driver
from tdmvc.pytest_plugin.pools import renew_connections
from tdmvc.pytest_plugin.recording import SeededRows

if TYPE_CHECKING:
    import pyarrow as pa

    from tdmvc.actions.environment import EnvironmentOptions
    from tdmvc.api import Repository

_ENDS_CONNECTIONS = (ResetMethod.SWAP, ResetMethod.COPY)


class ProvidedDatabase(Protocol):
    """What provides a database: this process, or another one behind its endpoint."""

    @property
    def url(self) -> str:
        """With the password."""

    @property
    def refs(self) -> tuple[str, ...]:
        """The states that were loaded, in their order."""

    @property
    def exports(self) -> Mapping[str, str]:
        """The variables of the environment."""

    def reset(self) -> ResetReport:
        """Bring it back to the seeded state."""


class SeededDatabase:
    """A database with the rows of datasets, as a test gets it."""

    def __init__(
        self, find_repository: "Callable[[], Repository]", provided: ProvidedDatabase, seeded: SeededRows
    ) -> None:
        self._find_repository = find_repository
        self._provided = provided
        self.seeded = seeded
        self._connections: list[Any] = []

    @property
    def url(self) -> str:
        """The URL, with the password."""
        return self._provided.url

    @property
    def exports(self) -> Mapping[str, str]:
        """The variables that the environment exports, by name."""
        return self._provided.exports

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables of a process that uses this database, too."""
        return self._provided.exports

    @property
    def datasets(self) -> tuple[str, ...]:
        """The states that were loaded, in their order: `reference@1.0.0`, `golden@3.2.0`."""
        return self._provided.refs

    @property
    def dataset(self) -> str:
        """The state that was loaded last; empty if none was."""
        return (self._provided.refs or ("",))[-1]

    def connect(self) -> Any:
        """Return a new connection of the engine's driver (DB-API 2.0); it is closed when the test is over."""
        connection = connect(self.url)
        self._connections.append(connection)
        return connection

    def table(self, name: str) -> "pa.Table":
        """Return the rows of a table as they were loaded, from the last of the states that has it.

        Raises:
            NotFoundError: no state has the table.
        """
        missing: NotFoundError | None = None
        for ref in reversed(self._provided.refs):
            try:
                return self._find_repository().table(ref, name)
            except NotFoundError as error:
                missing = missing or error
        raise missing or NotFoundError(f"No dataset is loaded, so there is no table {name}.")

    def reset(self) -> ResetReport:
        """Bring the database back to the seeded state now, in the middle of a test.

        Raises:
            DatabaseError: it cannot be reset.
        """
        report = self._provided.reset()
        if report.method in _ENDS_CONNECTIONS:
            renew_connections()
        return report

    def close_connections(self) -> None:
        """Close the connections that the test left open."""
        for connection in self._connections:
            # A reset may have ended it.
            with suppress(Exception):
                connection.close()
        self._connections.clear()


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a session says about all its databases."""

    environment: str | None = None
    """Its name; None: the one for the folder."""
    layout: RowLayout = field(default_factory=RowLayout)
    replaced: Mapping[str, str] = field(default_factory=dict)
    """The states to take instead of those that markers name."""
    attaches: bool = True
    """Whether the database of another process is used, if there is one."""


class SessionDatabases:
    """Provides databases when tests ask for them, each combination of states once."""

    def __init__(self, root: Path, options: SessionOptions) -> None:
        self._root = root
        self._options = options
        self._stack = ExitStack()
        self._repository: Repository | None = None
        self._root_of_attached: Path | None = None
        self._found: dict[tuple[str, ...], SeededDatabase] = {}

    @property
    def repository(self) -> "Repository":
        """The repository of the tests.

        Raises:
            TdmvcError: there is none.
        """
        if self._repository is None:
            self._repository = self._stack.enter_context(tdmvc.open(self._root))
        return self._repository

    @property
    def root(self) -> Path:
        """The root of the repository of the tests.

        Raises:
            TdmvcError: there is none.
        """
        return self._root_of_attached or self.repository.root

    @property
    def is_used(self) -> bool:
        """Whether there is a database."""
        return bool(self._found)

    def provide(self) -> None:
        """Provide the environment's own database, and export its variables into this process.

        Raises:
            TdmvcError: it cannot be provided.
        """
        os.environ.update(self.find(()).exports)

    def find(self, refs: tuple[str, ...]) -> SeededDatabase:
        """Return the database with these states beside, or instead of, those of the environment.

        It is made at the first call.

        Raises:
            TdmvcError: it cannot be made.
        """
        if refs not in self._found:
            self._found[refs] = self._provide(tuple(self._options.replaced.get(ref, ref) for ref in refs))
        return self._found[refs]

    def seeded(self, refs: tuple[str, ...]) -> SeededRows:
        """Return which rows the database with these states has; it is not made for that."""
        found = self._found.get(refs) or self._found.get(())
        return found.seeded if found is not None else SeededRows()

    @contextmanager
    def other(self, refs: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
        """Provide one more database, with these states, and yield the variables that lead to it.

        Raises:
            TdmvcError: it cannot be made.
        """
        options = self._environment_options(more=refs, has_services=False)
        with self.repository.environment(
            self._options.environment, options=options, folder=self._root
        ) as environment:
            yield environment.exports

    def reset(self) -> list[ResetReport]:
        """Reset all databases.

        Raises:
            DatabaseError: one cannot be reset.
        """
        return [database.reset() for database in self._found.values()]

    def close(self) -> None:
        """Remove the databases."""
        self._found.clear()
        self._stack.close()

    def _provide(self, refs: tuple[str, ...]) -> SeededDatabase:
        endpoint = os.environ.get(ENDPOINT_VARIABLE)
        if endpoint and not refs and self._options.attaches:
            return self._attach(endpoint)
        # One process needs one set of services, and a test that asks for other rows needs no other set.
        options = self._environment_options(more=refs, has_services=not refs, has_endpoint=not refs)
        environment = self._stack.enter_context(
            self.repository.environment(self._options.environment, options=options, folder=self._root)
        )
        key = environment.key
        seeded = SeededRows(environment.refs, key.rows, key.schema)
        return SeededDatabase(lambda: self.repository, environment, seeded)

    def _attach(self, endpoint: str) -> SeededDatabase:
        """Use the database of another process; the repository is opened only if a test wants it."""
        from tdmvc.actions.attach import attached

        name = self._options.environment
        if name is not None and name != os.environ.get(ENVIRONMENT_VARIABLE):
            from tdmvc.actions.environment import check_environment
            from tdmvc.workspace.workspace import Workspace

            with Workspace.open(self._root) as workspace:
                check_environment(workspace, name, folder=self._root)
        found = self._stack.enter_context(attached(endpoint))
        self._root_of_attached = found.root
        import_driver(found.url)
        return SeededDatabase(lambda: self.repository, found, SeededRows(found.refs))

    def _environment_options(self, **changes: Any) -> "EnvironmentOptions":
        from tdmvc.actions.environment import EnvironmentOptions

        return EnvironmentOptions(layout=self._options.layout, **changes)
