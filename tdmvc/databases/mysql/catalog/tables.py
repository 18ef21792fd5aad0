"""Reads what the catalog of a server declares: one query for all tables of each kind of declaration."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from tdmvc.databases.mysql.catalog.indexes import IndexPart, read_indexes
from tdmvc.databases.mysql.catalog.relations import Key, MysqlTable
from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection, Row, text_of
from tdmvc.databases.mysql.names import text_literals, without_escapes
from tdmvc.model.declarations import Check, ForeignKey, ReferenceActions

_MOST_NAMED = 500
"""More tables than that are read with all others of their schema."""


def read_declared(
    connection: MysqlConnection, tables: Sequence[MysqlTable], name_of: Callable[[str, str], str | None]
) -> dict[Key, MysqlTable]:
    """Return tables with all that they declare.

    Args:
        tables: as `read_names` gives them.
        name_of: returns the name of a table in a dataset, by schema and table; None for one that is not read.
    """
    if not tables:
        return {}
    scope = _Scope(connection, tables)
    columns = _columns(scope)
    checks = _checks(scope)
    indexes = _indexes(scope)
    references = _references(scope, name_of)
    return {
        (table.schema, table.name): _declared(
            table,
            columns[table.schema, table.name],
            checks[table.schema, table.name],
            indexes[table.schema, table.name],
            references[table.schema, table.name],
        )
        for table in tables
    }


class _Scope:
    """Selects rows of the catalog that belong to the tables to read."""

    def __init__(self, connection: MysqlConnection, tables: Sequence[MysqlTable]) -> None:
        self.connection = connection
        self.keys = {(table.schema, table.name) for table in tables}
        self.names = {(schema, name.lower()): name for schema, name in self.keys}
        self.schemas = sorted({table.schema for table in tables})

    def read(
        self, select: str, table: str, *, schema: str = "TABLE_SCHEMA", name: str = "TABLE_NAME"
    ) -> list[Row]:
        """Return rows of a table of the catalog whose first two columns are schema and table."""
        where = f"{schema} IN ({text_literals(self.schemas)})"
        if len(self.keys) <= _MOST_NAMED:
            where += f" AND {name} IN ({text_literals(sorted(key[1] for key in self.keys))})"
        rows = self.connection.query(
            f"SELECT {select} FROM information_schema.{table} WHERE {where}", "Reading the catalog"
        )
        found: list[Row] = []
        for row in rows:
            texts = [text_of(value) if value is not None else None for value in row]
            actual = self.names.get((str(texts[0]), str(texts[1]).lower()))
            if actual is not None:
                found.append([texts[0], actual, *texts[2:]])
        return found


def _columns(scope: _Scope) -> defaultdict[Key, list[MysqlColumn]]:
    rows = scope.read(
        "TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE, "
        "DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, "
        "COLUMN_COMMENT, GENERATION_EXPRESSION, ORDINAL_POSITION",
        "COLUMNS",
    )
    found: defaultdict[Key, list[MysqlColumn]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row[15])):
        found[row[0], row[1]].append(
            MysqlColumn(
                row[2],
                row[3],
                row[4].lower(),
                _number(row[5]),
                _number(row[6]),
                _number(row[7]) or 0,
                row[8],
                row[9],
                row[10] == "NO",
                row[11],
                (row[12] or "").lower(),
                row[13] or "",
                row[14] or "" if scope.connection.is_mariadb else without_escapes(row[14] or ""),
                row[4].lower() == "json",
            )
        )
    return found


def _number(value: str | None) -> int | None:
    return int(value) if value else None


def _checks(scope: _Scope) -> defaultdict[Key, list[tuple[str, str, str]]]:
    """Return name, expression and level (`column`, `table`, `off`) of each CHECK."""
    found: defaultdict[Key, list[tuple[str, str, str]]] = defaultdict(list)
    if scope.connection.is_mariadb:
        rows = scope.read(
            "CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, LEVEL",
            "CHECK_CONSTRAINTS",
            schema="CONSTRAINT_SCHEMA",
        )
    elif scope.connection.version >= (8, 0, 16):
        rows = scope.read(
            "t.TABLE_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE, IF(t.ENFORCED = 'NO', 'off', 'table')",
            "TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c "
            "ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME",
            schema="t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA",
            name="t.TABLE_NAME",
        )
    else:
        rows = []
    for schema, table, name, clause, level in rows:
        text = str(clause)
        if not scope.connection.is_mariadb:
            text = without_escapes(text)
        found[schema, table].append((str(name), text, str(level).lower()))
    return found


def _indexes(scope: _Scope) -> defaultdict[Key, list[IndexPart]]:
    expression = (
        "EXPRESSION" if not scope.connection.is_mariadb and scope.connection.version >= (8, 0, 13) else "NULL"
    )
    rows = scope.read(
        "TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, "
        f"{expression}, SEQ_IN_INDEX",
        "STATISTICS",
    )
    found: defaultdict[Key, list[IndexPart]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row[9])):
        written = without_escapes(row[8]) if row[8] else None
        found[row[0], row[1]].append(
            IndexPart(row[2], row[3] == "0", row[4], written, row[5] == "D", _number(row[6]), row[7])
        )
    return found


def _references(
    scope: _Scope, name_of: Callable[[str, str], str | None]
) -> defaultdict[Key, list[ForeignKey | str]]:
    """Return references in the order of their names, or why one is left out."""
    used = scope.read(
        "TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, "
        "REFERENCED_COLUMN_NAME, ORDINAL_POSITION",
        "KEY_COLUMN_USAGE",
        schema="REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA",
    )
    rules = scope.read(
        "CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE",
        "REFERENTIAL_CONSTRAINTS",
        schema="CONSTRAINT_SCHEMA",
    )
    actions = {(row[0], row[1], row[2]): ReferenceActions(_action(row[3]), _action(row[4])) for row in rules}
    parts: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in sorted(used, key=lambda row: int(row[7])):
        parts[row[0], row[1], row[2]].append(row)
    found: defaultdict[Key, list[ForeignKey | str]] = defaultdict(list)
    for (schema, table, name), rows in sorted(parts.items()):
        target = name_of(rows[0][4], rows[0][5])
        if target is None:
            found[schema, table].append(f"the reference to {rows[0][4]}.{rows[0][5]}")
            continue
        columns, to = tuple(row[3] for row in rows), tuple(row[6] for row in rows)
        found[schema, table].append(
            ForeignKey(columns, target, to, actions.get((schema, table, name), ReferenceActions()))
        )
    return found


def _action(rule: str) -> str:
    # Both check at once, and each server shows another one for a reference that names neither.
    return "no action" if rule.upper() in ("RESTRICT", "NO ACTION") else rule.lower()


def _declared(
    table: MysqlTable,
    columns: list[MysqlColumn],
    checks: list[tuple[str, str, str]],
    indexes: list[IndexPart],
    references: list[ForeignKey | str],
) -> MysqlTable:
    json_checks = {f"json_valid(`{column.name}`)" for column in columns if column.kind == "longtext"}
    json_columns = {text[12:-2] for _, text, _ in checks if text in json_checks}
    kept = [column for column in columns if column.generation.upper() not in ("ROW START", "ROW END")]
    found = read_indexes(indexes)
    left_out = [f"the period column {column.name}" for column in columns if column not in kept]
    left_out += ["WITH SYSTEM VERSIONING, and with it old rows"] if table.is_versioned else []
    left_out += ["partitioning"] if table.is_partitioned else []
    left_out += [f"engine {table.engine}"] if table.engine and not table.is_transactional else []
    left_out += found.left_out
    left_out += [one for one in references if isinstance(one, str)]
    left_out += [f"INVISIBLE of {column.name}" for column in kept if "invisible" in column.extra]
    left_out += [f"the check {name}, which is not enforced" for name, _, level in checks if level == "off"]
    return replace(
        table,
        columns=tuple(
            replace(column, is_json=column.is_json or column.name in json_columns) for column in kept
        ),
        key=found.key,
        unique=found.unique,
        unique_keys=found.unique_keys,
        indexes=found.indexes,
        checks=tuple(
            # MariaDB calls the check of a column as the column.
            Check(text, None if level == "column" else name, "mysql")
            for name, text, level in checks
            if level != "off" and text not in json_checks
        ),
        references=tuple(one for one in references if isinstance(one, ForeignKey)),
        left_out=tuple(left_out),
    )
