"""Finds the tables that a migration in a programming language may affect: a hint, never the truth.

Code is searched as text: for calls by their names, and for lines and strings that begin with an SQL statement.
"""

import re
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.sql_tables import MAX_SQL, NAME, STATEMENTS, tables_named

_QUOTED: Final = r"[\"'`]([^\"'`\n]{1,200})[\"'`]"

_SQL = re.compile(
    rf"(?:^|[\"'`;(])[ \t]*(?:{STATEMENTS}|update\s+(?:only\s+)?(?=[^\s;]{{1,200}}\s+set\b)){NAME}",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTE_IN_TEXT = re.compile(r"\\([\"'`])|\"\"")


@dataclass(frozen=True, slots=True)
class TablePatterns:
    """How the migrations of one tool name tables."""

    up: re.Pattern[str]
    """Where the up migration begins."""
    down: re.Pattern[str]
    """Where the down migration begins, which ends where the up migration begins or at the end of the file."""
    calls: tuple[re.Pattern[str], ...] = ()
    """Calls; each group is the name of a table."""

    def tables(self, code: str) -> tuple[str, ...]:
        """Return the tables that the up migration may affect, without schemas, sorted."""
        code = self.up_part(code[:MAX_SQL])
        found = sql_in_code(code)
        for call in self.calls:
            for match in call.finditer(code):
                found.update(name.rpartition(".")[2] for name in match.groups() if name)
        # A template is no name.
        return tuple(sorted(name for name in found if name and "{" not in name))

    def up_part(self, code: str) -> str:
        """Return code without its down migration."""
        down = self.down.search(code)
        if down is None:
            return code
        up = self.up.search(code, down.end())
        return code[: down.start()] + (code[up.start() :] if up else "")


def sql_in_code(code: str) -> set[str]:
    """Return the tables that SQL inside code seems to change, without schemas."""
    # Inside a string, an escaped or doubled quote is one quote.
    plain = _QUOTE_IN_TEXT.sub(lambda found: found[1] or '"', code[:MAX_SQL])
    return tables_named(_SQL.finditer(plain))


_GO_FUNCTION: Final = re.compile(r"^func[ \t]+", re.MULTILINE)


def go_tables(code: str) -> tuple[str, ...]:
    """Return the tables that SQL in Go seems to change, except in functions whose names begin with `down`."""
    functions = _GO_FUNCTION.split(code[:MAX_SQL])
    return tuple(sorted(sql_in_code("\n".join(f for f in functions if not f.lower().startswith("down")))))


def function_pattern(keyword: str, name: str) -> re.Pattern[str]:
    """Return a pattern for the definition of a function that a keyword begins, after any modifiers."""
    return re.compile(rf"^[ \t]*(?:\w+[ \t]+){{0,6}}{keyword}[ \t]+{name}\b", re.MULTILINE)


def _script_function(name: str) -> re.Pattern[str]:
    """Return a pattern for the definition of a function in JavaScript or TypeScript."""
    return re.compile(
        r"^[ \t]*(?:(?:export|public|static|async|const|let|var|function)[ \t]+|(?:module\.)?exports\.)*"
        rf"{name}\b[ \t]*[(:=]",
        re.MULTILINE,
    )


def _script_patterns(call: str) -> TablePatterns:
    """Return the patterns of a tool in JavaScript; `call` is a pattern for what precedes a table's name."""
    renamed = re.compile(rf"\.renameTable\(\s*{_QUOTED}\s*,\s*{_QUOTED}")
    return TablePatterns(
        _script_function("up"), _script_function("down"), (re.compile(call + _QUOTED), renamed)
    )


KNEX: Final = _script_patterns(
    r"(?:\.(?:createTable|createTableIfNotExists|createTableLike|alterTable|table|dropTable"
    r"|dropTableIfExists|into)|\b(?:knex|trx))\(\s*"
)
SEQUELIZE: Final = _script_patterns(
    r"\.(?:createTable|dropTable|addColumn|removeColumn|changeColumn|renameColumn|addIndex|removeIndex"
    r"|addConstraint|removeConstraint|bulkInsert|bulkUpdate|bulkDelete)\(\s*"
    r"(?:\{\s*(?:schema\s*:\s*[^,\n]{1,200},\s*)?tableName\s*:\s*)?"
)
TYPEORM: Final = _script_patterns(
    r"\.(?:createTable|dropTable|clearTable|changeTableComment|(?:add|drop|change)Columns?|renameColumn"
    r"|(?:create|drop)PrimaryKey|updatePrimaryKeys|createIndex|createIndices|dropIndex|dropIndices"
    r"|(?:create|drop)(?:Unique|Check|Exclusion)Constraints?|(?:create|drop)ForeignKeys?)\(\s*"
    r"(?:new\s+Table\(\s*\{\s*name\s*:\s*)?"
)
KYSELY: Final = _script_patterns(
    r"\.(?:createTable|alterTable|dropTable|insertInto|replaceInto|updateTable|deleteFrom|mergeInto|on|renameTo)\(\s*"
)
NODE_PG_MIGRATE: Final = _script_patterns(
    r"\bpgm\.(?:createTable|dropTable|alterTable|(?:add|drop|alter|rename)Columns?|(?:create|add|drop)Index"
    r"|(?:create|add|drop|rename)Constraint|createTrigger|dropTrigger|createPolicy|dropPolicy)\(\s*"
    r"(?:\{\s*(?:schema\s*:\s*[^,\n]{1,200},\s*)?name\s*:\s*)?"
)
MIKROORM: Final = _script_patterns(r"\b(?:insertInto|alterTable|createTable|dropTable)\(\s*")

_RUBY_CALL: Final = r"(?:^[ \t]*|[{;.=][ \t]*)"
_RUBY_NAME: Final = r"(?::[\"']?|[\"'])([A-Za-z_][\w.]{0,200})[\"']?"

RAILS: Final = TablePatterns(
    re.compile(r"^[ \t]*def[ \t]+(?:self\.)?(?:up|change)\b", re.MULTILINE),
    re.compile(r"^[ \t]*def[ \t]+(?:self\.)?down\b", re.MULTILINE),
    (
        re.compile(
            rf"{_RUBY_CALL}(?:create_table|drop_table|change_table|change_table_comment|add_column|remove_columns?"
            r"|change_column(?:_default|_null|_comment)?|rename_column|add_index|remove_index|rename_index"
            r"|(?:add|remove)_(?:reference|belongs_to|foreign_key|timestamps|check_constraint|exclusion_constraint"
            rf"|unique_constraint))[ \t(][ \t]*{_RUBY_NAME}",
            re.MULTILINE,
        ),
        re.compile(
            rf"{_RUBY_CALL}rename_table[ \t(][ \t]*{_RUBY_NAME}[ \t]*,[ \t]*{_RUBY_NAME}", re.MULTILINE
        ),
    ),
)

EFCORE: Final = TablePatterns(
    re.compile(r"(?:\bvoid|\bSub|\boverride)[ \t]+(?:\w+\.)?Up[ \t]*\("),
    re.compile(r"(?:\bvoid|\bSub|\boverride)[ \t]+(?:\w+\.)?Down[ \t]*\("),
    (
        # Names of arguments are given by `:` in C#, by `=` in F# and by `:=` in VB.
        re.compile(
            r"(?:\.(?:CreateTable|DropTable|AlterTable|RenameTable)\(\s*+(?:name\s*+:?=?\s*+)?|\btable\s*+:?=?\s*+)"
            r"\"([^\"\n]{1,200})\""
        ),
        re.compile(r"\.RenameTable\([^;()]{0,400}?\bnewName\s*+:?=?\s*+\"([^\"\n]{1,200})\""),
    ),
)
