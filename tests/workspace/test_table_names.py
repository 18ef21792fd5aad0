"""A table has one name in a dataset, whether it comes from a server or a dump, and whichever schemas are read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.databases import ReadOptions
from tdmvc.databases.postgres.catalog.relations import Schemas
from tdmvc.databases.postgres.reading.snapshot import open_snapshot
from tdmvc.errors import UsageError
from tdmvc.model.location import ServerLocation
from tdmvc.servers import PostgresBinaries
from tdmvc.workspace.names_of_schemas import names_in_dataset
from tests.servers import DatabaseServer
from tests.workspace.dump_servers import Load, binaries, dump_database, dump_server, load
from tests.workspace.test_dumps import pg_dump

__all__ = ["binaries", "dump_database", "dump_server", "load"]

ODD = 'odd,"sch.ema'


@pytest.mark.parametrize(
    ("tables", "by_url", "by_dump"),
    [
        (["public.orders", "sales.orders"], ["orders"], ["orders", "sales.orders"]),
        (["public.orders"], ["orders"], ["orders"]),
        (["sales.orders"], [], ["orders"]),
        (["sales.orders", "audit.log"], [], ["audit.log", "sales.orders"]),
        ([f"{ODD}.orders", "public.lines"], ["lines"], ["lines", f"{ODD}.orders"]),
    ],
)
def test_a_dump_has_the_names_of_its_database(
    tables: list[str],
    by_url: list[str],
    by_dump: list[str],
    load: Load,
    binaries: PostgresBinaries,
    postgres_server: DatabaseServer,
    tmp_path: Path,
) -> None:
    file = tmp_path / "dump.sql"
    with postgres_server.fresh_database() as name:
        schemas = list(dict.fromkeys(table.rpartition(".")[0] for table in tables))
        for schema in schemas:
            postgres_server.execute(name, f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}")
        for table in tables:
            schema, _, table_name = table.rpartition(".")
            postgres_server.execute(name, f"CREATE TABLE {_quoted(schema)}.{table_name} (id int)")
        location = postgres_server.location(name)
        pg_dump(binaries, location, f"--file={file}")
        loaded, _ = load(file)
        usual = [value for _, value in loaded.query]
        loaded = replace(loaded, query=())
        assert _names(location) == by_url
        assert _names(loaded, default_schemas=usual) == by_dump
        for chosen in (schemas, schemas[:1]):
            names = _names(location, chosen)
            assert names == _names(loaded, chosen, default_schemas=usual)
            assert len(chosen) == 1 or names == sorted(tables)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _names(
    location: ServerLocation, schemas: Sequence[str] = (), default_schemas: Sequence[str] = ()
) -> list[str]:
    with open_snapshot(location, ReadOptions(tuple(schemas), tuple(default_schemas))) as snapshot:
        return snapshot.read_names()


TABLES = [(schema, table) for schema in ("public", "sales", "audit") for table in ("orders", "log")]
READINGS = [
    Schemas(("public",), "public"),
    Schemas(("public", "sales"), None),
    Schemas(("audit", "public", "sales"), None),
    Schemas(("audit", "public", "sales"), "public"),
    Schemas(("public", "sales"), "public"),
]


@given(
    tables=st.lists(st.sampled_from(TABLES), min_size=1, unique=True),
    readings=st.lists(st.sampled_from(READINGS), min_size=1, max_size=4),
)
def test_later_adds_keep_the_name_that_the_first_gave(
    tables: list[tuple[str, str]], readings: list[Schemas]
) -> None:
    dataset: dict[str, tuple[str, str]] = {}
    for reading in readings:
        read = {reading.own_name(*key): key for key in tables if key[0] in reading.names}
        others = {name: reading.other_name(*key) for name, key in read.items()}
        try:
            renamed = names_in_dataset(others, dataset, "here")
        except UsageError:
            # Not guessed: it may have been read as the only schema.
            assert reading.unnamed is None
            return
        for name, key in read.items():
            own = renamed.get(name, name)
            assert dataset.setdefault(own, key) == key
    assert len(set(dataset.values())) == len(dataset)


def test_a_name_is_found_beside_the_same_name_of_another_schema() -> None:
    read = {"public.orders": "orders", "sales.orders": "orders"}
    assert names_in_dataset(read, {"orders", "sales.orders"}, "here") == {"public.orders": "orders"}
