"""The tables that a statement names, found in its text: without the database, in any dialect."""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Touched:
    """Names of tables, without their schemas, in lower case."""

    read: frozenset[str]
    written: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.read | self.written


_NOISE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$", re.DOTALL)
"""Texts and comments."""
_PART = r'(?:"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|[^\W\d]\w*)'
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_WRITES = re.compile(
    rf"\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|merge\s+into|update(?:\s+or\s+\w+)?(?:\s+only)?"
    rf"|delete\s+from(?:\s+only)?|truncate(?:\s+table)?(?:\s+only)?|(?:alter|drop|create)\s+table"
    rf"(?:\s+if\s+(?:not\s+)?exists)?(?:\s+only)?|copy(?=\s+{_NAME}[^()]*(?:\([^)]*\))?\s*from))"
    rf"\s+({_NAME}(?:\s*,\s*{_NAME})*)",
    re.IGNORECASE,
)
_READS = re.compile(
    rf"\b(?:from|join|using|copy)\s+(?:only\s+|lateral\s+)?"
    rf"({_NAME}(?:(?:\s+as)?\s+(?!{'|'.join(('on', 'where', 'join', 'order', 'group', 'limit'))}\b){_PART})?"
    rf"(?:\s*,\s*{_NAME}(?:(?:\s+as)?\s+{_PART})?)*)",
    re.IGNORECASE,
)
_CTE = re.compile(
    rf"(?:\bwith(?:\s+recursive)?|,)\s+({_PART})\s*(?:\([^)]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s*)?\(",
    re.IGNORECASE,
)
_WORDS = frozenset({"select", "set", "of", "stdin", "lateral", "unnest", "values", "where", "only"})


@lru_cache(maxsize=4096)
def touched_tables(statement: str) -> Touched:
    """Return the tables that a statement names; what triggers, functions and cascades do is not in its text."""
    text = _NOISE.sub(" '' ", statement)
    named = {_name(found) for found in _CTE.findall(text)} | _WORDS
    written = _names(_WRITES.findall(text)) - named
    rest = _WRITES.sub(" ", text)
    return Touched(frozenset(_names(_READS.findall(rest)) - named), frozenset(written))


def _names(lists: list[str]) -> set[str]:
    return {
        _name(found[0]) for names in lists for one in names.split(",") if (found := re.findall(_NAME, one))
    }


def _name(text: str) -> str:
    return str(re.findall(_PART, text)[-1]).strip('"`[]').lower()
