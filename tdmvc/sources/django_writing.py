"""Writes tables as a Django fixture that `loaddata` accepts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.errors import UsageError, format_names
from tdmvc.model.django_models import DjangoModel, DjangoModels, JoinTable, ModelField
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sources.django_values import fixture_value
from tdmvc.sources.json import json_text

_APPLIED = "django_migrations"
"""The table of Django's migrations, which has no model."""

OpenRows = Callable[[], pa.RecordBatchReader]


@dataclass(frozen=True, slots=True)
class FixtureTable:
    """A table to write."""

    schema: TableSchema
    open: OpenRows


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, and what a fixture calls it."""

    name: str
    column: Column
    held: ModelField | None
    """The field whose values it holds: that of the model, or the primary key to which it refers."""
    takes_null: bool = True
    """Whether null is written; otherwise the field is left out, and Django takes its default."""


def write_fixture(tables: Sequence[FixtureTable], models: DjangoModels, file: BinaryIO) -> list[str]:
    """Write the rows of all tables as objects, a line for each, and return notes on what is not written.

    The rows of tables that join two models become the lists of their many-to-many fields; those are held in memory.

    Raises:
        UsageError: no model is known for a table.
    """
    by_name = {table.schema.name: table for table in tables}
    joins = {
        name: join
        for name, join in models.joins.items()
        if name in by_name and {join.own_column, join.other_column} <= {*by_name[name].schema.column_names}
    }
    labels = {name: _label(name, models) for name in by_name if name not in joins and name != _APPLIED}
    unknown = sorted(name for name, label in labels.items() if label is None)
    if unknown:
        raise UsageError(
            f"No model is known for {format_names(unknown)}.",
            where="--into",
            remedy=f"leave them out (--exclude '{unknown[0]}'), or write the rows as files: --into FOLDER --as csv.",
        )
    notes = [f"{_APPLIED}: left out, because it has no model"] if _APPLIED in by_name else []
    notes += [
        f"{name}: left out, because {join.model.table}, whose objects have the field {join.field.name}, is not written"
        for name, join in joins.items()
        if join.model.table not in by_name
    ]
    separator = b"[\n"
    for name, label in labels.items():
        table = by_name[name]
        model = models.by_table.get(name)
        writer = _ModelWriter(str(label), model, models, table.schema)
        joined = [join for join in (models.joins_of(model) if model else ()) if join.table in joins]
        writer.members = {join.field.name: _members(by_name[join.table], join, models) for join in joined}
        notes += [f"{name}: {note}" for note in writer.notes]
        for text in writer.objects(table.open()):
            file.write(separator + text.encode())
            separator = b",\n"
    file.write(b"[]\n" if separator == b"[\n" else b"\n]\n")
    return notes


def _label(table: str, models: DjangoModels) -> str | None:
    """Return the label of a table's model: as the migrations say, or what `app_model` can only mean."""
    if table in models.by_table:
        return models.by_table[table].label
    if table in models.joins:
        return models.joins[table].label
    app, _, model = table.partition("_")
    return f"{app}.{model}" if app and model and "_" not in model and "." not in table else None


def _members(table: FixtureTable, join: JoinTable, models: DjangoModels) -> dict[object, list[object]]:
    """Return the members of a many-to-many field by the primary key of their object."""
    found: dict[object, list[object]] = {}
    own, other = (table.schema.column(name) for name in (join.own_column, join.other_column))
    if own is None or other is None:
        return found
    held = models.value_field(join.field)
    for batch in table.open():
        pairs = zip(*(python_values(batch.column(one.name)) for one in (own, other)), strict=True)
        for key, member in pairs:
            found.setdefault(key, []).append(fixture_value(member, other, held))
    return found


class _ModelWriter:
    """Turns the rows of a model's table into objects."""

    def __init__(
        self, label: str, model: DjangoModel | None, models: DjangoModels, schema: TableSchema
    ) -> None:
        self._label = label
        self._models = models
        self.members: Mapping[str, Mapping[object, list[object]]] = {}
        self.notes: list[str] = []
        primary = model.primary if model else None
        self._primary: _Field | None = None
        self._fields: list[_Field] = []
        for column in schema.columns:
            if primary is not None and column.name in (primary.column, primary.name):
                self._primary = _Field("pk", column, models.value_field(primary))
            elif primary is None and schema.key == (column.name,):
                self._primary = _Field("pk", column, None)
            else:
                self._fields.append(self._field(column, model))

    def _field(self, column: Column, model: DjangoModel | None) -> _Field:
        if model is None:
            return _Field(column.name, column, None)
        fields = [one for one in model.fields if column.name in (one.column, one.name)]
        if not fields:
            self.notes.append(f"{column.name} is no field of {self._label}, so loaddata may refuse it")
            return _Field(column.name, column, None)
        field = fields[0]
        return _Field(field.name, column, self._models.value_field(field), field.is_null or field.is_many)

    def objects(self, rows: pa.RecordBatchReader) -> Iterator[str]:
        """Yield the rows as texts of JSON objects."""
        for batch in rows:
            columns = {name: python_values(batch.column(name)) for name in batch.schema.names}
            for row in range(batch.num_rows):
                yield self._object({name: values[row] for name, values in columns.items()})

    def _object(self, row: Mapping[str, object]) -> str:
        written: dict[str, object] = {"model": self._label}
        key = row[self._primary.column.name] if self._primary else None
        if self._primary is not None and key is not None:
            written["pk"] = fixture_value(key, self._primary.column, self._primary.held)
        fields: dict[str, object] = {}
        for field in self._fields:
            value = row[field.column.name]
            if value is not None or field.takes_null:
                has_zones = self._models.has_time_zones
                fields[field.name] = fixture_value(value, field.column, field.held, has_time_zones=has_zones)
        for name, members in self.members.items():
            fields[name] = members.get(key, [])
        written["fields"] = fields
        return json_text(written)
