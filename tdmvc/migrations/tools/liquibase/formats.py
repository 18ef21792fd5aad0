"""Parses Liquibase's changelogs in XML, YAML, JSON and SQL."""

import re
from typing import Any, Final
from xml.parsers import expat

from tdmvc.migrations.base import unreadable
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.text import parse_json, parse_yaml, refuse_conflict, with_lines
from tdmvc.migrations.tools.liquibase.changelog import Changelog
from tdmvc.migrations.tools.liquibase.elements import Element, build_changelog
from tdmvc.migrations.tools.liquibase.sql import parse_sql
from tdmvc.yaml.foreign import MAX_DEPTH, YamlMapping

ENDINGS: Final = (".xml", ".yaml", ".yml", ".json", ".sql")

_JSON_KEYS: Final = re.compile(r'"(changeSet|include|includeAll)"\s*:')


def parse_changelog(path: str, text: str) -> Changelog:
    """Return the changelog of a file; the ending of its name determines the format.

    Raises:
        MigrationsError: it cannot be read; the message names file and line.
    """
    refuse_conflict(path, text)
    ending = "." + base_of(path).rpartition(".")[2].lower()
    match ending:
        case ".xml":
            return build_changelog(path, _parse_xml(path, text))
        case ".yaml" | ".yml":
            documents = parse_yaml(path, text)
            return build_changelog(path, _root(path, documents[0] if documents else None))
        case ".json":
            root = _root(path, parse_json(path, text))
            _number_lines(root, text)
            return build_changelog(path, root)
        case ".sql":
            return parse_sql(path, text)
    raise unreadable(path, "tdmvc reads changelogs in XML, YAML, JSON and SQL only")


def _root(path: str, document: object) -> Element:
    """Return the only element of a YAML or JSON document."""
    if not isinstance(document, dict) or "databaseChangeLog" not in document:
        raise unreadable(path, "it contains no databaseChangeLog", line=1)
    root = Element("databaseChangeLog", 1)
    _fill(path, root, document["databaseChangeLog"])
    return root


def _fill(path: str, element: Element, value: object, depth: int = 0) -> None:
    """Add a value to an element: a scalar of a mapping as an attribute, everything else as a child.

    An item `- sql: …` of a list is a child `sql`.
    """
    if depth > MAX_DEPTH:
        raise unreadable(path, "it is nested too deeply", line=element.line)
    if isinstance(value, dict):
        element.line = value.line if isinstance(value, YamlMapping) else element.line
        for key, content in value.items():
            if isinstance(content, dict | list):
                element.children.append(child := Element(key, element.line))
                _fill(path, child, content, depth + 1)
            elif content is not None:
                element.attributes[key] = _text(content)
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list):
            _fill(path, element, item, depth + 1)
        elif isinstance(item, dict):
            line = item.line if isinstance(item, YamlMapping) else element.line
            for key, content in item.items():
                element.children.append(child := Element(key, line))
                if isinstance(content, dict | list):
                    _fill(path, child, content, depth + 1)
                elif content is not None:
                    child.text = _text(content)
        elif item is not None:
            element.children.append(Element("item", element.line, text=_text(item)))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value)


def _number_lines(root: Element, text: str) -> None:
    """Set the lines of the entries of a JSON changelog, which its parser does not provide."""
    entries = [element for element in root.children if element.name in {"changeSet", "include", "includeAll"}]
    keys = list(with_lines(text, _JSON_KEYS.finditer(text)))
    if [match[1] for match, _ in keys] == [element.name for element in entries]:
        for element, (_, line) in zip(entries, keys, strict=True):
            element.line = line


def _parse_xml(path: str, text: str) -> Element:
    """Return the root element; namespace prefixes are dropped.

    Raises:
        MigrationsError: it is not XML, is nested too deeply, or declares a document type, which can
            make a parser read other files or run out of memory.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder = _XmlBuilder(path, parser)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise unreadable(path, f"it is not XML ({why})", line=error.lineno) from None
    return builder.root


class _XmlBuilder:
    def __init__(self, path: str, parser: expat.XMLParserType) -> None:
        self._path = path
        self._parser = parser
        self._open: list[tuple[Element, list[str]]] = []
        self.root = Element("")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if len(self._open) >= MAX_DEPTH:
            raise unreadable(self._path, "its XML is nested too deeply", line=line)
        own = {key.rpartition(":")[2]: value for key, value in attributes.items() if key[:5] != "xmlns"}
        element = Element(name.rpartition(":")[2], line, own)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, []))

    def end(self, _name: str) -> None:
        element, texts = self._open.pop()
        # White space at the ends is only formatting.
        element.text = "".join(texts).strip()

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def refuse(self, *_declared: Any) -> None:
        line = self._parser.CurrentLineNumber
        raise unreadable(self._path, "it declares a document type, which tdmvc does not allow", line=line)
