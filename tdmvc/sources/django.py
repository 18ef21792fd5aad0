"""Django fixtures: a table for each model, as its database has it where the migrations tell.

With its model, an object's fields have their types and the names of their columns, and a many-to-many field is the
table that joins two models. Without it, a column has a field's name and the type that its values suggest.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.constants import values_array
from tdmvc.errors import SourceError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.django_models import DjangoModel, DjangoModels, JoinTable, ModelField
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources.base import SourceOptions, check_column_names, choose_table, open_binary
from tdmvc.sources.django_values import FieldType, default_of, field_types
from tdmvc.sources.fixture_items import fields_of, fixture_items, is_fixture, is_yaml
from tdmvc.sources.json import (
    ArrayColumn,
    JsonProfile,
    SurrogateError,
    batch_reader,
    check_text,
    json_column,
    surrogate_error,
)
from tdmvc.sources.json_stream import JsonItem, decode
from tdmvc.sql.duckdb import DuckDBConnection

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column with the type of a model's field."""

    type: FieldType
    default: object = None
    """What an object without the field has, as a fixture writes it."""

    @property
    def column(self) -> Column:
        return self.type.column

    def array(self, values: Iterable[object]) -> pa.Array:
        read = [None if value is None else _number_of(self.type.read(value)) for value in values]
        return values_array(read, self.column.type)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _number_of(value: object) -> object:
    """Return a date or a time as the number that Arrow has for it; other values as they are."""
    match value:
        case datetime():
            return (value.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
        case date():
            return value.toordinal() - _EPOCH.toordinal()
        case time():
            return (datetime.combine(_EPOCH, value, UTC) - _EPOCH) // _MICROSECOND
    return value


@dataclass(slots=True)
class _Values:
    """What is known about the values of a field so far."""

    profile: JsonProfile = field(default_factory=JsonProfile)
    types: list[FieldType] = field(default_factory=list)
    """Those of its model that hold all values."""
    nulls: int = 0

    def add(self, value: object) -> None:
        self.profile.add(value)
        self.nulls += value is None
        if self.types and value is not None:
            self.types = [type_ for type_ in self.types if _holds(type_, value)]


@dataclass(slots=True)
class _Objects:
    """The objects of one model."""

    label: str
    model: DjangoModel | None
    models: DjangoModels
    pk: _Values = field(init=False)
    fields: dict[str, _Values] = field(default_factory=dict)
    members: dict[str, list[FieldType]] = field(default_factory=dict)
    """By many-to-many field: the types that hold all of its members; none if one is named otherwise than by its key."""
    without_pk: int = 0
    count: int = 0
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    """Where the objects begin in the file, so that one model's rows are read without those of others."""
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    kept: list[dict[str, object]] = field(default_factory=list)
    """The objects of a file in YAML, which has no such places."""

    def __post_init__(self) -> None:
        primary = self.model.primary if self.model else None
        self.pk = _Values(types=self._types_of(primary, primary.column) if primary else [])

    def _types_of(self, model_field: ModelField, name: str) -> list[FieldType]:
        held = self.models.value_field(model_field)
        return field_types(held, name) if held else []

    def add(self, item: JsonItem, fields: Row, *, keep: bool) -> None:
        pk = item.value.get("pk")
        self.without_pk += pk is None
        self.count += 1
        self.pk.add(pk)
        for name, value in self.by_field(fields).items():
            if name not in self.fields:
                check_text(name)
                self._begin(name)
            self.fields[name].add(value)
            if name in self.members:
                self.members[name] = [one for one in self.members[name] if _holds_all(one, value)]
        if keep:
            self.kept.append(item.value)
        else:
            self.starts.append(item.start_byte)
            self.sizes.append(item.size_bytes)

    def by_field(self, fields: Row) -> Row:
        """Return values by the names of their fields, which a fixture may also call by their attributes."""
        if self.model is None:
            return fields
        named = ((self.model.field(name), name, value) for name, value in fields.items())
        return {one.name if one else name: value for one, name, value in named}

    def _begin(self, name: str) -> None:
        model_field = self.model.field(name) if self.model else None
        values = _Values()
        if model_field is not None and model_field.is_many:
            self.members[name] = self._types_of(model_field, name) if model_field.column else []
        elif model_field is not None:
            values.types = self._types_of(model_field, model_field.column)
        self.fields[name] = values


class DjangoSource:
    """A Django fixture in JSON or YAML."""

    name = "a Django fixture (.json, .jsonl, .yaml: a list of model, pk, fields)"
    names_tables = True

    def matches(self, path: Path) -> bool:
        return is_fixture(path)

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        models = options.django_models() if options.django_models else DjangoModels()
        tables = [
            table
            for objects in _read_objects(path, models).values()
            for table in _FixtureTables(path, objects).tables()
        ]
        return choose_table(options, sorted(tables, key=lambda table: table.schema.name), path)


def _holds(type_: FieldType, value: object) -> bool:
    try:
        type_.read(value)
    except (ValueError, OverflowError):
        return False
    return True


def _holds_all(type_: FieldType, values: object) -> bool:
    return isinstance(values, list) and all(value is not None and _holds(type_, value) for value in values)


def _read_objects(path: Path, models: DjangoModels) -> dict[str, _Objects]:
    found: dict[str, _Objects] = {}
    keep = is_yaml(path)
    for item in fixture_items(path):
        fields = fields_of(item)
        if fields is None:
            raise SourceError.unreadable(
                path,
                f"line {item.line} is not an object of a Django fixture.",
                remedy="each object needs a model ('app.model') and its fields.",
            )
        label = str(item.value["model"]).lower()
        if label not in found:
            found[label] = _Objects(label, models.by_label.get(label), models)
        try:
            found[label].add(item, fields, keep=keep)
        except SurrogateError:
            raise surrogate_error(path, item.line) from None
    return found


class _FixtureTables:
    """The tables of one model's objects: its own, and those of its many-to-many fields."""

    def __init__(self, path: Path, objects: _Objects) -> None:
        self._path = path
        self._objects = objects
        self._model = objects.model
        self._notes: list[str] = []
        self._references: list[ForeignKey] = []

    def tables(self) -> Iterator[SourceTable]:
        objects, model = self._objects, self._model
        columns: dict[str, ArrayColumn] = {}
        key: tuple[str, ...] = ()
        if objects.without_pk < objects.count:
            pk = self._primary()
            columns[_PK] = pk
            key = () if objects.without_pk or pa.types.is_nested(pk.column.type) else (pk.column.name,)
        if not key:
            self._notes.append("objects lack a primary key, or it has several columns")
        joins = {join.field.name: join for join in objects.models.joins_of(model)} if model else {}
        for name, values in objects.fields.items():
            if name in joins and objects.members.get(name) and key:
                yield self._join(joins[name], columns[_PK], objects.members[name][0])
            else:
                columns[name] = self._column(name, values)
        names = [item.column.name for item in columns.values()]
        table = model.table if model else objects.label.replace(".", "_")
        check_column_names(names, self._path)
        if not names:
            raise SourceError.unreadable(
                self._path, f"the objects of {table} have no fields.", remedy="remove them."
            )
        schema = TableSchema(
            table, tuple(item.column for item in columns.values()), key, tuple(self._references)
        )
        scan = ArrowScan(batch_reader(columns, self._with_defaults(columns)))
        yield SourceTable(
            schema,
            scan,
            f"{self._path}, {objects.label}",
            is_keyed=bool(key),
            notes=tuple(self._notes),
        )

    def _primary(self) -> ArrayColumn:
        objects = self._objects
        if objects.pk.types:
            self._refer(objects.model.primary if objects.model else None, objects.pk.types[0].column.name)
            return TypedColumn(objects.pk.types[0])
        name = "pk" if "id" in {field_name.lower() for field_name in objects.fields} else "id"
        primary = self._model.primary if self._model else None
        if primary is not None:
            name = primary.column
        else:
            self._notes.append(f"the primary key is called '{name}', because a fixture does not name it")
        return json_column(name, objects.pk.profile, has_structs=False)

    def _column(self, name: str, values: _Values) -> ArrayColumn:
        model_field = self._model.field(name) if self._model else None
        if model_field is None:
            return self._untyped(name, values)
        if values.types:
            type_ = values.types[0]
            default = default_of(model_field)
            column = replace(
                type_.column,
                required=not model_field.is_null and not values.nulls and default is not None,
                unique=model_field.is_unique,
            )
            self._refer(model_field, column.name)
            can_default = default is not None and _holds(type_, default)
            return TypedColumn(replace(type_, column=column), default if can_default else None)
        if field_types(model_field, name):
            self._notes.append(
                f"{name}: a value is not that of a {model_field.kind}, so it is kept as it is written"
            )
        # Members, and a reference by a natural key, are in no column of the database.
        is_list = model_field.is_many or (model_field.is_reference and values.profile.is_nested)
        return self._untyped(name if is_list else model_field.column, values)

    def _untyped(self, name: str, values: _Values) -> ArrayColumn:
        column = json_column(name, values.profile, has_structs=False)
        if column.is_json_text:
            self._notes.append(f"{name}: kept as JSON text")
        return column

    def _refer(self, model_field: ModelField | None, column: str) -> None:
        if model_field is not None and (ends := self._objects.models.reference(model_field)):
            self._references.append(ForeignKey((column,), ends[0], (ends[1],)))

    def _join(self, join: JoinTable, pk: ArrayColumn, member: FieldType) -> SourceTable:
        """Return the table of a many-to-many field, which has a row for each member of each object."""
        assert self._model is not None
        own = replace(pk.column, name=join.own_column, unique=False, required=True)
        other = replace(member.column, name=join.other_column, unique=False, required=True)
        columns: dict[str, ArrayColumn] = {
            own.name: TypedColumn(FieldType(own, _reader_of(pk))),
            other.name: TypedColumn(FieldType(other, member.read)),
        }
        open_rows = self._rows()

        def rows() -> Iterator[Row]:
            for row in open_rows():
                members = row.get(join.field.name)
                # A member that is named twice is one.
                read = {member.read(one): one for one in members} if isinstance(members, list) else {}
                for value in read.values():
                    yield {own.name: row[_PK], other.name: value}

        ends = [ForeignKey((own.name,), self._model.table, (pk.column.name,))]
        if target := self._objects.models.reference(join.field):
            ends.append(ForeignKey((other.name,), target[0], (target[1],)))
        schema = TableSchema(join.table, (own, other), (own.name, other.name), tuple(ends))
        origin = f"{self._path}, {self._objects.label}.{join.field.name}"
        return SourceTable(schema, ArrowScan(batch_reader(columns, rows)), origin, is_keyed=True)

    def _with_defaults(self, columns: Mapping[str, ArrayColumn]) -> Callable[[], Iterator[Row]]:
        """Return what opens the rows, with the defaults of fields that an object lacks."""
        open_rows = self._rows()
        defaults = {
            name: column.default
            for name, column in columns.items()
            if isinstance(column, TypedColumn) and column.default is not None
        }
        return (lambda: (defaults | row for row in open_rows())) if defaults else open_rows

    def _rows(self) -> Callable[[], Iterator[dict[str, object]]]:
        path, objects = self._path, self._objects

        def values() -> Iterator[dict[str, object]]:
            if objects.kept:
                yield from objects.kept
                return
            with open_binary(path) as file:
                for start, size in zip(objects.starts, objects.sizes, strict=True):
                    file.seek(start)
                    yield decode(file.read(size))

        def rows() -> Iterator[dict[str, object]]:
            for value in values():
                fields = value["fields"]
                assert isinstance(fields, dict)
                yield {_PK: value.get("pk"), **objects.by_field(fields)}

        return rows


def _reader_of(pk: ArrayColumn) -> Callable[[object], object]:
    return pk.type.read if isinstance(pk, TypedColumn) else lambda value: value


_PK = "\0pk"
"""The primary key's name in a row; no field has this name."""
