"""Writes a contract as JSON Schema 2020-12: each table as the schema of its rows as objects."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.contracts.base import ExportedContract, Note
from tdmvc.contracts.json_schema.conjuncts import conjuncts_of
from tdmvc.contracts.json_schema.formats import has_only_format, parts_of
from tdmvc.contracts.json_schema.keywords import JsonObject
from tdmvc.contracts.json_schema.resources import Resources
from tdmvc.contracts.json_schema.tables import literal_of
from tdmvc.contracts.json_schema.types import column_of, json_kind, type_schema
from tdmvc.contracts.patterns import pattern_fault
from tdmvc.contracts.scalars import FORMATS
from tdmvc.contracts.unsaid import unsaid
from tdmvc.documents.json_text import Document, Json, indented_json, parse_json
from tdmvc.documents.validator import META_SCHEMAS, Draft
from tdmvc.errors import UsageError
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Place,
    Present,
    Range,
    Required,
    Rule,
    Value,
    Values,
    kind_of,
)
from tdmvc.model.schema import Column, Contract, TableSchema

_OLD = (Draft.V7, Draft.V6, Draft.V4)


class JsonSchemaWriter:
    """Writes JSON Schema 2020-12."""

    name: Final = "json-schema"

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the schema of one table's rows, or of several tables as definitions.

        Args:
            options: `table` names the only one to write.

        Raises:
            UsageError: the contract has no such table.
        """
        wanted = options.get("table")
        tables = [table for table in contract.tables.values() if wanted in (None, table.name)]
        if not tables:
            raise UsageError(f"The contract has no table {wanted}.", remedy="name one that it has.")
        writers = [_TableWriter(table) for table in tables]
        schemas = {
            one.table.name: one.write([rule for rule in rules if rule.table == one.table.name])
            for one in writers
        }
        notes = (*(note for one in writers for note in one.notes), *unsaid(tables, contract, "JSON Schema"))
        dialect = next(url for url, draft in META_SCHEMAS.items() if draft is Draft.V2020_12)
        root: JsonObject = {"$schema": dialect}
        root |= next(iter(schemas.values())) if len(schemas) == 1 else {"$defs": dict(schemas)}
        return ExportedContract(indented_json(root), notes)


