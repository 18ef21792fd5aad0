"""Parses Liquibase's SQL changelogs, in which comments begin change sets."""

import re
from typing import Final

from tdmvc.migrations.base import unreadable
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.migrations.tools.liquibase.changelog import Changelog, ChangeSet, Entry, Property

_HEADER: Final = re.compile(r"\s*--\s*liquibase\s*formatted", re.IGNORECASE)
# Possessive quantifiers do not backtrack, so that no line takes quadratic time.
_CHANGE_SET: Final = re.compile(
    r"\s*+--\s*+changeset\s++(?P<author>\"[^\"]++\"|[^:]++):(?P<space>\s*+)(?P<id>\"[^\"]++\"|\S++)",
    re.IGNORECASE,
)
_NEARLY: Final = re.compile(r"(?:\s*--\s*changeset\b|-\s*changeset\s)", re.IGNORECASE)
_IGNORE_LINES: Final = re.compile(r"--\s*ignoreLines:(\w+)", re.IGNORECASE)
_PROPERTY: Final = re.compile(r"\s*--\s*property\s", re.IGNORECASE)
_COMMENT: Final = re.compile(r"--\s*comment:? (.*)", re.IGNORECASE)
_FLAG: Final = re.compile(r"\b(runOnChange|runAlways|ignore):(\w+)", re.IGNORECASE)
_LOGICAL_PATH: Final = re.compile(r"logicalFilePath:(\S+)", re.IGNORECASE)
_NAME: Final = re.compile(r"name:\s*(\S+)", re.IGNORECASE)
_VALUE: Final = re.compile(r"value:\s*(\S+)", re.IGNORECASE)
_GLOBAL: Final = re.compile(r"\bglobal:false\b", re.IGNORECASE)
_CONDITION: Final = re.compile(
    r"\b(?P<name>context|contextFilter|dbms|labels):(?P<value>\"[^\"]*\"|\S*)", re.IGNORECASE
)


def is_formatted(text: str) -> bool:
    """Return whether the first line that is not blank is Liquibase's header."""
    return _HEADER.match(text.lstrip()[:1000]) is not None


def parse_sql(path: str, text: str) -> Changelog:
    """Return the changelog of an SQL file; one without the header is a single change set.

    Raises:
        MigrationsError: a line that begins a change set has no author and id.
    """
    if not is_formatted(text):
        if not text.strip():
            return Changelog()
        return Changelog(None, (ChangeSet("raw", "includeAll", text, touches=sql_tables(text)),))
    entries: list[Entry] = []
    logical_path = None
    own: list[str] = []
    for number, line in _numbered_lines(text):
        if _HEADER.match(line):
            found = _LOGICAL_PATH.search(line)
            logical_path = found[1] if found else logical_path
        elif _PROPERTY.match(line):
            entries.extend(_properties(line))
        elif match := _CHANGE_SET.match(line):
            if match["space"]:
                raise unreadable(path, "there is a space before the change set's id", line=number)
            entries.extend(_change_sets(own))
            own = [line]
        elif _NEARLY.match(line):
            raise unreadable(path, "a change set begins with `--changeset author:id`", line=number)
        elif own:
            own.append(line)
    entries.extend(_change_sets(own))
    return Changelog(logical_path, tuple(entries))


def _numbered_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines that Liquibase reads, with their numbers: `--ignoreLines` hides some."""
    lines: list[tuple[int, str]] = []
    until_end, left = False, 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        match = _IGNORE_LINES.fullmatch(line)
        if until_end:
            until_end = match is None or match[1] != "end"
        elif left:
            left -= 1
        elif match is None:
            lines.append((number, line))
        elif match[1] == "start":
            until_end = True
        elif match[1].isascii() and match[1].isdigit() and len(match[1]) < 10:
            left = int(match[1])
    return lines


def _change_sets(lines: list[str]) -> list[ChangeSet]:
    """Return the change set of lines that begin with its header; none if it is ignored."""
    match = _CHANGE_SET.match(lines[0]) if lines else None
    if match is None:
        return []
    header = lines[0][match.end() :]
    flags = {name.lower() for name, value in _FLAG.findall(header) if value.lower() == "true"}
    if "ignore" in flags:
        return []
    logical_path = _LOGICAL_PATH.search(header)
    comment = next((found[1] for line in lines if (found := _COMMENT.fullmatch(line))), "")
    content = "\n".join(lines).strip()
    return [
        ChangeSet(
            _unquoted(match["id"]),
            _unquoted(match["author"]),
            content,
            comment.strip(),
            logical_path[1] if logical_path else None,
            # Rollbacks are comments, which the hint ignores.
            sql_tables(content),
            not flags.isdisjoint({"runonchange", "runalways"}),
            condition=tuple(found[0] for found in _CONDITION.finditer(header)),
        )
    ]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text


def _properties(line: str) -> list[Property]:
    name, value = _NAME.search(line), _VALUE.search(line)
    if name is None or value is None:
        return []
    is_global = _GLOBAL.search(line) is None
    return [Property(name[1], value[1], _CONDITION.search(line) is not None, is_global)]
