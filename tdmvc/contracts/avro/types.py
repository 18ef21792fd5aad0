"""Resolves the types of an Avro schema, with names, and finds their canonical types and what they demand of values."""

from dataclasses import dataclass, field, replace
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE
from tdmvc.yaml.node import YamlNode

PRIMITIVES: Final = {
    "boolean": "bool",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "bytes": "binary",
    "string": "string",
}
_LOGICAL: Final = {
    ("date", "int"): "date",
    ("time-millis", "int"): "time",
    ("time-micros", "long"): "time",
    ("timestamp-millis", "long"): "timestamptz",
    ("timestamp-micros", "long"): "timestamptz",
    ("timestamp-nanos", "long"): "timestamptz",
    ("local-timestamp-millis", "long"): "timestamp",
    ("local-timestamp-micros", "long"): "timestamp",
    ("local-timestamp-nanos", "long"): "timestamp",
}
_KINDS: Final = frozenset({"record", "error", "enum", "array", "map", "fixed", *PRIMITIVES, "null"})
_HEAVIEST: Final = 10_000
_WIDER: Final = ("int", "long", "float", "double")
JsonDict = dict[str, object]


@dataclass(frozen=True, slots=True)
class AvroType:
    """What a type of a schema means for a column, or for a value inside of one."""

    type: pa.DataType
    is_nullable: bool = False
    physical: str | None = None
    values: tuple[str, ...] = ()
    """The symbols of an enum."""
    format: str | None = None
    """What form a text has, by JSON Schema's names."""
    size: int | None = None
    """How many bytes each value has."""
    notes: tuple[str, ...] = ()
    """What has no effect, as clauses."""
    json: JsonDict = field(default_factory=dict)
    """What values demand of themselves, and of those inside of them, as a JSON Schema; empty for nothing."""
    weight: int = 1
    """How many types it is made of; one that is used several times counts several times."""


@dataclass(slots=True)
class NamedTypes:
    """The named types of a schema, in the order in which they are declared."""

    known: dict[str, YamlNode] = field(default_factory=dict)

    def declare(self, node: YamlNode, namespace: str) -> str:
        """Return the full name of a named type, after making sure that it is new."""
        full = full_name(node, namespace)
        if full in self.known:
            raise node.error(f"The name '{full[:80]}' is declared twice.")
        self.known[full] = node
        return full

    def find(self, name: str, namespace: str) -> str | None:
        """Return the full name that a name means in a namespace."""
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        if full in self.known:
            return full
        return name if name in self.known else None


def full_name(node: YamlNode, namespace: str) -> str:
    """Return the name of a named type with its namespace."""
    name = node.need("name").as_text()
    own = node.text("namespace")
    return name if "." in name else ".".join(one for one in (namespace if own is None else own, name) if one)


