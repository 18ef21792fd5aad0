"""The tables in which tools keep what they applied are recognised by name and columns, and read."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from tdmvc.migrations import read_state
from tdmvc.migrations.applied import fit_applied
from tdmvc.migrations.migration_tables import MIGRATION_TABLES, find_migration_tables
from tdmvc.migrations.tools import READERS
from tdmvc.model.migration import AppliedMigrations, Migration, MigrationLocation, MigrationState
from tests.builders import MemoryTree
from tests.yaml_files import read_yaml

_FILE = Path(__file__).parents[1] / "cases" / "migration_tables" / "tables.yaml"
CASES = yaml.load(_FILE.read_text(), Loader=yaml.CBaseLoader)
"""Every value as text, as a CSV file has it."""
TYPED_CASES = read_yaml(_FILE)


def _texts(values: list[Any] | None) -> tuple[str, ...]:
    return tuple(map(str, values or ()))


@pytest.mark.parametrize("case", TYPED_CASES, ids=lambda case: str(case["name"]))
def test_a_table_says_what_was_applied(case: dict[str, Any]) -> None:
    assert _read(case) == _expected(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_table_of_texts_says_the_same(case: dict[str, Any]) -> None:
    rows = [
        {name: None if value in ("null", "") else value for name, value in row.items()}
        for row in case["rows"]
    ]
    assert _read({**case, "rows": rows}) == _expected(
        {**case, "tool": case["tool"].replace("null", "") or None}
    )


def _read(case: dict[str, Any]) -> tuple[object, ...] | None:
    table, rows = case["table"], case["rows"]
    kind = find_migration_tables({table: list(rows[0])}).get(table)
    if kind is None:
        return None
    applied, *others = kind.read_histories(table, rows)
    assert case["tool"] in applied.tools
    histories = {one.history: list(one.ids) for one in (applied, *others)}
    assert not others or histories == case["histories"]
    return applied.ids, applied.up_to, applied.before, applied.failed


def _expected(case: dict[str, Any]) -> tuple[object, ...] | None:
    if case["tool"] is None:
        return None
    return tuple(_texts(case.get(key)) for key in ("ids", "up_to", "before", "failed"))


def test_every_tool_with_a_table_has_a_case() -> None:
    tools = {tool for kind in MIGRATION_TABLES for tool in kind.tools}
    assert tools == {case["tool"] for case in TYPED_CASES} - {None}
    # Plain SQL files have no tool that would keep a table.
    assert set(READERS) - tools <= {"sql"}


def _state(tool: str, *migrations: Migration, is_linear: bool = False) -> MigrationState:
    return MigrationState(
        MigrationLocation("main", tool, "db"),
        (),
        migrations,
        "",
        is_linear=is_linear,
        is_per_app=tool == "django",
    )


def _line(tool: str, *ids: str, is_linear: bool = False) -> MigrationState:
    parents = [(), *((id_,) for id_ in ids)]
    migrations = [Migration(id_, id_, f"db/{id_}", before) for id_, before in zip(ids, parents, strict=False)]
    return _state(tool, *migrations, is_linear=is_linear)


def _fit(state: MigrationState, *ids: str, **more: tuple[str, ...]) -> Any:
    applied = AppliedMigrations((state.location.tool,), "", "t", ids, **more)
    return fit_applied(applied, state)


def test_heads_are_the_applied_migrations_that_no_applied_one_follows() -> None:
    found = _fit(_line("rails", "1", "2", "3", "4", is_linear=True), "1", "2", "4")
    assert (found.recorded.heads, found.recorded.ids) == (("4",), ("1", "2", "4"))


def test_a_head_stands_for_all_before_it() -> None:
    found = _fit(_line("alembic", "a", "b", "c"), "b", up_to=("b",))
    assert (found.recorded.heads, found.recorded.ids) == (("b",), ("a", "b"))


def test_a_dirty_version_counts_as_not_applied() -> None:
    found = _fit(_line("golang-migrate", "1", "2", "3", is_linear=True), before=("2",))
    assert (found.recorded.heads, found.recorded.ids) == (("1",), ("1",))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("20240101_a.ts", "20240101_a.js"),
        ("1-a.js", "1-a"),
        ("1", "0001"),
        ("1.1", "1.1.0"),
        ("1.2", "1_2"),
        ("Version2024", "DoctrineMigrations\\Version2024"),
        ("db/a.xml::1::ann", "classpath:db/a.xml::1::ann"),
    ],
)
def test_an_id_that_is_spelled_in_another_way_is_known(here: str, there: str) -> None:
    found = _fit(_line("knex", here), there)
    assert (found.recorded.heads, found.unknown, found.known) == ((here,), (), 1)


def test_a_later_unknown_migration_is_the_head_and_an_older_one_was_removed() -> None:
    found = _fit(_line("rails", "5", "6", is_linear=True), "1", "5", "6", "7")
    assert (found.recorded.heads, found.unknown, found.removed) == (("7",), ("7",), ("1",))
    assert found.recorded.ids == ("1", "5", "6", "7")


def test_an_unknown_current_version_has_run_all_smaller_ones() -> None:
    found = _fit(_line("golang-migrate", "1", "2", "4", is_linear=True), "3", up_to=("3",))
    assert (found.recorded.heads, found.recorded.ids, found.unknown) == (("3",), ("1", "2", "3"), ("3",))


def _django(id_: str, *parents: str, replaces: tuple[str, ...] = ()) -> Migration:
    return Migration(id_, id_, id_, parents, replaces=replaces)


def test_each_application_has_its_own_heads_and_installed_ones_do_not_count() -> None:
    state = _state("django", _django("shop.1"), _django("shop.2", "shop.1"), _django("blog.1", "shop.2"))
    found = _fit(state, "auth.1", "shop.1", "shop.2", "blog.1")
    assert found.recorded.heads == ("blog.1", "shop.2")
    assert found.recorded.ids == ("shop.1", "shop.2", "blog.1")
    assert _fit(state, "shop.1", "shop.3").recorded.heads == ("shop.3",)


def test_a_squash_of_which_all_was_applied_counts_and_one_of_which_a_part_was_is_reported() -> None:
    squash = _django("shop.s", replaces=("shop.1", "shop.2"))
    whole = _fit(_state("django", squash, _django("shop.3", "shop.s")), "shop.1", "shop.2")
    assert (whole.recorded.heads, whole.half_applied) == (("shop.s",), ())
    part = _fit(_state("django", squash, _django("shop.3", "shop.s")), "shop.1")
    assert (part.recorded.heads, part.half_applied) == (("shop.1",), ("shop.s",))


def test_drizzle_names_its_migrations_by_the_hash_of_their_text() -> None:
    journal = {"entries": [{"idx": n, "when": n, "tag": tag} for n, tag in enumerate(("0000_a", "0001_b"))]}
    tree = MemoryTree(
        {
            "db/meta/_journal.json": json.dumps(journal),
            "db/0000_a.sql": "CREATE TABLE a (id int);\n",
            "db/0001_b.sql": "SELECT 1;\n",
        }
    )
    state = read_state(tree, MigrationLocation("main", "drizzle", "db"))
    hashed = sha256(b"CREATE TABLE a (id int);\r\n").hexdigest()
    found = fit_applied(AppliedMigrations(("drizzle",), "", "t", (hashed,)), state)
    assert found.recorded.heads == ("0000_a",)
