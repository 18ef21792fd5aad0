"""Reads the options of a logical type, and the list of its values, as tests of a value."""

from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.contracts.gathering import Gathered
from tdmvc.contracts.odcs.column_types import is_document
from tdmvc.contracts.odcs.elements import ColumnElement, Documents, ElementTest, JsonShape
from tdmvc.contracts.patterns import pattern_fault
from tdmvc.contracts.physical_types import integer_bounds
from tdmvc.contracts.scalars import FORMATS, read_bound, read_number, read_value, read_zone
from tdmvc.errors import did_you_mean
from tdmvc.model.rules import Format, Length, MultipleOf, Pattern, Range, Value, Values
from tdmvc.yaml.node import YamlNode

_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
OPTIONS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "date": (*_RANGE, "format"),
    "timestamp": (*_RANGE, "format", "timezone", "defaultTimezone"),
    "time": (*_RANGE, "format", "timezone", "defaultTimezone"),
    "integer": (*_RANGE, "multipleOf", "format"),
    "number": (*_RANGE, "multipleOf", "format"),
    "object": ("minProperties", "maxProperties", "required"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "vector": (
        *(
            "dimensions",
            "elementType",
            "distanceMetric",
            "embeddingModel",
            "embeddingModelVersion",
            "normalized",
        ),
    ),
}
"""What each logical type allows in `logicalTypeOptions`; the others allow nothing."""


def read_options(element: ColumnElement, gathered: Gathered) -> Iterator[ElementTest]:
    """Yield what the options of the logical type demand, and note those without effect.

    A column's own length limit is one of its properties, and not among them.
    """
    options = element.node.child("logicalTypeOptions")
    if options is None:
        return
    known = OPTIONS.get(element.logical, ())
    for key, node in options.entries():
        with gathered.faults_of_one():
            if key not in known:
                raise _unknown_option(node, key, element.logical)
            if node.is_null:
                raise node.error(f"'{key}' has no value.", remedy="write one, or remove the line.")
    readers = {
        "string": _read_text,
        "integer": _read_number_options,
        "number": _read_number_options,
        "object": _read_object,
        "array": _read_array,
        "vector": _read_vector,
    }
    read = readers.get(element.logical, _read_time)
    with gathered.faults_of_one():
        yield from read(element, options, gathered)


def read_enum(element: ColumnElement) -> Values | None:
    """Return the values that the standard's `enum` lists; None without one."""
    node = element.node.child("enum")
    if node is None:
        return None
    entries = node.elements()
    if not entries:
        raise node.error("'enum' lists no values.", remedy="list those that are valid, or remove it.")
    for entry in entries:
        if not entry.is_mapping:
            raise entry.error("A value of 'enum' is a mapping.", remedy="write `- value: …` for each.")
    return Values(tuple(read_value(_value_of(entry), element.type) for entry in entries))


def _value_of(entry: YamlNode) -> YamlNode:
    found = dict(entry.entries()).get("value")
    return found if found is not None else entry.need("value")


def _unknown_option(node: YamlNode, key: str, logical: str) -> Exception:
    known = OPTIONS.get(logical, ())
    owners = [name for name, options in OPTIONS.items() if key in options]
    what = f"{logical} has: {', '.join(known)}." if known else f"{logical} has no options."
    remedy = did_you_mean(key, known, f"it is an option of {', '.join(owners)}; {what}" if owners else what)
    return node.error(f"The option '{key}' is unknown for the logical type {logical}.", remedy=remedy)


def _read_text(element: ColumnElement, options: YamlNode, gathered: Gathered) -> Iterator[ElementTest]:
    least, most = options.count("minLength"), options.count("maxLength")
    if least is not None and most is not None and least > most:
        raise options.need("minLength").error("minLength is greater than maxLength.")
    if least is not None:
        yield ElementTest("minLength", Length(minimum=least), options.need("minLength"))
    if most is not None and not element.is_column:
        yield ElementTest("maxLength", Length(maximum=most), options.need("maxLength"))
    pattern = options.child("pattern")
    if pattern is not None:
        yield ElementTest("pattern", read_pattern(pattern), pattern)
    format = options.child("format")
    if format is None:
        return
    name = format.as_text()
    if name in FORMATS:
        yield ElementTest("format", Format(name), format)
    else:
        gathered.note(
            format, f"The format '{name[:80]}' is not checked; those that are: {', '.join(sorted(FORMATS))}."
        )


def read_pattern(node: YamlNode) -> Pattern:
    """Return a regular expression, which may match a part of the text.

    Raises:
        ConfigError: it is none.
    """
    pattern = node.as_text()
    fault = pattern_fault(pattern)
    if fault is not None:
        raise node.error(
            f"This is not a regular expression of ECMA-262: {fault}.",
            remedy="correct it, and write a YAML text in single quotes if it has backslashes.",
        )
    return Pattern(pattern)


def _read_number_options(
    element: ColumnElement, options: YamlNode, gathered: Gathered
) -> Iterator[ElementTest]:
    yield from _read_ranges(element, options)
    step = options.child("multipleOf")
    if step is not None:
        if read_number(step) <= 0:
            raise step.error("multipleOf must be greater than 0.")
        yield ElementTest("multipleOf", MultipleOf(read_number(step)), step)
    format = options.child("format")
    if format is None:
        return
    bounds = integer_bounds(format.as_text(), element.logical)
    if bounds is None:
        raise format.error(
            f"The format '{format.as_text()[:80]}' is unknown for the logical type {element.logical}.",
            remedy="write i32, u16, … for an integer, f32 or f64 for a number.",
        )
    if pa.types.is_floating(element.type) or bounds == (None, None):
        if not pa.types.is_floating(element.type):
            gathered.note(format, f"The format has no effect on a column of type {element.type}.")
        return
    held = integer_bounds_of(element.type)
    if held is None or held[0] < (bounds[0] or 0) or held[1] > (bounds[1] or 0):
        yield ElementTest("format", Range(bounds[0], bounds[1]), format)


