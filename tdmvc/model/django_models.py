"""Django's models as the migrations leave them: where each field is in the database, and what a fixture says of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

FOREIGN_KEYS = frozenset(
    {"ForeignKey", "OneToOneField", "ParentalKey", "TreeForeignKey", "TreeOneToOneField"}
)
MANY_TO_MANY = frozenset({"ManyToManyField", "ParentalManyToManyField", "SortedManyToManyField"})


class NoDefault:
    """What a field has whose default is not known without running the application, or that has none."""


NO_DEFAULT = NoDefault()


@dataclass(frozen=True, slots=True)
class ModelField:
    """One field of a model."""

    name: str
    kind: str
    """The name of its class: `CharField`."""
    column: str
    """In the database; of a many-to-many field, the table that joins the two models, or nothing if it has a model."""
    is_null: bool = False
    is_unique: bool = False
    is_primary: bool = False
    max_length: int | None = None
    digits: tuple[int, int] | None = None
    """Of a decimal: all digits, and those behind the point."""
    target: str | None = None
    """The label of the model that it refers to."""
    default: object = NO_DEFAULT
    """As a fixture writes it."""

    @property
    def is_reference(self) -> bool:
        return self.kind in FOREIGN_KEYS

    @property
    def is_many(self) -> bool:
        return self.kind in MANY_TO_MANY


@dataclass(frozen=True, slots=True)
class DjangoModel:
    """One model."""

    label: str
    """As fixtures name it: `shop.order`."""
    table: str
    fields: tuple[ModelField, ...]

    @property
    def name(self) -> str:
        return self.label.rpartition(".")[2]

    @property
    def primary(self) -> ModelField | None:
        return next((field for field in self.fields if field.is_primary), None)

    def field(self, name: str) -> ModelField | None:
        """Return the field that a fixture calls so: by its name, or a reference by its attribute `customer_id`."""
        by_name = next((field for field in self.fields if field.name == name), None)
        return by_name or next(
            (field for field in self.fields if field.is_reference and f"{field.name}_id" == name), None
        )


@dataclass(frozen=True, slots=True)
class JoinTable:
    """The table of a many-to-many field."""

    table: str
    model: DjangoModel
    field: ModelField
    own_column: str
    other_column: str

    @property
    def label(self) -> str:
        """What a fixture calls the rows themselves, which `dumpdata` writes only as members."""
        return f"{self.model.label}_{self.field.name}"


@dataclass(frozen=True)
class DjangoModels:
    """All models that are known."""

    models: tuple[DjangoModel, ...] = ()
    has_time_zones: bool = True
    """Whether times in a database without time zones (SQLite, MySQL) are in UTC, as Django writes them by default."""

    @cached_property
    def by_label(self) -> dict[str, DjangoModel]:
        return {model.label: model for model in self.models}

    @cached_property
    def by_table(self) -> dict[str, DjangoModel]:
        return {model.table: model for model in self.models}

    @cached_property
    def joins(self) -> dict[str, JoinTable]:
        """By the name of the table."""
        return {join.table: join for model in self.models for join in self.joins_of(model)}

    def joins_of(self, model: DjangoModel) -> Iterable[JoinTable]:
        """Yield the tables of a model's many-to-many fields that have no model of their own."""
        for field in model.fields:
            if field.is_many and field.column and field.target:
                other = field.target.rpartition(".")[2]
                is_same = other == model.name
                own = f"from_{model.name}_id" if is_same else f"{model.name}_id"
                yield JoinTable(
                    field.column, model, field, own, f"to_{other}_id" if is_same else f"{other}_id"
                )

    def value_field(self, field: ModelField) -> ModelField | None:
        """Return the field whose values a field holds: itself, or the primary key at the end of its references."""
        seen: set[str] = set()
        while field.is_reference or field.is_many:
            target = self.by_label.get(field.target or "")
            if target is None or target.primary is None or target.label in seen:
                return None
            seen.add(target.label)
            field = target.primary
        return field

    def reference(self, field: ModelField) -> tuple[str, str] | None:
        """Return the table and column that a field's values name; None if its model is not known."""
        target = self.by_label.get(field.target or "")
        return (target.table, target.primary.column) if target and target.primary else None
