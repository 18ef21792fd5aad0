"""SQL forms of two values, such that equal forms mean an unchanged value.

Every form is an SQL expression over one column, and the two sides' forms have one
SQL type. Within a type DuckDB's `IS NOT DISTINCT FROM`, hash join and GROUP BY agree
with each other and with us: NaN is NaN, -0.0 is 0.0, also inside lists and structs.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, fields_of, is_number, is_widening
from tdmvc.changes.kernels import Mask, count_up, mask_at
from tdmvc.changes.pairs import ColumnPair, Translation
from tdmvc.changes.same_value import canonical_json
from tdmvc.sql.duckdb import DuckDBConnection, register_arrow_function
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type

JSON_FORM = "tdmvc_json_form"
"""The SQL function that `register_json_udf` offers."""


@contextmanager
def register_json_udf(con: DuckDBConnection, *, is_needed: bool) -> Iterator[None]:
    """Offer `canonical_json` to SQL as `tdmvc_json_form`, until the block ends.

    It is taken back because DuckDB reports a function that outlives its
    connection as a leak, on the terminal.
    """
    if not is_needed:
        yield
        return
    register_arrow_function(con, JSON_FORM, _canonical_batch)
    try:
        yield
    finally:
        con.remove_function(JSON_FORM)


def _canonical_batch(texts: pa.Array) -> pa.Array:
    return pa.array(
        [None if text is None else canonical_json(text) for text in texts.to_pylist()], pa.string()
    )


Form = Callable[[str], str]
"""Given the SQL of a value, return the SQL of its form."""

_NAIVE = SIMPLE["timestamp"]
_INSTANT = SIMPLE["timestamptz"]


@dataclass(frozen=True, slots=True)
class FormPair:
    """How the values of one column are compared: a form for each side, of one SQL type."""

    old: Form
    new: Form
    is_json: bool = False
    """The forms are texts, and texts that differ may still hold the same JSON."""

    def grouped_old(self, sql: str) -> str:
        """Return the old side's form for GROUP BY and joins, where no second look is possible."""
        return f"{JSON_FORM}({self.old(sql)})" if self.is_json else self.old(sql)

    def grouped_new(self, sql: str) -> str:
        return f"{JSON_FORM}({self.new(sql)})" if self.is_json else self.new(sql)

    def differs(self, old: str, new: str) -> str:
        """Return an SQL boolean over two forms. JSON is parsed only if the texts differ."""
        differs = f"{old} IS DISTINCT FROM {new}"
        if not self.is_json:
            return differs
        return (
            f"CASE WHEN {differs} THEN {JSON_FORM}({old}) IS DISTINCT FROM {JSON_FORM}({new}) ELSE false END"
        )


def pair_forms(pair: ColumnPair) -> FormPair:
    """Return how the values of a column compare, whatever became of its type."""
    old, new = pair.old.type, pair.new.type
    if pair.translation is not None:
        return FormPair(*_translated_forms(pair.translation))
    if pair.is_json:
        return FormPair(_text_form(old), _text_form(new), is_json=True)
    return FormPair(*_shared_forms(old, new, depth=0))


def _translated_forms(translation: Translation) -> tuple[Form, Form]:
    """Return keys by the rows that they identify; one that identifies no row is kept."""

    def form(*, is_new: bool) -> Form:
        def build(sql: str) -> str:
            text = f"CAST({sql} AS VARCHAR)"
            token = f"(SELECT token FROM {translation.table} WHERE is_new = {is_new} AND id = {text})"
            return f"coalesce({token}, '!' || {text})"

        return build

    return form(is_new=False), form(is_new=True)


def token_value(sql: str) -> str:
    """Return the SQL of the key that a token shows, as people wrote it."""
    return f"regexp_replace({sql}, '^([=+!-]|[?][0-9]+:)', '')"


def utc_text(sql: str) -> str:
    """Return the SQL of an instant's text in UTC, whatever the session's time zone."""
    return f"CAST(({sql} AT TIME ZONE 'UTC') AS VARCHAR) || '+00'"


def _shared_forms(old: pa.DataType, new: pa.DataType, *, depth: int) -> tuple[Form, Form]:
    if old == new:
        return _itself, _itself
    if is_widening(old, new):
        return _cast_form(new), _itself
    if is_widening(new, old):
        return _itself, _cast_form(old)
    if {old, new} == {_NAIVE, _INSTANT}:
        return _naive_form(old), _naive_form(new)
    if pa.types.is_integer(old) and pa.types.is_integer(new):
        return _as_hugeint, _as_hugeint
    if pa.types.is_decimal(old) and pa.types.is_floating(new):
        return _cast_form(new), _itself
    if pa.types.is_floating(old) and pa.types.is_decimal(new):
        return _itself, _cast_form(old)
    if pa.types.is_list(old) and pa.types.is_list(new):
        item_old, item_new = _shared_forms(old.value_type, new.value_type, depth=depth + 1)
        return _list_form(item_old, depth), _list_form(item_new, depth)
    if _have_same_fields(old, new):
        return _struct_forms(old, new, depth)
    return _text_pair(old, new)


