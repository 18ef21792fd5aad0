"""Knows which tables a migration written in a programming language may affect: a hint, never the truth.

Code is searched as text: calls by their names, SQL where a line or a quoted text begins with a statement.
"""

import re
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.touches import MAX_SQL, NAME, STATEMENTS, tables_named

_QUOTED: Final = r"[\"'`]([^\"'`\n]{1,200})[\"'`]"

_SQL = re.compile(
    rf"(?:^|[\"'`;(])[ \t]*(?:{STATEMENTS}|update\s+(?:only\s+)?(?=[^\s;]{{1,200}}\s+set\b)){NAME}",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTE_IN_TEXT = re.compile(r"\\([\"'`])|\"\"")


@dataclass(frozen=True, slots=True)
class CodeHints:
    """How the migrations of one tool name tables."""

    up: re.Pattern[str]
    """Where the way up begins."""
    down: re.Pattern[str]
    """Where the way down begins, which is left out until the way up begins or the file ends."""
    calls: tuple[re.Pattern[str], ...] = ()
    """Calls with a table's name in each group."""

    def tables(self, code: str) -> tuple[str, ...]:
        """Return the tables that the way up may affect, without their schemas, sorted."""
        code = self._way_up(code[:MAX_SQL])
        found = sql_in_code(code)
        for call in self.calls:
            for match in call.finditer(code):
                found.update(name.rpartition(".")[2] for name in match.groups() if name)
        return tuple(sorted(found - {""}))

    def _way_up(self, code: str) -> str:
        down = self.down.search(code)
        if down is None:
            return code
        up = self.up.search(code, down.end())
        return code[: down.start()] + (code[up.start() :] if up else "")


def sql_in_code(code: str) -> set[str]:
    """Return the tables that SQL inside of code seems to change, without their schemas."""
    # Inside of a text, an escaped or doubled quote stands for one quote.
    plain = _QUOTE_IN_TEXT.sub(lambda found: found[1] or '"', code[:MAX_SQL])
    return tables_named(_SQL.finditer(plain))


_GO_FUNCTION: Final = re.compile(r"^func[ \t]+", re.MULTILINE)


def go_tables(code: str) -> tuple[str, ...]:
    """Return the tables that SQL in Go touches, except in functions whose names begin with `down`."""
    functions = _GO_FUNCTION.split(code[:MAX_SQL])
    return tuple(sorted(sql_in_code("\n".join(f for f in functions if not f.lower().startswith("down")))))


def _script_way(name: str) -> re.Pattern[str]:
    """Find where JavaScript or TypeScript defines the function of a name, in any of the usual ways."""
    return re.compile(
        r"^[ \t]*(?:(?:export|public|static|async|const|let|var|function)[ \t]+|(?:module\.)?exports\.)*"
        rf"{name}\b[ \t]*[(:=]",
        re.MULTILINE,
    )


_SCRIPT_UP: Final = _script_way("up")
_SCRIPT_DOWN: Final = _script_way("down")

KNEX: Final = CodeHints(
    _SCRIPT_UP,
    _SCRIPT_DOWN,
    (
        re.compile(
            r"(?:\.(?:createTable|createTableIfNotExists|createTableLike|alterTable|table|dropTable"
            rf"|dropTableIfExists|into)|\b(?:knex|trx))\(\s*{_QUOTED}"
        ),
        re.compile(rf"\.renameTable\(\s*{_QUOTED}\s*,\s*{_QUOTED}"),
    ),
)
SEQUELIZE: Final = CodeHints(
    _SCRIPT_UP,
    _SCRIPT_DOWN,
    (
        re.compile(
            r"\.(?:createTable|dropTable|addColumn|removeColumn|changeColumn|renameColumn|addIndex|removeIndex"
            r"|addConstraint|removeConstraint|bulkInsert|bulkUpdate|bulkDelete)\(\s*"
            rf"(?:\{{\s*(?:schema\s*:\s*[^,\n]{{1,200}},\s*)?tableName\s*:\s*)?{_QUOTED}"
        ),
        re.compile(rf"\.renameTable\(\s*{_QUOTED}\s*,\s*{_QUOTED}"),
    ),
)
TYPEORM: Final = CodeHints(
    _SCRIPT_UP,
    _SCRIPT_DOWN,
    (
        re.compile(
            r"\.(?:createTable|dropTable|clearTable|changeTableComment|(?:add|drop|change)Columns?|renameColumn"
            r"|(?:create|drop)PrimaryKey|updatePrimaryKeys|createIndex|createIndices|dropIndex|dropIndices"
            r"|(?:create|drop)(?:Unique|Check|Exclusion)Constraints?|(?:create|drop)ForeignKeys?)\(\s*"
            rf"(?:new\s+Table\(\s*\{{\s*name\s*:\s*)?{_QUOTED}"
        ),
        re.compile(rf"\.renameTable\(\s*{_QUOTED}\s*,\s*{_QUOTED}"),
    ),
)

_RUBY_CALL: Final = r"(?:^[ \t]*|[{;.=][ \t]*)"
_RUBY_NAME: Final = r"(?::[\"']?|[\"'])([A-Za-z_][\w.]{0,200})[\"']?"

RAILS: Final = CodeHints(
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

EFCORE: Final = CodeHints(
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
