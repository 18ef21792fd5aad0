"""Turns nested elements, which XML, YAML and JSON have in common, into a changelog of Liquibase."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.base import unreadable
from tdmvc.migrations.sql_tables import sql_tables
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

_TABLE_ATTRIBUTES: Final = ("tableName", "baseTableName", "existingTableName", "newTableName", "oldTableName")
_SCRIPTS: Final = {
    "createProcedure": "path",
    "createView": "path",
    "loadData": "file",
    "loadUpdateData": "file",
    "sqlFile": "path",
}
"""The changes that read a file, and the attribute that names it."""

CONDITIONS: Final = ("context", "contextFilter", "dbms", "labels")
"""The attributes that say when something applies."""

_NOT_APPLIED: Final = frozenset({"rollback", "preConditions"})


@dataclass(slots=True)
class Element:
    """An element of XML, or a named mapping or list of YAML or JSON."""

    name: str
    line: int | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def get(self, name: str) -> str | None:
        """Return an attribute, which may also be written as a child element."""
        if name in self.attributes:
            return self.attributes[name]
        return next((child.text for child in self.children if child.name == name), None)

    def is_true(self, name: str, *, default: bool = False) -> bool:
        """Return whether an attribute is true."""
        value = self.get(name)
        return default if value is None else value.strip().lower() == "true"


def build_changelog(path: str, root: Element) -> Changelog:
    """Return the changelog of a `databaseChangeLog`.

    Raises:
        MigrationsError: a required attribute is missing or wrong.
    """
    if root.name != "databaseChangeLog":
        raise unreadable(path, f"it starts with '{root.name}', not with databaseChangeLog", line=root.line)
    entries = (_entry(path, element) for element in _entries_below(root) if not element.is_true("ignore"))
    return Changelog(root.get("logicalFilePath"), tuple(entry for entry in entries if entry is not None))


def canonical(element: Element) -> str:
    """Return a text of an element that does not depend on its format and white space."""
    own = json.dumps([element.name, sorted(element.attributes.items()), element.text])
    return f"({own}{''.join(map(canonical, element.children))})"


def _entries_below(root: Element) -> Iterator[Element]:
    """Yield the entries of a changelog; `modifyChangeSets` only wraps some of them."""
    for element in root.children:
        if element.name == "modifyChangeSets":
            yield from _entries_below(element)
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
    is_conditional = any(element.get(name) for name in CONDITIONS)
    is_global = element.is_true("global", default=True)
    name = element.get("name")
    if name is None:
        return PropertyFile(_reference(path, element, "file"), is_conditional, is_global)
    return Property(name, element.get("value") or "", is_conditional, is_global)


def _change_set(path: str, element: Element) -> ChangeSet:
    id_, author = element.get("id"), element.get("author")
    if not id_ or author is None:
        missing = "author" if id_ else "id"
        raise unreadable(path, f"a changeSet has no {missing}", line=element.line)
    changes = list(_changes_below(element))
    scripts = [(change, _SCRIPTS[change.name]) for change in changes if change.name in _SCRIPTS]
    return ChangeSet(
        id_,
        author,
        canonical(element),
        " ".join((element.get("comment") or "").split()),
        (element.get("logicalFilePath") or "").strip() or None,
        tuple(sorted({table for change in changes for table in _tables(change)})),
        element.is_true("runOnChange") or element.is_true("runAlways"),
        tuple(_reference(path, change, name) for change, name in scripts if change.get(name)),
        tuple(f"{name}:{value}" for name in CONDITIONS if (value := (element.get(name) or "").strip())),
    )


def _changes_below(element: Element) -> Iterator[Element]:
    """Yield everything in a change set that is applied, outer elements first."""
    for child in element.children:
        if child.name not in _NOT_APPLIED:
            yield child
            yield from _changes_below(child)


def _tables(change: Element) -> Iterator[str]:
    """Yield the tables that a change seems to affect."""
    yield from filter(None, (change.attributes.get(name, "").strip() for name in _TABLE_ATTRIBUTES))
    if change.name == "sql":
        yield from sql_tables(change.text or change.get("sql") or "")


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
        raise unreadable(path, f"{name} of {element.name} is not a whole number", line=element.line)
    return int(value)


def _reference(path: str, element: Element, name: str, *, missing: str = "errorIfMissing") -> FileReference:
    value = (element.get(name) or "").strip()
    if not value:
        raise unreadable(path, f"{element.name} has no {name}", line=element.line)
    return FileReference(
        value,
        element.line,
        element.is_true("relativeToChangelogFile"),
        not element.is_true(missing, default=True),
    )
