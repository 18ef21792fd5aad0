"""The columns that a table gets from its sources, with types that give every value back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, fields_of, format_type, is_number, is_widening, unify
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.nested_texts import is_json_type
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.text_forms import (
    CANONICAL,
    NO_TEXTS,
    TextForm,
    TextTraits,
    has_forms,
    shape_expression,
    text_form,
)
from tdmvc.sql.types import duckdb_type
from tdmvc.store.declared import merge_column
from tdmvc.store.open_source import OpenSource

_STRING = SIMPLE["string"]
_FLOAT = SIMPLE["float64"]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A column as one source has it."""

    opened: OpenSource
    column: Column

    @property
    def is_text(self) -> bool:
        return self.opened.is_text


def merge_columns(
    con: DuckDBConnection,
    sources: Sequence[OpenSource],
    current: TableSchema | None,
    *,
    keep_old: bool,
    notes: list[str],
) -> tuple[Column, ...]:
    """Return the columns of a table: those that it has, in their order, then new ones.

    Args:
        current: the table in the contract.
        keep_old: whether rows stay that the table has already.
        notes: gets a note on each column whose type, or form of texts, changes.
    """
    offers: dict[str, list[_Offer]] = {}
    for opened in sources:
        for column in opened.source.schema.columns:
            offers.setdefault(column.name, []).append(_Offer(opened, _as_declared(opened, column, current)))
    old = {column.name: column for column in (current.columns if current else ())}
    candidates = {
        name: _candidates(old.get(name), offered, keep_old=keep_old) for name, offered in offers.items()
    }
    forms = [_forms(con, opened, candidates, old) for opened in sources]
    merged = [column for name, column in old.items() if keep_old and name not in offers]
    for name, offered in offers.items():
        new = _widest([offer.column for offer in offered])
        type_, form = _first_fitting(candidates[name], [found[name] for found in forms if name in found])
        # A type that the source declares is a change of the schema, and no surprise.
        type_notes: list[str] = [] if not keep_old and _is_declared_type(offered) else notes
        form = _written_form(old.get(name), new, type_, offered) or form
        column = _merge_type(old.get(name), new, type_, form, type_notes)
        if name in old:
            is_declared = all(offer.opened.source.is_database for offer in offered)
            declared = [offer.column for offer in offered]
            column = merge_column(column, declared, is_declared=is_declared, keeps_rows=keep_old)
        merged.append(column)
        if name not in old:
            hints = [offer.opened.source.hints.get(name) for offer in offered]
            notes += [f"column {name}: {hint}" for hint in hints if hint is not None]
    places = {name: place for place, name in enumerate(old)}
    return tuple(sorted(merged, key=lambda column: places.get(column.name, len(places))))


def _as_declared(opened: OpenSource, column: Column, current: TableSchema | None) -> Column:
    """A database's column types count as declared; a file's types are only those of the tool that wrote it."""
    known = current.column(column.name) if current else None
    if opened.source.is_keyed or known is None or known.physical_type is None or column.is_untyped:
        return column
    return replace(column, physical_type=None)


def _candidates(old: Column | None, offers: Sequence[_Offer], *, keep_old: bool) -> list[pa.DataType]:
    """Return the types that a column may get instead of text, the preferred one first."""
    offered = _widest([offer.column for offer in offers])
    stored = None if old is None or old.is_untyped else old.type
    if stored is None:
        found = [offered.type]
    elif offered.is_untyped:
        return [stored]
    elif not keep_old and _is_declared_type(offers):
        return [offered.type]
    elif keep_old:
        found = [stored, unify(stored, offered.type)]
    else:
        found = [stored, offered.type]
    are_numbers = all(offer.is_text and is_number(offer.column.type) for offer in offers)
    if are_numbers and not keep_old and (stored is None or is_number(stored)):
        # A tool that leaves out trailing zeros writes 9.25 today and 9 tomorrow: only a float holds both as written.
        found = [type_ for type_ in found if stored is None or type_ == stored or _is_broader(stored, type_)]
        found.append(_FLOAT)
    # What the guess made sure of needs no second look.
    sure = next(
        (i for i, type_ in enumerate(found) if all(_is_sure(offer, type_) for offer in offers)), len(found)
    )
    return list(dict.fromkeys(found[: sure + 1]))


