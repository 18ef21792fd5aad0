"""The tables of a server, and what else it has, by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import OWN_TABLES, text_literals
from tdmvc.model.declarations import Check, ForeignKey, Index, UniqueKey

_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_FOREIGN_ENGINES = frozenset({"FEDERATED", "CONNECT", "SPIDER", "S3", "BLACKHOLE", "PERFORMANCE_SCHEMA"})

Key = tuple[str, str]
"""Schema and table."""


@dataclass(frozen=True, slots=True)
class MysqlTable:
    """A table as the catalog describes it."""

    schema: str
    name: str
    engine: str = ""
    collation: str = ""
    comment: str = ""
    next_number: int | None = None
    """What AUTO_INCREMENT gives next."""
    rows: int = 0
    """An estimate."""
    is_partitioned: bool = False
    is_versioned: bool = False
    columns: tuple[MysqlColumn, ...] = ()
    key: tuple[str, ...] = ()
    unique: frozenset[str] = frozenset()
    """Columns that are unique by themselves."""
    unique_keys: tuple[UniqueKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    left_out: tuple[str, ...] = ()
    """What no dataset keeps, for a note."""

    @property
    def is_transactional(self) -> bool:
        """Whether the engine keeps versions of rows, so that a snapshot holds."""
        return self.engine.lower() in ("innodb", "rocksdb", "tokudb", "ndbcluster", "xtradb")


@dataclass(slots=True)
class CatalogNames:
    """What a server has, by name alone."""

    tables: dict[Key, MysqlTable] = field(default_factory=dict)
    relations: dict[Key, tuple[str, MysqlTable]] = field(default_factory=dict)
    """What has rows of other tables or of other servers, and its kind: `view`, `federated table`."""
    others: list[tuple[str, str]] = field(default_factory=list)
    """What has no rows at all, as kind and name: a sequence."""


def read_names(connection: MysqlConnection, schemas: Sequence[str]) -> CatalogNames:
    """Return the tables of schemas, without columns; those of tdmvc itself are left out."""
    rows = connection.query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT, AUTO_INCREMENT, "
        "TABLE_ROWS, CREATE_OPTIONS FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA IN ({text_literals(schemas)}) ORDER BY TABLE_SCHEMA, TABLE_NAME",
        "Reading the catalog",
    )
    found = CatalogNames()
    for row in rows:
        schema, name, kind, engine, collation, comment, number, estimate, options = map(text_of, row)
        table = MysqlTable(
            schema,
            name,
            engine,
            collation,
            comment if kind != "VIEW" else "",
            int(number) if number else None,
            int(estimate or 0),
            "partitioned" in options,
            kind == "SYSTEM VERSIONED",
        )
        is_foreign = engine.upper() in _FOREIGN_ENGINES
        if name in OWN_TABLES:
            continue
        if kind in ("BASE TABLE", "SYSTEM VERSIONED") and not is_foreign:
            found.tables[schema, name] = table
        elif kind == "VIEW" or is_foreign:
            found.relations[schema, name] = "view" if kind == "VIEW" else f"{engine.lower()} table", table
        else:
            found.others.append((kind.lower(), name))
    return found


def read_schemas(connection: MysqlConnection) -> list[str]:
    """Return the databases of the server that hold data of users."""
    rows = connection.query(
        f"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({text_literals(_SYSTEM)}) "
        "ORDER BY SCHEMA_NAME"
    )
    return [text_of(row[0]) for row in rows]
