"""Databases of MariaDB for an environment, from a template that is made once, with a small schema with rows."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from tdmvc.environments.base import EmbeddedServer, EphemeralDatabase, TemplateBuild, TemplateKey
from tdmvc.environments.mariadb import EmbeddedMariadb
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location, ServerLocation
from tests.servers import without_package

KEY = TemplateKey("schema", "rows", "golden@1.0.0")

SCHEMA = (
    "CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(5000) UNIQUE, "
    "size INT AS (length(name)) STORED, seen TIMESTAMP NULL, CHECK (name <> 'refused'))",
    "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, customer INT, note TEXT, "
    "FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)",
    "CREATE TABLE `lines` (id INT PRIMARY KEY, `order` INT, "
    "FOREIGN KEY (`order`) REFERENCES orders (id) ON DELETE SET NULL)",
    "CREATE TABLE isam (id INT AUTO_INCREMENT PRIMARY KEY, x TEXT) ENGINE=MyISAM",
    "CREATE TABLE aria (id INT, x TEXT) ENGINE=Aria",
    "CREATE TABLE memory (id INT) ENGINE=MEMORY",
    "CREATE TABLE wide (a VARCHAR(20), b INT, c INT UNIQUE, d FLOAT, e DOUBLE, f ENUM('x', 'y', ''), g BLOB, "
    "h DECIMAL(10, 3), i DATETIME(6), j JSON, k BIT(9), l VARCHAR(20), PRIMARY KEY (a, b))",
    "CREATE TABLE parts (a TEXT, b INT, PRIMARY KEY (a(3), b))",
    "CREATE TABLE audited (id INT AUTO_INCREMENT PRIMARY KEY)",
    "CREATE TABLE audit (at INT)",
    "CREATE TRIGGER audited_insert AFTER INSERT ON audited FOR EACH ROW INSERT INTO audit VALUES (NEW.id)",
    "CREATE TABLE kept (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
    "CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 10 CACHE 5",
    "CREATE VIEW names AS SELECT name FROM customers",
    "CREATE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 2 * x",
    "CREATE PROCEDURE add_customer (IN given TEXT) INSERT INTO customers (name) VALUES (given)",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM audit",
)
ROWS = (
    "INSERT INTO customers (id, name, seen) VALUES (1, 'Ann', '2024-02-03 04:05:06'), (2, 'Bo', NULL)",
    "INSERT INTO orders VALUES (1, 1, 'first'), (2, 2, NULL)",
    "INSERT INTO `lines` VALUES (1, 1), (2, 2)",
    "INSERT INTO isam VALUES (1, 'x')",
    "INSERT INTO aria VALUES (1, 'x'), (1, 'x')",
    "INSERT INTO wide VALUES ('a', 1, 1, 0.1, 0.1, 'x', 'g', 1.5, '2024-01-01', '{}', 1, 'text'), "
    "('b', 1, 2, 1e-30, 1e300, '', NULL, NULL, NULL, NULL, NULL, NULL), "
    "('b', 2, 3, 0, 0, 'y', '', 0, NULL, '1', 2, 't')",
    "INSERT INTO parts VALUES ('one', 1), ('two', 1)",
    "INSERT INTO audited VALUES (1)",
    "INSERT INTO kept VALUES (1)",
    "ALTER TABLE orders AUTO_INCREMENT = 50",
    "SELECT NEXTVAL(numbers)",
)


def connect(location: Location, **options: Any) -> Any:
    """Return a connection of an application."""
    assert isinstance(location, ServerLocation)
    return pymysql.connect(
        host=location.host,
        port=location.port or 0,
        user=location.user,
        password=location.password or "",
        database=location.database,
        **{"autocommit": True, **options},
    )


def run(location: Location, statements: tuple[str, ...]) -> None:
    with closing(connect(location)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def build(schema: tuple[str, ...] = SCHEMA, rows: tuple[str, ...] = ROWS) -> TemplateBuild:
    return TemplateBuild(lambda location: run(location, schema), lambda location: run(location, rows))


def content(location: Location) -> dict[str, object]:
    """Return all that a database has: rows, definitions, next numbers."""
    found: dict[str, object] = {}
    with closing(connect(location)) as connection, connection.cursor() as cursor:

        def query(sql: str) -> list[Any]:
            cursor.execute(sql)
            return list(cursor.fetchall())

        found["databases"] = query("SHOW DATABASES")
        for name, kind in query("SHOW FULL TABLES"):
            if kind == "SEQUENCE":
                found[f"sequence {name}"] = (
                    query(f"SHOW CREATE SEQUENCE `{name}`"),
                    query(f"SELECT * FROM `{name}`"),
                )
                continue
            found[f"definition of {name}"] = query(f"SHOW CREATE TABLE `{name}`")
            every = " FOR SYSTEM_TIME ALL" if "VERSIONED" in kind else ""
            found[f"rows of {name}"] = sorted(query(f"SELECT * FROM `{name}`{every}"), key=repr)
        found["next"] = query(
            "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1"
        )
        for kind in (
            "TRIGGERS",
            "EVENTS",
            "PROCEDURE STATUS WHERE Db = 'app'",
            "FUNCTION STATUS WHERE Db = 'app'",
        ):
            found[kind] = query(f"SHOW {kind}")
        found["accounts"] = query("SELECT User, Host FROM mysql.global_priv ORDER BY 1, 2")
    return found


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMariadb]:
    folder = tmp_path_factory.mktemp("templates")
    try:
        yield EmbeddedMariadb(EmbeddedServer("mysql"), folder=folder)
    except DatabaseError as error:
        without_package(error)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database(provider: EmbeddedMariadb) -> Iterator[EphemeralDatabase]:
    with provider.open(KEY, build()) as source:
        yield source.create()


@pytest.fixture(scope="module")
def seeded(database: EphemeralDatabase) -> dict[str, object]:
    return content(database.location)
