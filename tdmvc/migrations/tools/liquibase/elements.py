"""Knows how a changelog of Liquibase reads as nested elements, which is what XML, YAML and JSON come to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.tools.liquibase.changelog import (
    Changelog,
    ChangeSet,
    Entry,
    FileReference,
    Include,
    IncludeAll,
    Property,
    PropertyFile,
)
from tdmvc.migrations.touches import sql_tables

_TABLE_ATTRIBUTES: Final = (
    "tableName",
    "baseTableName",
    "existingTableName",
    "newTableName",
    "oldTableName",
)
_SCRIPTS: Final = {
    "createProcedure": "path",
    "createView": "path",
    "loadData": "file",
    "loadUpdateData": "file",
    "sqlFile": "path",
}
"""The changes that take their text from a file, and the attribute that names it."""

_NOT_APPLIED: Final = frozenset({"rollback", "preConditions"})


@dataclass(slots=True)
class Element:
    """One element: of XML, or a named mapping or list of YAML or JSON."""

    name: str
    line: int | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def get(self, name: str) -> str | None:
        """Return an attribute, which may as well be written as an element within."""
        if name in self.attributes:
            return self.attributes[name]
        return next((child.text for child in self.children if child.name == name), None)

    def says(self, name: str, *, default: bool = False) -> bool:
        """Tell whether an attribute is true."""
        value = self.get(name)
        return default if value is None else value.strip().lower() == "true"


def changelog_of(path: str, root: Element) -> Changelog:
    """Return what a `databaseChangeLog` says.

    Raises:
        MigrationsError: a part of it lacks what makes its identity.
    """
    if root.name != "databaseChangeLog":
        raise misunderstood(path, f"it starts with '{root.name}', not with databaseChangeLog", line=root.line)
    entries: list[Entry] = []
    for element in _entries_below(root):
        if not element.says("ignore"):
            entry = _entry(path, element)
            if entry is not None:
                entries.append(entry)
    return Changelog(root.get("logicalFilePath"), tuple(entries))


def canonical(element: Element) -> str:
    """Return a text that says what an element says, however it is laid out."""
    said: list[str] = []
    waiting: list[Element | None] = [element]
    while waiting:
        current = waiting.pop()
        if current is None:
            said.append(")")
            continue
        said.append(f"({json.dumps([current.name, sorted(current.attributes.items()), current.text])}")
        waiting.append(None)
        waiting.extend(reversed(current.children))
    return "".join(said)


def _entries_below(root: Element) -> Iterator[Element]:
    """Yield the parts of a changelog; `modifyChangeSets` only wraps some of them."""
    waiting = list(reversed(root.children))
    while waiting:
        element = waiting.pop()
        if element.name == "modifyChangeSets":
            waiting.extend(reversed(element.children))
        else:
            yield element


def _entry(path: str, element: Element) -> Entry | None:
    match element.name:
        case "changeSet":
            return _change_set(path, element)
        case "include":
            return Include(_reference(path, element, "file"), element.get("logicalFilePath"))
        case "includeAll":
            return _include_all(path, element)
        case "property":
            return _property(path, element)
    return None


def _property(path: str, element: Element) -> Property | PropertyFile:
    is_conditional = any(element.get(name) for name in ("context", "contextFilter", "dbms", "labels"))
    is_global = element.says("global", default=True)
    name = element.get("name")
    if name is None:
        return PropertyFile(_reference(path, element, "file"), is_conditional, is_global)
    return Property(name, element.get("value") or "", is_conditional, is_global)


def _change_set(path: str, element: Element) -> ChangeSet:
    id_, author = element.get("id"), element.get("author")
    if not id_ or author is None:
        missing = "author" if id_ else "id"
        raise misunderstood(path, f"a changeSet has no {missing}", line=element.line)
    touches, scripts = _applied(path, element)
    return ChangeSet(
        id_,
        author,
        element.line,
        canonical(element),
        " ".join((element.get("comment") or "").split()),
        (element.get("logicalFilePath") or "").strip() or None,
        touches,
        element.says("runOnChange") or element.says("runAlways"),
        scripts,
    )


def _applied(path: str, change_set: Element) -> tuple[tuple[str, ...], tuple[FileReference, ...]]:
    """Return the tables that a change set's changes seem to touch, and the files that they run or load."""
    tables: set[str] = set()
    scripts: list[FileReference] = []
    waiting = list(change_set.children)
    while waiting:
        element = waiting.pop()
        if element.name in _NOT_APPLIED:
            continue
        tables.update(filter(None, (element.attributes.get(name, "").strip() for name in _TABLE_ATTRIBUTES)))
        if element.name == "sql":
            tables.update(sql_tables(element.text or element.get("sql") or ""))
        elif (named := _SCRIPTS.get(element.name)) and element.get(named):
            scripts.append(_reference(path, element, named))
        waiting.extend(element.children)
    return tuple(sorted(tables)), tuple(reversed(scripts))


def _include_all(path: str, element: Element) -> IncludeAll:
    return IncludeAll(
        _reference(path, element, "path", missing="errorIfMissingOrEmpty"),
        _number(path, element, "minDepth") or 1,
        _number(path, element, "maxDepth"),
        (element.get("endsWithFilter") or "").strip(),
        element.get("logicalFilePath"),
        any(element.get(name) for name in ("filter", "resourceFilter", "resourceComparator")),
    )


def _number(path: str, element: Element, name: str) -> int | None:
    value = (element.get(name) or "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 10:
        raise misunderstood(path, f"{name} of {element.name} is not a whole number", line=element.line)
    return int(value)


def _reference(path: str, element: Element, name: str, *, missing: str = "errorIfMissing") -> FileReference:
    value = (element.get(name) or "").strip()
    if not value:
        raise misunderstood(path, f"{element.name} names no {name}", line=element.line)
    return FileReference(
        value,
        element.line,
        element.says("relativeToChangelogFile"),
        not element.says(missing, default=True),
    )