@dataclass(slots=True)
class _TableWriter:
    """Writes one table."""

    table: TableSchema
    notes: list[Note] = field(default_factory=list)
    _properties: dict[str, JsonObject] = field(default_factory=dict)
    _required: dict[str, None] = field(default_factory=dict)
    _present: dict[str, None] = field(default_factory=dict)
    """The columns whose null is the value null, and no absent property."""
    _whole: list[Json] = field(default_factory=list)
    """Schemas of the row."""
    _said: set[JsonSchema] = field(default_factory=set)
    """The tests of formats in schemas that are written whole."""

    def write(self, rules: Sequence[Rule]) -> JsonObject:
        for column in self.table.columns:
            self._properties[column.name] = _column_schema(column)
            if column.required or column.name in self.table.key:
                self._require(column.name)
        tested = [
            rule.test for rule in rules if isinstance(rule.test, JsonSchema) and self._reason(rule) is None
        ]
        self._said = {
            replace(one, schema=part, is_about_formats=True)
            for one in tested
            if not one.is_about_formats
            for part in parts_of(one.schema)
        }
        for rule in rules:
            why = self._reason(rule) or self._add(rule)
            if why is not None:
                self._note(rule, why)
        schema: JsonObject = {"title": self.table.name}
        if self.table.description is not None:
            schema["description"] = self.table.description
        schema |= {"type": "object", "properties": dict(self._properties)}
        for name in self._required:
            _without_null(self._properties[name])
        names = dict.fromkeys((*self._required, *self._present))
        if names:
            schema["required"] = list(names)
        for column in self.table.columns:
            self._note_type(column)
        if self._whole:
            schema["allOf"] = list(self._whole)
        return schema

    def _reason(self, rule: Rule) -> str | None:
        """Return why a schema cannot say how much a rule matters, as a clause."""
        if rule.threshold != NO_ROWS:
            return "it allows some rows to break it, and a schema allows none"
        if isinstance(rule.test, Format):
            return None if rule.severity is Severity.WARNING else "a format only warns"
        if isinstance(rule.test, JsonSchema) and rule.test.is_about_formats:
            is_said = rule.test in self._said or has_only_format(rule.test.schema)
            return None if is_said else "what is around its formats would be an error"
        if rule.severity is not Severity.ERROR:
            return "it is a warning, and a schema has only errors"
        return None

    def _add(self, rule: Rule) -> str | None:
        """Add a rule to the schemas; return why there is no form for it, as a clause."""
        if isinstance(rule.test, JsonSchema) and rule.test in self._said:
            return None  # what tests the rest has the formats, too
        if isinstance(rule.test, JsonSchema) and rule.test.is_row:
            self._whole.append(_embedded(rule.test))
            self._present.update(dict.fromkeys(rule.test.null_values))
            return None
        columns = [column for name in rule.columns if (column := self.table.column(name)) is not None]
        if len(columns) < len(rule.columns) or not columns:
            return "it is not about single values"
        for column in columns:
            if isinstance(rule.test, Required):
                self._require(column.name)
                continue
            keywords = _keywords(rule, column)
            if isinstance(keywords, str):
                return keywords
            _merge(self._properties[column.name], keywords)
            if isinstance(rule.test, Present) and None in rule.test.missing:
                self._require(column.name)
        if isinstance(rule.test, Format) and rule.test.name not in FORMATS:
            return "whoever reads the schema does not know the format"
        if (
            isinstance(rule.test, JsonSchema)
            and rule.test.is_text
            and not all(one.is_json for one in columns)
        ):
            return "`contentSchema` only describes what the texts hold"
        return None

    def _note_type(self, column: Column) -> None:
        """Note a type that the schema leaves open, or has no word for."""
        where = Place(self.table.name)
        schema = self._properties[column.name]
        resources = Resources(Document("", schema, {}), Draft.V2020_12)
        read = column_of(column.name, resources, conjuncts_of(resources, [resources.place("")]))
        what = f"{self.table.name}.{column.name}"
        if (read.type, read.is_json) != (column.type, column.is_json):
            kind = "JSON" if read.is_json else read.type_text
            self.notes.append(
                Note(
                    where,
                    f"The type {column.type_text} of {what} is read as {kind}: JSON Schema has no word for it.",
                )
            )
        elif column.is_json and column.name in self._required:
            message = f"A document `null` in {what} is not valid under the schema, as the column is required."
            self.notes.append(Note(where, message))

    def _require(self, name: str) -> None:
        self._required[name] = None
        schema = self._properties[name]
        types = schema.get("type")
        if isinstance(types, list):
            schema["type"] = types[0]
        elif types is None:
            _merge(schema, {"not": {"type": "null"}})

    def _note(self, rule: Rule, why: str) -> None:
        place = rule.place or Place(self.table.name)
        self.notes.append(Note(place, f"The rule {rule.id} ({kind_of(rule)}) is not in the schema: {why}."))


def _keywords(rule: Rule, column: Column) -> JsonObject | str:
    """Return a rule of one column as keywords that a null passes; otherwise why there are none."""
    is_text = bool(pa.types.is_string(column.type)) and not column.is_json
    is_listed = is_text or is_number(column.type) or bool(pa.types.is_boolean(column.type))
    match rule.test:
        case HasType(name):
            return {} if name == column.type_text else f"the schema has the column's type, {column.type_text}"
        case Length(minimum, maximum) if is_text or pa.types.is_list(column.type):
            word = "Items" if pa.types.is_list(column.type) else "Length"
            return _some({f"min{word}": minimum, f"max{word}": maximum})
        case Range() if is_number(column.type):
            return _range(rule.test)
        case MultipleOf(step) if is_number(column.type):
            return {"multipleOf": _plain(step)}
        case Pattern() if is_text:
            return _pattern(rule.test)
        case Format(name) if is_text:
            return {"format": name}
        case Values(allowed) if is_listed:
            return {"enum": list(dict.fromkeys((*map(_plain, allowed), None)))}
        case Present(missing) if is_listed or missing == (None,):
            named: list[Json] = [_plain(value) for value in missing]
            return {"not": {"enum": named}}
        case JsonSchema() as test if not test.is_text or column.is_json:
            return {"allOf": [{"anyOf": [{"type": "null"}, _embedded(test)]}]}
        case JsonSchema():
            return {"contentMediaType": "application/json", "contentSchema": _embedded(rule.test)}
        case Range() | Values() | Present():
            return f"JSON has no values of the type {column.type_text}"
        case Pattern() | Format() | MultipleOf() | Length():
            return f"the column's type is {column.type_text}"
    return "JSON Schema has no form for it"


