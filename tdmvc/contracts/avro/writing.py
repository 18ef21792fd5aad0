"""Writes a contract as an Avro schema: a record for each table, in an array if there are several."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, fields_of, format_type
from tdmvc.contracts.avro.types import PRIMITIVES, Resolver
from tdmvc.contracts.base import ExportedContract, Note
from tdmvc.contracts.unsaid import NOWHERE, unsaid
from tdmvc.documents.json_text import Json, indented_json
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Format, HasType, Place, Required, Rule, Values, kind_of
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.yaml.json_text import parse_json as parse_json_text

_PLAIN: Final[Mapping[pa.DataType, Json]] = {
    SIMPLE["bool"]: "boolean",
    **dict.fromkeys(
        (SIMPLE["int8"], SIMPLE["int16"], SIMPLE["int32"], SIMPLE["uint8"], SIMPLE["uint16"]), "int"
    ),
    **dict.fromkeys((SIMPLE["int64"], SIMPLE["uint32"]), "long"),
    SIMPLE["uint64"]: {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 0},
    SIMPLE["float32"]: "float",
    SIMPLE["float64"]: "double",
    SIMPLE["string"]: "string",
    SIMPLE["binary"]: "bytes",
    SIMPLE["date"]: {"type": "int", "logicalType": "date"},
    SIMPLE["time"]: {"type": "long", "logicalType": "time-micros"},
    SIMPLE["timestamp"]: {"type": "long", "logicalType": "local-timestamp-micros"},
    SIMPLE["timestamptz"]: {"type": "long", "logicalType": "timestamp-micros"},
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


_TYPE_NAMES: Final = frozenset({"null", "array", "map", "record", "error", "enum", "fixed", *PRIMITIVES})
"""What no named type may be called."""


class AvroWriter:
    """Writes schemas of Avro 1.12."""

    name: Final = "avro"

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the schema; what Avro cannot say is noted, such as rules other than required columns and names."""
        writing = _Writing(rules, list(contract.tables))
        records: list[Json] = [writing.record(table) for table in contract.tables.values()]
        document = records[0] if len(records) == 1 else records
        notes = (*writing.notes, *unsaid(contract.tables.values(), contract, "Avro"))
        return ExportedContract(indented_json(document) + "\n", notes)


