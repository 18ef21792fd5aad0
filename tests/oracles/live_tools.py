"""Real migration tools that apply folders of migrations to real databases."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.oracles.oracle import PACKAGES, PROGRAMS, packaged_command, require_program
from tests.servers import DatabaseServer

Files = Mapping[str, str]


@dataclass(frozen=True)
class LiveTool:
    """A migration tool: what it reads, and how it is run."""

    name: str
    """As tdmvc.yaml calls it."""
    path: str
    """The location's path."""
    files: Callable[[int], Files]
    """Returns the first so many migrations: each makes a table `t1`, `t2`, …"""
    apply: Callable[[Path, DatabaseServer, str], None]
    """Applies all migrations of a folder to a database of a server."""
    table: str
    """The table that it makes, with its schema if that is not the default one."""
    ids: tuple[str, ...]
    """Of the first three migrations; of Django, with that of another application."""

    @property
    def is_for_mysql(self) -> bool:
        """Whether it can also run on MariaDB here, with what is installed."""
        return self.name in {"alembic", "django", "yoyo", "dbmate", "liquibase"} and "." not in self.table


def run(words: list[str], folder: Path, **environment: str) -> None:
    """Run a program.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(
        words, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _numbered(pattern: str, text: str) -> Callable[[int], Files]:
    """Return files with NUMBER in their names and texts."""
    return lambda count: {
        pattern.replace("NUMBER", str(n)): text.replace("NUMBER", str(n)) for n in range(1, count + 1)
    }


# Tools in Python run in a process of their own, because they keep what they have imported.
_ALEMBIC_ENV = """
from alembic import context
from sqlalchemy import create_engine, text

with create_engine(context.config.attributes["url"]).connect() as connection:
    schema = context.config.attributes["schema"]
    if schema:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        connection.commit()
    context.configure(connection=connection, version_table_schema=schema)
    with context.begin_transaction():
        context.run_migrations()
"""
_ALEMBIC_RUN = """
import sys
from alembic import command
from alembic.config import Config

config = Config()
config.set_main_option("script_location", "db")
config.attributes.update(url=sys.argv[1], schema=sys.argv[2] or None)
command.upgrade(config, "head")
"""


def _alembic_files(count: int) -> Files:
    files = {"db/env.py": _ALEMBIC_ENV, "run.py": _ALEMBIC_RUN}
    for n in range(1, count + 1):
        down = repr(f"r{n - 1}") if n > 1 else None
        files[f"db/versions/r{n}.py"] = (
            f'from alembic import op\n\nrevision = "r{n}"\ndown_revision = {down}\n\n\n'
            f'def upgrade():\n    op.execute("CREATE TABLE t{n} (id int)")\n'
        )
    return files


def _alembic(schema: str) -> Callable[[Path, DatabaseServer, str], None]:
    def apply(folder: Path, server: DatabaseServer, database: str) -> None:
        url = (
            server.url(database)
            .replace("postgresql:", "postgresql+psycopg:")
            .replace("mysql:", "mysql+pymysql:")
        )
        run([sys.executable, "run.py", url, schema], folder)

    return apply


_DJANGO_RUN = """
import sys
import django
from django.conf import settings
from django.core.management import call_command

engine, name, user, password, host, port = sys.argv[1:]
if engine == "mysql":
    import pymysql
    pymysql.version_info = (2, 2, 1, "final", 0)
    pymysql.install_as_MySQLdb()
