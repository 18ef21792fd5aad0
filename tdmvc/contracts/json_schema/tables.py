"""A table by the schema of its rows as objects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tdmvc.contracts.base import Note
from tdmvc.contracts.json_schema.columns import ColumnReader
from tdmvc.contracts.json_schema.conjuncts import (
    Conjunct,
    branches_of,
    conjuncts_of,
    rest_of,
    types_allowed,
)
from tdmvc.contracts.json_schema.formats import format_parts
from tdmvc.contracts.json_schema.keywords import JsonObject
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.json_schema.types import column_of
from tdmvc.contracts.patterns import has_match
from tdmvc.documents.json_text import Json, escape_pointer
from tdmvc.documents.validator import SchemaError, SchemaValidator
from tdmvc.model.declarations import Default
from tdmvc.model.finding import Severity
from tdmvc.model.rules import JsonSchema, Place, Required, Rule, rule_id, with_unique_ids
from tdmvc.model.schema import Column, TableSchema

_BY_COLUMN = frozenset(
    {"additionalProperties", "patternProperties", "properties", "propertyNames", "required", "type"}
)
"""What is told column by column: the names of a table's columns are known."""
_NAMES_ONLY = frozenset(
    {
        *("anyOf", "dependencies", "dependentRequired", "dependentSchemas", "else", "if", "not", "oneOf"),
        *("properties", "required", "then", "allOf"),
    }
)
"""Keywords about the properties that they name, and no others."""


@dataclass(slots=True)
class TableReader:
    """Reads one table."""

    resources: Resources
    name: str
    known: TableSchema | None
    """The table that there is already, whose columns have types."""
    is_api: bool = False
    """Whether it is the schema of messages, in which a write-only property need not be stored."""
    notes: list[Note] = field(default_factory=list)

    def read(self, place: SchemaPlace) -> tuple[TableSchema, tuple[Rule, ...]]:
        """Return the table, and all rules with their places.

        Raises:
            ConfigError: the schema allows no objects, or names no properties.
        """
        conjuncts = conjuncts_of(self.resources, [place])
        if "object" not in types_allowed(conjuncts):
            raise self.resources.error(
                "The schema allows no object, and a row is one.",
                place,
                remedy="name the schema of one row: write `type: object` with `properties`.",
            )
        rules: list[Rule] = []
        columns: list[Column] = []
        nullable: set[str] = set()
        required = dict(self._required(conjuncts))
        names = self._names(conjuncts, required)
        if not names:
            raise self.resources.error(
                "The schema names no property, so that the table would have no column.",
                place,
                remedy="add `properties`, or name a schema that has some.",
            )
        for name in names:
            schemas = conjuncts_of(self.resources, self._schemas_of(name, conjuncts))
            column = self._column(name, conjuncts, schemas)
            if self._admits_null(name, conjuncts):
                nullable.add(name)
            elif name in required and not (self.is_api and _is_write_only(schemas)):
                column = replace(column, required=True)
                one = (name,)
                rules.append(
                    Rule(
                        rule_id(self.name, one, "required"), self.name, one, Required(), place=required[name]
                    )
                )
            columns.append(column)
            if self.resources.is_dynamic:
                continue  # what its references mean is known for the row only
            rules += ColumnReader(self.resources, self.name, column).rules(schemas)
        rules += self._row_rules(conjuncts, names, nullable & set(required))
        schema = TableSchema(self.name, tuple(columns), description=_text(conjuncts, "description"))
        return self._with_rules(schema, with_unique_ids(rules))

    def _with_rules(
        self, schema: TableSchema, rules: tuple[Rule, ...]
    ) -> tuple[TableSchema, tuple[Rule, ...]]:
        implied = {rule.id for rule in schema.rules}
        further = tuple(rule for rule in rules if rule.id not in implied)
        places = {rule.id: rule.place for rule in rules if rule.id in implied and rule.place is not None}
        schema = replace(schema, further_rules=further, places=places)
        return schema, schema.rules

    def _names(self, conjuncts: Sequence[Conjunct], required: dict[str, Place]) -> list[str]:
        """Return the columns: what the schemas name, and what the table has already."""
        found: dict[str, None] = {}
        for one in conjuncts:
            found.update(dict.fromkeys(_entries(one.schema, "properties")))
        for one in branches_of(self.resources, conjuncts):
            found.update(dict.fromkeys(_entries(one.schema, "properties")))
        found.update(dict.fromkeys(required))
        if self.known is not None:
            held = dict.fromkeys(self.known.column_names)
            found = {**held, **found}
        return list(found)

    def _required(self, conjuncts: Sequence[Conjunct]) -> Iterator[tuple[str, Place]]:
        for one in conjuncts:
            names = one.schema.get("required")
            for number, name in enumerate(names if isinstance(names, list) else []):
                yield str(name), self.resources.document.place(f"{one.place.pointer}/required/{number}")

    def _schemas_of(self, name: str, conjuncts: Sequence[Conjunct]) -> Iterator[SchemaPlace]:
        """Yield the schemas that a property of this name must meet."""
        for one in conjuncts:
            yield from self._own_schemas(name, one)
            names = one.schema.get("propertyNames")
            if isinstance(names, dict | bool) and self.resources.draft != "4":
                place = SchemaPlace(f"{one.place.pointer}/propertyNames", names)
                if not self._is_valid(place, name):
                    yield SchemaPlace(place.pointer, False)

    def _own_schemas(self, name: str, one: Conjunct) -> Iterator[SchemaPlace]:
        is_named = False
        properties = _entries(one.schema, "properties")
        if name in properties:
            is_named = True
            yield SchemaPlace(f"{one.place.pointer}/properties/{escape_pointer(name)}", properties[name])
        for pattern, schema in _entries(one.schema, "patternProperties").items():
            if has_match(pattern, name):
                is_named = True
                yield SchemaPlace(f"{one.place.pointer}/patternProperties/{escape_pointer(pattern)}", schema)
        if not is_named and "additionalProperties" in one.schema:
            yield SchemaPlace(f"{one.place.pointer}/additionalProperties", one.schema["additionalProperties"])

    def _column(self, name: str, conjuncts: Sequence[Conjunct], schemas: Sequence[Conjunct]) -> Column:
        known = self.known.column(name) if self.known is not None else None
        of_type: Sequence[Conjunct] = schemas
        if known is None and not _entries_of(conjuncts, name):
            branches = [
                place
                for one in branches_of(self.resources, conjuncts)
                for place in self._own_schemas(name, one)
                if "/properties/" in place.pointer[len(one.place.pointer) :]
            ]
            inner = conjuncts_of(self.resources, branches)
            of_type = (*schemas, *inner) if types_allowed(inner) - {"null"} else schemas
        column = column_of(name, self.resources, of_type, known)
        default = next((one.schema["default"] for one in schemas if "default" in one.schema), None)
        literal = None if default is None or isinstance(default, dict | list) else literal_of(default)
        description = _text(schemas, "description")
        return replace(
            column,
            required=False,
            default=column.default if literal is None else Default(literal),
            description=column.description if description is None else description,
        )

    def _admits_null(self, name: str, conjuncts: Sequence[Conjunct]) -> bool:
        """Whether a property may be null because its schema says so, and not only because it names no types."""
        schemas = conjuncts_of(self.resources, self._schemas_of(name, conjuncts))
        every = (*schemas, *branches_of(self.resources, schemas))
        if not any(key in one.schema for one in every for key in ("type", "enum", "const")):
            return False
        return all(self._is_valid(place, None) for place in self._schemas_of(name, conjuncts))

    def _is_valid(self, place: SchemaPlace, value: Json) -> bool:
        if isinstance(place.schema, bool):
            return place.schema
        try:
            return SchemaValidator.of(self.resources.contained(place), self.resources.draft).is_valid(value)
        except SchemaError as error:
            raise self.resources.error(f"The schema cannot be used: {error}.", place) from None

    def _row_rules(
        self, conjuncts: Sequence[Conjunct], names: Sequence[str], nulls: set[str]
    ) -> Iterator[Rule]:
        for one in conjuncts:
            handled = _BY_COLUMN | one.opened()
            if "$ref" in one.schema and self.resources.target(one.place) is not None:
                handled |= {"$ref"}
            rest = rest_of(one.schema, handled, "object", self.resources.draft)
            if not rest and not self.resources.is_dynamic:
                continue
            place = one.place if one.is_whole else SchemaPlace(one.place.pointer, rest)
            text = self.resources.contained(place)
            columns = tuple(name for name in names if self._is_about(place.schema, name))
            nulls_of = tuple(name for name in columns if name in nulls)
            test = JsonSchema(text, self.resources.draft, is_row=True, null_values=nulls_of)
            word = next(iter(rest)).lstrip("$") if len(rest) == 1 else "schema"
            pointer = f"{one.place.pointer}/{next(iter(rest))}" if len(rest) == 1 else one.place.pointer
            at = self.resources.document.place(pointer)
            yield Rule(rule_id(self.name, (), word), self.name, columns, test, place=at)
            for part in format_parts(self.resources, place, is_whole=one.is_whole):
                name = rule_id(self.name, (), "format")
                test = replace(test, schema=part, is_about_formats=True)
                yield Rule(name, self.name, columns, test, severity=Severity.WARNING, place=at)

    def _is_about(self, schema: Json, name: str) -> bool:
        """Whether a schema of the row says something about a column."""
        named = _named(schema)
        return named is None or name in named or not named


