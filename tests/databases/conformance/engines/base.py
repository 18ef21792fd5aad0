"""What the conformance tests need of an engine: databases, and a driver that is not tdmvc's own code."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pytest

from tdmvc.model.location import Location
from tests.yaml_files import read_yaml

CASES = Path(__file__).parents[3] / "cases" / "database_types"

Row = tuple[object, ...]


class Session(Protocol):
    """A connection of somebody else, whose transaction stays open until it is closed."""

    def run(self, statement: str) -> None:
        """Run one statement."""

    def rows(self, query: str) -> list[Row]:
        """Return all rows of a query."""


class Database(Protocol):
    """An empty database of one engine, reached without tdmvc."""

    @property
    def engine(self) -> "EngineUnderTest": ...

    @property
    def location(self) -> Location:
        """What tdmvc is given."""

    @property
    def url(self) -> str:
        """The same as a text."""

    def run(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own. Names are quoted as in standard SQL."""

    def rows(self, query: str) -> list[Row]:
        """Return all rows of a query as the driver reads them."""

    def column(self, table: str, type_: pa.DataType, expression: str = "") -> list[object]:
        """Return the values of the column `c` in the order of `id`: the engine's own text, in Python's type for a
        canonical type.

        Args:
            expression: SQL to read instead of the column.
        """

    def declared_types(self, table: str) -> dict[str, str]:
        """Return the types of columns as the engine's catalog writes them."""

    def session(self) -> AbstractContextManager[Session]:
        """Open a transaction and leave it open."""

    def as_reader(self) -> AbstractContextManager["Database"]:
        """Return the same database for a user who may read all of it, and write nothing."""

    def counted_statements(self) -> AbstractContextManager[Callable[[], int]]:
        """Count the statements that tdmvc sends; those to a file count as none, because they cost no round trip."""


class EngineUnderTest(Protocol):
    """One engine: where its databases come from."""

    @property
    def name(self) -> str:
        """As the table of exceptions and the documentation name it."""

    @property
    def dialect(self) -> str:
        """As declarations name it."""

    def database(self, request: pytest.FixtureRequest) -> AbstractContextManager[Database]:
        """Make an empty database, and drop it afterwards."""


@dataclass(frozen=True, slots=True)
class TypeCase:
    """What one type of an engine becomes in a dataset: a line of `tests/cases/database_types`."""

    type: str
    canonical: str
    values: tuple[str, ...]
    """SQL expressions."""
    needs: tuple[str, ...] = ()
    """Statements that make the type."""
    when: str = ""
    """What the values have in common, if another line has the same type."""
    shown: str = ""
    """What the documentation calls the type, if its name is one of the tests."""
    only: str = ""
    """The engine, if not all of the dialect have the type."""
    reported: str = ""
    """What a report says when values go back into the engine, if they do not come back as they were."""
    reads: str = ""
    """SQL for what a dataset keeps of the column `c`, if that is not the text that the server sends."""

    def statements(self, table: str) -> Iterator[str]:
        """Yield what makes a table with the values and a null."""
        yield from self.needs
        yield f'CREATE TABLE "{table}" (id integer NOT NULL PRIMARY KEY, c {self.type})'
        for row, value in enumerate((*self.values, "NULL")):
            yield f'INSERT INTO "{table}" VALUES ({row}, {value})'


def made_types(dialect: str) -> dict[str, str]:
    """Return the type that a column of each canonical type gets in a new table."""
    lines = read_yaml(CASES / "made.yaml")
    return {canonical: types[dialect] for canonical, types in lines.items()}


def type_cases(dialect: str, engine: str = "") -> Sequence[TypeCase]:
    """Return the types of a dialect; with the name of an engine, those that it has."""
    lines = read_yaml(CASES / f"{dialect}.yaml")
    cases = [
        TypeCase(**{name: tuple(value) if isinstance(value, list) else value for name, value in line.items()})
        for line in lines
    ]
    return [case for case in cases if not (engine and case.only) or case.only == engine]


@contextmanager
def as_reader(path: Path) -> Iterator[None]:
    """Take away the right to write to a file."""
    if os.geteuid() == 0:
        pytest.skip("the tests run as root, who may write to every file")
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        yield
    finally:
        path.parent.chmod(0o700)
        path.chmod(0o600)
