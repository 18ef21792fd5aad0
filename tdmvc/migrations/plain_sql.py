"""Knows how SQL of any dialect, with templates and faults, becomes statements that a pattern can find.

No text is refused, and each step takes linear time: what is not closed is noise to its end.
"""

import re
from typing import Final

_NAME: Final = r'(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[^\W\d][\w$]*)'
_DOTTED: Final = rf"{_NAME}(?:\.{_NAME}){{0,3}}"
_LIST: Final = rf"{_DOTTED}(?:\s*,\s*{_DOTTED}){{0,200}}"

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


def plain_statements(text: str) -> str:
    """Return the text without comments, texts and templates, a semicolon before whatever begins a statement.

    One statement that names several tables becomes one for each.
    """
    if "${" in text or "{{" in text or "{%" in text or ":" in text:
        text = _TEMPLATE_BLOCK.sub(";", _TEMPLATE.sub("", text))
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
