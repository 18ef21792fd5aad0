"""One database for the tests of a module, with a schema of its own for each test."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from tdmvc.databases.base import ReadOptions, TableToWrite
from tdmvc.databases.postgres import PostgresEngine
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.model.location import Location, parse_location
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.seeding import SeedMode, WrittenRows
from tests.servers import DatabaseServer


@dataclass(frozen=True)
class Target:
    """A schema of a database that is written to."""

    server: DatabaseServer
    database: str
    schema: str
    admin: Any
    """A connection that commits by itself, in the schema."""

    @property
    def location(self) -> Location:
        return parse_location(f"{self.server.url(self.database)}?schema={self.schema}")

    def location_as(self, user: str, password: str = "secret") -> Location:
        running = self.server.running
        return parse_location(
            f"postgresql://{user}:{password}@{running.host}:{running.port}/{self.database}?schema={self.schema}"
        )

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.admin.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.admin.execute(query).fetchall()
        return found

    def open(self, location: Location | None = None) -> AbstractContextManager[PostgresTarget]:
        return PostgresEngine().open_target(location or self.location, ReadOptions(schemas=(self.schema,)))

    def role(self, *grants: str, attributes: str = "") -> str:
        """Make a user with some rights, and return its name."""
        name = f"user_{secrets.token_hex(4)}"
        self.run(
            f"CREATE ROLE {name} LOGIN PASSWORD 'secret' {attributes}",
            f"GRANT USAGE ON SCHEMA {self.schema} TO {name}",
            f"GRANT CREATE, TEMPORARY ON DATABASE {self.database} TO {name}",
            *(grant.replace("ROLE", name) for grant in grants),
        )
        return name

    def load(
        self,
        *tables: TableToWrite,
        mode: SeedMode = SeedMode.REPLACE,
        location: Location | None = None,
        offset: int = 0,
    ) -> list[WrittenRows]:
        """Write tables as a seed does, and commit."""
        with self.open(location) as target:
            counts = write(target, *tables, mode=mode, offset=offset)
            target.commit()
            return counts


def write(
    target: PostgresTarget, *tables: TableToWrite, mode: SeedMode = SeedMode.REPLACE, offset: int = 0
) -> list[WrittenRows]:
    """Write tables as a seed does, without a commit."""
    names = [table.schema.name for table in tables]
    target.lock(names)
    catalog = target.read_catalog()
    if mode is SeedMode.REPLACE:
        target.clear(list(reversed(names)))
    counts = [target.load(table, catalog[table.schema.name].schema, mode) for table in tables]
    target.finish(names, sequence_offset=offset)
    return counts


def table(name: str, columns: Mapping[str, pa.Array | Sequence[object]], key: str = "") -> TableToWrite:
    """Return a table of a dataset."""
    rows = pa.table(dict(columns))
    schema = TableSchema(
        name,
        tuple(Column(field.name, field.type) for field in rows.schema),
        tuple(one for one in key.split(",") if one),
    )
    return TableToWrite(schema, lambda: rows.to_reader())


@pytest.fixture(scope="module")
def target_database(postgres_server: DatabaseServer) -> Iterator[str]:
    with postgres_server.fresh_database() as name:
        yield name


@pytest.fixture
def target(postgres_server: DatabaseServer, target_database: str) -> Iterator[Target]:
    schema = f"shop_{secrets.token_hex(4)}"
    with postgres_server.connect(target_database) as admin:
        admin.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
        yield Target(postgres_server, target_database, schema, admin)
        admin.execute(f"DROP SCHEMA {schema} CASCADE")
