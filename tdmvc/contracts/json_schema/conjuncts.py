"""The schemas that one value must all meet, taken apart as far as they mean the same apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tdmvc.contracts.json_schema.keywords import CONCERNS, KNOWN, JsonObject
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.documents.json_text import Json, as_integer, is_number
from tdmvc.documents.validator import Draft

_WHOLE = frozenset({"unevaluatedItems", "unevaluatedProperties"})
"""What other keywords beside these find out is part of their meaning."""
OLD_DRAFTS = (Draft.V7, Draft.V6, Draft.V4)
_TYPES = ("boolean", "integer", "number", "string", "array", "object", "null")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One of the schemas that a value must all meet."""

    place: SchemaPlace
    is_whole: bool = False
    """Whether its keywords mean something else apart, so that the schema is tested as it is."""

    @property
    def schema(self) -> JsonObject:
        return self.place.schema if isinstance(self.place.schema, dict) else {}


def conjuncts_of(resources: Resources, places: Iterable[SchemaPlace]) -> tuple[Conjunct, ...]:
    """Return the schemas that a value must all meet: behind references, and in `allOf`."""
    found: dict[str, Conjunct] = {}
    waiting = list(places)[::-1]
    while waiting:
        place = waiting.pop()
        if place.pointer in found:
            continue
        schema = place.schema
        if not isinstance(schema, dict):
            found[place.pointer] = Conjunct(place)
            continue
        is_apart = resources.is_dynamic or (bool(place.pointer) and "$schema" in schema)
        is_whole = is_apart or any(key in schema for key in _WHOLE) or not resources.is_plain(place)
        inner = [] if is_apart else list(_inner(resources, place))
        if isinstance(schema.get("$ref"), str) and resources.draft in OLD_DRAFTS:
            target = inner[0] if inner else None
            found[place.pointer] = Conjunct(
                SchemaPlace(place.pointer, {"$ref": schema["$ref"]} if target is None else {}), is_whole
            )
        else:
            found[place.pointer] = Conjunct(place, is_whole)
        waiting.extend(inner[::-1])
    return tuple(found.values())


def _inner(resources: Resources, place: SchemaPlace) -> Iterator[SchemaPlace]:
    schema = place.schema
    assert isinstance(schema, dict)
    if isinstance(schema.get("$ref"), str):
        target = resources.target(place)
        if target is not None:
            yield target
        if resources.draft in OLD_DRAFTS:
            return
    members = schema.get("allOf")
    for number, one in enumerate(members if isinstance(members, list) else []):
        yield SchemaPlace(f"{place.pointer}/allOf/{number}", one)


def branches_of(resources: Resources, conjuncts: Sequence[Conjunct]) -> tuple[Conjunct, ...]:
    """Return the schemas that a value may have to meet: those in `anyOf`, `oneOf`, `then` and the like."""
    found: dict[str, Conjunct] = {}
    waiting = list(conjuncts)
    while waiting:
        schema = waiting.pop()
        places = [
            SchemaPlace(f"{schema.place.pointer}/{key}/{number}", one)
            for key in ("anyOf", "oneOf")
            for number, one in enumerate(_list(schema.schema.get(key)))
        ]
        places += [
            SchemaPlace(f"{schema.place.pointer}/{key}", schema.schema[key])
            for key in ("if", "then", "else")
            if key in schema.schema
        ]
        for key in ("dependentSchemas", "dependencies"):
            entries = schema.schema.get(key)
            for name, one in entries.items() if isinstance(entries, dict) else ():
                if isinstance(one, dict):
                    places.append(SchemaPlace(f"{schema.place.pointer}/{key}/{name}", one))
        fresh = [one for one in conjuncts_of(resources, places) if one.place.pointer not in found]
        found.update({one.place.pointer: one for one in fresh})
        waiting.extend(fresh)
    return tuple(found.values())


def types_allowed(conjuncts: Iterable[Conjunct]) -> frozenset[str]:
    """Return the types that a value may have by the schemas that it must all meet; `number` includes `integer`."""
    allowed = frozenset(_TYPES)
    for one in conjuncts:
        if one.place.schema is False:
            return frozenset()
        types = one.schema.get("type")
        if types is not None:
            named = {str(name) for name in (types if isinstance(types, list) else [types])}
            allowed &= named | ({"integer"} if "number" in named else set())
        listed = one.schema.get("enum", [one.schema["const"]] if "const" in one.schema else None)
        if isinstance(listed, list):
            kinds = {json_type(value) for value in listed}
            allowed &= kinds | ({"number"} if "integer" in kinds else set())
    return allowed


def json_type(value: Json) -> str:
    """Return the JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "integer" if as_integer(value) is not None else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def without_effect(schema: JsonObject) -> frozenset[str]:
    """Return the keywords of a schema that have none because another is missing."""
    lacking = {"then", "else"} if "if" not in schema else set()
    if "contains" not in schema:
        lacking |= {"minContains", "maxContains"}
    if not isinstance(schema.get("items"), list):
        lacking.add("additionalItems")
    if "then" not in schema and "else" not in schema:
        lacking.add("if")
    return frozenset(lacking)


def rest_of(schema: JsonObject, handled: frozenset[str], kind: str | None, draft: Draft) -> JsonObject:
    """Return the keywords that can make a value invalid, without those that are handled elsewhere.

    Args:
        kind: the JSON type of the values; None if they have several.
    """
    concerned = CONCERNS[kind] if kind is not None else KNOWN
    if draft in OLD_DRAFTS and kind == "string":
        concerned |= {"contentEncoding", "contentMediaType"}
    concerned |= {"$dynamicRef", "$recursiveRef", "$ref"}
    skipped = handled | without_effect(schema)
    rest = {key: value for key, value in schema.items() if key in concerned and key not in skipped}
    if draft in OLD_DRAFTS:
        # These are schemas that nobody knows in those versions.
        rest = {key: one for key, one in rest.items() if key not in _later(draft)}
    return rest


def _later(draft: Draft) -> frozenset[str]:
    later = {"dependentRequired", "dependentSchemas", "maxContains", "minContains", "prefixItems"}
    if draft in (Draft.V6, Draft.V4):
        later |= {"if", "then", "else"}
    if draft is Draft.V4:
        later |= {"const", "contains", "propertyNames"}
    return frozenset(later)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