def _is_declared_type(offers: Sequence[_Offer]) -> bool:
    """Whether every source declares the column's type, so that it is not a question of what the values fit."""
    return all(offer.opened.source.declares_types for offer in offers)


def _is_sure(offer: _Offer, type_: pa.DataType) -> bool:
    return offer.column.is_untyped or (offer.column.type == type_ and not has_forms(type_))


def _is_broader(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether the new type of numbers may follow the old one without ever going back."""
    if pa.types.is_integer(old) or pa.types.is_floating(new):
        return True
    return bool(pa.types.is_decimal(old) and pa.types.is_decimal(new) and new.scale >= old.scale)


_FormsByType = dict[pa.DataType, TextForm | None]
"""How a column's texts are written, by candidate type; None where the type does not fit."""


def _forms(
    con: DuckDBConnection,
    opened: OpenSource,
    candidates: Mapping[str, Sequence[pa.DataType]],
    old: Mapping[str, Column],
) -> dict[str, _FormsByType]:
    """Return which candidate types hold all values of a source's columns. Cost: one pass at most."""
    found: dict[str, _FormsByType] = {}
    checks: list[tuple[Column, pa.DataType, str]] = []
    for column in opened.source.schema.columns:
        found[column.name] = {}
        for type_ in candidates[column.name]:
            stored = old.get(column.name)
            check = _check(opened, column, type_, stored if stored and stored.type == type_ else None)
            if isinstance(check, str):
                checks.append((column, type_, check))
            else:
                found[column.name][type_] = check
    if checks:
        selected = ", ".join(f"bit_or({check}), bit_and({check})" for *_, check in checks)
        bits = con.sql(f"SELECT {selected} FROM {opened.relation()}").fetchall()[0]
        for (column, type_, _), union, intersection in zip(checks, bits[::2], bits[1::2], strict=True):
            form = text_form(type_, union or 0, intersection or 0)
            are_texts = opened.is_text or column.type == _STRING
            found[column.name][type_] = form if form is None or are_texts else NO_TEXTS
    return found


def _check(
    opened: OpenSource, column: Column, type_: pa.DataType, stored: Column | None
) -> TextForm | str | None:
    """Return whether a type holds a column, or the SQL for the bits that tell it.

    Only types that the table has already can fail for a source that knows its types: its own type and
    what it was unified with fit.

    Args:
        stored: the table's column, if it is its type.
    """
    value = quote_name(column.name)
    is_guessed = opened.is_text or column.name in opened.source.guessed_columns
    if column.is_untyped or (is_guessed and type_ == _STRING):
        return NO_TEXTS
    if opened.is_text or (stored is not None and column.type == _STRING and type_ != _STRING):
        if _is_sure(_Offer(opened, column), type_):
            return CANONICAL
        if not pa.types.is_nested(type_):
            return shape_expression(value, type_)
        if not is_json_type(type_):
            return None
        return _lost_if(f"{opened.json_text(value, type_)} IS NULL AND {value} IS NOT NULL")
    if stored is None or is_widening(column.type, type_):
        return NO_TEXTS
    if stored.is_json and is_json_type(column.type):
        return NO_TEXTS
    if not _may_hold(column.type, type_):
        return None
    back = f"TRY_CAST(TRY_CAST({value} AS {duckdb_type(type_)}) AS {duckdb_type(column.type)})"
    return _lost_if(f"{back} IS DISTINCT FROM {value}")


def _lost_if(condition: str) -> str:
    return f"CASE WHEN {condition} THEN {TextTraits.LOST.value} ELSE 0 END"


def _may_hold(own: pa.DataType, stored: pa.DataType) -> bool:
    """Whether a table's type could hold the values of another type at all.

    Text would lose nothing, but a column of a typed source that is not text has changed its type.
    """
    if pa.types.is_list(own) and pa.types.is_list(stored):
        return _may_hold(own.value_type, stored.value_type)
    if pa.types.is_struct(own) and pa.types.is_struct(stored):
        fields, wanted = ({field.name: field.type for field in fields_of(type_)} for type_ in (own, stored))
        return fields.keys() == wanted.keys() and all(
            _may_hold(fields[name], wanted[name]) for name in fields
        )
    is_nested = pa.types.is_nested(own) or pa.types.is_nested(stored)
    return not is_nested and (own == stored or stored != _STRING)


def _first_fitting(
    candidates: Sequence[pa.DataType], forms: Sequence[_FormsByType]
) -> tuple[pa.DataType, TextForm | None]:
    """Return the first type that fits in every source, else text, and the form of the texts; None if there are none."""
    for type_ in candidates:
        found = [by_type[type_] for by_type in forms]
        if None not in found:
            of_texts = [form for form in found if form is not None and form.is_known]
            return type_, next((form for form in of_texts if form.example), of_texts[0] if of_texts else None)
    return _STRING, None


def _written_form(
    old: Column | None, new: Column, type_: pa.DataType, offers: Sequence[_Offer]
) -> TextForm | None:
    """Return how a database writes the texts of a column; None if that is not known, or the column is new."""
    forms = [offer.opened.source.text_forms.get(new.name) for offer in offers]
    known = [found for found in forms if found is not None]
    if old is None or not known or type_ != new.type:
        return None
    # Texts can have several forms at once: without fractions nobody knows how these would be written.
    is_same = old.type == type_ and all(old.text_form in found for found in known)
    return TextForm((old.text_form if is_same else new.text_form) or "")


def _merge_type(
    old: Column | None, new: Column, type_: pa.DataType, form: TextForm | None, notes: list[str]
) -> Column:
    """Return a column with its new type; notes say if the type or the form of its texts changes."""
    changes_type = old is not None and not old.is_untyped and type_ != old.type
    if old is not None and changes_type:
        notes.append(
            f"column {old.name}: {old.type_text} became {format_type(type_)}, "
            f"because {old.type_text} would change some values"
        )
    before = None if old is None or changes_type else old.text_form
    now = before if form is None else form.example or None
    if now != before:
        notes.append(_form_note(new.name, type_, before, now))
    if old is None:
        # A database has its way of writing times from the start; that is nothing to tell.
        return replace(new, type=type_, text_form=new.text_form if form is None else now)
    own = new.physical_type if type_ == new.type else None
    if pa.types.is_nested(type_) and new.type == _STRING:
        own, new = None, replace(new, physical_type=None)
    return replace(
        old,
        type=type_,
        physical_type=own if changes_type else _physical_type(old, new),
        text_form=now,
    )


def _form_note(column: str, type_: pa.DataType, before: str | None, now: str | None) -> str:
    if before is None:
        return f"column {column}: read as {format_type(type_)}; its texts are written as {now}"
    return f"column {column}: its texts are now written as {now or 'tdmvc writes them'}, not as {before}"


def _physical_type(old: Column, new: Column) -> str | None:
    if old.is_untyped:
        return new.physical_type
    return old.physical_type if new.is_untyped or new.physical_type is None else new.physical_type


def _widest(columns: Sequence[Column]) -> Column:
    # A column of nulls has no type of its own.
    first, *others = sorted(columns, key=lambda column: column.is_untyped)
    type_ = first.type
    for other in others:
        type_ = type_ if other.is_untyped else unify(type_, other.type)
    return replace(first, type=type_)