def _range(test: Range) -> JsonObject:
    lower = "exclusiveMinimum" if test.excludes_minimum else "minimum"
    upper = "exclusiveMaximum" if test.excludes_maximum else "maximum"
    return _some({lower: _plain(test.minimum), upper: _plain(test.maximum)})


def _pattern(test: Pattern) -> JsonObject | str:
    if test.syntax is not PatternSyntax.ECMA and pattern_fault(test.expression) is not None:
        return "its regular expression is not one of ECMA-262"
    if test.syntax is not PatternSyntax.ECMA and not test.expression.isalnum():
        return (
            f"its regular expression is written for {test.syntax}, and may mean something else in JSON Schema"
        )
    return {"pattern": f"^(?:{test.expression})$" if test.is_whole else test.expression}


def _embedded(test: JsonSchema) -> Json:
    """Return the schema of a rule, as a resource of its own if its references lead into itself."""
    schema = parse_json(test.schema)
    if isinstance(schema, dict) and ("$ref" in test.schema or test.draft in _OLD):
        dialect = next(url for url, draft in META_SCHEMAS.items() if draft == test.draft)
        name = hashlib.sha256(test.schema.encode()).hexdigest()[:16]
        key = "id" if test.draft == Draft.V4 else "$id"
        if test.draft in _OLD and "$ref" in schema:
            # Beside a reference, a name means nothing in these versions.
            inner: Json = {"$ref": schema["$ref"]}
            schema = {"allOf": [inner], **{one: schema[one] for one in ("definitions",) if one in schema}}
        return {"$schema": dialect, key: f"urn:tdmvc:{name}", **schema}
    return schema


def _column_schema(column: Column) -> JsonObject:
    schema = {} if column.is_json else type_schema(column.type, is_nullable=True)
    if column.description is not None:
        schema["description"] = column.description
    if column.default is not None and column.default.literal is not None:
        schema["default"] = _default(column.default.literal, column)
    return schema


def _default(literal: str, column: Column) -> Json:
    """Return a default as a value of JSON if it has the same text there, else as a text."""
    if json_kind(column.type) in ("boolean", "integer", "number"):
        try:
            value = parse_json(literal)
        except ValueError:
            return literal
        if value is not None and literal_of(value) == literal:
            return value
    return literal


def _merge(schema: JsonObject, keywords: JsonObject) -> None:
    """Add keywords to a schema, beside those of the same name that it has."""
    members = schema.get("allOf")
    further = list(members) if isinstance(members, list) else []
    for key, value in keywords.items():
        if key == "allOf" and isinstance(value, list):
            further += value
        elif schema.get(key, value) == value:
            schema[key] = value
        else:
            further.append({key: value})
    if further:
        schema["allOf"] = further


def _without_null(schema: JsonObject) -> None:
    """Take null from the values that a required column may have."""
    members = schema.get("allOf")
    for one in (schema, *(members if isinstance(members, list) else ())):
        listed = one.get("enum") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(listed, list) and listed != [None]:
            one["enum"] = [value for value in listed if value is not None]


def _some(keywords: Mapping[str, Json]) -> JsonObject:
    return {key: value for key, value in keywords.items() if value is not None}


def _plain(value: Value) -> Json:
    """Return a number without a fraction as a whole one."""
    if isinstance(value, Decimal) and abs(value.adjusted()) < 100 and value == value.to_integral_value():
        return int(value)
    return value
