"""Databases that are named by a URL: as sources, and as targets of `checkout`."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import tdmvc as package
from tests.builders import Ran

Run = Callable[..., Ran]


@pytest.fixture
def shop(repo: Path) -> Path:
    """Return a repository with a SQLite file whose suffix says nothing."""
    with closing(sqlite3.connect(repo / "shop.data")) as database:
        database.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);")
    return repo


def test_rows_are_copied_from_url_to_url(tdmvc: Run, shop: Path) -> None:
    added = tdmvc("add", "golden", "sqlite:///shop.data", "--format", "json").json
    assert [(table["name"], table["rows"]) for table in added["tables"]] == [("t", 2)]
    copied = tdmvc("checkout", "golden", "--into", "duckdb:///copies/shop.data", "--format", "json").json
    assert copied["datasets"][0]["target"] == str(shop / "copies" / "shop.data")
    with duckdb.connect(str(shop / "copies" / "shop.data")) as database:
        assert database.execute("SELECT count(*) FROM t").fetchall() == [(2,)]
    again = tdmvc("add", "golden", f"duckdb:///{shop}/copies/shop.data", "--format", "json").json
    # DuckDB numbers the rows by a sequence, as SQLite does by itself, and declares it.
    (table,) = again["tables"]
    assert [change["kind"] for change in table["schema"]] == ["identity_changed"]
    assert table["written_bytes"] == 0


def test_a_target_that_exists_is_kept_without_force(tdmvc: Run, shop: Path) -> None:
    tdmvc("add", "golden", "sqlite:///shop.data")
    before = (shop / "shop.data").read_bytes()
    assert "Fix: " in tdmvc("checkout", "golden", "--into", "duckdb:///shop.data", code=4).err
    assert (shop / "shop.data").read_bytes() == before
    tdmvc("checkout", "golden", "--into", "duckdb:///shop.data", "--force")
    assert (shop / "shop.data").read_bytes()[8:12] == b"DUCK"


def test_a_release_with_several_datasets_needs_a_folder(tdmvc: Run, shop: Path) -> None:
    for name in ("golden", "masked"):
        tdmvc("add", name, "sqlite:///shop.data")
        tdmvc("publish", name, "1.0.0", "--release", "2.0.0")
    refused = tdmvc("checkout", "--release", "2.0.0", "--into", "sqlite:///all.db", code=2).err
    assert "one dataset" in refused
    assert not (shop / "all.db").exists()
    tdmvc("checkout", "masked", "--into", "sqlite:///all.db")


@pytest.mark.parametrize(
    "words", [("add", "golden"), ("build", "golden"), ("checkout", "golden", "--into")], ids=lambda w: w[0]
)
@pytest.mark.parametrize("url", ["oracle://me:geheim@db/shop", "mssql://db/shop?password=geheim"])
def test_an_unknown_url_is_refused_without_its_password(
    tdmvc: Run, shop: Path, words: tuple[str, ...], url: str
) -> None:
    tdmvc("add", "golden", "sqlite:///shop.data")
    ran = tdmvc(*words, url, code=2)
    assert "sqlite:///FILE, duckdb:///FILE" in ran.err
    assert "geheim" not in ran.out + ran.err


def test_the_api_accepts_urls_as_text(shop: Path) -> None:
    with package.open(shop) as repository:
        repository.add("golden", f"sqlite:///{shop}/shop.data")
        repository.checkout("golden", into=f"sqlite:///{shop}/out")
    with closing(sqlite3.connect(shop / "out")) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (2,)
