"""Writes a contract as an Avro schema: a record for each table, in an array if there are several."""

import json
import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, fields_of
from tdmvc.contracts.base import ExportedContract, Note
from tdmvc.model.rules import NO_ROWS, Format, HasType, Place, Required, Rule, Values
from tdmvc.model.schema import Column, Contract, TableSchema

_PLAIN: Final[Mapping[pa.DataType, object]] = {
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


class AvroWriter:
    """Writes schemas of Avro 1.12."""

    name: Final = "avro"

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the schema; rules other than required columns and lists of names are noted."""
        writing = _Writing(rules)
        records = [writing.record(table) for table in contract.tables.values()]
        document = records[0] if len(records) == 1 else records
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return ExportedContract(text, tuple(writing.notes))


class _Writing:
    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._used: set[str] = set()
        self.notes: list[Note] = []

    def record(self, table: TableSchema) -> dict[str, object]:
        found: dict[str, object] = {"type": "record", "name": self._name(table.name, table, "table")}
        if table.description:
            found["doc"] = table.description
        seen: set[str] = set()
        said: set[str] = set()
        fields = []
        for column in table.columns:
            fields.append(self._field(table, column, said))
            name = str(fields[-1]["name"])
            while name in seen:
                name += "_"
            fields[-1]["name"] = name
            seen.add(name)
        found["fields"] = fields
        for rule in self._rules:
            if rule.table == table.name and rule.id not in said:
                place = rule.place or Place("contract.yaml")
                self.notes.append(Note(place, f"The rule {rule.id} is not written: Avro has no form for it."))
        return found

    def _field(self, table: TableSchema, column: Column, said: set[str]) -> dict[str, object]:
        type_ = self._type(column.type, f"{table.name}_{column.name}")
        for rule in self._rules:
            if rule.table != table.name or rule.columns != (column.name,) or rule.threshold != NO_ROWS:
                continue
            match rule.test:
                case Required() | HasType():
                    said.add(rule.id)
                case Format("uuid") if type_ == "string":
                    type_ = {"type": "string", "logicalType": "uuid"}
                    said.add(rule.id)
                case Values(allowed) if type_ == "string" and _are_symbols(allowed):
                    name = self._name(f"{table.name}_{column.name}", table, "enum")
                    type_ = {
                        "type": "enum",
                        "name": name,
                        "symbols": [one for one in allowed if one is not None],
                    }
                    said.add(rule.id)
        is_required = column.required or column.name in table.key
        name = self._plain(column.name, table, "column")
        found: dict[str, object] = {"name": name, "type": type_ if is_required else ["null", type_]}
        if column.description:
            found["doc"] = column.description
        if not is_required:
            found["default"] = None
        if column.default is not None:
            value = _default(column)
            if value is None:
                place = next(iter(table.places.values()), Place("contract.yaml"))
                message = (
                    f"The default of {table.name}.{column.name} is not written: Avro has no form for it."
                )
                self.notes.append(Note(place, message))
            else:
                found |= {"type": type_ if is_required else [type_, "null"], "default": value}
        return found

    def _type(self, type_: pa.DataType, name: str) -> object:
        if type_ in _PLAIN:
            return _PLAIN[type_]
        if pa.types.is_decimal(type_):
            return {
                "type": "bytes",
                "logicalType": "decimal",
                "precision": type_.precision,
                "scale": type_.scale,
            }
        if pa.types.is_list(type_):
            return {"type": "array", "items": ["null", self._type(type_.value_type, f"{name}_item")]}
        fields = [
            {
                "name": _plain(one.name),
                "type": ["null", self._type(one.type, f"{name}_{one.name}")],
                "default": None,
            }
            for one in fields_of(type_)
        ]
        return {"type": "record", "name": self._unique(_plain(name)), "fields": fields}

    def _name(self, name: str, table: TableSchema, what: str) -> str:
        return self._unique(self._plain(name, table, what))

    def _unique(self, name: str) -> str:
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name

    def _plain(self, name: str, table: TableSchema, what: str) -> str:
        plain = _plain(name)
        if plain != name:
            place = next(iter(table.places.values()), Place("contract.yaml"))
            self.notes.append(
                Note(place, f"The {what} {name} is called {plain}: Avro's names are plain words.")
            )
        return plain


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


def _default(column: Column) -> object:
    literal = column.default.literal if column.default is not None else None
    if literal is None:
        return None
    if pa.types.is_boolean(column.type):
        return {"true": True, "false": False}.get(literal)
    if pa.types.is_integer(column.type):
        return int(literal) if re.fullmatch(r"-?[0-9]{1,18}", literal) else None
    if pa.types.is_floating(column.type):
        return float(literal) if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]+)?", literal) else None
    return literal if pa.types.is_string(column.type) else None
