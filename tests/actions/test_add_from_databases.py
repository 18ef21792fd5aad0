"""`add` from databases: which of their tables, and that all rows are of one moment."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tdmvc.actions.add import add
from tdmvc.errors import NotFoundError, SourceError
from tdmvc.model.location import PathLocation
from tdmvc.model.options import AddOptions
from tdmvc.workspace.opened_sources import open_sources
from tdmvc.workspace.workspace import Workspace


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
