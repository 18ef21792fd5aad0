"""Migration tables go to the locations whose migrations they name."""

from collections.abc import Sequence

from tdmvc.databases.base import QualifiedName
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.workspace.live_migrations import without_tool_schemas
from tdmvc.workspace.migration_fits import FittedTables, MigrationRows, fit_tables

Row = dict[str, object]


def table(name: str, *rows: Row, is_selected: bool = True) -> MigrationRows:
    [kind] = find_migration_tables({name: list(rows[0])}).values()
    return MigrationRows(name, kind, rows, is_selected)


def versions(name: str, *ids: str, is_selected: bool = True) -> MigrationRows:
    return table(name, *({"version": id_} for id_ in ids), is_selected=is_selected)


def line(name: str, ids: Sequence[str], tool: str = "rails") -> tuple[str, MigrationState]:
    parents = [(), *((id_,) for id_ in ids)]
    migrations = tuple(Migration(id_, id_, f"{name}/{id_}", p) for id_, p in zip(ids, parents, strict=False))
    is_linear = all(id_.isdigit() for id_ in ids)
    return name, MigrationState(
        MigrationLocation(name, tool, name), ids[-1:], migrations, "", is_linear=is_linear
    )


def fitted(tables: Sequence[MigrationRows], *states: tuple[str, MigrationState]) -> FittedTables:
    return fit_tables(tables, dict(states))


def names(found: FittedTables) -> dict[str, str]:
    return {name: f"{one.name} {one.applied.history}".strip() for name, one in found.by_location.items()}


def test_a_table_goes_to_the_location_whose_migrations_it_has() -> None:
    tables = [versions("a.schema_migrations", "1", "2"), versions("b.schema_migrations", "71", "72")]
    found = fitted(tables, line("orders", ["71", "72", "73"]), line("mail", ["1", "2"]))
    assert names(found) == {"orders": "b.schema_migrations", "mail": "a.schema_migrations"}


def test_a_location_without_a_table_of_its_own_does_not_get_that_of_another_one() -> None:
    found = fitted([versions("schema_migrations", "71")], line("orders", ["71"]), line("mail", ["1", "2"]))
    assert names(found) == {"orders": "schema_migrations"}


def test_the_only_location_of_a_tool_gets_a_table_whose_migrations_it_does_not_know() -> None:
    assert names(fitted([versions("schema_migrations", "9")], line("main", ["1", "2"]))) == {
        "main": "schema_migrations"
    }


def test_equal_numbers_are_told_apart_by_the_schema_that_is_called_like_the_location() -> None:
    tables = [
        table("shop.schema_migrations", {"version": 2, "dirty": False}),
        table("mail.schema_migrations", {"version": 2, "dirty": False}),
    ]
    states = [line(name, ["1", "2", "3"], "golang-migrate") for name in ("mail", "shop")]
    assert names(fitted(tables, *states)) == {
        "mail": "mail.schema_migrations",
        "shop": "shop.schema_migrations",
    }


def test_a_selected_schema_outranks_another_one_that_is_further() -> None:
    tables = [
        versions("schema_migrations", "1"),
        versions("other.schema_migrations", "1", "2", is_selected=False),
    ]
    [found] = fitted(tables, line("main", ["1", "2"])).by_location.values()
    assert found.fit.recorded.heads == ("1",)
    alone = fitted(tables[1:], line("main", ["1", "2"]))
    assert names(alone) == {"main": "other.schema_migrations"}


def test_each_application_of_one_table_has_its_location() -> None:
    aerich = table(
        "aerich",
        {"id": 1, "version": "0_a.py", "app": "shop", "content": "{}"},
        {"id": 2, "version": "0_b.py", "app": "mail", "content": "{}"},
    )
    states = [line("shop", ["0_a.py", "1_a.py"], "aerich"), line("mail", ["0_b.py"], "aerich")]
    assert names(fitted([aerich], *states)) == {"shop": "aerich shop", "mail": "aerich mail"}


def test_a_table_of_a_tool_without_a_location_is_left_over() -> None:
    found = fitted([versions("schema_migrations", "1")], line("main", ["a"], "alembic"))
    assert not found.by_location
    assert [one.title for one in found.others] == ["Rails or dbmate"]


def test_migrations_that_were_skipped_are_found() -> None:
    [found] = fitted(
        [versions("schema_migrations", "1", "3")], line("main", ["1", "2", "3", "4"])
    ).by_location.values()
    assert found.fit.not_run == ("2",)


def test_only_schemas_of_nothing_but_migration_tools_are_left_out() -> None:
    columns = {
        QualifiedName("drizzle", "__drizzle_migrations"): ("id", "hash", "created_at"),
        QualifiedName("app", "schema_migrations"): ("version",),
        QualifiedName("app", "orders"): ("id",),
    }
    assert without_tool_schemas(["app", "drizzle", "empty"], columns) == ["app", "empty"]
    assert without_tool_schemas(["drizzle"], columns) == ["drizzle"]
