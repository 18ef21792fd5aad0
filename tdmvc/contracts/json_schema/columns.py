"""The rules of a column by the schemas that its values must meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import is_number as has_numbers
from tdmvc.contracts.json_schema.conjuncts import Conjunct, rest_of
from tdmvc.contracts.json_schema.formats import format_parts
from tdmvc.contracts.json_schema.keywords import ASSERTIONS, REFERENCES, JsonObject
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.json_schema.types import json_kind, type_schema
from tdmvc.contracts.scalars import FORMATS
from tdmvc.documents.json_text import Json, as_integer, is_number
from tdmvc.documents.validator import Draft
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Format,
    JsonSchema,
    Length,
    MultipleOf,
    Pattern,
    Present,
    Range,
    Rule,
    RuleTest,
    Value,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column

_LONGEST = 2**31
"""No text or list is longer."""
_NONE = Values(())
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


@dataclass(frozen=True, slots=True)
class Demand:
    """One test of a column's values, and what declares it."""

    word: str
    """The last word of the rule's id."""
    test: RuleTest
    pointer: str
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class ColumnReader:
    """Reads the rules of one column."""

    resources: Resources
    table: str
    column: Column

    def rules(self, conjuncts: Sequence[Conjunct]) -> Iterator[Rule]:
        """Yield the rules that the values of the column must keep; a null keeps all of them."""
        names = (self.column.name,)
        for one in conjuncts:
            for demand in self._demands(one):
                yield Rule(
                    rule_id(self.table, names, demand.word),
                    self.table,
                    names,
                    demand.test,
                    severity=demand.severity,
                    place=self.resources.document.place(demand.pointer),
                )

    def _demands(self, one: Conjunct) -> Iterator[Demand]:
        is_json = self.column.is_json
        if is_json and one.is_optional:
            return  # documents may be null, so that the choice itself is tested
        if one.place.schema is False:
            yield Demand("false", _NONE, one.place.pointer)
            return
        if one.is_whole:
            yield from self._remaining(one, one.schema, one.place)
            return
        kind = None if is_json else json_kind(self.column.type)
        handled = set(one.opened(with_null=not is_json))
        for keyword, tests in self._typed(kind, one) if kind is not None else ():
            handled.add(keyword)
            for word, test in tests:
                pointer = f"{one.place.pointer}/{keyword}"
                severity = Severity.WARNING if isinstance(test, Format) else Severity.ERROR
                yield Demand(word, test, pointer, severity)
        if "$ref" in one.schema and self._leads_on(one):
            handled.add("$ref")
        rest = rest_of(one.schema, frozenset(handled), kind, self.resources.draft)
        own = {"format": one.schema["format"]} if is_json and "format" in one.schema else {}
        yield from self._remaining(one, rest, SchemaPlace(one.place.pointer, {**rest, **own}))

    def _remaining(self, one: Conjunct, rest: JsonObject, place: SchemaPlace) -> Iterator[Demand]:
        """Yield the test of what has no other form, and that of the formats in it."""
        text = self.resources.contained(place) if place.schema else "{}"
        test = JsonSchema(text, self.resources.draft, is_text=self.column.is_json)
        if rest:
            word = next(iter(rest)) if len(rest) == 1 else "schema"
            yield Demand(word.lstrip("$"), test, one.place.pointer)
        for part in format_parts(self.resources, place, is_whole=one.is_whole):
            test = replace(test, schema=part, is_about_formats=True)
            yield Demand("format", test, one.place.pointer, Severity.WARNING)

    def _leads_on(self, one: Conjunct) -> bool:
        """Whether the schema behind a reference is a conjunct of its own."""
        if "$ref" not in one.schema:
            return False
        return self.resources.target(one.place) is not None

    def _typed(self, kind: str, one: Conjunct) -> Iterator[tuple[str, list[tuple[str, RuleTest]]]]:
        """Yield the keywords that rules can say, each with those."""
        schema = one.schema
        if "type" in schema:
            yield "type", list(self._type(kind, schema["type"]))
        if kind in ("array", "object"):
            inner = type_schema(self.column.type, is_nullable=False)
            if all(schema.get(key) == one for key, one in inner.items() if key != "type"):
                yield from ((key, []) for key in inner if key != "type")  # the column's type says it
            if pa.types.is_list(self.column.type):
                yield from self._counts(schema, "minItems", "maxItems")
            return
        if pa.types.is_binary(self.column.type):
            return
        if "enum" in schema:
            yield "enum", [("enum", Values(_scalars(schema["enum"])))]
        if "const" in schema and self.resources.draft != "4":
            yield "const", [("const", Values(_scalars([schema["const"]])))]
        if (refused := self._refused(schema.get("not"))) is not None:
            yield "not", [("not", Present(refused))] if refused else []
        if kind in ("integer", "number"):
            yield from self._numbers(one)
        if pa.types.is_string(self.column.type):
            yield from self._texts(one)

    def _refused(self, schema: Json) -> tuple[Value, ...] | None:
        """Return the values that `not` with a list refuses; None if it says something else."""
        known = (*ASSERTIONS, *REFERENCES)
        said = {key: one for key, one in schema.items() if key in known} if isinstance(schema, dict) else {}
        if said == {"type": "null"}:
            return ()
        if said.keys() == {"const"} and self.resources.draft != Draft.V4:
            said = {"enum": [said["const"]]}
        type_ = self.column.type
        is_listed = pa.types.is_string(type_) or pa.types.is_boolean(type_) or has_numbers(type_)
        if said.keys() != {"enum"} or not is_listed:
            return None
        values = said["enum"]
        is_null_refused = self.column.required and isinstance(values, list) and None in values
        return (*([None] if is_null_refused else []), *_scalars(values))

    def _type(self, kind: str, types: Json) -> Iterator[tuple[str, RuleTest]]:
        named = types if isinstance(types, list) else [types]
        if kind in named or (kind == "integer" and "number" in named):
            return
        if kind == "number" and "integer" in named:
            yield "type", MultipleOf(Decimal(1))
        else:
            yield "type", _NONE

    def _numbers(self, one: Conjunct) -> Iterator[tuple[str, list[tuple[str, RuleTest]]]]:
        schema = one.schema
        flags = {key: schema.get(key) is True for key in _BOUNDS}
        for key in _BOUNDS:
            bound = schema.get(key)
            if not is_number(bound):
                if key in schema:
                    yield key, []  # a flag of draft 4
                continue
            is_exclusive = key.startswith("exclusive") or flags[f"exclusive{key.capitalize()}"]
            number = self._number(one, key)
            if key.lower().endswith("minimum"):
                test = Range(minimum=number, excludes_minimum=is_exclusive)
            else:
                test = Range(maximum=number, excludes_maximum=is_exclusive)
            yield key, [(key, test)]
        if "multipleOf" in schema:
            yield "multipleOf", [("multipleOf", MultipleOf(Decimal(self._number(one, "multipleOf"))))]

    def _number(self, one: Conjunct, key: str) -> int | Decimal:
        number = one.schema[key]
        assert isinstance(number, int | Decimal)
        if isinstance(number, Decimal) and abs(number.adjusted()) > 2_000:
            raise self.resources.error(
                "The number is too large or too small to compare with.", one.place, key
            )
        whole = as_integer(number)
        return number if whole is None else whole

    def _texts(self, one: Conjunct) -> Iterator[tuple[str, list[tuple[str, RuleTest]]]]:
        schema = one.schema
        yield from self._counts(schema, "minLength", "maxLength")
        if isinstance(schema.get("pattern"), str):
            yield "pattern", [("pattern", Pattern(str(schema["pattern"])))]
        name = schema.get("format")
        if isinstance(name, str) and name in FORMATS:
            yield "format", [("format", Format(name))]

    def _counts(
        self, schema: JsonObject, least: str, most: str
    ) -> Iterator[tuple[str, list[tuple[str, RuleTest]]]]:
        if (count := as_integer(schema.get(least))) is not None:
            test: RuleTest = Length(minimum=count) if count <= _LONGEST else _NONE
            yield least, [(least, test)] if count > 0 else []
        if (count := as_integer(schema.get(most))) is not None:
            yield most, [(most, Length(maximum=count))] if count <= _LONGEST else []


def _scalars(values: Json) -> tuple[Value, ...]:
    """Return the values of a list that a column without nested values can hold."""
    found: list[Value] = []
    for value in values if isinstance(values, list) else []:
        if isinstance(value, str | bool | int):
            found.append(value)
        elif isinstance(value, Decimal):
            whole = as_integer(value)
            found.append(value if whole is None else whole)
    return tuple(found)
