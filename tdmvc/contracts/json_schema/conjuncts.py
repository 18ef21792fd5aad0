"""The schemas that one value must all meet, taken apart as far as they mean the same apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tdmvc.contracts.json_schema.keywords import ASSERTIONS, CONCERNS, JsonObject
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.documents.json_text import Json, as_integer, is_number
from tdmvc.documents.validator import Draft

_WHOLE = frozenset({"unevaluatedItems", "unevaluatedProperties"})
"""What other keywords beside these find out is part of their meaning."""
OLD_DRAFTS = (Draft.V7, Draft.V6, Draft.V4)
_CHOICES = ("anyOf", "oneOf")
_TYPES = ("boolean", "integer", "number", "string", "array", "object", "null")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One of the schemas that a value must all meet."""

    place: SchemaPlace
    is_whole: bool = False
    """Whether its keywords mean something else apart, so that the schema is tested as it is."""
    is_optional: bool = False
    """Whether the value null need not meet it: it is one of two branches, and the other is null."""
    is_apart: bool = False
    """Whether the schemas inside of it are no conjuncts of their own."""

    @property
    def schema(self) -> JsonObject:
        return self.place.schema if isinstance(self.place.schema, dict) else {}

    def opened(self, *, with_null: bool = True) -> frozenset[str]:
        """Return the keywords whose schemas are conjuncts of their own.

        Args:
            with_null: whether those count whose schema the value null need not meet.
        """
        if self.is_apart:
            return frozenset()
        found = {"allOf"}
        for key in _CHOICES:
            branch = _only_branch(self.schema.get(key))
            if branch is not None and (with_null or not branch[2]):
                found.add(key)
        return frozenset(found)


def conjuncts_of(resources: Resources, places: Iterable[SchemaPlace]) -> tuple[Conjunct, ...]:
    """Return the schemas that a value must all meet: behind references, in `allOf`, and in choices of one."""
    found: dict[str, Conjunct] = {}
    waiting = [(place, False) for place in places][::-1]
    while waiting:
        place, is_optional = waiting.pop()
        known = found.get(place.pointer)
        if known is not None and (is_optional or not known.is_optional):
            continue
        schema = place.schema
        if not isinstance(schema, dict):
            found[place.pointer] = Conjunct(place, is_optional=is_optional)
            continue
        is_apart = resources.is_dynamic or (bool(place.pointer) and "$schema" in schema)
        is_whole = is_apart or any(key in schema for key in _WHOLE) or not resources.is_plain(place)
        inner = [] if is_apart else list(_inner(resources, place))
        own = place
        if isinstance(schema.get("$ref"), str) and resources.draft in OLD_DRAFTS:
            own = SchemaPlace(place.pointer, {} if inner else {"$ref": schema["$ref"]})
        found[place.pointer] = Conjunct(own, is_whole, is_optional, is_apart)
        waiting.extend((one, is_optional or is_choice) for one, is_choice in inner[::-1])
    return tuple(found.values())


def _inner(resources: Resources, place: SchemaPlace) -> Iterator[tuple[SchemaPlace, bool]]:
    """Yield the schemas that a value must meet besides, each with whether null need not."""
    schema = place.schema
    assert isinstance(schema, dict)
    if isinstance(schema.get("$ref"), str):
        target = resources.target(place)
        if target is not None:
            yield target, False
        if resources.draft in OLD_DRAFTS:
            return
    members = schema.get("allOf")
    for number, one in enumerate(members if isinstance(members, list) else []):
        yield SchemaPlace(f"{place.pointer}/allOf/{number}", one), False
    for key in _CHOICES:
        branch = _only_branch(schema.get(key))
        if branch is not None:
            number, one, is_choice = branch
            yield SchemaPlace(f"{place.pointer}/{key}/{number}", one), is_choice


def _only_branch(members: Json) -> tuple[int, Json, bool] | None:
    """Return the place and the schema of the only branch that is not null, and whether there is one for null."""
    if not isinstance(members, list) or len(members) > 2:
        return None
    others = [(number, one) for number, one in enumerate(members) if not _is_null_only(one)]
    if len(others) != 1:
        return None
    return *others[0], len(members) == 2


def _is_null_only(schema: Json) -> bool:
    """Whether null is the only value that a schema allows, as far as one keyword says so."""
    if not isinstance(schema, dict):
        return False
    said = {key: value for key, value in schema.items() if key in ASSERTIONS or key.startswith("$")}
    return said in ({"type": "null"}, {"type": ["null"]}, {"const": None}, {"enum": [None]})


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


def types_allowed(conjuncts: Iterable[Conjunct], *, with_values: bool = True) -> frozenset[str]:
    """Return the types that a value may have by the schemas that it must all meet; `number` includes `integer`.

    Args:
        with_values: whether the types of listed values count, too.
    """
    allowed = frozenset(_TYPES)
    for one in conjuncts:
        exempt = frozenset({"null"} if one.is_optional else ())
        if one.place.schema is False:
            allowed &= exempt
        if "type" in one.schema:
            allowed &= named_types(one.schema) | exempt
        lists = [one.schema["enum"]] if isinstance(one.schema.get("enum"), list) else []
        lists += [[one.schema["const"]]] if "const" in one.schema else []
        for listed in lists if with_values else ():
            kinds = set(map(json_type, _list(listed)))
            allowed &= kinds | ({"number"} if "integer" in kinds else set()) | exempt
    return allowed


def named_types(schema: JsonObject) -> frozenset[str]:
    """Return the types that the keyword `type` names, alone or in a list; a number may be an integer."""
    types = schema.get("type")
    named = {str(name) for name in (types if isinstance(types, list) else [types])}
    return frozenset(named | ({"integer"} if "number" in named else set()))


def has_rows(resources: Resources, place: SchemaPlace) -> bool:
    """Whether a schema is one of objects with properties."""
    conjuncts = conjuncts_of(resources, [place])
    return "object" in types_allowed(conjuncts) and any("properties" in one.schema for one in conjuncts)


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
    concerned = CONCERNS[kind] if kind is not None else ASSERTIONS
    if draft in OLD_DRAFTS and kind in (None, "string"):
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
