r"""Patterns of a schema, rewritten so that its validator reads them as ECMA-262 says.

The validator has another engine for patterns that look around or refer back: there, `\d`, `\w`, `\s`, `\b` and `.` are
about characters of all languages. So these are spelled out.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tdmvc.documents.json_text import Json

_NAMED_SCHEMAS: Final = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
_VALUES: Final = frozenset({"const", "default", "enum", "examples"})
_DIFFERENT = re.compile(r"\(\?[=!]|\(\?<[=!]|\\[bBk1-9]|\\u[dD][89abAB]")
_TOKEN = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\c[A-Za-z]|\\k<[^>]*>|\\[1-9][0-9]*|\\."
    r"|\(\?(?:[:=!]|<[=!]|<[^>]*>)|.",
    re.S,
)
_REFERENCE = re.compile(r"\\(?:k<([^>]*)>|([1-9][0-9]*))")
_WORD = "0-9A-Za-z_"
_SPACE = "\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_MEMBERS: Final = {
    r"\d": "0-9",
    r"\D": "\0-/:-\U0010ffff",
    r"\w": _WORD,
    r"\W": "\0-/:-@\\[-\\^`\\{-\U0010ffff",
    r"\s": _SPACE,
    r"\S": "\0-\x08\x0e-\x1f!-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e"
    "\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff",
}
"""What stands in a class for a class."""
_ALONE: Final = {
    ".": "[^\n\r\u2028\u2029]",
    r"\b": f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))",
    r"\B": f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))",
    **{name: f"[{members}]" for name, members in _MEMBERS.items()},
}


def with_spelled_patterns(schema: Json) -> Json:
    """Return a schema with its patterns rewritten; nothing else in it changes."""
    if isinstance(schema, list):
        return [with_spelled_patterns(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Json] = {}
    for key, value in schema.items():
        if key == "pattern" and isinstance(value, str):
            found[key] = spelled_out(value)
        elif key == "patternProperties" and isinstance(value, dict):
            found[key] = _spelled_names(value)
        elif key in _NAMED_SCHEMAS and isinstance(value, dict):
            found[key] = {name: with_spelled_patterns(one) for name, one in value.items()}
        else:
            found[key] = value if key in _VALUES else with_spelled_patterns(value)
    return found


def _spelled_names(schemas: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for pattern, one in schemas.items():
        name = spelled_out(pattern)
        while name in found:
            name += "(?:)"  # matches the same names
        found[name] = with_spelled_patterns(one)
    return found


def spelled_out(pattern: str) -> str:
    """Return a regular expression with its classes of characters written as their members.

    Raises:
        ValueError: it refers to a group that may have matched nothing, which the validator reads in another way.
    """
    if _DIFFERENT.search(pattern) is None:
        return pattern
    tokens = _TOKEN.findall(pattern)
    names = _groups(tokens)
    parts = []
    is_class = False
    for token in tokens:
        if token == "[":
            is_class = True
        elif token == "]":
            is_class = False
        if len(token) == 12:
            parts.append(json.loads(f'"{token}"'))
        elif token.startswith("\\k<"):
            parts.append(f"(?:\\{names.index(token[3:-1]) + 1})")
        elif token.startswith("\\c"):
            parts.append(f"\\x{ord(token[2]) % 32:02x}")
        else:
            parts.append((_MEMBERS if is_class else _ALONE).get(token, token))
    return "".join(parts)


def _groups(tokens: Sequence[str]) -> list[str]:
    """Return the names of the groups that capture, empty for those without one.

    Raises:
        ValueError: a reference is not behind a group that has matched whenever it is reached.
    """
    scopes: list[_Scope] = [_Scope("")]
    names: list[str] = []
    is_class = False
    for token, behind in zip(tokens, (*tokens[1:], ""), strict=True):
        if token == "[":
            is_class = True
        elif token == "]":
            is_class = False
        elif is_class:
            continue
        elif token.startswith("("):
            name = token[3:-1] if token.endswith(">") else ""
            is_captured = token == "(" or bool(name)
            if is_captured:
                names.append(name)
            scopes.append(_Scope(token, {str(len(names)), name} if is_captured else set()))
        elif token == "|":
            scopes[-1].matched, scopes[-1].has_choice = set(), True
        elif token == ")" and len(scopes) > 1:
            scope = scopes.pop()
            is_sure = scope.opening not in ("(?!", "(?<!") and behind[:1] not in ("?", "*", "+", "{")
            if is_sure:
                scopes[-1].matched |= scope.own if scope.has_choice else scope.own | scope.matched
        elif found := _REFERENCE.fullmatch(token):
            is_behind = any(scope.opening in ("(?<=", "(?<!") for scope in scopes)
            if is_behind or not any((found[1] or found[2]) in scope.matched for scope in scopes):
                raise ValueError("its pattern refers to a group that may have matched nothing")
    return names


@dataclass(slots=True)
class _Scope:
    """What a pair of brackets holds, up to some place."""

    opening: str
    own: set[str] = field(default_factory=set)
    """The number and the name of the group that it is."""
    matched: set[str] = field(default_factory=set)
    """The groups in it that have matched there."""
    has_choice: bool = False