def integer_bounds_of(type_: pa.DataType) -> tuple[int, int] | None:
    """Return the least and the greatest value of an integer type; None for others."""
    if not pa.types.is_integer(type_):
        return None
    bits = type_.bit_width
    return (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(type_) else (0, 2**bits - 1)
    )


def _read_time(element: ColumnElement, options: YamlNode, gathered: Gathered) -> Iterator[ElementTest]:
    for key in ("format", "defaultTimezone"):
        node = options.child(key)
        if key == "format" and node is not None:
            gathered.note(
                node,
                "The format of a date or time is not checked: its column holds dates or times, no texts.",
            )
    yield from _read_ranges(element, options, read_zone(options.child("defaultTimezone")))


def _read_ranges(element: ColumnElement, options: YamlNode, zone: str = "UTC") -> Iterator[ElementTest]:
    """Yield the range of the bounds, and another one if a side has an inclusive and an exclusive bound.

    In ODCS 3.0, an exclusive bound is `true` or `false` beside the other.
    """
    flags = {key: _flag(options.child(key)) for key in ("exclusiveMinimum", "exclusiveMaximum")}
    nodes = {
        key: node for key in _RANGE if (node := options.child(key)) is not None and flags.get(key) is None
    }
    found = {key: _read_bound(element, node, zone) for key, node in nodes.items()}
    low = "minimum" if "minimum" in found else "exclusiveMinimum"
    high = "maximum" if "maximum" in found else "exclusiveMaximum"
    for word, keys in (
        ("range", (low, high)),
        ("exclusiveRange", tuple(key for key in found if key not in (low, high))),
    ):
        used = [key for key in keys if key in found]
        if not used:
            continue
        least = next((key for key in used if key.lower().endswith("minimum")), "")
        most = next((key for key in used if key.lower().endswith("maximum")), "")
        bounds = Range(
            found.get(least),
            found.get(most),
            excludes_minimum=bool(least) and (least != "minimum" or bool(flags["exclusiveMinimum"])),
            excludes_maximum=bool(most) and (most != "maximum" or bool(flags["exclusiveMaximum"])),
        )
        _check_order(nodes[used[0]], bounds)
        yield ElementTest(word, bounds, nodes[used[0]])


def _read_bound(element: ColumnElement, node: YamlNode, zone: str) -> Value:
    if is_number(element.type) or element.logical not in ("integer", "number"):
        return read_bound(node, element.type, zone)
    number = read_number(node)
    return int(number) if number == number.to_integral_value() else number


def _flag(node: YamlNode | None) -> bool | None:
    if node is None or not isinstance(node.value, str) or node.value.lower() not in ("true", "false"):
        return None
    return node.as_bool()


def _check_order(node: YamlNode, bounds: Range) -> None:
    least, most = bounds.minimum, bounds.maximum
    if (
        isinstance(least, int | Decimal)
        and isinstance(most, int | Decimal)
        and least > most
        and node is not None
    ):
        raise node.error("The minimum is greater than the maximum, so that no value is valid.")


def _read_object(element: ColumnElement, options: YamlNode, gathered: Gathered) -> Iterator[ElementTest]:
    for key in ("minProperties", "maxProperties"):
        count = options.count(key)
        if count is not None:
            yield ElementTest(key, Documents({key: count}), options.need(key))
    names = options.texts("required")
    if names:
        yield ElementTest("required", Documents(present(names)), options.need("required"))


def present(names: tuple[str, ...]) -> JsonShape:
    """Return the keywords with which an object has properties that are not null."""
    return {"required": list(names), "properties": {name: {"not": {"type": "null"}} for name in names}}


def _read_array(element: ColumnElement, options: YamlNode, gathered: Gathered) -> Iterator[ElementTest]:
    for key in ("minItems", "maxItems"):
        count = options.count(key)
        if count is None:
            continue
        length = Length(minimum=count) if key == "minItems" else Length(maximum=count)
        test = Documents({key: count}) if is_document(element.type, "array") else length
        yield ElementTest(key, test, options.need(key))
    if options.flag("uniqueItems"):
        yield ElementTest("uniqueItems", Documents({"uniqueItems": True}), options.need("uniqueItems"))


def _read_vector(element: ColumnElement, options: YamlNode, gathered: Gathered) -> Iterator[ElementTest]:
    count = options.count("dimensions")
    if count is not None:
        node = options.need("dimensions")
        if count == 0:
            raise node.error("A vector has at least one dimension.")
        keywords: JsonShape = {"minItems": count, "maxItems": count}
        is_text = is_document(element.type, "vector")
        yield ElementTest("dimensions", Documents(keywords) if is_text else Length(count, count), node)
    for key in ("distanceMetric", "embeddingModel", "embeddingModelVersion", "normalized"):
        node_or_none = options.child(key)
        if node_or_none is not None:
            gathered.note(
                node_or_none, f"{key} of a vector is for people and other tools; it is not checked."
            )
