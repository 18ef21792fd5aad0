"""The type of a column, or of an element of a nested one, from its logical and physical type."""

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, parse_type
from tdmvc.contracts.odcs.declarations import children, custom_property
from tdmvc.contracts.physical_types import canonical_type, logical_type
from tdmvc.errors import ConfigError, did_you_mean
from tdmvc.yaml.node import YamlNode

TYPE_PROPERTY = "tdmvcType"
"""The custom property that holds a canonical type which the other fields do not lead to."""
FORM_PROPERTY = "tdmvcTextForm"
"""The custom property that says how texts of a source write a column's values."""
LOOKS_PROPERTY = "tdmvcLooksLike"
"""The custom property that says what the values of a column look like, so that they are not shown."""
LOGICAL_TYPES = (
    *("string", "date", "timestamp", "time", "number", "integer"),
    *("object", "array", "boolean", "map", "vector"),
)
_DOCUMENTS = frozenset({"object", "array", "map", "vector"})
_VECTOR_ELEMENTS = {
    **{name: SIMPLE[name] for name in ("float32", "float64", "int8", "uint8")},
    **dict.fromkeys(("float16", "bfloat16"), SIMPLE["float32"]),
    "binary": SIMPLE["uint8"],
}


def read_type(node: YamlNode) -> pa.DataType:
    """Return the canonical type of a column or element.

    Raises:
        ConfigError: it has none, or `tdmvcType` names none.
    """
    own = custom_property(node, TYPE_PROPERTY)
    if own is not None:
        exact = parse_type(own.as_text()) if len(own.as_text()) < 10_000 else None
        if exact is None:
            raise own.error(
                f"'{own.as_text()[:80]}' is not a canonical type.",
                remedy="write int64, decimal(10,2), list<string>, …",
            )
        return exact
    logical, physical = node.text("logicalType"), node.text("physicalType")
    options = node.child("logicalTypeOptions")
    nested = _read_nested(node, logical) if physical is None else None
    found = nested or canonical_type(
        logical,
        physical,
        format=options.text("format") if options else None,
        is_zoned=options is not None and options.flag("timezone"),
    )
    if found is None and logical is not None:
        raise unknown_logical_type(node.need("logicalType"))
    if found is None:
        raise node.error(
            f"The type of the column '{node.need('name').as_text()}' is unknown.",
            remedy="add a logicalType (string, integer, number, date, …) or a physicalType.",
        )
    return found


def unknown_logical_type(node: YamlNode) -> ConfigError:
    """Return the error for a word that is no logical type."""
    word = node.as_text()
    known = f"write one of: {', '.join(LOGICAL_TYPES)}."
    remedy = did_you_mean(word.strip().lower(), LOGICAL_TYPES, known)
    return node.error(f"The logical type '{word[:80]}' is unknown.", remedy=remedy)


def read_logical_type(node: YamlNode, type_: pa.DataType) -> str:
    """Return the logical type as the contract declares it, else that of the canonical type."""
    word = (node.text("logicalType") or "").strip().lower()
    return word if word in LOGICAL_TYPES else logical_type(type_)


def is_document(type_: pa.DataType, logical: str) -> bool:
    """Whether a column is kept as JSON text."""
    return logical in _DOCUMENTS and bool(pa.types.is_string(type_))


def _read_nested(node: YamlNode, logical: str | None) -> pa.DataType | None:
    """Return the type of an object, array or vector whose elements are written out."""
    if logical == "object" and node.child("properties") is not None:
        return pa.struct(
            [
                pa.field(entry.need("name").as_text(), read_type(entry))
                for entry in children(node, "properties")
            ]
        )
    options = node.child("logicalTypeOptions")
    if logical == "vector" and options is not None:
        word = options.text("elementType") or "float32"
        if word not in _VECTOR_ELEMENTS:
            raise options.need("elementType").error(
                f"The type '{word[:80]}' of a vector's elements is unknown.",
                remedy=f"write one of: {', '.join(_VECTOR_ELEMENTS)}.",
            )
        return pa.list_(_VECTOR_ELEMENTS[word])
    items = node.child("items")
    return pa.list_(read_type(items)) if logical == "array" and items is not None else None
