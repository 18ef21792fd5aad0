"""What a template's key depends on, and what it does not depend on."""

import itertools
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.environments.base import TemplateKey
from tdmvc.environments.planning.datasets import choose_states
from tdmvc.environments.planning.key import template_key
from tdmvc.environments.planning.migrations import plan_migration
from tdmvc.environments.running.migrating import Migrator
from tdmvc.environments.running.processes import ProcessGroups
from tdmvc.environments.running.services import plan_services
from tdmvc.model.environment import Environment, RowLayout, Service
from tdmvc.model.location import PathLocation
from tdmvc.model.seeding import SeedOptions
from tdmvc.seeding.states import open_states
from tdmvc.workspace.workspace import Workspace
from tests.builders import add_tables, commit_all, copy_repo, git, publish, run_quietly

BASE = Environment("local", "sqlite:///x.db", migrate="true", migrate_inputs=("app/models/**",))


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = copy_repo(template, tmp_path_factory.mktemp("keys") / "app")
    for name, text in {
        "migrations/0001_first.sql": "CREATE TABLE customers (id int primary key);",
        "migrations/helper.py": "x = 1",
        "app/models/deep/order.py": "class Order: ...",
        "app/views.py": "def index(): ...",
        "requirements.txt": "django==5.0\n",
    }.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)
    (app / ".gitignore").write_text("app/models/local.py\n")
    with (app / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: sql, path: migrations}\n")
    add_tables(app, {"customers": "id\n1\n2\n"})
    source = app.parent / "countries.csv"
    source.write_text("id\n1\n")
    run_quietly(app, "add", "reference", source, "--key", "countries=id", "--kind", "reference")
    commit_all(app, "Start")
    return app


@pytest.fixture
def app(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def key_of(
    app: Path, environment: Environment = BASE, engine: str = "sqlite 3", offset: int = 0
) -> TemplateKey:
    with Workspace.open(app) as workspace:
        states = open_states(workspace, choose_states(workspace, environment), SeedOptions())
        plan = plan_migration(workspace, environment, "sqlite")
        return template_key(workspace, environment, plan, states, engine, RowLayout(offset))


def write(name: str, text: str = "changed") -> Callable[[Path], None]:
    def change(app: Path) -> None:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)

    return change


def add_rows(dataset: str, table: str) -> Callable[[Path], None]:
    def change(app: Path) -> None:
        source = app.parent / f"{table}.csv"
        source.write_text("id\n1\n7\n")
        run_quietly(app, "add", dataset, source, "--key", f"{table}=id")

    return change


@pytest.mark.parametrize(
    "change",
    [
        write("migrations/0001_first.sql"),
        write("migrations/0002_second.sql"),
        write("migrations/helper.py"),
        write("app/models/deep/order.py"),
        write("app/models/local.py"),  # Git ignores it, and a pattern names it
        write("requirements.txt"),
        write("uv.lock"),
        lambda app: (app / "app/models/deep/order.py").unlink(),
        lambda app: (app / "app/models/deep/order.py").rename(app / "app/models/order.py"),
        add_rows("reference", "countries"),  # an upsert leaves rows that a difference does not remove
    ],
)
def test_what_the_schema_depends_on_changes_the_schema(app: Path, change: Callable[[Path], None]) -> None:
    before = key_of(app)
    change(app)
    assert key_of(app).schema != before.schema


@pytest.mark.parametrize(
    "change",
    [
        write("app/views.py"),
        write("migrations/__pycache__/helper.cpython-311.pyc"),
        write("README.md"),
        lambda app: git(app, "commit", "-q", "--allow-empty", "-m", "Nothing"),
        lambda app: os.utime(app / "migrations/0001_first.sql", (1, 1)),
    ],
)
def test_everything_else_leaves_the_key_as_it_is(app: Path, change: Callable[[Path], None]) -> None:
    before = key_of(app)
    change(app)
    assert key_of(app) == before


def test_other_rows_change_the_rows_only(app: Path) -> None:
    before = key_of(app)
    add_rows("golden", "customers")(app)
    after = key_of(app)
    assert after.schema == before.schema
    assert after.rows != before.rows


def test_a_version_with_the_same_rows_has_the_same_key(app: Path) -> None:
    before = key_of(app)
    publish(app)
    after = key_of(app, replace(BASE, datasets=("reference", "golden@1.0.0")))
    assert (after.schema, after.rows) == (before.schema, before.rows)
    assert after.label == "reference, golden@1.0.0"


