"""`add` from databases: which of their tables, and that all rows are of one moment."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tdmvc.actions.add import add
from tdmvc.errors import NotFoundError, SourceError, UsageError
from tdmvc.model.diff import TableStatus
from tdmvc.model.location import PathLocation, parse_location
from tdmvc.model.options import AddOptions
from tdmvc.model.selection import Selection
from tdmvc.workspace.opened_sources import open_sources
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace
from tests.servers import DatabaseServer


def make(path: Path, script: str) -> PathLocation:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return PathLocation(path)


def test_a_table_that_the_database_lacks_is_refused_with_similar_names(
    workspace: Workspace, tmp_path: Path
) -> None:
    source = make(tmp_path / "x.db", "CREATE TABLE orders (a);")
    with pytest.raises(NotFoundError, match="did you mean 'orders'"):
        add(workspace, "golden", [source], AddOptions(table="order"))


def test_a_database_without_tables_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    source = make(tmp_path / "x.db", "CREATE TABLE t (a); DROP TABLE t;")
    with pytest.raises(SourceError, match="no tables"):
        add(workspace, "golden", [source])


def test_a_database_that_two_sources_name_is_opened_once(workspace: Workspace, tmp_path: Path) -> None:
    source = make(tmp_path / "x.db", "CREATE TABLE t (a INTEGER PRIMARY KEY);")
    (tmp_path / "link.db").symlink_to("x.db")
    sources = [source, PathLocation(tmp_path / "link.db")]
    with open_sources(workspace, sources, AddOptions()) as opened:
        assert len(opened.snapshots) == 1
        assert len(opened.tables["t"]) == 2


def test_a_view_is_a_table_only_if_it_is_named(workspace: Workspace, tmp_path: Path) -> None:
    source = make(
        tmp_path / "x.db",
        "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a AS b FROM t;"
        "CREATE VIEW w AS SELECT 1 AS one FROM t;",
    )
    selections = {"*": {"t"}, "v": {"v"}, "v,t": {"t", "v"}}
    for names, tables in selections.items():
        options = AddOptions(selection=Selection(tuple(names.split(","))))
        with open_sources(workspace, [source], options) as opened:
            assert opened.tables.keys() == tables
            assert opened.views is not None
            assert {view.name for view in opened.views.views} == {"v", "w"} - tables
            assert opened.notes == []


@pytest.mark.parametrize(
    ("names", "what", "fix"),
    [
        (["active", "ordrs"], "There is no table 'ordrs'.", "orders"),
        (["orders", "activ"], "There is no table 'activ'.", "active"),
        (["orders", "x*"], "No table matches 'x*'.", "active, orders"),
        (["orders", "act*"], "No table matches 'act*', only a view: active.", "--tables active"),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error_with_candidates(
    names: list[str], what: str, fix: str, workspace: Workspace, tmp_path: Path
) -> None:
    source = make(
        tmp_path / "x.db",
        "CREATE TABLE orders (a INTEGER PRIMARY KEY); CREATE VIEW active AS SELECT a FROM orders;",
    )
    with pytest.raises(NotFoundError) as caught:
        add(workspace, "golden", [source], AddOptions(selection=Selection(tuple(names))))
    assert caught.value.what == what
    assert fix in caught.value.remedy


def test_a_schema_needs_a_database_that_has_schemas(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id\n1\n")
    source = make(tmp_path / "x.db", "CREATE TABLE t (a);")
    for one, message in ((PathLocation(tmp_path / "t.csv"), "needs a database"), (source, "no schemas")):
        with pytest.raises(UsageError, match=message):
            add(workspace, "golden", [one], AddOptions(schemas=("public",)))


def test_a_reference_that_a_database_declares_twice_is_kept_once_and_said(
    workspace: Workspace, tmp_path: Path
) -> None:
    source = make(
        tmp_path / "x.db",
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);"
        "CREATE TABLE c (x REFERENCES a (id) ON DELETE CASCADE REFERENCES b (id), FOREIGN KEY (x) REFERENCES a (id));",
    )
    report = add(workspace, "golden", [source])
    [table] = [table for table in report.tables if table.name == "c"]
    [note] = [note for note in table.notes if "more than once" in note]
    assert note.startswith("the reference (x) -> a (id) is declared more than once; kept as (x) -> a (id)")
    [kept] = [
        one for one in resolve_state(workspace, "golden").contract.tables["c"].references if one.table == "a"
    ]
    assert note.endswith(str(kept))


SCHEMAS = """
CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE lines (id int PRIMARY KEY, "order" int REFERENCES orders);
CREATE SCHEMA sales; CREATE TABLE sales.bills (id int PRIMARY KEY, "order" int REFERENCES public.orders);
"""
ALL = ("public", "sales")


@pytest.mark.parametrize(
    ("first", "second", "tables"),
    [
        ((), ALL, {"orders", "lines", "sales.bills"}),
        (ALL, (), {"public.orders", "public.lines", "sales.bills"}),
        (ALL, ("sales",), {"public.orders", "public.lines", "sales.bills"}),
        (("sales",), ALL, {"public.orders", "public.lines", "bills"}),
    ],
)
def test_a_table_has_one_name_in_a_dataset_whichever_schemas_are_read(
    first: tuple[str, ...],
    second: tuple[str, ...],
    tables: set[str],
    workspace: Workspace,
    postgres_server: DatabaseServer,
) -> None:
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, SCHEMAS)
        source = parse_location(postgres_server.url(name))
        add(workspace, "both", [source], AddOptions(schemas=first))
        report = add(workspace, "both", [source], AddOptions(schemas=second))
    state = resolve_state(workspace, "both")
    assert state.pointers.keys() == tables
    changed = {table.name for table in report.tables if table.status is not TableStatus.UNCHANGED}
    assert changed == set(tables) - _read_by(first)
    targets = {one.table for schema in state.contract.tables.values() for one in schema.references}
    assert targets <= tables


def test_a_dump_and_its_database_give_tables_the_same_names(
    workspace: Workspace, postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    dump = tmp_path / "dump.sql"
    dump.write_text(SCHEMAS)
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, SCHEMAS)
        source = parse_location(postgres_server.url(name))
        add(workspace, "dump", [PathLocation(dump)])
        again = add(workspace, "dump", [source], AddOptions(schemas=ALL))
        assert {table.status for table in again.tables} == {TableStatus.UNCHANGED}
        chosen = AddOptions(schemas=ALL, selection=Selection(("orders",), ("lines",)))
        (one,) = add(workspace, "dump", [source], chosen).tables
        assert (one.name, one.status) == ("orders", TableStatus.UNCHANGED)
    tables = resolve_state(workspace, "dump").contract.tables
    assert tables.keys() == {"orders", "lines", "sales.bills"}
    assert [one.table for one in tables["sales.bills"].references] == ["orders"]


def _read_by(schemas: tuple[str, ...]) -> set[str]:
    """Return the tables that the first of two calls added."""
    if len(schemas) == 2:
        return {"public.orders", "public.lines", "sales.bills"}
    return {"bills"} if schemas else {"orders", "lines"}


def test_a_name_that_two_schemas_have_is_not_guessed(
    workspace: Workspace, postgres_server: DatabaseServer
) -> None:
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, f"{SCHEMAS} CREATE TABLE sales.orders (id int PRIMARY KEY);")
        source = parse_location(postgres_server.url(name))
        add(workspace, "both", [source])
        with pytest.raises(
            UsageError, match=r"orders of the dataset may be any of these: public.orders, sales.orders"
        ):
            add(workspace, "both", [source], AddOptions(schemas=ALL))
        add(workspace, "both", [source], AddOptions(schemas=("public",)))
    assert resolve_state(workspace, "both").pointers.keys() == {"orders", "lines"}