def _named(schema: Json) -> set[str] | None:
    """Return the properties that a schema names; None if it may be about others, too."""
    if not isinstance(schema, dict):
        return set()
    found: set[str] = set()
    inner: list[Json] = []
    for key, value in schema.items():
        if key == "required" and isinstance(value, list):
            found.update(map(str, value))
        elif key == "properties" and isinstance(value, dict):
            found.update(value)
        elif key in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
            inner += value
        elif key in ("if", "then", "else", "not"):
            inner.append(value)
        elif key in _NAMES_ONLY and isinstance(value, dict):
            found.update(value)
            inner += [one for one in value.values() if isinstance(one, dict | bool)]
            found.update(str(name) for one in value.values() if isinstance(one, list) for name in one)
        elif key not in ("type", "description", "title", "$comment"):
            return None
    for one in inner:
        names = _named(one)
        if names is None:
            return None
        found |= names
    return found


def _entries(schema: JsonObject, key: str) -> JsonObject:
    entries = schema.get(key)
    return entries if isinstance(entries, dict) else {}


def _entries_of(conjuncts: Sequence[Conjunct], name: str) -> bool:
    return any(name in _entries(one.schema, "properties") for one in conjuncts)


def _is_write_only(conjuncts: Sequence[Conjunct]) -> bool:
    return any(one.schema.get("writeOnly") is True for one in conjuncts)


def literal_of(value: Json) -> str:
    """Return a default that is no object or list as the text of a literal."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(conjuncts: Sequence[Conjunct], key: str) -> str | None:
    return next((text for one in conjuncts if isinstance(text := one.schema.get(key), str)), None)