def _itself(sql: str) -> str:
    return sql


def _cast_form(wide: pa.DataType) -> Form:
    return lambda sql: f"CAST({sql} AS {duckdb_type(wide)})"


def _naive_form(type_: pa.DataType) -> Form:
    if type_ == _INSTANT:
        return lambda sql: f"({sql} AT TIME ZONE 'UTC')"
    return _itself


def _as_hugeint(sql: str) -> str:
    return f"CAST({sql} AS HUGEINT)"


def _list_form(item: Form, depth: int) -> Form:
    variable = f"v{depth}"
    return lambda sql: f"list_transform({sql}, lambda {variable}: {item(variable)})"


def _struct_forms(old: pa.DataType, new: pa.DataType, depth: int) -> tuple[Form, Form]:
    types = {field.name: field.type for field in fields_of(new)}
    old_forms: dict[str, Form] = {}
    new_forms: dict[str, Form] = {}
    for field in fields_of(old):
        old_forms[field.name], new_forms[field.name] = _shared_forms(
            field.type, types[field.name], depth=depth
        )
    order = list(old_forms)
    return _struct_form(old, old_forms, order), _struct_form(new, new_forms, order)


def _struct_form(type_: pa.DataType, forms: dict[str, Form], order: list[str]) -> Form:
    position = {field.name: index + 1 for index, field in enumerate(fields_of(type_))}

    def build(sql: str) -> str:
        fields = ", ".join(
            f"{quote_text(name)}: {forms[name](f'struct_extract_at({sql}, {position[name]})')}"
            for name in order
        )
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {{{fields}}} END"

    return build


def _text_pair(old: pa.DataType, new: pa.DataType) -> tuple[Form, Form]:
    """Return canonical texts. Compared with a number, a numeric text loses trailing zeros: '1.50' is 1.5."""
    if is_number(old) and pa.types.is_string(new):
        return _text_form(old), _number_spelling
    if pa.types.is_string(old) and is_number(new):
        return _number_spelling, _text_form(new)
    return _text_form(old), _text_form(new)


def _text_form(type_: pa.DataType) -> Form:
    if pa.types.is_string(type_):
        return _itself
    if pa.types.is_floating(type_):
        return _float_text
    if pa.types.is_decimal(type_) and type_.scale > 0:
        return lambda sql: _without_trailing_zeros(f"CAST({sql} AS VARCHAR)")
    if type_ == _INSTANT:
        return utc_text
    if pa.types.is_list(type_) or pa.types.is_struct(type_):
        return lambda sql: f"CAST(to_json({sql}) AS VARCHAR)"
    return lambda sql: f"CAST({sql} AS VARCHAR)"


def _float_text(sql: str) -> str:
    """Return whole numbers as exact integers, and others as their shortest text."""
    return (
        f"CASE WHEN isfinite({sql}) AND {sql} = trunc({sql}) AND abs({sql}) < 1e37"
        f" THEN CAST(CAST({sql} AS HUGEINT) AS VARCHAR) ELSE CAST({sql} AS VARCHAR) END"
    )


def _number_spelling(sql: str) -> str:
    trimmed = _without_trailing_zeros(sql)
    return f"CASE WHEN regexp_full_match({sql}, '-?(0|[1-9][0-9]*)\\.[0-9]+') THEN {trimmed} ELSE {sql} END"


def _without_trailing_zeros(sql: str) -> str:
    trimmed = f"rtrim(rtrim({sql}, '0'), '.')"
    return f"CASE WHEN {trimmed} IN ('-0', '') THEN '0' ELSE {trimmed} END"


def _have_same_fields(old: pa.DataType, new: pa.DataType) -> bool:
    if not (pa.types.is_struct(old) and pa.types.is_struct(new)):
        return False
    return {field.name for field in fields_of(old)} == {field.name for field in fields_of(new)}


_VIEW = "tdmvc_zipped"
_ONE_AT_A_TIME = threading.Lock()


def differing_by_forms(
    engine: Callable[[], DuckDBConnection], pair: ColumnPair, old: pa.Array, new: pa.Array
) -> Mask:
    """Return where the slots differ, by the same forms that a join compares by."""
    forms = pair_forms(pair)
    zipped = pa.table({"i": count_up(len(old)), "o": old, "n": new})
    query = (
        f"SELECT i FROM (SELECT i, {forms.old('o')} AS o, {forms.new('n')} AS n FROM {_VIEW})"
        f" WHERE {forms.differs('o', 'n')}"
    )
    with _ONE_AT_A_TIME:
        con = engine()
        con.register(_VIEW, zipped)
        try:
            with register_json_udf(con, is_needed=forms.is_json):
                found = con.sql(query).to_arrow_table().column("i")
        finally:
            con.unregister(_VIEW)
    return mask_at(found.to_pylist(), len(old))