@pytest.mark.parametrize(
    "environment",
    [
        replace(BASE, migrate="alembic upgrade head"),
        replace(BASE, exports={"DATABASE_URL": "{url}", "MODE": "test"}),
        replace(BASE, datasets=("golden",)),
        replace(BASE, exports={"DATABASE_URL": "{url}?schema=shop"}),
        replace(BASE, services=(Service("web", "x", exports={"TENANT": "shop"}),)),
        replace(BASE, migrate=None),
    ],
)
def test_settings_that_reach_the_migrations_change_the_schema(app: Path, environment: Environment) -> None:
    assert key_of(app, environment).schema != key_of(app).schema


def test_environments_that_differ_in_name_or_place_share_a_template(app: Path) -> None:
    other = replace(BASE, name="ci", database="sqlite:///y.db", policy={"a": "b"})
    assert key_of(app, other) == key_of(app)


VARIABLES: list[tuple[dict[str, str], tuple[Service, ...]]] = [
    ({"DATABASE_URL": "{url}"}, ()),
    ({"DATABASE_URL": "{url}"}, (Service("web", "x"),)),
    ({"DATABASE_URL": "{url}"}, (Service("web", "y", exports={"WEB": "http://127.0.0.1:{port}/"}),)),
    (
        {"SHOP_DB": "{sqlalchemy_url}", "SHOP_DIR": "{path}"},
        (Service("queue", "z", exports={"Q": "{port}"}),),
    ),
    ({"DATABASE_URL": "{url}", "TENANT": "a"}, ()),
    ({"TENANT": "a"}, (Service("web", "x", exports={"WEB": "{port}", "TENANT": "b"}),)),
    ({"DATABASE_URL": "{url}", "TENANT": "b"}, ()),
    ({"DATABASE_URL": "{url}"}, (Service("web", "x", exports={"TENANT": "b"}),)),
    ({"DATABASE_URL": "{url}", "TENANT": ""}, ()),
    ({"DATABASE_URL": "{url}", "TENANT": "a", "MODE": "b"}, ()),
    ({"TENANT": "{path}"}, (Service("web", "x", exports={"TENANT": "b"}),)),
    ({"BRACES": "{{TENANT}}"}, ()),
]


def constants_seen(app: Path, environment: Environment, files: Path) -> dict[str, str]:
    """Return what a migrate command finds in its variables at every run, wherever the database and services are."""
    seen = []
    for number in range(2):
        (folder := files / str(number)).mkdir(parents=True)
        location = PathLocation(folder / "x.db", "sqlite")
        sqlite3.connect(location.path).execute("CREATE TABLE made (id)")
        printing = replace(environment, migrate=f"env -0 > {folder}/env")
        services = {
            name: text for one in plan_services(environment.services) for name, text in one.exports.items()
        }
        with Workspace.open(app) as workspace:
            plan = plan_migration(workspace, printing, "sqlite")
            Migrator(workspace, printing, plan, services, ProcessGroups(folder))(location)
        seen.append({tuple(line.split("=", 1)) for line in (folder / "env").read_text().split("\0") if line})
    return {name: text for name, text in seen[0] & seen[1] if name != "PWD" and os.environ.get(name) != text}


