"""All readers: the registry, detection, hints and cost."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tdmvc
import tdmvc.migrations.tools
from tdmvc.errors import ConfigError
from tdmvc.migrations import READERS, detect, read_state
from tdmvc.migrations.sql_tables import sql_tables
from tests.migrations.states import CASES


def test_every_tool_is_documented_and_has_cases():
    page = (Path(tdmvc.__file__).parents[1] / "docs" / "migration-tools.md").read_text(encoding="utf-8")
    assert [tool for tool in READERS if f"| `{tool}`" not in page] == []
    with_cases = {path.name.removesuffix(".yaml") for path in CASES.iterdir()}
    assert set(READERS) - with_cases == {"sql"}


def test_every_reader_is_registered_under_the_name_of_its_file():
    found = {}
    for module in pkgutil.iter_modules(tdmvc.migrations.tools.__path__):
        file = f"tdmvc.migrations.tools.{module.name}" + (".reader" if module.ispkg else "")
        for name, class_ in inspect.getmembers(importlib.import_module(file), inspect.isclass):
            if name.endswith("Reader") and name != "Reader" and class_.__module__ == file:
                found[module.name.replace("_", "-")] = class_
    assert {name: type(reader) for name, reader in READERS.items()} == found
    assert [reader.name for reader in READERS.values()] == list(READERS)
    assert "crayon" not in READERS


def test_only_the_reader_that_is_used_is_imported():
    program = """
import sys
from tdmvc.actions import drift
from tdmvc.actions.migrations import TOOLS
from tdmvc.migrations import read_state
from tdmvc.model.migration import MigrationLocation
from tdmvc.gitrepo.trees import WorkTree

def tools():
    return sorted({name for name in sys.modules if name.startswith("tdmvc.migrations.tools.")})

print(len(TOOLS), tools())
print(read_state(WorkTree(sys.argv[1]), MigrationLocation("main", "prisma", ".")).count > 0, tools())
"""
    case = CASES / "prisma"
    done = subprocess.run(
        [sys.executable, "-c", program, case], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.splitlines() == [f"{len(READERS)} []", "True ['tdmvc.migrations.tools.prisma']"], (
        done.stderr
    )


def test_an_unknown_tool_is_an_error_that_names_the_known_ones(tree, at):
    with pytest.raises(ConfigError, match=", ".join(READERS)):
        read_state(tree({}), at("crayon", "."))


def test_several_tools_in_one_tree_are_all_found_under_unique_names(tree):
    files = {
        "api/alembic.ini": "[alembic]\nscript_location = migrations\n",
        "api/migrations/env.py": "",
        "api/migrations/versions/a.py": "revision = 'a'\n",
        "web/manage.py": "",
        "web/shop/migrations/0001_initial.py": "class Migration(migrations.Migration):\n    pass\n",
        "java/src/main/resources/db/migration/V1__a.sql": "",
        "api/sql/migrations/1_a.sql": "",
        "tests/migrations/1_a.sql": "",
        "vendor/lib/migrations/1_a.sql": "",
    }
    found = detect(tree(files))
    assert [(loc.name, loc.tool, loc.path) for loc in found] == [
        ("api-alembic", "alembic", "api/migrations"),
        ("web", "django", "web"),
        ("main", "flyway", "java/src/main/resources/db/migration"),
        ("api-sql", "sql", "api/sql/migrations"),
    ]
    for location in found:
        assert read_state(tree(files), location).count == 1


def test_an_empty_repository_has_no_locations(tree):
    assert detect(tree({})) == ()


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ('create table if not exists public."Order Lines" (id int)', ("Order Lines",)),
        ("CREATE TABLE a (x int REFERENCES b ON UPDATE CASCADE ON DELETE SET NULL)", ("a",)),
        ("alter table only `shop`.`orders` add x int; DROP TABLE IF EXISTS [dbo].[old]", ("old", "orders")),
        ("INSERT INTO a VALUES ('; drop table b'); -- update c set\n/* delete from d */", ("a",)),
        ("CREATE UNIQUE INDEX CONCURRENTLY ix ON orders (x)", ("orders",)),
        ("comment on column shop.orders.total is 'x'; comment on table items is 'y'", ("items", "orders")),
        ("INSERT INTO a (x) VALUES (1) ON CONFLICT DO UPDATE SET x = 2", ("a",)),
        ("-- +goose Up\nCREATE TABLE a (x int);\n-- +goose Down\nDROP TABLE b;", ("a",)),
        ("DO $$ BEGIN UPDATE a SET x = 1; DELETE FROM b; END $$;", ("a", "b")),
        ("SELECT 1", ()),
        ("", ()),
    ],
)
def test_tables_are_hinted_from_sql(text, tables):
    assert sql_tables(text) == tables


@pytest.mark.parametrize(
    "text",
    [
        "create index " * 20_000,
        "create index " + "x" * 200_000,
        "create table " * 20_000,
        "update " + "a." * 100_000,
        "a." * 100_000,
        "'" * 99_999,
        '"' * 99_999,
        "`a " * 60_000,
        "[" * 200_000,
        "/* " * 50_000,
        "$a" * 90_000,
        ";" + " " * 200_000,
    ],
    ids=range(12),
)
def test_the_hint_takes_little_time_on_every_sql_text(text):
    start = time.process_time()
    sql_tables(text)
    assert time.process_time() - start < 2


def test_fifteen_hundred_revisions_take_less_than_a_second(tree, at):
    body = "".join(
        f'    op.create_table(\n        "table_{n}",\n        sa.Column("id", sa.Integer(), nullable=False),\n'
        f'        sa.Column("name", sa.String(length=250), nullable=True),\n'
        f'        sa.ForeignKeyConstraint(["x"], ["y.id"]),\n        sa.PrimaryKeyConstraint("id"),\n    )\n'
        for n in range(3)
    )
    files = {
        f"db/versions/{n:04d}.py": f'"""Message"""\nrevision = "{n:04d}"\ndown_revision = "{n - 1:04d}"\n'
        f"def upgrade():\n{body}\ndef downgrade():\n    op.drop_table('table_1')\n"
        for n in range(1, 1501)
    }
    files["db/versions/0000.py"] = "revision = '0000'\n"
    start = time.process_time()
    state = read_state(tree(files), at("alembic", "db"))
    assert time.process_time() - start < 1.5
    assert state.heads == ("1500",)
