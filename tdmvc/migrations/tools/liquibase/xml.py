"""Knows how to read an XML changelog of Liquibase: no document type, no entities, no recursion."""

from typing import Any, Final
from xml.parsers import expat

from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.tools.liquibase.elements import Element

MAX_DEPTH: Final = 100
"""How deeply elements may nest; what is deeper was not written by a person."""


def parse_xml(path: str, text: str) -> Element:
    """Return the root element; namespace prefixes are dropped.

    Raises:
        MigrationsError: it is not XML, nests too deeply, or declares a document type, which is
            how XML is made to read other files or to blow up.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder = _Builder(path, parser)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise misunderstood(path, f"it is not XML ({why})", line=error.lineno) from None
    return builder.root


class _Builder:
    def __init__(self, path: str, parser: expat.XMLParserType) -> None:
        self._path = path
        self._parser = parser
        self._open: list[tuple[Element, list[str]]] = []
        self.root = Element("")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if len(self._open) >= MAX_DEPTH:
            raise misunderstood(self._path, "its XML nests too deeply", line=line)
        said = {key.rpartition(":")[2]: value for key, value in attributes.items() if key[:5] != "xmlns"}
        element = Element(name.rpartition(":")[2], line, said)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, []))

    def end(self, _name: str) -> None:
        element, texts = self._open.pop()
        # White space at the ends is how elements are laid out, not what they say.
        element.text = "".join(texts).strip()

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def refuse(self, *_declared: Any) -> None:
        line = self._parser.CurrentLineNumber
        raise misunderstood(self._path, "it declares a document type, which tdmvc does not follow", line=line)
