"""CREATE statements in PostgreSQL's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.databases.statements import bracketed, literal_sql
from tdmvc.model.declarations import (
    Check,
    Default,
    ForeignKey,
    Identity,
    TypeKind,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name, quote_names, quote_text

_IDENTITY_TYPES = frozenset({"smallint", "integer", "bigint"})


@dataclass(frozen=True, slots=True)
class Names:
    """How the objects of a dataset are named in the schemas of a database."""

    schemas: tuple[str, ...]

    def split(self, name: str) -> tuple[str, str]:
        """Return the schema and the name of an object; with one schema, a dot is part of the name."""
        schema, dot, rest = name.partition(".")
        if len(self.schemas) > 1 and dot and rest and schema in self.schemas:
            return schema, rest
        return self.schemas[0], name

    def sql(self, name: str) -> str:
        """Return the name of an object as SQL, with its schema."""
        schema, own = self.split(name)
        return f"{quote_name(schema)}.{quote_name(own)}"


def table_statement(schema: TableSchema, types: Mapping[str, str], names: Names) -> str:
    """Return the CREATE TABLE statement for a table, without its references and what is not validated."""
    options = schema.options.words if schema.options is not None else ()
    kind = "UNLOGGED TABLE" if "UNLOGGED" in options else "TABLE"
    lines = [_column(column, types[column.name], names) for column in schema.columns]
    if schema.key:
        lines.append(f"PRIMARY KEY ({quote_names(schema.key)})")
    indexed = {index.columns for index in schema.indexes if index.is_unique}
    lines += [
        f"UNIQUE ({quote_name(column.name)})"
        for column in schema.columns
        if column.unique and schema.key != (column.name,) and (column.name,) not in indexed
    ]
    lines += [_unique(unique) for unique in schema.unique_keys]
    lines += [_check(check) for check in schema.checks if check.is_validated]
    return f"CREATE {kind} {names.sql(schema.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _column(column: Column, type_: str, names: Names) -> str:
    words = [quote_name(column.name), type_]
    words += [f"COLLATE {column.collation.name}"] if column.collation is not None else []
    words += ["NOT NULL"] if column.required else []
    if column.generated is not None:
        kind = "STORED" if column.generated.is_stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS {bracketed(column.generated.expression)} {kind}")
    elif column.identity is not None:
        words.append(_numbered(column.identity, names))
    elif column.default is not None:
        words.append(f"DEFAULT {_default(column.default, column)}")
    return " ".join(words)


def _numbered(identity: Identity, names: Names) -> str:
    if identity.sequence is not None:
        return f"DEFAULT nextval({quote_text(names.sql(identity.sequence))}::regclass)"
    kind = "ALWAYS" if identity.is_always else "BY DEFAULT"
    options = _sequence_options(identity)
    return f"GENERATED {kind} AS IDENTITY" + (f" ({options})" if options else "")


def _sequence_options(identity: Identity) -> str:
    words = [f"START WITH {int(identity.start)}"] if identity.start is not None else []
    words += [f"INCREMENT BY {int(identity.increment)}"] if identity.increment is not None else []
    is_falling = identity.increment is not None and identity.increment < 0
    if identity.start is not None and (identity.start > 0 if is_falling else identity.start < 1):
        # Otherwise a sequence begins at its lowest number, or counting down at its highest.
        words.append(f"{'MAXVALUE' if is_falling else 'MINVALUE'} {int(identity.start)}")
    return " ".join(words)


def sequence_statement(identity: Identity, type_: str, names: Names) -> str:
    """Return the CREATE SEQUENCE statement for a sequence that has a name of its own."""
    kind = f" AS {type_}" if type_ in _IDENTITY_TYPES else ""
    options = _sequence_options(identity)
    return f"CREATE SEQUENCE {names.sql(identity.sequence or '')}{kind}" + (f" {options}" if options else "")


def _default(default: Default, column: Column) -> str:
    if default.literal is None:
        return bracketed(str(default.expression))
    if pa.types.is_boolean(column.type) and default.literal in ("true", "false"):
        return default.literal
    return literal_sql(default.literal, column.type)


def _named(name: str | None) -> str:
    return f"CONSTRAINT {quote_name(name)} " if name else ""


def _deferrable(deferrable: str | None) -> str:
    return f" DEFERRABLE INITIALLY {deferrable.upper()}" if deferrable in ("immediate", "deferred") else ""


def _unique(unique: UniqueKey) -> str:
    nulls = "" if unique.nulls_distinct else " NULLS NOT DISTINCT"
    include = f" INCLUDE ({quote_names(unique.include)})" if unique.include else ""
    return (
        f"{_named(unique.name)}UNIQUE{nulls} ({quote_names(unique.columns)}){include}"
        f"{_deferrable(unique.deferrable)}"
    )


def _check(check: Check) -> str:
    inherited = "" if check.is_inherited else " NO INHERIT"
    return f"{_named(check.name)}CHECK {bracketed(check.expression)}{inherited}"


def unvalidated_checks(schema: TableSchema, names: Names) -> Iterator[tuple[Check, str]]:
    """Yield the conditions that rows need not meet, each with the statement that declares it."""
    for check in schema.checks:
        if not check.is_validated:
            yield check, f"ALTER TABLE {names.sql(schema.name)} ADD {_check(check)} NOT VALID"


def reference_statement(schema: TableSchema, reference: ForeignKey, names: Names) -> str:
    """Return the statement that declares a reference."""
    actions = reference.actions
    words = [
        f"ALTER TABLE {names.sql(schema.name)} ADD FOREIGN KEY ({quote_names(reference.columns)})",
        f"REFERENCES {names.sql(reference.table)} ({quote_names(reference.to)})",
        *(["MATCH FULL"] if actions.is_full else []),
    ]
    for verb, action in (("DELETE", actions.on_delete), ("UPDATE", actions.on_update)):
        if action != "no action":
            words.append(f"ON {verb} {action.upper()}")
            if verb == "DELETE" and actions.set_columns:
                words.append(f"({quote_names(actions.set_columns)})")
    return " ".join(words) + _deferrable(actions.deferrable) + ("" if actions.is_validated else " NOT VALID")


def type_statement(type_: UserType) -> str:
    """Return the CREATE TYPE or CREATE DOMAIN statement for a type; its name is SQL."""
    match type_.kind:
        case TypeKind.ENUM:
            return f"CREATE TYPE {type_.name} AS ENUM ({', '.join(map(quote_text, type_.labels))})"
        case TypeKind.DOMAIN:
            return f"CREATE DOMAIN {type_.name} AS {type_.definition}"
        case _:
            return f"CREATE TYPE {type_.name} AS {type_.definition}"


def view_statement(view: View, names: Names) -> str:
    """Return the CREATE VIEW statement for a view; a materialised one has no rows yet."""
    columns = f" ({quote_names(view.columns)})" if view.columns else ""
    query = view.query.rstrip().rstrip(";")
    if view.is_materialized:
        return f"CREATE MATERIALIZED VIEW {names.sql(view.name)}{columns} AS {query}\nWITH NO DATA"
    return f"CREATE VIEW {names.sql(view.name)}{columns} AS {query}"