settings.configure(
    INSTALLED_APPS=["shop", "mail"],
    DATABASES={"default": {"ENGINE": f"django.db.backends.{engine}", "NAME": name, "USER": user,
                           "PASSWORD": password, "HOST": host, "PORT": port}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
call_command("migrate", verbosity=0)
"""


def _django_files(count: int) -> Files:
    files = {
        "run.py": _DJANGO_RUN,
        "manage.py": "",
        "mail/__init__.py": "",
        "mail/migrations/__init__.py": "",
        "mail/migrations/0001_initial.py": _django_migration(1, "[('shop', '0001_t')]", "m"),
        "shop/__init__.py": "",
        "shop/migrations/__init__.py": "",
    }
    for n in range(1, count + 1):
        before = f"[('shop', '{n - 1:04}_t')]" if n > 1 else "[]"
        files[f"shop/migrations/{n:04}_t.py"] = _django_migration(n, before, "t")
    return files


def _django_migration(number: int, before: str, table: str) -> str:
    return (
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f"    dependencies = {before}\n"
        f'    operations = [migrations.RunSQL("CREATE TABLE {table}{number} (id int)")]\n'
    )


def _django(folder: Path, server: DatabaseServer, database: str) -> None:
    at = server.running
    engine = "mysql" if at.scheme == "mysql" else "postgresql"
    run([sys.executable, "run.py", engine, database, at.user, at.password, at.host, str(at.port)], folder)


_YOYO_RUN = """
import sys
from yoyo import get_backend, read_migrations

backend = get_backend(sys.argv[1])
with backend.lock():
    backend.apply_migrations(backend.to_apply(read_migrations("m")))
"""


def _yoyo(folder: Path, server: DatabaseServer, database: str) -> None:
    (folder / "run.py").write_text(_YOYO_RUN)
    run(
        [sys.executable, "run.py", server.url(database).replace("postgresql:", "postgresql+psycopg:")], folder
    )


def _node(tool: str) -> Callable[[Path, DatabaseServer, str], None]:
    def apply(folder: Path, server: DatabaseServer, database: str) -> None:
        require_program("node", package=tool.replace("drizzle", "drizzle-orm"))
        require_program("node", package="pg")
        run(["node", str(PROGRAMS / "migrate.js"), tool, str(folder / "m"), server.url(database)], folder)

    return apply


def _drizzle_files(count: int) -> Files:
    entries = [
        {"idx": n, "when": 1700000000000 + n, "tag": f"000{n}_t", "breakpoints": True} for n in range(count)
    ]
    journal = {"version": "7", "dialect": "postgresql", "entries": entries}
    texts = {f"m/000{n}_t.sql": f"CREATE TABLE t{n} (id int);\n" for n in range(count)}
    return {"m/meta/_journal.json": json.dumps(journal), **texts}


def _dbmate(folder: Path, server: DatabaseServer, database: str) -> None:
    words = [packaged_command("dbmate"), "--migrations-dir", "m", "--no-dump-schema", "migrate"]
    url = server.url(database)
    run(words, folder, DATABASE_URL=url if url.startswith("mysql") else f"{url}?sslmode=disable")


def _sqitch_files(count: int) -> Files:
    lines = ["%syntax-version=1.0.0", "%project=shop", ""]
    files = {}
    for n in range(1, count + 1):
        lines.append(f"c{n} 2024-01-0{n}T00:00:00Z Ann <ann@example.com> # Makes t{n}.")
        files[f"m/deploy/c{n}.sql"] = f"CREATE TABLE t{n} (id int);\n"
    return {"m/sqitch.plan": "\n".join([*lines, ""]), "m/sqitch.conf": "[core]\n\tengine = pg\n", **files}


def _sqitch(folder: Path, server: DatabaseServer, database: str) -> None:
    require_program("sqitch")
    require_program("psql")
    at = server.running
    target = f"db:pg://{at.user}@{at.host}:{at.port}/{database}"
    who = {"SQITCH_FULLNAME": "Ann", "SQITCH_EMAIL": "ann@example.com"}
    run(["sqitch", "deploy", "--no-verify", target], folder / "m", PGPASSWORD=at.password, **who)


def _liquibase_files(count: int) -> Files:
    sets = (f"--changeset ann:{n}\nCREATE TABLE t{n} (id int);\n" for n in range(1, count + 1))
    return {"m/changelog.sql": "--liquibase formatted sql\n\n" + "\n".join(sets)}


def _liquibase(folder: Path, server: DatabaseServer, database: str) -> None:
    require_program("java", package="liquibase")
    jars = PACKAGES / "liquibase/dist/liquibase/internal/lib/*"
    at = server.running
    kind = "mariadb" if at.scheme == "mysql" else "postgresql"
    words = ["java", "-XX:TieredStopAtLevel=1", "-cp", str(jars)]
    words += ["liquibase.integration.commandline.LiquibaseCommandLine", "--changelog-file=changelog.sql"]
    words += [f"--url=jdbc:{kind}://{at.host}:{at.port}/{database}", f"--username={at.user}"]
    run([*words, "update"], folder / "m", LIQUIBASE_COMMAND_PASSWORD=at.password)


_KNEX = "exports.up = (db) => db.raw('CREATE TABLE tNUMBER (id int)');\nexports.down = async () => {};\n"

TOOLS = (
    LiveTool("alembic", "db", _alembic_files, _alembic(""), "alembic_version", ("r1", "r2", "r3")),
    LiveTool(
        "alembic", "db", _alembic_files, _alembic("ledger"), "ledger.alembic_version", ("r1", "r2", "r3")
    ),
    LiveTool(
        "django",
        ".",
        _django_files,
        _django,
        "django_migrations",
        ("shop.0001_t", "mail.0001_initial", "shop.0002_t", "shop.0003_t"),
    ),
    LiveTool(
        "yoyo",
        "m",
        _numbered("m/000NUMBER-t.sql", "CREATE TABLE tNUMBER (id int)\n"),
        _yoyo,
        "_yoyo_migration",
        ("0001-t", "0002-t", "0003-t"),
    ),
    LiveTool(
        "knex",
        "m",
        _numbered("m/000NUMBER_t.js", _KNEX),
        _node("knex"),
        "knex_migrations",
        ("0001_t.js", "0002_t.js", "0003_t.js"),
    ),
    LiveTool(
        "node-pg-migrate",
        "m",
        _numbered("m/NUMBER_t.sql", "-- Up Migration\nCREATE TABLE tNUMBER (id int);\n"),
        _node("node-pg-migrate"),
        "pgmigrations",
        ("1_t", "2_t", "3_t"),
    ),
    LiveTool(
        "kysely",
        "m",
        _numbered(
            "m/000NUMBER_t.js",
            "exports.up = async (db) => {\n"
            "  await db.schema.createTable('tNUMBER').addColumn('id', 'integer').execute();\n};\n",
        ),
        _node("kysely"),
        "kysely_migration",
        ("0001_t", "0002_t", "0003_t"),
    ),
    LiveTool(
        "typeorm",
        "m",
        _numbered(
            "m/NUMBER.js",
            "class TNUMBER170000000000NUMBER {\n"
            "  name = 'TNUMBER170000000000NUMBER';\n"
            "  async up(runner) { await runner.query('CREATE TABLE tNUMBER (id int)'); }\n  async down() {}\n}\n"
            "module.exports = { TNUMBER170000000000NUMBER };\n",
        ),
        _node("typeorm"),
        "migrations",
        ("T11700000000001", "T21700000000002", "T31700000000003"),
    ),
    LiveTool(
        "drizzle",
        "m",
        _drizzle_files,
        _node("drizzle"),
        "drizzle.__drizzle_migrations",
        ("0000_t", "0001_t", "0002_t"),
    ),
    LiveTool(
        "dbmate",
        "m",
        _numbered("m/NUMBER_t.sql", "-- migrate:up\nCREATE TABLE tNUMBER (id int);\n-- migrate:down\n"),
        _dbmate,
        "schema_migrations",
        ("1", "2", "3"),
    ),
    LiveTool("sqitch", "m", _sqitch_files, _sqitch, "sqitch.changes", ("c1", "c2", "c3")),
    LiveTool(
        "liquibase",
        "m/changelog.sql",
        _liquibase_files,
        _liquibase,
        "databasechangelog",
        ("m/changelog.sql::1::ann", "m/changelog.sql::2::ann", "m/changelog.sql::3::ann"),
    ),
)
