"""Reads a script of SQL as a contract: the tables that it leaves behind when all of it has run."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.ddl.alterations import alter_table, rename_table
from tdmvc.contracts.ddl.clauses import read_sequence
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.defaults import text_of
from tdmvc.contracts.ddl.finishing import finish
from tdmvc.contracts.ddl.guarded import guarded_statements
from tdmvc.contracts.ddl.indexes import make_index
from tdmvc.contracts.ddl.made import Made
from tdmvc.contracts.ddl.script import DIALECTS, DdlScript, DdlStatement, dialect_of, full_dialect
from tdmvc.contracts.ddl.tables import comment_of, read_table
from tdmvc.contracts.ddl.type_alterations import alter_type, type_name
from tdmvc.contracts.ddl.type_words import read_type
from tdmvc.contracts.tables import imported
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import TableOptions, TypeKind, UserType

_LONGEST: Final = 10_000_000
_TABLE = re.compile(
    r"(?im)^[ \t]*(?:CREATE\s{1,9}(?:OR\s{1,9}REPLACE\s{1,9})?(?:\w{1,20}\s{1,9}){0,2}TABLE|ALTER\s{1,9}TABLE)\s"
)
_SESSION: Final = frozenset(
    {"SET", "SELECT", "PRAGMA", "BEGIN", "COMMIT", "START", "END", "LOCK", "UNLOCK", "USE", "ANALYZE"}
    | {"VACUUM", "CHECKPOINT", "ATTACH", "DETACH", "LOAD", "INSTALL", "SHOW", "FLUSH"}
)
"""What says nothing about tables."""
_ROWS: Final = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "COPY", "TRUNCATE", "MERGE"})


class DdlReader:
    """Reads SQL scripts that make tables."""

    name: Final = "sql"
    suffixes: Final = (".sql", ".ddl")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text has a statement that makes or alters a table."""
        return bool(_TABLE.search(text[:_LONGEST])) and "\0" not in text[:10_000]

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a script declares.

        Raises:
            ConfigError: it is wrong; the line is named.
        """
        return read_scripts([(text, path)], options)


def read_scripts(scripts: Iterable[tuple[str, str]], options: ImportOptions) -> ImportedContract:
    """Return what is left when scripts have run one after another, such as the migrations up to a state.

    Args:
        scripts: text and path of each.

    Raises:
        ConfigError: one is wrong; the file and the line are named.
    """
    listed = list(scripts)
    dialect = full_dialect(options.dialect) if options.dialect else dialect_of(*(text for text, _ in listed))
    path = listed[-1][1] if listed else ""
    if dialect not in DIALECTS:
        raise ConfigError.at(
            f"The dialect '{dialect[:40]}' is unknown.", path, remedy=f"use one of: {', '.join(DIALECTS)}."
        )
    made = Made(path, dialect)
    for text, own in listed:
        if len(text) > _LONGEST:
            raise ConfigError.at(
                f"The script is longer than {_LONGEST:,} characters.",
                own,
                remedy="export the schema without rows: `pg_dump --schema-only`, `mysqldump --no-data`.",
            )
        made.path = own
        script = DdlScript(text, dialect)
        reader = _Reader(script, made)
        for statement in script.statements():
            reader.read(statement)
    finish(made)
    if options.table is not None and options.table not in made.tables:
        raise ConfigError.at(
            f"The script makes no table '{options.table[:80]}'.",
            path,
            remedy="leave out --as: a script names its tables, and --tables chooses some of them.",
        )
    tables = [table for name, table in made.tables.items() if options.table is None or name == options.table]
    return imported(tables, made.notes, path)


class _Reader:
    """Reads the statements of one script."""

    def __init__(self, script: DdlScript, made: Made) -> None:
        self._script = script
        self._made = made

    def read(self, statement: DdlStatement) -> None:
        word = statement.tokens[0].keyword
        cursor = Cursor(self._script, statement.tokens, self._made.path)
        readers: Mapping[str, Callable[[Cursor, int], None]] = {
            "CREATE": self._create,
            "ALTER": self._alter,
            "COMMENT": self._comment,
            "DROP": self._drop,
            "RENAME": self._rename,
        }
        if word in readers:
            cursor.next()
            readers[word](cursor, statement.line)
        elif word in _ROWS or (word == "WITH" and not self._made.has_rows):
            if not self._made.has_rows:
                self._made.note(statement.line, "Rows are not read from a script: add them with `tdmvc add`.")
            self._made.has_rows = True
        elif word == "DO":
            self._do(statement)
        elif word in ("GRANT", "REVOKE"):
            self._made.note_once(statement.line, word, "contracts do not say who may use a table")
        elif word not in _SESSION:
            self._note(cursor, statement.line)

    def _do(self, statement: DdlStatement) -> None:
        """Read a block of PostgreSQL that only keeps statements from failing when it runs a second time."""
        statements = guarded_statements(self._script, statement)
        if statements is None:
            self._note(Cursor(self._script, statement.tokens, self._made.path), statement.line)
            return
        for script, one in statements:
            # What is there already is no error in such a block.
            with suppress(ConfigError):
                _Reader(script, self._made).read(one)

    def _note(self, cursor: Cursor, line: int) -> None:
        cursor.go_back(0)
        words = " ".join(token.text for token in cursor.rest()[:4])
        self._made.note(line, f"{words[:80]} … is not read, and has no effect.")

    def _create(self, cursor: Cursor, line: int) -> None:
        cursor.take("OR", "REPLACE")
        is_temporary, is_unlogged = False, False
        while (word := cursor.take_one("TEMP", "TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED")) is not None:
            is_temporary = is_temporary or word.startswith("TEMP")
            is_unlogged = is_unlogged or word == "UNLOGGED"
        if cursor.take("TABLE"):
            if is_temporary:
                self._made.note(line, "A temporary table is gone when the script has run, and is not read.")
                return
            self._table(cursor, line)
            if is_unlogged:
                list(self._made.tables.values())[-1].options = _unlogged()
        elif cursor.is_next("UNIQUE", "INDEX") or cursor.is_next("INDEX"):
            make_index(cursor, line, self._made)
        elif cursor.take("TYPE"):
            self._type(cursor, line)
        elif cursor.take("DOMAIN"):
            self._domain(cursor)
        elif cursor.take("SEQUENCE"):
            cursor.take("IF", "NOT", "EXISTS")
            name = cursor.qualified_name()
            self._made.sequences[name] = read_sequence(cursor)
        elif (word := cursor.take_one("SCHEMA", "DATABASE")) is not None:
            self._made.note_once(line, f"CREATE {word}", "a table has its schema in its name")
        else:
            self._note(cursor, line)

    def _table(self, cursor: Cursor, line: int) -> None:
        is_lenient = cursor.take("IF", "NOT", "EXISTS")
        name = cursor.qualified_name()
        made = self._made
        if made.dialect == "sqlite" and name.lower().startswith("sqlite_"):
            return
        if cursor.take("PARTITION", "OF"):
            made.partitions.add(name)
            return
        if not cursor.is_next("("):
            made.note(line, f"The table {name} is made from a query, and is not read.")
            return
        if (found := made.table(name)) is not None:
            if is_lenient:
                return
            raise found.node.error(f"The table '{name[:80]}' is made twice.")
        made.tables[name] = read_table(cursor, name, made)

    def _type(self, cursor: Cursor, line: int) -> None:
        made = self._made
        name = type_name(cursor)
        cursor.need("AS")
        if cursor.take("ENUM"):
            labels = tuple(text_of(one.next(), made.dialect) for one in cursor.parts(cursor.brackets()))
            made.types.types[name] = UserType(name, TypeKind.ENUM, made.dialect, labels)
        elif made.dialect == "duckdb":
            made.types.bases[name] = read_type(cursor)
        elif cursor.is_next("(") or cursor.is_next("RANGE"):
            kind = TypeKind.RANGE if cursor.is_next("RANGE") else TypeKind.COMPOSITE
            definition = " ".join(self._script.span(cursor.rest()).split())
            made.types.types[name] = UserType(name, kind, made.dialect, definition=definition)
        else:
            self._note(cursor, line)

    def _domain(self, cursor: Cursor) -> None:
        made = self._made
        name = type_name(cursor)
        cursor.take("AS")
        start = cursor.position
        made.types.bases[name] = read_type(cursor)
        cursor.rest()
        definition = " ".join(self._script.span(cursor.since(start)).split())
        made.types.types[name] = UserType(name, TypeKind.DOMAIN, made.dialect, definition=definition)

    def _alter(self, cursor: Cursor, line: int) -> None:
        if cursor.take("TABLE"):
            alter_table(cursor, self._made)
        elif self._made.dialect == "postgresql" and cursor.is_next("TYPE"):
            if not alter_type(cursor, self._made):
                self._note(cursor, line)
        elif cursor.is_next("SEQUENCE"):
            pass
        elif any(token.keyword == "OWNER" for token in cursor.rest()):
            self._made.note_once(line, "ALTER … OWNER", "contracts do not say who owns what")
        else:
            self._note(cursor, line)

    def _comment(self, cursor: Cursor, line: int) -> None:
        cursor.need("ON")
        if cursor.take("TABLE"):
            name = cursor.qualified_name()
            table = self._made.table(name)
            if table is not None:
                table.description = comment_of(cursor, self._made.dialect)
        elif cursor.take("COLUMN"):
            names = [cursor.name()]
            while cursor.take("."):
                names.append(cursor.name())
            table = self._made.table(names[-2]) if len(names) > 1 else None
            if table is None and len(names) > 2:
                table = self._made.table(".".join(names[-3:-1]))
            if table is not None and names[-1] in table.columns:
                text = comment_of(cursor, self._made.dialect)
                table.columns[names[-1]] = replace(table.columns[names[-1]], description=text)
        else:
            self._note(cursor, line)

    def _drop(self, cursor: Cursor, line: int) -> None:
        made = self._made
        if cursor.take("TABLE"):
            cursor.take("IF", "EXISTS")
            for part in cursor.parts(cursor.rest()):
                table = made.table(part.qualified_name())
                if table is not None:
                    del made.tables[table.name]
        elif cursor.take("INDEX"):
            cursor.take("CONCURRENTLY")
            cursor.take("IF", "EXISTS")
            name = cursor.qualified_name().rpartition(".")[2]
            for table in made.tables.values():
                gone = [one for one in table.indexes if one.name == name]
                table.indexes = [one for one in table.indexes if one.name != name]
                for column in (one.columns[0] for one in gone if one.is_unique and len(one.columns) == 1):
                    table.columns[column] = replace(table.columns[column], unique=False)
        elif not any(
            cursor.is_next(word) for word in ("TYPE", "DOMAIN", "SEQUENCE", "VIEW", "SCHEMA", "TRIGGER")
        ):
            self._note(cursor, line)

    def _rename(self, cursor: Cursor, line: int) -> None:
        if not cursor.take("TABLE"):
            self._note(cursor, line)
            return
        for part in cursor.parts(cursor.rest()):
            table = self._made.table(part.qualified_name())
            part.need("TO")
            if table is not None:
                rename_table(table, part.qualified_name(), self._made)


def _unlogged() -> TableOptions:
    return TableOptions(("UNLOGGED",), "postgresql")
