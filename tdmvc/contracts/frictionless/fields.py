"""Reads the fields of a Table Schema: types, formats and constraints."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from tdmvc.contracts.frictionless.values import as_json, check_pattern, missing_values
from tdmvc.contracts.scalars import read_bound, read_value
from tdmvc.contracts.tables import TableBuilder
from tdmvc.model.declarations import Check
from tdmvc.model.rules import (
    Condition,
    Format,
    JsonSchema,
    Length,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    RuleTest,
    Values,
)
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.yaml.node import YamlNode

_CATEGORIES: Final = {
    "string": "text",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "json",
    "array": "json",
    "geojson": "json",
    "list": "text",
    "datetime": "timestamp",
    "date": "date",
    "time": "time",
    "year": "integer",
    "yearmonth": "text",
    "duration": "text",
    "geopoint": "text",
    "any": "any",
}
_FORMATS: Final[Mapping[str, RuleTest | None]] = {
    "default": None,
    "email": Format("email"),
    "uri": Format("uri"),
    "uuid": Format("uuid"),
    "binary": Pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", is_whole=True),
}
_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_TYPE_TESTS: Final[Mapping[str, RuleTest]] = {
    "yearmonth": Pattern(r"-?[0-9]{4}-(?:0[1-9]|1[0-2])", is_whole=True),
    "duration": Format("duration"),
    "geopoint": Pattern(rf"{_NUMBER}, ?{_NUMBER}", is_whole=True),
    "object": JsonSchema(json.dumps({"type": "object"}), is_text=True),
    "array": JsonSchema(json.dumps({"type": "array"}), is_text=True),
    "geojson": JsonSchema(json.dumps({"type": "object", "required": ["type"]}), is_text=True),
}
_ORDERED: Final = frozenset({"number", "integer", "boolean", "date", "time", "datetime", "year"})
_WITH_LENGTH: Final = frozenset({"string"})
_JSON_LENGTHS: Final = {
    "object": ("minProperties", "maxProperties"),
    "array": ("minItems", "maxItems"),
}
_FILE_WORDS: Final = frozenset(
    {"trueValues", "falseValues", "decimalChar", "groupChar", "bareNumber", "delimiter"}
)
"""What says how a file writes values, which rows do not show."""
_FOR_PEOPLE: Final = frozenset({"title", "example", "rdfType"})
_KNOWN: Final = frozenset({"name", "type", "format", "description", "constraints", "missingValues"})


def read_field(node: YamlNode, table: TableBuilder, missing: YamlNode | None) -> None:
    """Add the column of a field, and its rules.

    Args:
        missing: the `missingValues` of the schema.
    """
    name = node.need("name").as_text()
    kind = node.text("type") or "any"
    if kind not in _CATEGORIES:
        raise node.need("type").error(
            f"The type '{kind[:80]}' of the field '{name[:80]}' is unknown.",
            remedy=f"write one of: {', '.join(_CATEGORIES)}.",
        )
    category = _CATEGORIES[kind]
    type_, physical = (pa.string(), "json") if category == "json" else table.open_type(name, category)
    table.add_column(Column(name, type_, physical, description=node.text("description")), node)
    _Field(node, table, name, kind, missing).read()


class _Field:
    """The rules of one field."""

    def __init__(
        self, node: YamlNode, table: TableBuilder, name: str, kind: str, missing: YamlNode | None
    ) -> None:
        self._node = node
        self._table = table
        self._name = name
        self._kind = kind
        own = node.child("missingValues")
        self._missing_node = own or missing
        self._missing = missing_values(self._missing_node)

    @property
    def _type(self) -> pa.DataType:
        return self._table.columns[self._name].type

    @property
    def _is_text(self) -> bool:
        return bool(pa.types.is_string(self._type)) and self._kind not in ("object", "array", "geojson")

    def read(self) -> None:
        for key, node in self._node.entries():
            if key in _FILE_WORDS:
                self._table.note(
                    node, f"'{key}' of {self._name} says how a file writes values, and has no effect on rows."
                )
            elif key in ("categories", "categoriesOrdered", "itemType"):
                self._more(key, node)
            elif key == "missingValues":
                self._table.note(
                    node,
                    f"'missingValues' of {self._name} turns no text into null. "
                    "They count as missing where a constraint speaks of that.",
                )
            elif key not in _KNOWN and key not in _FOR_PEOPLE:
                self._table.note(node, f"'{key[:80]}' of {self._name} has no effect.")
        self._type_rules()
        constraints = self._node.child("constraints")
        if constraints is not None:
            self._constraints(constraints)

    def _add(self, node: YamlNode, word: str, test: RuleTest) -> None:
        self._table.add_rule(node, (self._name,), word, test)

    def _more(self, key: str, node: YamlNode) -> None:
        if key == "categories":
            values = [one.need("value") if one.is_mapping else one for one in node.elements()]
            self._add(node, "categories", self._allowed(values))
        else:
            self._table.note(node, f"'{key}' of {self._name} has no effect.")

    def _type_rules(self) -> None:
        type_node = self._node.child("type") or self._node
        if (test := _TYPE_TESTS.get(self._kind)) is not None and pa.types.is_string(self._type):
            self._add(type_node, self._kind, test)
        node = self._node.child("format")
        if node is None:
            return
        word = node.as_text()
        if self._kind == "string" and word in _FORMATS:
            test = _FORMATS[word]
            if test is not None:
                self._add(node, "format", test)
        elif word != "default":
            self._table.note(
                node,
                f"The format '{word[:80]}' of {self._name} says how a file writes values, and has no effect on rows."
                if self._kind in ("date", "time", "datetime", "geopoint", "geojson")
                else f"The format '{word[:80]}' of {self._name} is not one of type {self._kind}, and has no effect.",
            )

    def _constraints(self, constraints: YamlNode) -> None:
        readers: Mapping[str, Callable[[YamlNode], None]] = {
            "required": self._required,
            "unique": self._unique,
            "pattern": self._pattern,
            "enum": lambda node: self._add(node, "enum", self._allowed(list(node.elements()))),
            "jsonSchema": self._json_schema,
        }
        bounds: dict[str, YamlNode] = {}
        for key, node in constraints.entries():
            if key in readers:
                readers[key](node)
            elif key in (
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "minLength",
                "maxLength",
            ):
                bounds[key] = node
            else:
                self._table.note(
                    node, f"The constraint '{key[:80]}' of {self._name} is unknown, and has no effect."
                )
        self._range({key: node for key, node in bounds.items() if not key.endswith("Length")})
        self._lengths({key: node for key, node in bounds.items() if key.endswith("Length")})

    def _required(self, node: YamlNode) -> None:
        if not node.as_bool():
            return
        self._table.change(self._name, node, "required", required=True)
        if self._is_text and self._missing:
            self._add(node, "missing", Present(self._missing))

    def _unique(self, node: YamlNode) -> None:
        if node.as_bool():
            self._table.change(self._name, node, "unique", unique=True)

    def _pattern(self, node: YamlNode) -> None:
        expression = node.as_text()
        if not self._is_text:
            self._table.note(
                node,
                f"The pattern of {self._name} is about how a file writes values, and has no effect on rows.",
            )
            return
        check_pattern(expression, node)
        if self._missing:
            others = "|".join(re.escape(text) for text in self._missing)
            expression = f"(?:{expression})|{others}"
        self._add(node, "pattern", Pattern(expression, PatternSyntax.PYTHON, is_whole=True))

    def _allowed(self, nodes: list[YamlNode]) -> Values:
        values = tuple(read_value(one, self._type) for one in nodes)
        return Values((*values, *(one for one in self._exempt if one not in values)))

    @property
    def _exempt(self) -> tuple[str, ...]:
        """The texts that stand for missing values, which need not keep other constraints."""
        return self._missing if self._is_text else ()

    def _json_schema(self, node: YamlNode) -> None:
        if self._kind not in ("object", "array"):
            self._table.note(
                node, f"'jsonSchema' of {self._name} is for objects and arrays, and has no effect."
            )
            return
        self._add(node, "jsonSchema", JsonSchema(json.dumps(as_json(node)), is_text=True))

    def _range(self, bounds: Mapping[str, YamlNode]) -> None:
        if not bounds:
            return
        first = next(iter(bounds.values()))
        if self._kind not in _ORDERED:
            for key, node in bounds.items():
                self._table.note(node, f"'{key}' of {self._name}, of type {self._kind}, has no effect.")
            return
        read = {key: read_bound(node, self._type) for key, node in bounds.items()}
        for end in ("minimum", "maximum"):
            exclusive = f"exclusive{end.capitalize()}"
            if end in read and exclusive in read:
                self._add(bounds[exclusive], exclusive, _one_sided(end, read.pop(exclusive)))
        test = Range(
            read.get("minimum", read.get("exclusiveMinimum")),
            read.get("maximum", read.get("exclusiveMaximum")),
            "minimum" not in read and "exclusiveMinimum" in read,
            "maximum" not in read and "exclusiveMaximum" in read,
        )
        self._add(first, "range", test)

    def _lengths(self, bounds: Mapping[str, YamlNode]) -> None:
        if not bounds:
            return
        first = next(iter(bounds.values()))
        least, most = (
            bounds[key].as_count() if key in bounds else None for key in ("minLength", "maxLength")
        )
        if self._kind in _JSON_LENGTHS:
            words = dict(zip(_JSON_LENGTHS[self._kind], (least, most), strict=True))
            schema = {word: number for word, number in words.items() if number is not None}
            self._add(first, "length", JsonSchema(json.dumps(schema), is_text=True))
            return
        if self._kind not in _WITH_LENGTH:
            for key, node in bounds.items():
                self._table.note(node, f"'{key}' of {self._name}, of type {self._kind}, has no effect.")
            return
        too_short = [text for text in self._exempt if least is not None and len(text) < least]
        too_long = [text for text in self._exempt if most is not None and len(text) > most]
        if not too_short and not too_long:
            self._add(first, "length", Length(least, most))
            return
        column = quote_name(self._name)
        sides = [f"length({column}) >= {least}"] if least is not None else []
        sides += [f"length({column}) <= {most}"] if most is not None else []
        exempt = ", ".join(map(quote_text, (*too_short, *too_long)))
        self._add(first, "length", Condition(Check(f"{' AND '.join(sides)} OR {column} IN ({exempt})")))


def _one_sided(end: str, bound: object) -> Range:
    if end == "minimum":
        return Range(minimum=bound, excludes_minimum=True)  # type: ignore[arg-type]
    return Range(maximum=bound, excludes_maximum=True)  # type: ignore[arg-type]
