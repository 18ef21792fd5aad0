"""Django fixtures: the objects of `dumpdata`, a table for each model."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tdmvc.errors import SourceError
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources.base import SourceOptions, check_column_names, choose_table, open_binary
from tdmvc.sources.json import (
    SUFFIXES,
    JsonColumn,
    JsonProfile,
    SurrogateError,
    batch_reader,
    check_text,
    json_column,
    surrogate_error,
)
from tdmvc.sources.json_stream import JsonItem, decode, read_items
from tdmvc.sql.duckdb import DuckDBConnection

_KEYS = {"model", "pk", "fields"}


@dataclass(slots=True)
class _Model:
    """The objects of one model."""

    pk: JsonProfile = field(default_factory=JsonProfile)
    fields: dict[str, JsonProfile] = field(default_factory=dict)
    without_pk: int = 0
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    """Where the objects begin in the file, so that one model's rows are read without those of others."""
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, item: JsonItem, fields: Mapping[str, object]) -> None:
        pk = item.value.get("pk")
        self.without_pk += pk is None
        self.pk.add(pk)
        for name, value in fields.items():
            if name not in self.fields:
                check_text(name)
                self.fields[name] = JsonProfile()
            self.fields[name].add(value)
        self.starts.append(item.start_byte)
        self.sizes.append(item.size_bytes)


class DjangoSource:
    """A Django fixture in JSON."""

    name = "a Django fixture (.json: a list of model, pk, fields)"
    names_tables = True

    def matches(self, path: Path) -> bool:
        if not (path.is_file() and path.name.lower().endswith(SUFFIXES)):
            return False
        try:
            first = next(read_items(path), None)
        except SourceError:
            # JsonSource reports what is wrong.
            return False
        return first is not None and _fields(first) is not None

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        tables = [_table(name, model, path) for name, model in sorted(_read_models(path).items())]
        return choose_table(options, tables, path)


def _fields(item: JsonItem) -> dict[str, object] | None:
    """Return the fields of a fixture's object, or None for any other object."""
    label, fields = item.value.get("model"), item.value.get("fields")
    is_label = isinstance(label, str) and label.count(".") == 1
    return fields if is_label and isinstance(fields, dict) and item.value.keys() <= _KEYS else None


def _read_models(path: Path) -> dict[str, _Model]:
    models: dict[str, _Model] = {}
    for item in read_items(path):
        fields = _fields(item)
        if fields is None:
            raise SourceError.unreadable(
                path,
                f"line {item.line} is not an object of a Django fixture.",
                remedy="each object needs a model ('app.model') and its fields.",
            )
        table = str(item.value["model"]).replace(".", "_").lower()
        try:
            models.setdefault(table, _Model()).add(item, fields)
        except SurrogateError:
            raise surrogate_error(path, item.line) from None
    return models


def _table(name: str, model: _Model, path: Path) -> SourceTable:
    columns: dict[str, JsonColumn] = {}
    key: tuple[str, ...] = ()
    notes: list[str] = []
    if model.without_pk < len(model.starts):
        pk_name = "pk" if "id" in {field_name.lower() for field_name in model.fields} else "id"
        pk = json_column(pk_name, model.pk, has_structs=False)
        columns[_PK] = pk
        key = () if model.without_pk or pa.types.is_nested(pk.column.type) else (pk_name,)
        notes.append(f"the primary key is called '{pk_name}', because a fixture does not name it")
    if not key:
        notes.append("objects lack a primary key, or it has several columns")
    for field_name, profile in model.fields.items():
        columns[field_name] = json_column(field_name, profile, has_structs=False)
        if columns[field_name].is_json_text:
            notes.append(f"{field_name}: kept as JSON text")
    names = [item.column.name for item in columns.values()]
    check_column_names(names, path)
    if not names:
        raise SourceError.unreadable(path, f"the objects of {name} have no fields.", remedy="remove them.")
    schema = TableSchema(name, tuple(item.column for item in columns.values()), key)
    scan = ArrowScan(batch_reader(columns, _row_opener(path, model)))
    return SourceTable(schema, scan, f"{path}, {name}", is_keyed=bool(key), notes=tuple(notes))


_PK = "\0pk"
"""The primary key's name in a row; no field has this name."""


def _row_opener(path: Path, model: _Model) -> Callable[[], Iterator[Mapping[str, object]]]:
    def rows() -> Iterator[Mapping[str, object]]:
        with open_binary(path) as file:
            for start, size in zip(model.starts, model.sizes, strict=True):
                file.seek(start)
                value = decode(file.read(size))
                fields = value["fields"]
                assert isinstance(fields, dict)
                yield {_PK: value.get("pk"), **fields}

    return rows
