"""Finds references that cannot end: those that lead to themselves, and those that demand a value without end."""

from collections.abc import Iterator

from tdmvc.contracts.json_schema.conjuncts import named_types
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.documents.json_text import as_integer, escape_pointer

_IN_PLACE = ("allOf", "anyOf", "oneOf")


def check_recursion(resources: Resources) -> None:
    """Follow every reference.

    Raises:
        ConfigError: one leads to nothing, to itself without going deeper into the value, or to a schema
            that only a value without end could meet.
    """
    places = {place.pointer: place for place in resources.places}
    steps: dict[str, list[str]] = {}
    waiting = list(places.values())
    while waiting:
        place = waiting.pop()
        if place.pointer in steps:
            continue
        found = list(_same_value(resources, place))
        waiting.extend(one for one in found if one.pointer not in steps)
        places.update({one.pointer: one for one in found})
        for inner in _inner_values(place):
            # Of a schema that only a reference leads to: it is where no keyword has schemas.
            if inner.pointer not in places:
                places[inner.pointer] = inner
                waiting.append(inner)
        steps[place.pointer] = [one.pointer for one in found]
    _check_loops(resources, places, steps)
    _check_endless(resources, places)


def _same_value(resources: Resources, place: SchemaPlace) -> Iterator[SchemaPlace]:
    """Yield the schemas that a value must be tested with to test it with a schema."""
    schema = place.schema
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        target = resources.target(place)
        if target is not None:
            yield target
        if resources.definitions == "definitions":
            return
    for key in _IN_PLACE:
        members = schema.get(key)
        for number, one in enumerate(members if isinstance(members, list) else []):
            yield SchemaPlace(f"{place.pointer}/{key}/{number}", one)
    keys = ["not", "if", "then", "else"] if "if" in schema else ["not"]
    for key in keys:
        if key in schema:
            yield SchemaPlace(f"{place.pointer}/{key}", schema[key])


def _inner_values(place: SchemaPlace) -> Iterator[SchemaPlace]:
    """Yield the schemas for the properties and the elements of a value."""
    schema = place.schema if isinstance(place.schema, dict) else {}
    properties = schema.get("properties")
    for name, one in properties.items() if isinstance(properties, dict) else ():
        yield SchemaPlace(f"{place.pointer}/properties/{escape_pointer(str(name))}", one)
    if isinstance(schema.get("items"), dict):
        yield SchemaPlace(f"{place.pointer}/items", schema["items"])


def _check_loops(resources: Resources, places: dict[str, SchemaPlace], steps: dict[str, list[str]]) -> None:
    done: set[str] = set()
    for start in steps:
        path: list[str] = []
        on_path: set[str] = set()
        stack = [(start, False)]
        while stack:
            pointer, is_left = stack.pop()
            if is_left:
                on_path.discard(path.pop())
                done.add(pointer)
            elif pointer in on_path:
                raise _cannot_end(resources, places, path[path.index(pointer) :], "leads back to itself")
            elif pointer not in done:
                path.append(pointer)
                on_path.add(pointer)
                stack.append((pointer, True))
                stack.extend((one, False) for one in steps.get(pointer, ()))


def _check_endless(resources: Resources, places: dict[str, SchemaPlace]) -> None:
    """Refuse schemas that no finite value meets, because they demand themselves inside of themselves."""
    ending: set[str] = set()
    waiting = sorted(places.values(), key=lambda place: -place.pointer.count("/"))
    while True:
        left = []
        for place in waiting:
            if _can_end(resources, place, ending):
                ending.add(place.pointer)
            else:
                left.append(place)
        if len(left) == len(waiting):
            break
        waiting = left
    for pointer, place in places.items():
        if pointer not in ending and isinstance(place.schema, dict) and "$ref" in place.schema:
            raise _cannot_end(resources, places, [pointer], "demands a value that goes on without end")


def _can_end(resources: Resources, place: SchemaPlace, ending: set[str]) -> bool:
    schema = place.schema
    if not isinstance(schema, dict):
        return True
    if isinstance(schema.get("$ref"), str):
        target = resources.target(place)
        if target is not None and target.pointer not in ending:
            return False
        if resources.definitions == "definitions":
            return True
    for key in _IN_PLACE:
        members = schema.get(key)
        if isinstance(members, list) and members:
            can = [f"{place.pointer}/{key}/{number}" in ending for number in range(len(members))]
            if not (all(can) if key == "allOf" else any(can)):
                return False
    if named_types(schema) == {"object"}:
        names, properties = schema.get("required"), schema.get("properties")
        if isinstance(names, list) and isinstance(properties, dict):
            inner = [
                f"{place.pointer}/properties/{escape_pointer(str(name))}"
                for name in names
                if name in properties
            ]
            return all(one in ending for one in inner)
    if named_types(schema) == {"array"} and (as_integer(schema.get("minItems")) or 0) > 0:
        items = schema.get("items")
        return not isinstance(items, dict) or f"{place.pointer}/items" in ending
    return True


def _cannot_end(resources: Resources, places: dict[str, SchemaPlace], loop: list[str], why: str) -> Exception:
    at = next(
        (
            places[one]
            for one in loop
            if isinstance(places[one].schema, dict) and "$ref" in _keys(places[one])
        ),
        places[loop[0]],
    )
    keyword = "$ref" if "$ref" in _keys(at) else ""
    reference = at.schema.get("$ref") if isinstance(at.schema, dict) else None
    return resources.error(
        f"The reference '{str(reference)[:120]}' cannot end: it {why}.",
        at,
        keyword,
        "make the recursive part optional: a property that is not required, or a list that may be empty.",
    )


def _keys(place: SchemaPlace) -> set[str]:
    return set(place.schema) if isinstance(place.schema, dict) else set()
