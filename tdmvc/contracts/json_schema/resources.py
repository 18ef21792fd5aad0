"""A document of JSON Schema with what its references lead to. Nothing outside of the document is ever read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

from tdmvc.contracts.json_schema.keywords import REFERENCES, JsonObject, inner_schemas, map_schemas
from tdmvc.documents.json_text import Document, Json, render_json
from tdmvc.documents.validator import META_SCHEMAS, Draft
from tdmvc.errors import ConfigError

_DOCUMENT = "json-schema:///document"
_LEFT_OUT = frozenset({"$defs", "definitions", "$schema", "$id", "id"})
"""What a schema does not need once its references lead elsewhere."""


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """A schema, and where the document has it."""

    pointer: str
    schema: Json


class Resources:
    """The schemas of a document by what they are called."""

    def __init__(self, document: Document, draft: Draft, roots: tuple[str, ...] = ("",)) -> None:
        self.document, self.draft = document, draft
        self._places: dict[str, _Known] = {}
        self._by_uri: dict[str, str] = {}
        self._anchors: dict[tuple[str, str], str] = {}
        self._has_names = False
        """Whether schemas inside the document have names of their own, or references that depend on the way."""
        self.is_dynamic = False
        """Whether references mean what they do by the way that leads to them."""
        for root in roots:
            self._learn(root, self.value_at(root), "")

    @property
    def definitions(self) -> str:
        return "$defs" if self.draft in (Draft.V2020_12, Draft.V2019_09) else "definitions"

    @property
    def places(self) -> Iterator[SchemaPlace]:
        """Every schema of the document."""
        yield from (SchemaPlace(pointer, known.schema) for pointer, known in self._places.items())

    def place(self, pointer: str) -> SchemaPlace:
        return SchemaPlace(pointer, self.value_at(pointer))

    def value_at(self, pointer: str) -> Json:
        """Return the value at a JSON pointer.

        Raises:
            KeyError: there is none.
        """
        value = self.document.value
        for step in pointer.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                raise KeyError(pointer)
        return value

    def error(self, what: str, place: SchemaPlace, keyword: str = "", remedy: str = "") -> ConfigError:
        """Build the error for a fault in a schema."""
        return self.document.error(what, f"{place.pointer}/{keyword}" if keyword else place.pointer, remedy)

    def target(self, place: SchemaPlace, keyword: str = "$ref") -> SchemaPlace | None:
        """Return the schema that a reference leads to; None if that is a meta-schema.

        Raises:
            ConfigError: it leads nowhere in the document.
        """
        assert isinstance(place.schema, dict)
        reference = str(place.schema[keyword])
        uri, _, fragment = self._absolute(place, reference).partition("#")
        fragment = unquote(fragment)
        if uri in META_SCHEMAS and uri not in self._by_uri:
            return None
        root = self._by_uri.get(uri)
        pointer = None
        if root is not None:
            is_pointer = not fragment or fragment.startswith("/")
            pointer = root + fragment if is_pointer else self._anchors.get((uri, fragment))
        try:
            if pointer is None:
                raise KeyError(reference)
            value = self.value_at(pointer)
        except KeyError:
            raise self.error(
                f"The reference '{reference[:120]}' leads to nothing in this file.",
                place,
                keyword,
                "correct it, or copy what it means into this file: other files and the network are not read.",
            ) from None
        if not isinstance(value, dict | bool):
            raise self.error(f"The reference '{reference[:120]}' leads to what is no schema.", place, keyword)
        if pointer not in self._places:
            self._learn(pointer, value, uri)
        return SchemaPlace(pointer, value)

    def is_plain(self, place: SchemaPlace) -> bool:
        """Whether parts of a schema mean the same outside of the document, with what their references lead to."""
        return not self._has_names or not any(
            isinstance(one, dict) and any(key in one for key in (*REFERENCES, "$id", "id"))
            for one in _walk(place.schema)
        )

    def contained(self, place: SchemaPlace) -> str:
        """Return a schema as a text with everything that its references lead to.

        Args:
            place: of a schema in the document; with `is_plain`, its schema may be a part of that.
        """
        if not self.is_plain(place):
            return self._with_document(place)
        names: dict[str, str] = {}
        waiting: list[SchemaPlace] = []
        schema = self._renamed(place, names, waiting)
        definitions: JsonObject = {}
        while waiting:
            one = waiting.pop()
            definitions[names[one.pointer]] = self._renamed(one, names, waiting)
        if not definitions:
            return render_json(schema)
        return render_json({"allOf": [schema], self.definitions: definitions})

    def _renamed(self, place: SchemaPlace, names: dict[str, str], waiting: list[SchemaPlace]) -> Json:
        def change(schema: JsonObject) -> JsonObject:
            schema = {key: one for key, one in schema.items() if key not in _LEFT_OUT}
            if not isinstance(schema.get("$ref"), str):
                return schema
            target = self.target(SchemaPlace(place.pointer, schema))
            if target is None:
                return schema
            if target.pointer not in names:
                names[target.pointer] = f"d{len(names)}"
                waiting.append(target)
            return {**schema, "$ref": f"#/{self.definitions}/{names[target.pointer]}"}

        return map_schemas(place.schema, change)

    def _with_document(self, place: SchemaPlace) -> str:
        root = self.document.value
        assert isinstance(root, dict)
        if not place.pointer and place.schema == root:
            return render_json(root)  # a schema around it would change what `$recursiveRef` leads to
        key = "id" if self.draft is Draft.V4 else "$id"
        name = root.get(key)
        uri = urljoin(_DOCUMENT, name).rstrip("#") if isinstance(name, str) else _DOCUMENT
        schema: JsonObject = {
            "allOf": [{"$ref": f"{uri}#{place.pointer}" if place.pointer else uri}],
            self.definitions: {"document": {**root, key: uri}},
        }
        return render_json(schema)

    def _absolute(self, place: SchemaPlace, reference: str) -> str:
        base = ""
        pointer: str = place.pointer
        while pointer not in self._places and pointer:
            pointer = pointer.rpartition("/")[0]
        if pointer in self._places:
            base = self._places[pointer].base
        if reference.startswith("#") or not reference:
            return base + reference
        return urljoin(base, reference)

    def _learn(self, pointer: str, schema: Json, base: str) -> None:
        """Take over a schema and those inside it."""
        waiting = [(pointer, schema, base)]
        while waiting:
            at, one, uri = waiting.pop()
            if at in self._places:
                continue
            uri = self._name(at, one, uri)
            self._places[at] = _Known(one, uri)
            waiting.extend((at + inner, below, uri) for inner, below in inner_schemas(one))

    def _name(self, pointer: str, schema: Json, base: str) -> str:
        if pointer == "" or (not self._by_uri and base == ""):
            self._by_uri.setdefault("", "")
        if not isinstance(schema, dict):
            return base
        is_old = self.draft in (Draft.V7, Draft.V6, Draft.V4)
        name = schema.get("id" if self.draft is Draft.V4 else "$id")
        if isinstance(name, str) and not (is_old and "$ref" in schema):
            if is_old and name.startswith("#"):
                self._anchors[base, name[1:]] = pointer
                self._has_names = True
            else:
                base = urljoin(base, name).rstrip("#")
                self._by_uri[base] = pointer
                self._has_names = self._has_names or pointer != ""
        for key in ("$anchor", "$dynamicAnchor"):
            anchor = schema.get(key)
            if isinstance(anchor, str):
                self._anchors[base, anchor] = pointer
                self._has_names = True
        self.is_dynamic = self.is_dynamic or "$dynamicRef" in schema or "$recursiveRef" in schema
        if self.is_dynamic or (pointer and "$schema" in schema):
            self._has_names = True
        return base


@dataclass(frozen=True, slots=True)
class _Known:
    schema: Json = field(repr=False)
    base: str
    """The address that its references start from; empty if it has none."""


def _walk(schema: Json) -> Iterator[Json]:
    yield schema
    for _, inner in inner_schemas(schema):
        yield from _walk(inner)
