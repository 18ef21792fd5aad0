"""Finds the tables that SQL of any dialect may affect: a hint, never the truth.

No text is refused, and each step takes linear time; what is not closed is noise up to its end.
"""

import re
from collections.abc import Iterable
from typing import Final

MAX_SQL: Final = 1_000_000
"""How many characters of SQL are searched; a data load after that adds no table."""

_NAME: Final = r'(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[^\W\d][\w$]*)'
_DOTTED: Final = rf"{_NAME}(?:\.{_NAME}){{0,3}}"
_LIST: Final = rf"{_DOTTED}(?:\s*,\s*{_DOTTED}){{0,200}}"
DOWN: Final = re.compile(
    r"^[ \t]*--[ \t]*(?:\+goose[ \t]+down|migrate:down|//@undo|down[ \t]+migration|downgrade)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Where the down migration of a script begins that has both."""
NAME: Final = rf"({_DOTTED})"
"""A pattern for the name of a table after its schema; one group."""
STATEMENTS: Final = (
    r"create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?(?:temp\s+|temporary\s+|unlogged\s+|external\s+)?"
    r"table\s+(?:if\s+not\s+exists\s+)?"
    r"|alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?"
    r"|drop\s+table\s+(?:if\s+exists\s+)?"
    r"|truncate\s+(?:table\s+)?(?:only\s+)?"
    r"|rename\s+table\s+"
    r"|create\s+(?:unique\s+)?(?:clustered\s+|nonclustered\s+)?index\s+[^;()]{0,300}?\bon\s+(?:only\s+)?"
    r"|comment\s+on\s+(?:table|column)\s+"
    r"|(?:insert|replace)\s+(?:or\s+\w+\s+|ignore\s+)?into\s+"
    r"|merge\s+into\s+"
    r"|delete\s+from\s+(?:only\s+)?"
)
"""A pattern for the words before the name of a table that a statement changes; no group."""
_STATEMENT = re.compile(
    rf"(?:^|;|\bbegin\b|\bthen\b|\$\w*\$)\s*(?:{STATEMENTS}|update\s+(?:only\s+)?|copy\s+){NAME}",
    re.IGNORECASE,
)
_COMMENT_ON_COLUMN = re.compile(r"comment\s+on\s+column\b", re.IGNORECASE)
_PART = re.compile(r'"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|([\w$]+)')

_NOISE_STANDARD = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|\b[eE]'(?:[^'\\]|\\(?:.|\Z)|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)", re.DOTALL
)
_NOISE_MYSQL = re.compile(
    r"--[^\n]*|^[ \t]*\#[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^'\\]|\\(?:.|\Z)|'')*(?:'|\Z)", re.DOTALL | re.MULTILINE
)
"""In a text with backticks, a backslash escapes a quote."""

_EXECUTED = re.compile(r"\bexecute\s+(?:immediate\s+)?N?'((?:[^']|''){1,2000})'", re.IGNORECASE)
_TEMPLATE = re.compile(r"(?:\$\{[^}\n]{0,200}\}|\{\{[^}\n]{0,200}\}\}|(?<![:\w]):\"?\w{1,60}\"?(?=\.))\.?")
_TEMPLATE_BLOCK = re.compile(r"\{%[^%\n]{0,200}%\}")
_SEPARATOR = re.compile(r"^[ \t]*(?:go|/|delimiter[^\n]*)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_LINE_START = re.compile(
    r"\n[ \t]*(?=(?:create|alter\s+table|drop\s+table|truncate|insert\s+into|delete\s+from|merge\s+into)\b)",
    re.IGNORECASE,
)
_NESTED = re.compile(r"[()]\s*(?=(?:delete\s+from|insert\s+into|update|merge\s+into)\s)", re.IGNORECASE)
_MATCHED = re.compile(r"\bthen\s+update\s+set\b", re.IGNORECASE)
_KIND = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:transient|virtual|foreign|columnar)\s+table\b", re.IGNORECASE
)
_SEVERAL = re.compile(
    rf"\b(drop\s+table(?:\s+if\s+exists)?|truncate(?:\s+table)?(?:\s+only)?)\s+({_LIST})", re.IGNORECASE
)
_ITEM = re.compile(_DOTTED)
_RENAMED = re.compile(
    rf"\balter\s+table\s+(?:if\s+exists\s+)?{_DOTTED}\s+(?:rename|swap)\s+(?:to|as|with)\s+({_DOTTED})",
    re.IGNORECASE,
)
_RENAMES = re.compile(
    rf"\brename\s+table\s+({_DOTTED}\s+to\s+{_DOTTED}(?:\s*,\s*{_DOTTED}\s+to\s+{_DOTTED}){{0,100}})",
    re.IGNORECASE,
)


def sql_tables(text: str) -> tuple[str, ...]:
    """Return the tables that the statements of an SQL text seem to change, without schemas, sorted."""
    return tuple(sorted(tables_named(_STATEMENT.finditer(up_statements(text)))))


def without_templates(text: str) -> str:
    """Return a text without what is filled in before it runs: `${schema}.`, `{{ prefix }}`, `:schema.`."""
    if "${" in text or "{{" in text or "{%" in text or ":" in text:
        return _TEMPLATE_BLOCK.sub(";", _TEMPLATE.sub("", text))
    return text


def up_statements(text: str) -> str:
    """Return the up migration of an SQL text without comments, strings and templates; a semicolon ends a statement."""
    down = DOWN.search(text)
    return _plain_statements(text[: min(down.start() if down else len(text), MAX_SQL)])


def tables_named(statements: Iterable[re.Match[str]]) -> set[str]:
    """Return the tables of matches whose first group is a `NAME`, without schemas."""
    found = set()
    for match in statements:
        parts = [next(filter(None, groups)) for groups in _PART.findall(match[1])]
        if _COMMENT_ON_COLUMN.search(match[0]):
            parts = parts[:-1]
        if parts:
            found.add(parts[-1])
    return found


def _plain_statements(text: str) -> str:
    """Return the text without comments, strings and templates, with a semicolon before each statement.

    A statement that names several tables becomes one statement for each.
    """
    text = without_templates(text)
    if "execute" in text or "EXECUTE" in text:
        text = _EXECUTED.sub(lambda match: f"; {match[1]} ;", text)
    text = (_NOISE_MYSQL if "`" in text else _NOISE_STANDARD).sub(" ", text)
    text = _LINE_START.sub(";", _SEPARATOR.sub(";", text))
    text = _MATCHED.sub("then", _NESTED.sub(";", text))
    text = _KIND.sub("create table", text)
    text = _SEVERAL.sub(_each, text)
    text = _RENAMED.sub(lambda match: f"{match[0]}; alter table {match[1]}", text)
    return _RENAMES.sub(_each_renamed, text)


def _each(match: re.Match[str]) -> str:
    return "; ".join(f"{match[1]} {name}" for name in _ITEM.findall(match[2]))


def _each_renamed(match: re.Match[str]) -> str:
    names = [name for name in _ITEM.findall(match[1]) if name.lower() != "to"]
    return "; ".join(f"alter table {name}" for name in names)


def up_sections(text: str, marker: re.Pattern[str]) -> str | None:
    """Return an SQL text without its down sections, or None if no marker begins an up section.

    Args:
        marker: finds a line that begins a section; its group `way` is `up` or `down`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = []
    start = 0
    is_up, has_up = True, False
    for found in marker.finditer(text):
        if is_up:
            kept.append(text[start : found.start()])
        start = found.start()
        is_up = found["way"].lower() == "up"
        has_up = has_up or is_up
    if is_up:
        kept.append(text[start:])
    return "".join(kept) if has_up else None