def test_keys_are_equal_exactly_if_migrations_see_the_same(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    environments = [replace(BASE, exports=exports, services=services) for exports, services in VARIABLES]
    keys = [key_of(app, one) for one in environments]
    seen = [constants_seen(app, one, tmp_path / str(number)) for number, one in enumerate(environments)]
    assert seen[5] == {"TENANT": "a"}
    for one, other in itertools.combinations(range(len(environments)), 2):
        assert (keys[one] == keys[other]) == (seen[one] == seen[other]), (VARIABLES[one], VARIABLES[other])


@pytest.mark.parametrize("change", [write("requirements.txt"), write("migrations/helper.py")])
def test_without_a_command_only_the_sql_files_count(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    scripts = replace(BASE, migrate=None, migrate_inputs=())
    before = key_of(app, scripts)
    install(tmp_path / "venv")
    monkeypatch.setenv("PATH", str(tmp_path / "venv" / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.other")
    change(app)
    assert key_of(app, replace(scripts, exports={"MODE": "test"})) == before
    write("migrations/0001_first.sql")(app)
    assert key_of(app, scripts) != before


def test_packages_of_python_do_not_count_for_the_usual_command_of_another_tool(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = install(tmp_path / "venv")
    monkeypatch.setenv("PATH", str(tmp_path / "venv" / "bin"), prepend=os.pathsep)
    text = (app / "tdmvc.yaml").read_text()
    (app / "tdmvc.yaml").write_text(text.replace("tool: sql", "tool: dbmate"))
    usual = replace(BASE, migrate=None)
    before = key_of(app, usual), key_of(app, replace(BASE, migrate="make migrate"))
    upgrade(packages)
    assert key_of(app, usual) == before[0]
    assert key_of(app, replace(BASE, migrate="make migrate")) != before[1]


def test_engine_sequences_settings_and_installed_packages_count(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(app)
    assert key_of(app, engine="sqlite 4") != before
    assert key_of(app, offset=1000) != before
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.other")
    assert key_of(app) != before
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert key_of(app) == before

    packages = install(tmp_path / "venv")
    monkeypatch.setenv("PATH", str(tmp_path / "venv" / "bin"), prepend=os.pathsep)
    first = key_of(app)
    upgrade(packages)
    assert key_of(app) != first


def install(folder: Path) -> Path:
    """Make a virtual environment with a package, and return the folder of its packages."""
    packages = folder / "lib" / "python3.11" / "site-packages"
    (packages / "django-5.0.dist-info").mkdir(parents=True)
    (folder / "bin").mkdir()
    for name in ("python", "tool"):
        (folder / "bin" / name).write_text("#!/usr/bin/python\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "bin" / "activate").write_text("")
    return packages


def upgrade(packages: Path) -> None:
    (packages / "django-5.0.dist-info").rename(packages / "django-5.1.dist-info")


@pytest.mark.parametrize(
    "command",
    [
        "my_venv/bin/tool migrate",
        "{app}/my_venv/bin/tool migrate",
        "MODE=test my_venv/bin/tool migrate",
        "env -u MODE my_venv/bin/tool migrate",
        "(true;my_venv/bin/tool migrate)",
        ". my_venv/bin/activate && tool migrate",
        "sh -c 'my_venv/bin/tool migrate'",
        "'my venv/bin/tool' migrate",
        "my\\ venv/bin/tool migrate",
    ],
)
def test_packages_of_every_program_of_the_command_count(app: Path, command: str) -> None:
    packages = [install(app / "backend" / name) for name in ("my_venv", "my venv")]
    environment = replace(BASE, folder="backend", migrate=command.format(app=app / "backend"))
    first = key_of(app, environment)
    for folder in packages:
        upgrade(folder)
    assert key_of(app, environment) != first


@pytest.mark.timeout(60)
@pytest.mark.parametrize("target", ["/", ".", "..", "/dev/zero", "/dev/stdin", "missing", "pipe"])
@pytest.mark.parametrize("folder", ["app/models", "app/models/deep", "migrations", "."])
def test_links_and_pipes_below_the_inputs_are_not_followed(app: Path, target: str, folder: str) -> None:
    before = key_of(app)
    if target == "pipe":
        os.mkfifo(app / folder / "requirements-pipe.txt")
    else:
        (app / folder / "requirements-link.txt").symlink_to(target)
    assert key_of(app) == before


@pytest.mark.parametrize(
    "pattern", ["app/models", ".", "", "**", "app/**/order.py", "a**p/mod***/**/*.py", "*/models/**"]
)
def test_a_pattern_names_all_files_below_the_folders_that_it_names(app: Path, pattern: str) -> None:
    environment = replace(BASE, migrate_inputs=(pattern,))
    before = key_of(app, environment)
    write("app/models/deep/order.py")(app)
    assert key_of(app, environment).schema != before.schema


def test_packages_of_the_system_count_only_if_its_python_runs_the_command(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = install(tmp_path / "usr")
    (tmp_path / "usr" / "bin" / "python").unlink()
    (tmp_path / "usr" / "bin" / "head").write_bytes(b"\x7fELF")
    (tmp_path / "usr" / "bin" / "head").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "usr" / "bin"), prepend=os.pathsep)
    binary, script = (replace(BASE, migrate=command) for command in ("upgrade head", "tool upgrade head"))
    first = key_of(app, binary), key_of(app, script)
    upgrade(packages)
    assert key_of(app, binary) == first[0]
    assert key_of(app, script) != first[1]
