"""Reads ALTER TYPE of PostgreSQL: labels that migrations add to enums, and new names."""

import re
from dataclasses import replace

from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.defaults import text_of
from tdmvc.contracts.ddl.made import Made
from tdmvc.model.declarations import UserType
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name


def type_name(cursor: Cursor) -> str:
    """Pass the name of a type, and return it as SQL writes it."""
    name = cursor.qualified_name()
    return name if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) else quote_name(name)


def alter_type(cursor: Cursor, made: Made) -> bool:
    """Read what follows ALTER, also for the columns that have the type; return whether it has an effect.

    Raises:
        ConfigError: a label is missing, or there twice.
    """
    cursor.need("TYPE")
    name = type_name(cursor)
    own = made.types.types.get(name)
    if own is None:
        return False
    if cursor.take("ADD", "VALUE"):
        _change(made, own, replace(own, labels=_with_label(cursor, own, made.dialect)))
    elif cursor.take("RENAME", "VALUE"):
        old = text_of(cursor.next(), made.dialect)
        cursor.need("TO")
        new = text_of(cursor.next(), made.dialect)
        if old not in own.labels:
            raise cursor.error(f"The type {name} has no such label")
        labels = tuple(new if label == old else label for label in own.labels)
        _change(made, own, replace(own, labels=labels))
    elif cursor.take("RENAME", "TO"):
        _change(made, own, replace(own, name=type_name(cursor)))
    else:
        return False
    return True


def _with_label(cursor: Cursor, own: UserType, dialect: str) -> tuple[str, ...]:
    is_lenient = cursor.take("IF", "NOT", "EXISTS")
    label = text_of(cursor.next(), dialect)
    if label in own.labels:
        if is_lenient:
            return own.labels
        raise cursor.error(f"The type {own.name} has this label already")
    place = len(own.labels)
    if (word := cursor.take_one("BEFORE", "AFTER")) is not None:
        other = text_of(cursor.next(), dialect)
        if other not in own.labels:
            raise cursor.error(f"The type {own.name} has no label to put another one {word.lower()}")
        place = own.labels.index(other) + (word == "AFTER")
    return (*own.labels[:place], label, *own.labels[place:])


def _change(made: Made, old: UserType, new: UserType) -> None:
    """Put a type in the place of another one, also in columns and in types that are made of it."""
    types, bases = made.types.types, made.types.bases
    types.pop(old.name)
    types[new.name] = new
    if old.name in bases:
        bases[new.name] = bases.pop(old.name)
    for name, base in bases.items():
        if base.words == old.name:
            bases[name] = replace(base, words=new.name, text=base.text.replace(old.name, new.name, 1))
    for table in made.tables.values():
        table.columns = {name: _changed(column, old, new) for name, column in table.columns.items()}


def _changed(column: Column, old: UserType, new: UserType) -> Column:
    if old not in column.user_types:
        return column
    physical = column.physical_type
    if physical is not None and physical.removesuffix("[]") == old.name:
        physical = new.name + physical[len(old.name) :]
    types = tuple(new if one == old else one for one in column.user_types)
    return replace(column, user_types=types, physical_type=physical)
