"""Writes a contract as JSON Schema 2020-12: each table as the schema of its rows as objects."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import fields_of, is_number
from tdmvc.contracts.base import ExportedContract, Note
from tdmvc.contracts.json_schema.keywords import JsonObject
from tdmvc.contracts.json_schema.types import json_kind
from tdmvc.contracts.patterns import pattern_fault
from tdmvc.documents.json_text import Json, parse_json, render_json
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
        notes = tuple(note for one in writers for note in one.notes)
        dialect = next(url for url, draft in META_SCHEMAS.items() if draft is Draft.V2020_12)
        root: JsonObject = {"$schema": dialect}
        root |= next(iter(schemas.values())) if len(schemas) == 1 else {"$defs": dict(schemas)}
        return ExportedContract(_indented(root), notes)


@dataclass(slots=True)
class _TableWriter:
    """Writes one table."""

    table: TableSchema
    notes: list[Note] = field(default_factory=list)
    _properties: dict[str, JsonObject] = field(default_factory=dict)
    _required: dict[str, None] = field(default_factory=dict)
    _whole: list[Json] = field(default_factory=list)
    """Schemas of the row."""

    def write(self, rules: Sequence[Rule]) -> JsonObject:
        for column in self.table.columns:
            self._properties[column.name] = _column_schema(column)
            if column.required or column.name in self.table.key:
                self._require(column.name)
        for rule in rules:
            if rule.threshold != NO_ROWS:
                self._note(rule, "it allows some rows to break it, and a schema allows none")
            elif rule.severity is not Severity.ERROR and not isinstance(rule.test, Format):
                self._note(rule, "it is a warning, and a schema has only errors")
            else:
                why = self._add(rule)
                if why is not None:
                    self._note(rule, why)
        for name in self._required:
            self._without_null(self._properties[name])
        schema: JsonObject = {"title": self.table.name}
        if self.table.description is not None:
            schema["description"] = self.table.description
        schema |= {"type": "object", "properties": dict(self._properties)}
        for name in self._required:
            _without_null(self._properties[name])
        if self._required:
            schema["required"] = list(self._required)
        if self._whole:
            schema["allOf"] = list(self._whole)
        return schema

    def _add(self, rule: Rule) -> str | None:
        """Add a rule to the schemas; return why there is no form for it, as a clause."""
        if isinstance(rule.test, JsonSchema) and rule.test.is_row:
            self._whole.append(_embedded(rule.test))
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
        return None

    def _require(self, name: str) -> None:
        self._required[name] = None
        schema = self._properties[name]
        types = schema.get("type")
        if isinstance(types, list):
            schema["type"] = types[0]
        elif types is None:
            _merge(schema, {"not": {"type": "null"}})

    def _without_null(self, schema: JsonObject) -> None:
        """Remove null from the values of a required column, whose type has no null."""
        values = schema.get("enum")
        if isinstance(values, list) and schema.get("type") is not None:
            schema["enum"] = [value for value in values if value is not None]

    def _note(self, rule: Rule, why: str) -> None:
        place = rule.place or Place(self.table.name)
        self.notes.append(Note(place, f"The rule {rule.id} ({kind_of(rule)}) is not in the schema: {why}."))


def _keywords(rule: Rule, column: Column) -> JsonObject | str:
    """Return a rule of one column as keywords that a null passes; otherwise why there are none."""
    is_text = bool(pa.types.is_string(column.type)) and not column.is_json
    match rule.test:
        case HasType():
            return {}
        case Length(minimum, maximum):
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
        case Values(allowed) if is_text or is_number(column.type) or pa.types.is_boolean(column.type):
            return {"enum": list(dict.fromkeys((*map(_plain, allowed), None)))}
        case Present(missing):
            named: list[Json] = [_plain(value) for value in missing]
            return {"not": {"enum": named}}
        case JsonSchema() as test if not test.is_text or column.is_json:
            return {"allOf": [{"anyOf": [{"type": "null"}, _embedded(test)]}]}
        case JsonSchema():
            return {"contentMediaType": "application/json", "contentSchema": _embedded(rule.test)}
        case Range() | Values():
            return f"JSON has no values of the type {column.type_text}"
        case Pattern() | Format() | MultipleOf():
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
    schema = {} if column.is_json else _type_schema(column.type, is_nullable=True)
    if column.description is not None:
        schema["description"] = column.description
    if column.default is not None and column.default.literal is not None:
        schema["default"] = _default(column.default.literal, column)
    return schema


def _type_schema(type_: pa.DataType, *, is_nullable: bool) -> JsonObject:
    kind = json_kind(type_)
    schema: JsonObject = {"type": [kind, "null"] if is_nullable else kind}
    if pa.types.is_binary(type_):
        schema["contentEncoding"] = "base64"
    elif kind == "string" and not pa.types.is_string(type_):
        schema |= _some({"format": "date" if pa.types.is_date(type_) else _instant(type_)})
    elif pa.types.is_list(type_):
        schema["items"] = _type_schema(type_.value_type, is_nullable=True)
    elif pa.types.is_struct(type_):
        fields: JsonObject = {one.name: _type_schema(one.type, is_nullable=True) for one in fields_of(type_)}
        schema |= {"properties": fields, "additionalProperties": False}
    elif pa.types.is_integer(type_) and type_.bit_width < 64:
        schema["format"] = str(type_)
    return schema


def _instant(type_: pa.DataType) -> str | None:
    return "date-time" if pa.types.is_timestamp(type_) and type_.tz is not None else None


def _default(literal: str, column: Column) -> Json:
    if json_kind(column.type) == "string":
        return literal
    try:
        return parse_json(literal)
    except ValueError:
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


def _indented(value: Json, depth: int = 0) -> str:
    """Return JSON text, a line for each entry of an object and for each object in a list."""
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict) and value:
        entries = (
            f"{json.dumps(key, ensure_ascii=False)}: {_indented(one, depth + 1)}"
            for key, one in value.items()
        )
        return "{" + inner + f",{inner}".join(entries) + outer + "}"
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return "[" + inner + f",{inner}".join(_indented(one, depth + 1) for one in value) + outer + "]"
    return render_json(value)