class Resolver:
    """Finds what types mean; a type that contains itself is JSON text."""

    def __init__(self) -> None:
        self.names = NamedTypes()
        self.fields: dict[str, list[tuple[YamlNode, AvroType]]] = {}
        """The fields of each record, by its full name."""
        self._open: list[str] = []
        self._meanings: dict[str, AvroType] = {}

    def resolve(self, node: YamlNode, namespace: str) -> AvroType:
        """Return what a type means.

        Raises:
            ConfigError: it is wrong.
        """
        if node.is_list:
            return self._union(node, namespace)
        if node.is_mapping:
            return self._complex(node, namespace)
        name = node.as_text()
        if name in PRIMITIVES:
            return AvroType(SIMPLE[PRIMITIVES[name]])
        if name == "null":
            return AvroType(pa.string(), is_nullable=True, physical="null")
        full = self.names.find(name, namespace)
        if full is None:
            raise node.error(
                f"The type '{name[:80]}' is unknown.",
                remedy="declare it before it is used, or correct the name.",
            )
        return self._named(full)

    def _named(self, full: str) -> AvroType:
        if full in self._open:
            return AvroType(
                pa.string(), physical="json", notes=(f"{full} contains itself, and is kept as JSON text",)
            )
        return self._meanings[full]

    def _complex(self, node: YamlNode, namespace: str) -> AvroType:
        kind_node = node.need("type")
        if not kind_node.is_text:
            return self.resolve(kind_node, namespace)
        kind = kind_node.as_text()
        if kind in ("record", "error", "enum", "fixed"):
            full = self.names.declare(node, namespace)
            self._meanings[full] = self._meaning(node, full)
            return self._meanings[full]
        if kind == "array":
            inner = self.resolve(node.need("items"), namespace)
            json: JsonDict = {"items": inner.json} if inner.json else {}
            return AvroType(pa.list_(inner.type), notes=inner.notes, json=json, weight=inner.weight + 1)
        if kind == "map":
            inner = self.resolve(node.need("values"), namespace)
            entry = pa.struct([pa.field("key", pa.string()), pa.field("value", inner.type)])
            found: JsonDict = {"items": {"properties": {"value": inner.json}}} if inner.json else {}
            return AvroType(pa.list_(entry), notes=inner.notes, json=found, weight=inner.weight + 1)
        if kind not in _KINDS:
            return self.resolve(kind_node, namespace)
        return self._logical(node, kind)

    def _meaning(self, node: YamlNode, full: str) -> AvroType:
        kind = node.need("type").as_text()
        if kind == "enum":
            symbols = node.need("symbols").as_texts()
            if len(set(symbols)) < len(symbols):
                raise node.need("symbols").error("A symbol is listed twice.")
            return AvroType(pa.string(), values=symbols, json={"enum": list(symbols)})
        if kind == "fixed":
            return self._logical(node, "fixed")
        self._open.append(full)
        try:
            return self._record(node, full)
        finally:
            self._open.pop()

    def _record(self, node: YamlNode, full: str) -> AvroType:
        namespace = full.rpartition(".")[0]
        found = self.fields[full] = []
        fields: list[pa.Field] = []
        notes: list[str] = []
        weight = 1
        properties: dict[str, object] = {}
        required = []
        for one in node.need("fields").elements():
            name = one.need("name").as_text()
            if any(name == other.name for other in fields):
                raise one.error(f"The field '{name[:80]}' appears twice.")
            inner = self.resolve(one.need("type"), namespace)
            weight += inner.weight
            if weight > _HEAVIEST:
                raise one.error(f"The record has more than {_HEAVIEST:,} fields, with those inside of them.")
            found.append((one, inner))
            fields.append(pa.field(name, inner.type))
            notes += inner.notes
            if not inner.is_nullable:
                required.append(name)
            if inner.json:
                properties[name] = inner.json
        if not fields:
            return AvroType(
                pa.string(), physical="json", notes=("a record without fields is kept as JSON text",)
            )
        json: JsonDict = {"required": required} if required else {}
        json |= {"properties": properties} if properties else {}
        return AvroType(pa.struct(fields), notes=tuple(dict.fromkeys(notes)), json=json, weight=weight)

    def _union(self, node: YamlNode, namespace: str) -> AvroType:
        branches = [one for one in node.elements() if not (one.is_text and one.value == "null")]
        is_nullable = len(branches) < len(node.elements())
        if not branches:
            return AvroType(pa.string(), is_nullable=True, physical="null")
        found = [self.resolve(one, namespace) for one in branches]
        if len(found) == 1:
            one = found[0]
            json: JsonDict = {"anyOf": [{"type": "null"}, one.json]} if one.json and is_nullable else one.json
            return replace(one, is_nullable=one.is_nullable or is_nullable, json=json)
        words = [str(one.value) for one in branches if one.is_text]
        notes = tuple(note for one in found for note in one.notes)
        if len(words) == len(branches) and all(word in _WIDER for word in words):
            widest = max(words, key=_WIDER.index)
            # A float32 holds not every int, and no float every long.
            widest = "double" if widest == "float" and len(set(words)) > 1 else widest
            return AvroType(SIMPLE[PRIMITIVES[widest]], is_nullable, notes=notes)
        what = "a union of several types is kept as text, and its values are not checked"
        return AvroType(pa.string(), is_nullable, notes=(*notes, what))

    def _logical(self, node: YamlNode, kind: str) -> AvroType:
        size = node.need("size").as_count() if kind == "fixed" else None
        base = AvroType(pa.binary(), size=size) if kind == "fixed" else self._primitive(kind)
        logical = node.text("logicalType")
        if logical is None:
            return base
        if (logical, kind) in _LOGICAL:
            return AvroType(SIMPLE[_LOGICAL[logical, kind]])
        if logical == "uuid" and (kind == "string" or size == 16):
            return AvroType(pa.string(), physical="uuid", format="uuid", json={"format": "uuid"})
        if logical == "duration" and size == 12:
            return AvroType(pa.string(), notes=("a duration is kept as text, and its form is not checked",))
        if logical in ("decimal", "big-decimal") and kind in ("bytes", "fixed"):
            precision = node.count("precision")
            scale = node.count("scale") or 0
            if (
                logical == "decimal"
                and precision is not None
                and 0 < precision <= MAX_DECIMAL_DIGITS
                and scale <= precision
            ):
                return AvroType(pa.decimal128(precision, scale))
            if logical == "decimal" and (precision is None or precision == 0 or scale > precision):
                raise node.error("A decimal needs a precision above 0, and a scale that is not above it.")
            return AvroType(pa.string(), notes=("a decimal of more than 38 digits is kept as text",))
        # A logical type that does not fit is the plain type, as the standard says.
        what = f"the logical type {logical[:40]} is none of {kind}"
        return replace(base, notes=(what,))

    @staticmethod
    def _primitive(kind: str) -> AvroType:
        if kind == "null":
            return AvroType(pa.string(), is_nullable=True, physical="null")
        return AvroType(SIMPLE[PRIMITIVES[kind]])
