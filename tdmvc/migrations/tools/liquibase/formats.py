"""Knows which format a changelog of Liquibase is written in, and reads it."""

import re
from typing import Final

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.conflicts import refuse_conflict
from tdmvc.migrations.json_text import parse_json
from tdmvc.migrations.layout import base_of
from tdmvc.migrations.tools.liquibase.changelog import Changelog
from tdmvc.migrations.tools.liquibase.elements import Element, changelog_of
from tdmvc.migrations.tools.liquibase.sql import parse_sql
from tdmvc.migrations.tools.liquibase.xml import parse_xml
from tdmvc.migrations.yaml_text import parse_yaml
from tdmvc.yaml.foreign import MAX_DEPTH, YamlMapping

ENDINGS: Final = (".xml", ".yaml", ".yml", ".json", ".sql")

_JSON_KEYS: Final = re.compile(r'"(changeSet|include|includeAll)"\s*:')


def parse_changelog(path: str, text: str) -> Changelog:
    """Return what a changelog file says, by the ending of its name.

    Raises:
        MigrationsError: it cannot be understood; the message names file and line.
    """
    refuse_conflict(path, text)
    ending = "." + base_of(path).rpartition(".")[2].lower()
    match ending:
        case ".xml":
            return changelog_of(path, parse_xml(path, text))
        case ".yaml" | ".yml":
            documents = parse_yaml(path, text)
            return changelog_of(path, _root(path, documents[0] if documents else None))
        case ".json":
            root = _root(path, parse_json(path, text))
            _number_lines(root, text)
            return changelog_of(path, root)
        case ".sql":
            return parse_sql(path, text)
    raise misunderstood(path, "tdmvc reads changelogs in XML, YAML, JSON and SQL only")


def _root(path: str, document: object) -> Element:
    """Return the one element of a YAML or JSON document."""
    if not isinstance(document, dict) or "databaseChangeLog" not in document:
        raise misunderstood(path, "it holds no databaseChangeLog", line=1)
    root = Element("databaseChangeLog", 1)
    waiting: list[tuple[Element, object, int]] = [(root, document["databaseChangeLog"], 0)]
    while waiting:
        element, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise misunderstood(path, "it nests too deeply", line=element.line)
        if isinstance(value, dict):
            waiting.extend(_fill(element, value, depth))
        elif isinstance(value, list):
            for item in value:
                waiting.extend(_append(element, item, depth))
    return root


def _fill(element: Element, mapping: dict[str, object], depth: int) -> list[tuple[Element, object, int]]:
    """Put a mapping's scalars into attributes; return the rest as elements that wait for their content."""
    if isinstance(mapping, YamlMapping):
        element.line = mapping.line
    rest: list[tuple[Element, object, int]] = []
    for key, value in mapping.items():
        if isinstance(value, dict | list):
            child = Element(key, element.line)
            element.children.append(child)
            rest.append((child, value, depth + 1))
        elif value is not None:
            element.attributes[key] = _text(value)
    return rest


def _append(element: Element, item: object, depth: int) -> list[tuple[Element, object, int]]:
    """Put an item of a list below an element: `- sql: …` is an element `sql`."""
    if not isinstance(item, dict):
        if item is not None:
            element.children.append(Element("item", element.line, text=_text(item)))
        return [(element, item, depth + 1)] if isinstance(item, list) else []
    line = item.line if isinstance(item, YamlMapping) else element.line
    rest: list[tuple[Element, object, int]] = []
    for key, value in item.items():
        child = Element(key, line)
        element.children.append(child)
        if isinstance(value, dict | list):
            rest.append((child, value, depth + 1))
        elif value is not None:
            child.text = _text(value)
    return rest


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value)


def _number_lines(root: Element, text: str) -> None:
    """Give the entries of a JSON changelog their lines, which its parser does not tell."""
    entries = [element for element in root.children if element.name in {"changeSet", "include", "includeAll"}]
    line, counted, lines = 1, 0, []
    for match in _JSON_KEYS.finditer(text):
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        lines.append((match[1], line))
    if [name for name, _ in lines] != [element.name for element in entries]:
        return
    for element, (_, number) in zip(entries, lines, strict=True):
        element.line = number
