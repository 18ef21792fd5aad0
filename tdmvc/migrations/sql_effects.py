"""Finds which tables and columns SQL of any dialect adds, removes or fills: a hint, never the truth."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.sql_tables import NAME, up_statements
from tdmvc.model.migration import SchemaEffect

_CREATE: Final = re.compile(
    rf"create\s+(?:or\s+replace\s+)?(?:unlogged\s+|external\s+)?table\s+(?:if\s+not\s+exists\s+)?{NAME}",
    re.IGNORECASE,
)
_DROP: Final = re.compile(rf"drop\s+table\s+(?:if\s+exists\s+)?{NAME}", re.IGNORECASE)
_ALTER: Final = re.compile(
    rf"alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?{NAME}\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_COLUMN: Final = r'(?:"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|([^\W\d][\w$]*))'
_NO_COLUMN: Final = (
    r"(?!(?:constraint|primary|unique|foreign|check|index|key|fulltext|spatial|partition|period|default|exclude|"
    r"statistics|system|projection|with|foreign)\b)"
)
_ADD: Final = re.compile(
    rf"add\b\s*(?:column\b\s*)?(?:if\s+not\s+exists\s+)?\(?\s*{_NO_COLUMN}{_COLUMN}", re.IGNORECASE
)
_REMOVE: Final = re.compile(
    rf"drop\s+(?:column\s+)?(?:if\s+exists\s+)?\(?\s*{_NO_COLUMN}{_COLUMN}", re.IGNORECASE
)
_RENAME: Final = re.compile(rf"rename\s+(?:column\s+)?(?!to\b|as\b){_COLUMN}\s+to\s+{_COLUMN}", re.IGNORECASE)
_CHANGE: Final = re.compile(rf"change\s+(?:column\s+)?{_COLUMN}\s+{_COLUMN}", re.IGNORECASE)
_RENAME_TABLE: Final = re.compile(rf"rename\s+(?:to|as)\s+{NAME}", re.IGNORECASE)
_ACTION: Final = re.compile(
    r"(?:add|drop|alter|rename|change|modify|set|reset|enable|disable|owner|attach|detach|validate|inherit|no|"
    r"cluster|replica|engine|convert|order|auto_increment|comment|row_format|charset|default|algorithm|lock|"
    r"constraint|primary|unique|foreign|check|index|key|partition|with)\b",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(rf"\(?\s*{_COLUMN}", re.IGNORECASE)
_ROWS: Final = re.compile(
    rf"(?:(?:insert|replace)\s+(?:or\s+\w+\s+|ignore\s+)?into\s+|update\s+(?:only\s+)?|delete\s+from\s+(?:only\s+)?"
    rf"|truncate\s+(?:table\s+)?(?:only\s+)?|merge\s+into\s+|copy\s+){NAME}",
    re.IGNORECASE,
)
_MOST_STATEMENTS: Final = 20_000


def sql_effects(text: str) -> Iterator[SchemaEffect]:
    """Yield what the statements of an SQL text add, remove and fill, in their order; names without schema."""
    for statement in up_statements(text).split(";", _MOST_STATEMENTS)[:_MOST_STATEMENTS]:
        plain = statement.strip()
        if (created := _CREATE.match(plain)) is not None:
            yield SchemaEffect(_table(created[1]), exists=True)
        elif (dropped := _DROP.match(plain)) is not None:
            yield SchemaEffect(_table(dropped[1]), exists=False)
        elif (altered := _ALTER.match(plain)) is not None:
            yield from _altered(_table(altered[1]), altered["rest"])
        elif (filled := _ROWS.match(plain)) is not None:
            yield SchemaEffect(_table(filled[1]), exists=None)


def _altered(table: str, rest: str) -> Iterator[SchemaEffect]:
    renamed = _RENAME_TABLE.match(rest)
    if renamed is not None:
        yield SchemaEffect(table, exists=False)
        yield SchemaEffect(_table(renamed[1]), exists=True)
        return
    last: bool | None = None
    for item in _items(rest):
        if (add := _ADD.match(item)) is not None:
            last = True
            yield SchemaEffect(table, (_name(add.groups()),), exists=True)
        elif (remove := _REMOVE.match(item)) is not None:
            last = False
            yield SchemaEffect(table, (_name(remove.groups()),), exists=False)
        elif (rename := _RENAME.match(item) or _CHANGE.match(item)) is not None:
            last = None
            old, new = _name(rename.groups()[:4]), _name(rename.groups()[4:])
            if old != new:
                yield SchemaEffect(table, (old,), exists=False)
                yield SchemaEffect(table, (new,), exists=True)
        elif last is not None and not _ACTION.match(item) and (more := _ITEM.match(item)) is not None:
            # `ADD a int, b int` and `DROP COLUMN a, b`.
            yield SchemaEffect(table, (_name(more.groups()),), exists=last)
        else:
            last = None


def _items(text: str) -> Iterator[str]:
    """Yield the parts of a text between commas that are in no parentheses but those around all columns."""
    depth = start = 0
    base = 1 if re.match(r"add\s*(?:column\s*)?\(", text, re.IGNORECASE) else 0
    for found in re.finditer(r"[(),]", text):
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
        elif depth <= base:
            yield text[start : found.start()].strip()
            start = found.end()
    yield text[start:].strip()


def _table(name: str) -> str:
    parts = re.findall(r'"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|([\w$]+)', name)
    return next(filter(None, parts[-1])).lower() if parts else name.lower()


def _name(groups: tuple[str | None, ...]) -> str:
    return next((group for group in groups if group), "").lower()