class _Writing:
    """Writes records, whose names and those inside of them are used once."""

    def __init__(self, rules: tuple[Rule, ...], tables: list[str]) -> None:
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.table, []).append(rule)
        self._used = set(_TYPE_NAMES)
        self._tables = {name: self._unique(_plain(name)) for name in tables}
        self.notes: list[Note] = []

    def record(self, table: TableSchema) -> Json:
        """Return the record of a table."""
        name = self._tables[table.name]
        self._note_name(table, "table", table.name, name)
        found: dict[str, Json] = {"type": "record", "name": name}
        if table.description:
            found["doc"] = table.description
        said: set[str] = set()
        names = _distinct(table.column_names)
        fields: list[Json] = []
        for column in table.columns:
            self._note_name(table, "column", column.name, names[column.name])
            fields.append({"name": names[column.name], **self._field(table, column, said)})
        found["fields"] = fields
        for rule in self._rules.get(table.name, ()):
            if rule.id not in said:
                why = (
                    "a type has only errors"
                    if isinstance(rule.test, Format | Values)
                    else "Avro has no form for it"
                )
                self.notes.append(
                    Note(
                        rule.place or NOWHERE, f"The rule {rule.id} ({kind_of(rule)}) is not written: {why}."
                    )
                )
        return found

    def _field(self, table: TableSchema, column: Column, said: set[str]) -> dict[str, Json]:
        type_ = self._type(column.type, f"{table.name}_{column.name}")
        self._note_type(table, column, type_)
        is_required = column.name in table.key
        for rule in self._rules.get(table.name, ()):
            if (
                rule.columns != (column.name,)
                or rule.threshold != NO_ROWS
                or rule.severity is not Severity.ERROR
            ):
                continue
            match rule.test:
                case HasType(name) if name == column.type_text:
                    said.add(rule.id)
                case Required():
                    is_required = True
                    said.add(rule.id)
                case Format("uuid") if type_ == "string":
                    type_ = {"type": "string", "logicalType": "uuid"}
                    said.add(rule.id)
                case Values(allowed) if type_ == "string" and _are_symbols(allowed):
                    symbols: list[Json] = [one for one in allowed if isinstance(one, str)]
                    name = self._unique(_plain(f"{table.name}_{column.name}"))
                    type_ = {"type": "enum", "name": name, "symbols": symbols}
                    said.add(rule.id)
        found: dict[str, Json] = {"type": type_ if is_required else ["null", type_]}
        if column.description:
            found["doc"] = column.description
        value = _default(column, type_)
        if value is not None:
            return found | {"type": type_ if is_required else [type_, "null"], "default": value}
        if column.default is not None and column.default.literal is not None:
            message = f"The default of {table.name}.{column.name} is not written: Avro has no form for it."
            self.notes.append(Note(_place(table), message))
        return found if is_required else found | {"default": None}

    def _type(self, type_: pa.DataType, name: str) -> Json:
        if type_ in _PLAIN:
            return _PLAIN[type_]
        if pa.types.is_decimal(type_):
            digits = {"precision": type_.precision, "scale": type_.scale}
            return {"type": "bytes", "logicalType": "decimal", **digits}
        if pa.types.is_list(type_):
            return {"type": "array", "items": ["null", self._type(type_.value_type, f"{name}_item")]}
        own = self._unique(_plain(name))
        names = _distinct(tuple(one.name for one in fields_of(type_)))
        fields: list[Json] = [
            {
                "name": names[one.name],
                "type": ["null", self._type(one.type, f"{name}_{one.name}")],
                "default": None,
            }
            for one in fields_of(type_)
        ]
        return {"type": "record", "name": own, "fields": fields}

    def _note_type(self, table: TableSchema, column: Column, type_: Json) -> None:
        """Note a type of which Avro has only another one, and what it cannot say of a text."""
        read = Resolver().resolve(parse_json_text(json.dumps(type_), ""), "").type
        what = f"{table.name}.{column.name}"
        if read != column.type:
            message = f"The type {column.type_text} of {what} is read as {format_type(read)}: Avro has no word for it."
            self.notes.append(Note(_place(table), message))
        elif column.is_json or column.is_untyped:
            kind = "has documents of JSON" if column.is_json else "has any type"
            self.notes.append(
                Note(_place(table), f"That {what} {kind} is not written: Avro has no word for it.")
            )

    def _unique(self, name: str) -> str:
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name

    def _note_name(self, table: TableSchema, what: str, name: str, plain: str) -> None:
        if plain != name:
            message = f"The {what} {name} of {table.name} is called {plain}: Avro's names are plain words."
            self.notes.append(Note(_place(table), message))


def _place(table: TableSchema) -> Place:
    return next(iter(table.places.values()), NOWHERE)


def _distinct(names: tuple[str, ...]) -> dict[str, str]:
    """Return plain words for some names, each another one."""
    found: dict[str, str] = {}
    used: set[str] = set()
    # What is a plain word already stays.
    for name in sorted(names, key=lambda one: _plain(one) != one):
        plain = _plain(name)
        while plain in used:
            plain += "_"
        used.add(plain)
        found[name] = plain
    return found


def _plain(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if _NAME.fullmatch(plain) else f"_{plain}"


def _are_symbols(values: tuple[object, ...]) -> bool:
    texts = [one for one in values if one is not None]
    return (
        bool(texts)
        and len(set(texts)) == len(texts)
        and all(isinstance(one, str) and _NAME.fullmatch(one) for one in texts)
    )


def _default(column: Column, type_: Json) -> Json:
    """Return the literal of a default as a value of a type; None if it has none, or reads as another text."""
    literal = column.default.literal if column.default is not None else None
    if literal is None:
        return None
    if isinstance(type_, dict):
        symbols = type_.get("symbols")
        is_text = type_.get("logicalType") == "uuid" or (isinstance(symbols, list) and literal in symbols)
        return literal if is_text else None
    if pa.types.is_boolean(column.type):
        return {"true": True, "false": False}.get(literal)
    if pa.types.is_integer(column.type):
        return int(literal) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", literal) else None
    if pa.types.is_floating(column.type):
        return (
            Decimal(literal) if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?", literal) else None
        )
    return literal if pa.types.is_string(column.type) else None
